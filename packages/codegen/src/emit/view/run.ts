import { type Descriptor, layoutOf } from '@ssmkit/schema/model';
import { canonical, isCopied, type Mode, modesOf, planOf, type Run, type Single, type Slot } from '../../plan.js';

/** Bytes that lie in the stream as in the memory of a view. */
export interface Piece {
  /** Offset in the memory. */
  readonly from: number;
  readonly size: number;
}

/** A piece of a run. */
export interface RunPiece extends Piece {
  /** Offset in the run. */
  readonly at: number;
}

/** How a run is put from a view's memory. */
export interface ViewRun {
  readonly pieces: readonly RunPiece[];
  /** What is stored over or between the pieces: zeros, and fields that are not copied. */
  readonly others: readonly Slot[];
}

/** From how many bytes on a piece is copied by one call rather than word by word. */
export const LONG = 96;

/** What a slot puts in all. */
export function slotSize({ items }: Slot): number {
  return items.reduce((sum, item) => sum + item, 0);
}

/**
 * The pieces of a run. Members that follow each other in the stream as in memory are one piece.
 *
 * @param overZeros zeros that stand where the memory has something else, too, do not end a piece: for putting, where
 * they are stored afterwards.
 */
export function viewRun(descriptor: Descriptor, { slots }: Run, overZeros: boolean): ViewRun {
  const { offsets } = layoutOf(descriptor, canonical);
  const pieces: RunPiece[] = [];
  const others: Slot[] = [];
  let bridge = 0;
  for (const slot of slots) {
    const { field, wire, at } = slot;
    const size = slotSize(slot);
    if (!isCopied(field, wire)) {
      others.push(slot);
      bridge = overZeros && wire.form === 'zeros' ? bridge + size : Number.NaN;
      continue;
    }
    const from = offsets.get(field.name) as number;
    const last = pieces.at(-1);
    if (last !== undefined && last.at + last.size + bridge === at && last.from + last.size + bridge === from) {
      pieces[pieces.length - 1] = { ...last, size: last.size + bridge + size };
    } else pieces.push({ at, from, size });
    bridge = 0;
  }
  return { pieces, others };
}

/** The memory of a field that is put by itself, where the stream has it as it is; `undefined` where it has not. */
export function singlePiece(descriptor: Descriptor, { field, wire }: Single): Piece | undefined {
  if (field.domain !== undefined || !isCopied(field, wire)) return undefined;
  const from = layoutOf(descriptor, canonical).offsets.get(field.name) as number;
  const { size } = layoutOf(descriptor, canonical).members.find((member) => member.name === field.name)!;
  return { from, size };
}

/** The pieces that views of a class keep, to put them by one call. */
export function putPieces(descriptor: Descriptor): readonly Piece[] {
  const found = new Map<string, Piece>();
  const modes = modesOf(descriptor).filter((mode): mode is Mode => mode !== 'any');
  for (const mode of modes) {
    for (const step of planOf(descriptor, mode, 'put', 'view')) {
      if (step.type === 'block') continue;
      const pieces =
        step.type === 'run'
          ? viewRun(descriptor, step, true).pieces.filter(({ size }) => size >= LONG)
          : [singlePiece(descriptor, step)];
      for (const piece of pieces) {
        if (piece !== undefined && !isWhole(descriptor, piece)) found.set(pieceName(piece), piece);
      }
    }
  }
  return [...found.values()];
}

function isWhole(descriptor: Descriptor, { size }: Piece): boolean {
  return size === layoutOf(descriptor, canonical).size;
}

/** The private property with a piece. */
export function pieceName({ from, size }: Piece): string {
  return `#from${from}to${from + size}`;
}

/** An expression for a piece of the memory of the view `o`, which keeps it. */
export function pieceOf(descriptor: Descriptor, piece: Piece): string {
  if (isWhole(descriptor, piece)) return 'o.bytes';
  return `(o.${pieceName(piece)} ??= o.bytes.subarray(${piece.from}, ${piece.from + piece.size}))`;
}

/** Offsets and sizes of the words of a short piece. */
export function words(size: number): { at: number; bytes: 4 | 2 | 1 }[] {
  const list: { at: number; bytes: 4 | 2 | 1 }[] = [];
  for (let at = 0; at < size; ) {
    const bytes = size - at >= 4 ? 4 : size - at >= 2 ? 2 : 1;
    list.push({ at, bytes });
    at += bytes;
  }
  return list;
}
