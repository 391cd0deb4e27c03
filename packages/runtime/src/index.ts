export * from "./error.js";
export * from "./status.js";
export * from "./streams/index.js";
