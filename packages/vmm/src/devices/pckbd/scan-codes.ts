/*
 * What a key sends, by its usage on USB's keyboard page (Microsoft, "USB HID to PS/2 Scan Code Translation Table"; IBM,
 * "PS/2 Hardware Interface Technical Reference", keyboard)
 *
 * The table has codes of set 2 and set 3. Those of set 1 are what the controller makes of set 2, so they follow.
 */

/** Key with a prefix E0 in sets 1 and 2. */
const E0 = 0xe000;

interface Key {
  /** Code of set 2, with {@link E0} above it where it has the prefix. */
  readonly set2: number;
  readonly set3: number;
}

const keys = new Map<number, Key>();

/** Keys with consecutive usages: their codes of set 2, and those of set 3 where they differ. */
function define(usage: number, set2: readonly number[], set3: readonly number[] = set2): void {
  for (const [i, code] of set2.entries()) keys.set(usage + i, { set2: code, set3: set3[i]! });
}

// A to M, N to Z.
define(0x04, [0x1c, 0x32, 0x21, 0x23, 0x24, 0x2b, 0x34, 0x33, 0x43, 0x3b, 0x42, 0x4b, 0x3a]);
define(0x11, [0x31, 0x44, 0x4d, 0x15, 0x2d, 0x1b, 0x2c, 0x3c, 0x2a, 0x1d, 0x22, 0x35, 0x1a]);
// 1 to 0.
define(0x1e, [0x16, 0x1e, 0x26, 0x25, 0x2e, 0x36, 0x3d, 0x3e, 0x46, 0x45]);
// Enter, escape, backspace, tab, space.
define(0x28, [0x5a, 0x76, 0x66, 0x0d, 0x29], [0x5a, 0x08, 0x66, 0x0d, 0x29]);
// - = [ ] \ and the key at its place elsewhere.
define(0x2d, [0x4e, 0x55, 0x54, 0x5b, 0x5d, 0x5d], [0x4e, 0x55, 0x54, 0x5b, 0x5c, 0x53]);
// ; ' ` , . / and caps lock.
define(0x33, [0x4c, 0x52, 0x0e, 0x41, 0x49, 0x4a, 0x58], [0x4c, 0x52, 0x0e, 0x41, 0x49, 0x4a, 0x14]);
// F1 to F12.
define(
  0x3a,
  [0x05, 0x06, 0x04, 0x0c, 0x03, 0x0b, 0x83, 0x0a, 0x01, 0x09, 0x78, 0x07],
  [0x07, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x47, 0x4f, 0x56, 0x5e],
);
// Print screen (alone), scroll lock, pause (as set 3 has it).
define(0x46, [E0 | 0x7c, 0x7e, 0x77], [0x57, 0x5f, 0x62]);
// Insert, home, page up, delete, end, page down, right, left, down, up.
define(
  0x49,
  [0x70, 0x6c, 0x7d, 0x71, 0x69, 0x7a, 0x74, 0x6b, 0x72, 0x75].map((code) => E0 | code),
  [0x67, 0x6e, 0x6f, 0x64, 0x65, 0x6d, 0x6a, 0x61, 0x60, 0x63],
);
// Keypad: num lock, / * - + enter, 1 to 9, 0 and the point.
define(0x53, [0x77, E0 | 0x4a, 0x7c, 0x7b, 0x79, E0 | 0x5a], [0x76, 0x77, 0x7e, 0x84, 0x7c, 0x79]);
define(0x59, [0x69, 0x72, 0x7a, 0x6b, 0x73, 0x74, 0x6c, 0x75, 0x7d, 0x70, 0x71]);
// The key between shift and Z elsewhere, application, power, = of the keypad.
define(0x64, [0x61, E0 | 0x2f, E0 | 0x37, 0x0f], [0x13, 0x8d, 0x00, 0x00]);
// F13 to F24.
define(
  0x68,
  [0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x57, 0x5f],
  new Array<number>(12).fill(0x00),
);
// Comma of the keypad, and keys of Brazil and Japan.
define(0x85, [0x6d], [0x7b]);
define(0x87, [0x51, 0x13, 0x6a, 0x64, 0x67, 0x27], [0x51, 0x87, 0x5d, 0x86, 0x85, 0x00]);
// Left control, shift, alt and GUI; right ones.
define(0xe0, [0x14, 0x12, 0x11, E0 | 0x1f], [0x11, 0x12, 0x19, 0x8b]);
define(0xe4, [E0 | 0x14, 0x59, E0 | 0x11, E0 | 0x27], [0x58, 0x59, 0x39, 0x8c]);

const Usage = { PRINT_SCREEN: 0x46, PAUSE: 0x48, INSERT: 0x49, UP: 0x52, DIVIDE: 0x54, FIRST_MODIFIER: 0xe0 } as const;

/** Modifiers, a bit each in the order of their usages. */
export const Modifier = { CTRL: 0x11, SHIFT: 0x22, LEFT_SHIFT: 0x02, RIGHT_SHIFT: 0x20, ALT: 0x44 } as const;

