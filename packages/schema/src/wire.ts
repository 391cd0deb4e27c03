import type { Descriptor, Field } from './descriptor.js';
import type { HostProfile } from './host.js';
import { kinds, usesSize64 } from './kinds/index.js';
import { memberShape } from './layout.js';

/** The side that wrote, or writes, a stream: what a file tells of it. */
export type Writer = Pick<HostProfile, 'bits' | 'gcPhysBytes' | 'gcPtrBytes' | 'msc32'>;

/** What a field puts into the stream. */
export type Wire =
  /** The value, or each element of the array, as so many bytes. */
  | { readonly form: 'value'; readonly bytes: number }
  /** Whether the pointer, or each of them, is not NULL, as one byte. */
  | { readonly form: 'indicator' }
  /** The low 32 bits, and above 4 bytes zeros. */
  | { readonly form: 'low32'; readonly bytes: 4 | 8 }
  /** Zeros when saving, skipped when loading. */
  | { readonly form: 'zeros'; readonly bytes: number }
  /** The bytes of the nested C structure, once or for each element. */
  | { readonly form: 'image' }
  /** What a nested class puts. */
  | { readonly form: 'nested' }
  | { readonly form: 'bytes' }
  | { readonly form: 'string' }
  | { readonly form: 'callback' };

const NOTHING: Wire = { form: 'zeros', bytes: 0 };

/**
 * What a field of a class puts into the stream of a writer (spec 03 §3).
 *
 * @param own the host that runs the code: it decides the size of members that are copied as they are.
 * @param dontIgnore the flag DONT_IGNORE.
 */
export function wireOf(
  shape: Descriptor['shape'],
  field: Field,
  writer: Writer,
  own: HostProfile,
  dontIgnore: boolean,
): Wire {
  const kind = kinds[field.kind];
  switch (kind.family) {
    case 'scalar':
      if (field.kind === 'u32_zx_u64') return { form: 'value', bytes: 4 };
      // In a structure only GCPHYS and GCPTR entries are transformed; RTGCUINT and its kin are copied as they are.
      if (kind.savedWidth !== undefined && (shape === 'stream' || kind.entry !== '')) {
        return { form: 'value', bytes: savedBytes(kind.savedWidth, writer) };
      }
      return { form: 'value', bytes: kind.size(own) };
    case 'mem':
      return { form: 'bytes' };
    case 'strz':
      return { form: 'string' };
    case 'pointer':
      if (field.kind === 'hcptr_hack_u32') return { form: 'low32', bytes: dontIgnore && writer.bits === 64 ? 8 : 4 };
      return dontIgnore ? { form: 'value', bytes: writer.bits / 8 } : { form: 'indicator' };
    case 'ignore':
      if (!dontIgnore) return NOTHING;
      if (kind.savedWidth === undefined) return { form: 'zeros', bytes: memberShape(field, own)!.size };
      return { form: 'zeros', bytes: savedBytes(kind.savedWidth, writer) };
    case 'old':
      return { form: 'zeros', bytes: oldBytes(field, writer) };
    case 'pad':
      return dontIgnore ? { form: 'zeros', bytes: padBytes(field, writer) } : NOTHING;
    case 'callback':
      return { form: 'callback' };
    case 'marker':
      return { form: 'value', bytes: kinds[field.type as 'u32'].size(own) };
    case 'class':
      return shape === 'struct' && field.flatten !== true ? { form: 'image' } : { form: 'nested' };
    case 'noentry':
      return NOTHING;
  }
}

function savedBytes(width: 'gcPhys' | 'gcPtr' | 'pointer', writer: Writer): number {
  return width === 'gcPhys' ? writer.gcPhysBytes : width === 'gcPtr' ? writer.gcPtrBytes : writer.bits / 8;
}

function oldBytes(field: Field, writer: Writer): number {
  switch (field.kind) {
    case 'old':
      return field.cb as number;
    case 'old_rcptr':
      return 4;
    case 'old_pad_hc':
      return (writer.bits === 64 ? field.cb64 : field.cb32) as number;
    case 'old_pad_msc32':
      return writer.msc32 ? (field.cb as number) : 0;
    default:
      return savedBytes(kinds[field.kind].savedWidth!, writer);
  }
}

function padBytes(field: Field, writer: Writer): number {
  const { cb = 0, cb32 = 0, cb64 = 0 } = field;
  switch (field.kind) {
    case 'pad_hc32':
    case 'pad_msc32_auto':
      return usesSize64(field.kind, writer) ? 0 : cb;
    case 'pad_hc64':
      return usesSize64(field.kind, writer) ? cb : 0;
    default:
      return usesSize64(field.kind, writer) ? cb64 : cb32;
  }
}
