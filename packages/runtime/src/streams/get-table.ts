import { entryExtent, isOld, isPadding, pointerBytes, type SsmField, StructFlags } from '@ssmkit/schema';
import { SsmError } from '../error.js';
import type { GetPrimitives } from './get-primitives.js';
import { callbackOf, oldSize, paddingSize, problemOf, stepOf, type TableOptions } from './put-table.js';
import { checkFlags, getMarker, hasLead, hasTail, STRUCT_BEGIN, STRUCT_END } from './struct-class.js';

/*
 * The table engine, getting half. Mirrors `put-table.ts`.
 */

/** Fills a C structure's memory by its table. */
export function getTable(
  stream: GetPrimitives,
  memory: Uint8Array,
  table: readonly SsmField[],
  options: TableOptions,
): void {
  const { flags = 0, simple = false, callbacks = {} } = options;
  checkFlags(stream, flags);
  const problem = problemOf(table, memory.length, stream, options);
  if (hasLead(flags)) getMarker(stream, STRUCT_BEGIN);
  let running = 0;
  for (const [index, field] of table.entries()) {
    if (index === problem?.index) break;
    const { offset, size } = simple ? { offset: field.off, size: field.cb } : entryExtent(field, running);
    running = offset + size;
    if (field.firstVer > stream.version) continue;
    try {
      getEntry(stream, memory.subarray(offset, offset + size), field, flags, callbacks);
    } catch (error) {
      throw error instanceof SsmError ? stream.fail(error.at({ field: field.name })) : error;
    }
  }
  if (problem !== undefined)
    throw stream.refuse(problem.status, problem.problem, { field: table[problem.index]?.name ?? 'end' });
  if (hasTail(flags)) getMarker(stream, STRUCT_END);
}

function getEntry(
  stream: GetPrimitives,
  member: Uint8Array,
  field: SsmField,
  flags: number,
  callbacks: NonNullable<TableOptions['callbacks']>,
): void {
  const { host, saved } = stream;
  const dontIgnore = (flags & StructFlags.DONT_IGNORE) !== 0;
  const pointer = pointerBytes(host);
  const { transformer } = field;
  if (isOld(transformer)) stream.skip(oldSize(field, saved));
  else if (isPadding(transformer)) {
    if (dontIgnore) stream.skip(paddingSize(field, saved));
  } else if (transformer.startsWith('IGN')) {
    if (dontIgnore) stream.skip(ignoredSize(field, saved, member.length));
  } else if (transformer === 'CALLBACK') {
    callbackOf(field, callbacks)(stream as never, member, flags);
  } else if (transformer === 'U32_ZX_U64') {
    member.fill(0);
    stream.getMem(member.subarray(0, 4));
  } else if (transformer === 'HCPTR_HACK_U32') {
    member.fill(0);
    stream.getMem(member.subarray(0, 4));
    if (dontIgnore && saved.bits === 64 && stream.getU32() !== 0 && (flags & StructFlags.SAVED_AS_MEM) === 0) {
      throw new SsmError('VERR_SSM_FIELD_INVALID_VALUE', 'the high half of a 32-bit value is not zero');
    }
  } else if (transformer === 'GCPHYS') getAddress(member, stream.getGCPhys());
  else if (transformer === 'GCPTR') getAddress(member, stream.getGCPtr());
  else if (transformer.startsWith('HCPTR_NI')) {
    for (let at = 0; at < member.length; at += pointer) {
      const there = dontIgnore ? getPointer(stream, saved.bits) : stream.getBool();
      member.fill(0, at, at + pointer);
      member[at] = there ? 1 : 0;
    }
  } else {
    const step = stepOf(field, pointer);
    for (let at = 0; at < member.length; at += step) stream.getMem(member.subarray(at, at + step));
  }
}

function getPointer(stream: GetPrimitives, bits: number): boolean {
  return bits === 64 ? stream.getU64() !== 0n : stream.getU32() !== 0;
}

function getAddress(member: Uint8Array, value: bigint): void {
  for (let i = 0; i < member.length; i++) member[i] = Number((value >> BigInt(8 * i)) & 0xffn);
}

function ignoredSize(field: SsmField, saved: GetPrimitives['saved'], own: number): number {
  switch (field.transformer) {
    case 'IGN_GCPHYS':
      return saved.gcPhysBytes;
    case 'IGN_GCPTR':
      return saved.gcPtrBytes;
    case 'IGN_HCPTR':
      return saved.bits / 8;
    default:
      return own;
  }
}
