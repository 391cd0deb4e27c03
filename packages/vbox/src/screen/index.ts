export type { BlankMode, LinearMode, ScreenMode, TextMode, VgaMode } from './mode.js';
export type { Picture } from './picture.js';
export { type ReadScreenOptions, readScreen, Screen } from './screen.js';
export type { TextCursor } from './text-screen.js';
