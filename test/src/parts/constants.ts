/** Constants whose values the declarations of the package have, and one whose value they do not. */
export const DEPTH = 3;
export const MINUS = -5;
export const WIDE = 0x1_0000_0001n;
export const NAME = 'rings';
export const limits = { queue: 16, deep: { names: ['a', 'b'], wanted: true } } as const;
export const computed: number = Math.max(DEPTH, 4);
export let changing = 1;

export enum Mode {
  Off,
  OneShot = 2,
  Square = OneShot + 1,
}
export const DEFAULT_MODE = Mode.Square;
export const modes = { first: Mode.OneShot, depth: DEPTH } as const;

/** Changes what nobody may rely on. */
export function change(): void {
  changing++;
}
