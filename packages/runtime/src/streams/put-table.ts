import {
  entryExtent,
  isOld,
  isPadding,
  paddingSizes,
  pointerBytes,
  type SsmField,
  StructFlags,
  simpleTableProblem,
  type TableProblem,
  tableProblem,
} from '@ssmkit/schema';
import { SsmError } from '../error.js';
import type { PutPrimitives } from './put-primitives.js';
import { checkFlags, hasLead, hasTail, STRUCT_BEGIN, STRUCT_END } from './struct-class.js';

/** How a structure's memory is saved and loaded by a table. */
export interface TableOptions {
  /** StructFlags. */
  flags?: number;
  /** Use the rules of SSMR3PutStruct and SSMR3GetStruct. */
  simple?: boolean;
  /** What callback entries do, by the entry's name. Called with the member's bytes. */
  callbacks?: Readonly<Record<string, (stream: never, member: Uint8Array, flags: number) => void>>;
}

/*
 * The table engine, putting half
 *
 * What SSMR3PutStruct and SSMR3PutStructEx do in C: a structure's memory and its SSMFIELD table, entry by entry. Classes
 * do not need it; it serves those who have a structure's memory and C's table, and it is the yardstick of the other two
 * engines. Entries before a faulty one have been written when the fault is found, as in the original.
 */

/** Puts a C structure's memory by its table. */
export function putTable(
  stream: PutPrimitives,
  memory: Uint8Array,
  table: readonly SsmField[],
  options: TableOptions,
): void {
  const { flags = 0, simple = false, callbacks = {} } = options;
  checkFlags(stream, flags);
  const problem = problemOf(table, memory.length, stream, options);
  if (hasLead(flags)) stream.putU32(STRUCT_BEGIN);
  let running = 0;
  for (const [index, field] of table.entries()) {
    if (index === problem?.index) break;
    const { offset, size } = simple ? { offset: field.off, size: field.cb } : entryExtent(field, running);
    try {
      putEntry(stream, memory.subarray(offset, offset + size), field, flags, callbacks);
    } catch (error) {
      throw error instanceof SsmError ? stream.fail(error.at({ field: field.name })) : error;
    }
    running = offset + size;
  }
  if (problem !== undefined)
    throw stream.refuse(problem.status, problem.problem, { field: table[problem.index]?.name ?? 'end' });
  if (hasTail(flags)) stream.putU32(STRUCT_END);
}

/** The first fault of a table, by the rules of the API that is used. */
export function problemOf(
  table: readonly SsmField[],
  cbStruct: number,
  stream: { readonly host: PutPrimitives['host'] },
  { flags = 0, simple = false }: TableOptions,
): TableProblem | undefined {
  if (simple) return simpleTableProblem(table, stream.host);
  return tableProblem(table, cbStruct, stream.host, (flags & StructFlags.FULL_STRUCT) !== 0);
}

function putEntry(
  stream: PutPrimitives,
  member: Uint8Array,
  field: SsmField,
  flags: number,
  callbacks: NonNullable<TableOptions['callbacks']>,
): void {
  const { host } = stream;
  const dontIgnore = (flags & StructFlags.DONT_IGNORE) !== 0;
  const pointer = pointerBytes(host);
  const { transformer } = field;
  if (isOld(transformer)) stream.putZeros(oldSize(field, host));
  else if (isPadding(transformer)) {
    if (dontIgnore) stream.putZeros(paddingSize(field, host));
  } else if (transformer.startsWith('IGN')) {
    if (dontIgnore) stream.putZeros(member.length);
  } else if (transformer === 'CALLBACK') {
    callbackOf(field, callbacks)(stream as never, member, flags);
  } else if (transformer === 'U32_ZX_U64') {
    throw new SsmError('VERR_SSM_FIELD_LOAD_ONLY_TRANSFORMATION', 'a 32-bit value read into 64 bits cannot be saved');
  } else if (transformer === 'HCPTR_HACK_U32') {
    if (member.subarray(4).some((byte) => byte !== 0)) {
      throw new SsmError('VERR_SSM_FIELD_INVALID_VALUE', 'a pointer that must hold 32 bits holds more');
    }
    stream.putMem(member.subarray(0, 4));
    if (dontIgnore && pointer === 8) stream.putU32(0);
  } else {
    const step = stepOf(field, pointer);
    for (let at = 0; at < member.length; at += step) {
      const element = member.subarray(at, at + step);
      if (transformer.startsWith('HCPTR_NI') && !dontIgnore) stream.putBool(element.some((byte) => byte !== 0));
      else stream.putMem(element);
    }
  }
}

/** Size of the items that an entry becomes. */
export function stepOf(field: SsmField, pointer: number): number {
  if (field.transformer === 'RCPTR_ARRAY') return 4;
  return field.transformer === 'HCPTR_NI_ARRAY' ? pointer : Math.max(field.cb, 1);
}

/** The callback of an entry. @throws SsmError VERR_SSM_FIELD_INVALID_CALLBACK when none is given. */
export function callbackOf(
  field: SsmField,
  callbacks: NonNullable<TableOptions['callbacks']>,
): NonNullable<TableOptions['callbacks']>[string] {
  const callback = callbacks[field.name];
  if (callback === undefined)
    throw new SsmError('VERR_SSM_FIELD_INVALID_CALLBACK', 'no callback is given for this entry');
  return callback;
}

/** Bytes that a former member has in the stream of a writer. */
export function oldSize(
  field: SsmField,
  writer: { readonly bits: number; readonly gcPhysBytes: number; readonly gcPtrBytes: number; readonly msc32: boolean },
): number {
  switch (field.transformer) {
    case 'OLD_GCPHYS':
      return writer.gcPhysBytes;
    case 'OLD_GCPTR':
      return writer.gcPtrBytes;
    case 'OLD_HCPTR':
      return writer.bits / 8;
    case 'OLD_PAD_HC':
      return writer.bits === 64 ? field.cb >>> 16 : field.cb & 0xffff;
    case 'OLD_PAD_MSC32':
      return writer.msc32 ? field.cb : 0;
    default:
      return field.cb;
  }
}

/** Bytes that a padding has in the stream of a writer that does not ignore it. */
export function paddingSize(field: SsmField, writer: { readonly bits: number; readonly msc32: boolean }): number {
  const { cb32, cb64 } = paddingSizes(field);
  return writer.bits === 64 || (field.transformer === 'PAD_MSC32_AUTO' && !writer.msc32) ? cb64 : cb32;
}
