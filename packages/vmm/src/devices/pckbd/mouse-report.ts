import type { Ps2Mouse } from '@ssmkit/vbox';

// What a mouse reports, in the protocols that it speaks.

/** Bits of the first byte of the status, which `state` is; buttons 4 and 5, of which it says nothing, take what is free. */
export const Status = {
  RIGHT: 0x01,
  MIDDLE: 0x02,
  LEFT: 0x04,
  BUTTON_4: 0x08,
  SCALING: 0x10,
  ENABLED: 0x20,
  REMOTE: 0x40,
  BUTTON_5: 0x80,
  TOLD: 0x77,
} as const;

/** `protocol` is what the mouse calls itself: that of IBM, Microsoft's IntelliMouse, and its Explorer with five buttons. */
export const Protocol = { PS2: 0, WHEEL: 3, FIVE_BUTTONS: 4 } as const;

/** Movement at scaling 2:1; larger ones are doubled. */
const SCALED = [0, 1, 1, 3, 6, 9];

/** Range of a movement in a report, and of the wheel. */
const MOVE = { min: -256, max: 255 } as const;
const WHEEL = { min: -8, max: 7 } as const;

/** What moves, as it stands in a report. */
export interface Movement {
  /** To the right. */
  x: number;
  /** Up. */
  y: number;
  /** Towards the user. */
  z: number;
}

/** As much of a movement as a report has room for. */
export function fitting({ x, y, z }: Movement): Movement {
  return {
    x: clamp(x, MOVE.min, MOVE.max),
    y: clamp(y, MOVE.min, MOVE.max),
    z: clamp(z, WHEEL.min, WHEEL.max),
  };
}

/** A report of a movement that has room in it, with the buttons as they are. */
export function encodeReport(
  { state, protocol }: Pick<Ps2Mouse, 'state' | 'protocol'>,
  { x, y, z }: Movement,
): number[] {
  const has = (status: number, bit: number) => ((state & status) !== 0 ? bit : 0);
  const first =
    has(Status.LEFT, 1) | has(Status.RIGHT, 2) | has(Status.MIDDLE, 4) | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0);
  const report = [first, x & 0xff, y & 0xff];
  if (protocol === Protocol.FIVE_BUTTONS) {
    report.push((z & 0x0f) | has(Status.BUTTON_4, 0x10) | has(Status.BUTTON_5, 0x20));
  } else if (protocol !== Protocol.PS2) report.push(z & 0xff);
  return report;
}

/** A queue of reports, the first of them as it is at scaling 2:1. */
export function scaleReport(reports: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(reports);
  const { x, y } = decodeReport(bytes);
  const [scaledX, scaledY] = [scaled(x), scaled(y)];
  bytes[0] = (bytes[0]! & 0xcf) | (scaledX < 0 ? 0x10 : 0) | (scaledY < 0 ? 0x20 : 0);
  bytes[1] = scaledX & 0xff;
  bytes[2] = scaledY & 0xff;
  return bytes;
}

/** The movement in a report. */
export function decodeReport([first = 0, x = 0, y = 0, z = 0]: Uint8Array): Movement {
  return {
    x: (first & 0x10) !== 0 ? x - 256 : x,
    y: (first & 0x20) !== 0 ? y - 256 : y,
    // Four bits are enough for both protocols with a wheel.
    z: ((z & 0x0f) << 28) >> 28,
  };
}

function scaled(move: number): number {
  const size = Math.abs(move);
  return clamp(Math.sign(move) * (SCALED[size] ?? 2 * size), MOVE.min, MOVE.max);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
