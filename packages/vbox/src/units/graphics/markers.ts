/**
 * What the parts of the unit `vga` are separated by, plus the number of the part: "0Marker" and a newline
 * (`VirtualBox 7.2 DevVGASavedState.h`).
 */
export const MARKER = 0x0a72656b72614d30n;