/** The bit of a modifier; 0 for other keys. */
export function modifierOf(usage: number): number {
  return usage >= Usage.FIRST_MODIFIER && usage < Usage.FIRST_MODIFIER + 8 ? 1 << (usage - Usage.FIRST_MODIFIER) : 0;
}

/** What sets 1 and 2 depend on beside the key. */
export interface KeyContext {
  /** Modifiers that are down, the key itself not counted. */
  readonly modifiers: number;
  readonly numLock: boolean;
}

/** Whether there is a key of a usage. */
export function isKey(usage: number): boolean {
  return keys.has(usage);
}

/** Whether a key repeats while it is down. */
export function repeats(usage: number): boolean {
  return usage !== Usage.PAUSE;
}

/** A code of set 2 being pressed (true) or released, as the keyboard puts it together. */
type Part = readonly [code: number, down: boolean];

const LEFT_SHIFT = E0 | 0x12;
const RIGHT_SHIFT = E0 | 0x59;

/** What sets 1 and 2 say of a key: of some keys more than themselves, to please programs made for older keyboards. */
function partsOf(usage: number, down: boolean, { modifiers, numLock }: KeyContext): readonly Part[] {
  const { set2 } = keys.get(usage)!;
  const itself: Part = [set2, down];
  const isCtrl = (modifiers & Modifier.CTRL) !== 0;
  const isShift = (modifiers & Modifier.SHIFT) !== 0;
  if (usage === Usage.PAUSE) {
    if (!down) return [];
    // With control it is the key Break, otherwise control and num lock behind E1.
    return isCtrl ? both(E0 | 0x7e) : [];
  }
  if (usage === Usage.PRINT_SCREEN) {
    if ((modifiers & Modifier.ALT) !== 0) return [[0x84, down]];
    if (isCtrl || isShift) return [itself];
    return around([[LEFT_SHIFT, true]], itself);
  }
  const isGrey = usage >= Usage.INSERT && usage <= Usage.UP;
  if ((isGrey || usage === Usage.DIVIDE) && isShift && !(isGrey && numLock)) {
    const shifts: Part[] = [];
    if ((modifiers & Modifier.LEFT_SHIFT) !== 0) shifts.push([LEFT_SHIFT, false]);
    if ((modifiers & Modifier.RIGHT_SHIFT) !== 0) shifts.push([RIGHT_SHIFT, false]);
    return around(shifts, itself);
  }
  if (isGrey && numLock && !isShift) return around([[LEFT_SHIFT, true]], itself);
  return [itself];
}

const both = (code: number): readonly Part[] => [
  [code, true],
  [code, false],
];

/** A key between what surrounds it: when it is released, the other way round. */
function around(outer: readonly Part[], key: Part): readonly Part[] {
  if (key[1]) return [...outer, key];
  return [key, ...[...outer].reverse().map(([code, down]): Part => [code, !down])];
}

const BREAK = 0xf0;

/** Pause in set 2, all of it when it is pressed. */
const PAUSE_SET_2 = [0xe1, 0x14, 0x77, 0xe1, BREAK, 0x14, BREAK, 0x77] as const;

/**
 * The bytes that a key sends.
 *
 * @param usage of a key that there is.
 * @param set 1, 2 or 3.
 */
export function scanCodes(set: number, usage: number, down: boolean, context: KeyContext): number[] {
  if (set === 3) {
    const { set3 } = keys.get(usage)!;
    return set3 === 0 ? [] : down ? [set3] : [BREAK, set3];
  }
  const codes = partsOf(usage, down, context).flatMap(([code, isDown]) => [
    ...(code >= E0 ? [0xe0] : []),
    ...(isDown ? [] : [BREAK]),
    code & 0xff,
  ]);
  const isWholePause = usage === Usage.PAUSE && down && codes.length === 0;
  const set2 = isWholePause ? [...PAUSE_SET_2] : codes;
  return set === 1 ? translateAll(set2) : set2;
}

/** The code of a key in set 3; 0 for none. */
export function set3CodeOf(usage: number): number {
  return keys.get(usage)?.set3 ?? 0;
}

/** Codes of set 1 by those of set 2, up to 0x7F (8042, as IBM's controllers are programmed). */
const TRANSLATION = [
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, 0x65, 0x38, 0x2a,
  0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05,
  0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a,
  0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26,
  0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63,
  0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53,
  0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
] as const;

/** What the controller makes of a byte of the keyboard when it translates. Answers stay what they are. */
export function translate(byte: number): number {
  if (byte < 0x80) return TRANSLATION[byte]!;
  return byte === 0x83 ? 0x41 : byte === 0x84 ? 0x54 : byte;
}

function translateAll(codes: readonly number[]): number[] {
  const translated: number[] = [];
  let isBreak = false;
  for (const code of codes) {
    if (code === BREAK) isBreak = true;
    else {
      translated.push(translate(code) | (isBreak ? 0x80 : 0));
      isBreak = false;
    }
  }
  return translated;
}
