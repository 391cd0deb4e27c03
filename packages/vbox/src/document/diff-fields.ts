import { descriptorFor, type Field, holdsOf, type Json, type StateClass, slotOf, valueTypeOf } from '@ssmkit/schema';
import { fromBase64 } from './base64.js';
import { compareBytes, type FieldChange, RangeList } from './differences.js';

type JsonObject = { readonly [key: string]: Json };

/** Changed bytes that are less apart than this are told together. */
const BYTES_GAP = 4;
/** Bytes of a range that are shown. */
const BYTES_SHOWN = 16;

/** In what fields two objects of a class differ. @param a in their JSON forms. */
export function diffFields(target: StateClass, a: Json, b: Json): FieldChange[] {
  const changes: FieldChange[] = [];
  diffObjects(target, a as JsonObject, b as JsonObject, '', changes);
  return changes;
}

function diffObjects(target: StateClass, a: JsonObject, b: JsonObject, path: string, changes: FieldChange[]): void {
  for (const field of descriptorFor(slotOf(target).target).fields) {
    const { name } = field;
    diffField(field, a[name], b[name], path === '' ? name : `${path}.${name}`, changes);
  }
}

function diffField(
  field: Field,
  from: Json | undefined,
  to: Json | undefined,
  path: string,
  changes: FieldChange[],
): void {
  if (from === undefined && to === undefined) return;
  if (from === undefined || to === undefined) {
    changes.push({ path, from, to });
    return;
  }
  const target = field.class?.target?.();
  switch (holdsOf(field).what) {
    case 'object':
      diffObjects(target as StateClass, from as JsonObject, to as JsonObject, path, changes);
      break;
    case 'objects':
      diffElements(from, to, path, changes, (a, b, at) =>
        diffObjects(target as StateClass, a as JsonObject, b as JsonObject, at, changes),
      );
      break;
    case 'typed':
    case 'list':
      diffElements(from, to, path, changes, (a, b, at) => diffScalar(field, a, b, at, changes));
      break;
    case 'bytes':
      diffBytes(fromBase64(from as string) as Uint8Array, fromBase64(to as string) as Uint8Array, path, changes);
      break;
    default:
      diffScalar(field, from, to, path, changes);
  }
}

function diffElements(
  from: Json,
  to: Json,
  path: string,
  changes: FieldChange[],
  each: (a: Json, b: Json, path: string) => void,
): void {
  const [a, b] = [from, to] as [readonly Json[], readonly Json[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const at = `${path}[${i}]`;
    if (i < a.length && i < b.length) each(a[i] as Json, b[i] as Json, at);
    else changes.push({ path: at, from: a[i], to: b[i] });
  }
}

function diffScalar(field: Field, from: Json, to: Json, path: string, changes: FieldChange[]): void {
  if (from === to) return;
  const type = typeof from === 'boolean' || holdsOf(field).what === 'string' ? undefined : valueTypeOf(field);
  changes.push({ path, from, to, ...(type !== undefined && { bits: type.bits }) });
}

function diffBytes(a: Uint8Array, b: Uint8Array, path: string, changes: FieldChange[]): void {
  const list = new RangeList(BYTES_GAP);
  compareBytes(a, b, 0, list);
  for (const { start, size } of list.ranges) {
    const end = start + size - 1;
    const at = size === 1 ? `0x${start.toString(16)}` : `0x${start.toString(16)}…0x${end.toString(16)}`;
    const hex = (bytes: Uint8Array) => (start < bytes.length ? hexOf(bytes.subarray(start, start + size)) : undefined);
    changes.push({ path: `${path}[${at}]`, from: hex(a), to: hex(b), isHex: true });
  }
}

function hexOf(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, BYTES_SHOWN), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > BYTES_SHOWN ? `${shown} …` : shown;
}
