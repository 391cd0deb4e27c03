export { explainState, type StateExplanation } from './explain-state.js';
export { explainStatus, type StatusExplanation, statusNames } from './explain-status.js';
export type { StatusText } from './texts/text.js';
