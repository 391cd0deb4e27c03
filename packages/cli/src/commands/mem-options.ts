import { type OpenState, openSalvaged, openState, type SsmError } from '@ssmkit/runtime';
import { GuestMemory } from '@ssmkit/vbox';
import { InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { type Input, withInput } from '../input.js';
import { parseSize, type SalvageOptions } from '../options.js';
import { suggestSalvage } from '../suggest-salvage.js';

/*
 * What the commands of `ssm mem` have in common: how addresses are written, and how the memory is opened
 */

/** Largest address and one more. */
const ADDRESS_END = 2 ** 52;

/** Guest-physical addresses from `from` on, `to` not included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The memory that a command works on. */
export interface Opened {
  readonly input: Input;
  readonly state: OpenState;
  readonly memory: GuestMemory;
  /** What is wrong with it, as far as it was asked for with --salvage. */
  readonly damage: readonly SsmError[];
}

/** A number of bytes, or an address: `0x9fc00`, `654336`, `639K`. */
export function parseAddress(text: string): number {
  const value = /^0x[0-9a-f]+$/i.test(text) ? Number(text) : parseSize(text);
  if (value >= ADDRESS_END)
    throw new InvalidArgumentError(`Expected a guest-physical address, such as 0xf0000 or 64M.`);
  return value;
}

/** `FIRST-LAST` or `FIRST+LENGTH`. */
export function parseRange(text: string): Range {
  const [, first, sign, second] = /^(\w+)([-+])(\w+)$/.exec(text) ?? [];
  if (first === undefined || second === undefined) {
    throw new InvalidArgumentError('Expected FIRST-LAST or FIRST+LENGTH, such as 0xf0000-0xfffff or 1M+64K.');
  }
  const from = parseAddress(first);
  const to = sign === '-' ? parseAddress(second) + 1 : from + parseAddress(second);
  if (to <= from) throw new InvalidArgumentError('Expected a range that has any bytes.');
  return { from, to };
}

export const rangeOption = (what: string): Option =>
  new Option('--range <range>', `${what}: guest-physical addresses FIRST-LAST, or FIRST+LENGTH`).argParser(parseRange);

/** An address as it is shown. */
export function addressText(address: number): string {
  return `0x${address.toString(16).padStart(8, '0')}`;
}

/** Opens the guest's memory in the FILE of a command line for as long as `use` runs. */
export function withMemory(
  context: Context,
  file: string,
  options: SalvageOptions,
  use: (opened: Opened) => Promise<void>,
): Promise<void> {
  context.json = options.json === true;
  return withInput(context.io, file, options.maxInput, async (input) => {
    if (options.salvage !== true) {
      const { state, memory } = await openWhole(input);
      await use({ input, state, memory, damage: [] });
      return;
    }
    const { state } = await openSalvaged(input.source);
    const memory = await GuestMemory.open(state, { partial: true });
    const { damage } = memory;
    context.fail(damage);
    await use({ input, state, memory, damage });
    await context.report(damage);
  });
}

function openWhole({ source }: Input): Promise<Pick<Opened, 'state' | 'memory'>> {
  return suggestSalvage(async () => {
    const state = await openState(source);
    return { state, memory: await GuestMemory.open(state) };
  });
}
