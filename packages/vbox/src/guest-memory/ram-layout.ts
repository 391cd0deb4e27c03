import type { PgmRamConfig } from '../pgm/header.js';

/** A stretch of guest-physical addresses. */
export interface AddressRange {
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  readonly description: string;
}

const MIB = 2 ** 20;
const GIB4 = 2 ** 32;
/** Where the window of the graphics adapter begins, and ROM after it. */
const CONVENTIONAL_END = 0xa0000;

/** Where a PC has RAM (`VirtualBox 7.2 MMR3.cpp, mmR3InitRamX86`): around the ROMs, and around the hole below 4 GiB. */
export function ramLayout({ hole, size }: PgmRamConfig): AddressRange[] {
  const total = Number(size);
  const below = GIB4 - hole;
  const low = Math.min(total, below);
  const rows: readonly (readonly [from: number, to: number, description: string])[] = [
    [0, Math.min(low, CONVENTIONAL_END), 'Conventional RAM'],
    [MIB, Math.min(low, 2 * MIB), 'Extended RAM, 1-2MB'],
    [2 * MIB, low, 'Extended RAM, >2MB'],
    [GIB4, GIB4 + total - below, 'Above 4GB Base RAM'],
  ];
  return rows
    .filter(([from, to]) => to > from)
    .map(([from, to, description]) => ({ address: from, size: to - from, description }));
}
