/** Constants that decorators of other files use. */
export const CHANNELS = 3;
export const SECTOR = 1 << 9;

export enum Mode {
  Off,
  OneShot = 2,
  Square = OneShot + 1,
  Both = OneShot | 8,
}

export const limits = { queue: 16, name: SECTOR / 8 } as const;
