import { type Field, type Holds, kinds } from '@ssmkit/schema/model';
import { isSigned, type Mode, planOf, type Run, type Single, type Slot } from '../plan.js';
import { type ClassContext, elementType, outside } from './context.js';
import { access, literal } from './literals.js';
import { plus, SMALL } from './place.js';
import { delegates, noCallback, usesFlags } from './single.js';
import { emitWith, emitWithin, pathText } from './within.js';

/** Prints a get function: what {@link emitPut}'s wrote. */
export function emitGet(context: ClassContext, name: string, mode: Mode): void {
  const { out, descriptor } = context;
  const stream = context.help('GetStream');
  const steps = planOf(descriptor, mode, 'get');
  const body = steps.flatMap((step) => (step.type === 'block' ? step.steps : [step]));
  const slots = body.filter((step): step is Run => step.type === 'run').flatMap((run) => run.slots);
  const checksHalf = slots.some(({ wire }) => wire.form === 'low32' && wire.bytes === 8);
  const flags = checksHalf || usesFlags(body, mode) ? 'flags' : '_flags';
  out.block(`export function ${name}(s: ${stream}, o: ${context.name}, ${flags}: number): void {`, () => {
    if (slots.length > 0) out.line('let p: number;');
    if (slots.some(usesBytes)) out.line('let b: Uint8Array;');
    if (slots.some(usesView)) out.line('let v: DataView;');
    for (const step of steps) {
      if (step.type !== 'block') {
        emitStep(context, step, mode);
        continue;
      }
      out.block(
        `if (${context.condition(step.conditions)}) {`,
        () => {
          for (const inner of step.steps) emitStep(context, inner, mode);
        },
        emitDefaults(step.fields) === undefined ? '}' : '} else {',
      );
      const defaults = emitDefaults(step.fields);
      if (defaults !== undefined) {
        for (const line of defaults) out.line(`  ${line}`);
        out.line('}');
      }
    }
  });
}

export function emitDefaults(fields: readonly Field[]): string[] | undefined {
  const lines = fields
    .filter((field) => field.default !== undefined)
    .map((field) => `${access('o', field.name)} = ${literal(field.default)};`);
  return lines.length === 0 ? undefined : lines;
}

function usesBytes({ wire, field, holds }: Slot): boolean {
  if (wire.form === 'bytes' || wire.form === 'indicator') return true;
  if (wire.form !== 'value') return false;
  return (wire.bytes === 1 && !isSigned(field)) || bulk(field, holds);
}

function usesView({ wire, field, holds }: Slot): boolean {
  if (wire.form === 'low32') return true;
  return wire.form === 'value' && !((wire.bytes === 1 && !isSigned(field)) || bulk(field, holds));
}

/** Whether an array is copied at once. */
function bulk(field: Field, holds: Holds): boolean {
  return holds.what === 'typed' && (field.count as number) > 32;
}

function emitStep(context: ClassContext, step: Run | Single, mode: Mode): void {
  if (step.type === 'single') {
    emitSingle(context, step, mode);
    return;
  }
  const { out } = context;
  const kept = step.slots.filter(({ wire }) => wire.form !== 'zeros');
  out.line(kept.length > 0 ? `p = s.take(${step.size}) ${SMALL};` : `s.take(${step.size});`);
  if (kept.some(usesBytes)) out.line('b = s.bytes;');
  if (kept.some(usesView)) out.line('v = s.view;');
  for (const slot of kept) emitSlot(context, slot);
}

function emitSlot(context: ClassContext, slot: Slot): void {
  const { out } = context;
  const { field, wire, at } = slot;
  const property = access('o', field.name);
  if (field.kind === 'marker') {
    emitMarker(context, slot);
    return;
  }
  if (wire.form === 'low32') {
    out.line(`${property} = v.getUint32(${plus(at)}, true);`);
    if (wire.bytes === 8) emitHighHalf(context, field, at);
    return;
  }
  if (field.count === undefined) emitScalar(context, slot, property);
  else emitArray(context, slot, property);
}

/** The high half of a pointer that holds 32 bits must be zero. */
export function emitHighHalf(context: ClassContext, field: Field, at: number): void {
  const high = `v.getUint32(${plus(at + 4)}, true)`;
  const saved = context.help('highHalf');
  context.out.line(`if (${high} !== 0) ${saved}(s, ${high}, flags, ${context.path(field)});`);
}

function emitMarker(context: ClassContext, { field, wire, at }: Slot): void {
  const { bytes } = wire as { bytes: number };
  const value = load(bytes, isSigned(field), plus(at));
  const expected = literal(bytes >= 8 ? BigInt(field.value!) : Number(field.value));
  context.out.line(
    `if (${value} !== ${expected}) throw ${context.help('badMarker')}(s, ${value}, ${expected}, ${context.path(field)});`,
  );
}

/** An expression that loads one value of up to 8 bytes. */
export function load(bytes: number, signed: boolean, place: string): string {
  if (bytes === 1 && !signed) return `(b[${place}] as number)`;
  if (bytes === 1) return `v.getInt8(${place})`;
  if (bytes === 8) return `v.getBig${signed ? 'Int' : 'Uint'}64(${place}, true)`;
  return `v.get${signed ? 'Int' : 'Uint'}${bytes * 8}(${place}, true)`;
}

function emitScalar(context: ClassContext, slot: Slot, property: string): void {
  const { out } = context;
  const { field, wire, holds, at, index } = slot;
  const signed = isSigned(field);
  if (wire.form === 'indicator') {
    out.line(`${property} = b[${plus(at)}] !== 0${holds.what === 'bigint' ? ' ? 1n : 0n' : ''};`);
    return;
  }
  const { bytes } = wire as { bytes: number };
  if (field.kind === 'hcptr_ni') {
    const there = `(v.getUint32(${plus(at)}, true) | v.getUint32(${plus(at + 4)}, true)) !== 0`;
    out.line(`${property} = ${there}${holds.what === 'bigint' ? ' ? 1n : 0n' : ''};`);
    return;
  }
  let value: string;
  if (holds.what === 'pair') {
    out.line(`${property} = v.getUint32(${plus(at)}, true);`);
    out.line(`${access('o', holds.hi)} = v.getUint32(${plus(at + 4)}, true);`);
    return;
  }
  if (holds.what === 'boolean') value = `b[${plus(at)}] !== 0`;
  else if (bytes === 16) value = wide(plus(at), signed);
  else if (bytes === 8 && holds.what === 'number') {
    const high = `v.get${signed ? 'Int' : 'Uint'}32(${plus(at + 4)}, true)`;
    value = `${context.help('safeInteger')}(s, v.getUint32(${plus(at)}, true), ${high}, ${context.path(field)})`;
  } else value = load(bytes, signed, plus(at));
  const test = outside(field, 'x');
  if (test === undefined) {
    out.line(`${property} = ${value.replace(/^\((.*)\)$/, '$1')};`);
    return;
  }
  out.block('{', () => {
    out.line(`const x = ${value};`);
    out.line(`if (${test}) throw ${context.help('outOfDomain')}(s, x, ${context.at(index)});`);
    out.line(`${property} = x;`);
  });
}

/** A 128-bit value. */
export function wide(place: string, signed: boolean): string {
  return `v.getBigUint64(${place}, true) | (v.getBig${signed ? 'Int' : 'Uint'}64(${place} + 8, true) << 64n)`;
}

function emitArray(context: ClassContext, slot: Slot, property: string): void {
  const { out } = context;
  const { field, wire, holds, at, index } = slot;
  const count = field.count as number;
  const array = holds.what === 'typed' ? holds.array : 'Uint8Array';
  if (holds.what !== 'list') {
    out.line(`if (${property}?.length !== ${count}) ${property} = new ${array}(${count});`);
    if (wire.form === 'bytes' || bulk(field, holds)) {
      if (wire.form === 'bytes' && count <= 16) {
        out.block(`for (let i = 0; i < ${count}; i++) {`, () =>
          out.line(`${property}[i] = b[${plus(at)} + i] as number;`),
        );
      } else {
        const size = count * (wire.form === 'bytes' ? 1 : (wire as { bytes: number }).bytes);
        const target = wire.form === 'bytes' ? property : `${context.help('bytesOf')}(${property})`;
        out.line(`${target}.set(b.subarray(${plus(at)}, ${plus(at + size)}));`);
      }
      emitElementDomain(context, slot, property);
      return;
    }
  }
  const element = elementType(holds);
  const bytes = wire.form === 'indicator' ? 1 : (wire as { bytes: number }).bytes;
  const place = `${plus(at)} + i${bytes === 1 ? '' : ` * ${bytes}`}`;
  if (holds.what === 'list') out.line(`${property} = [];`);
  out.block(`for (let i = 0; i < ${count}; i++) {`, () => {
    const value = elementValue(field, bytes, place, element);
    const test = outside(field, 'x');
    if (test !== undefined) {
      out.line(`const x = ${value};`);
      out.line(`if (${test}) throw ${context.help('outOfDomain')}(s, x, ${context.at(index)});`);
    }
    out.line(`${property}[i] = ${test === undefined ? value : 'x'};`);
  });
}

export function elementValue(field: Field, bytes: number, place: string, element: string): string {
  if (field.kind === 'hcptr_ni') {
    const there = bytes === 1 ? `b[${place}] !== 0` : `v.getBigUint64(${place}, true) !== 0n`;
    return element === 'bigint' ? `${there} ? 1n : 0n` : there;
  }
  if (bytes === 16) return wide(place, isSigned(field));
  if (element === 'boolean') return `b[${place}] !== 0`;
  return load(bytes, isSigned(field), place);
}

function emitElementDomain(context: ClassContext, { field, index }: Slot, property: string): void {
  const test = outside(field, 'x');
  if (test === undefined) return;
  const { out } = context;
  out.block(`for (const x of ${property}) {`, () => {
    out.line(`if (${test}) throw ${context.help('outOfDomain')}(s, x, ${context.at(index)});`);
  });
}

export function emitSingle(context: ClassContext, step: Single, mode: Mode): void {
  const { out } = context;
  const { field, index, wire, hostDependent } = step;
  const property = access('o', field.name);
  if ((hostDependent && wire.form !== 'nested') || delegates(field, wire)) {
    out.line(`${context.help('getField')}(s, o, ${context.at(index)}, flags);`);
    return;
  }
  switch (wire.form) {
    case 'zeros':
      out.line(`s.skip(${wire.bytes});`);
      return;
    case 'callback':
      out.line(
        field.get === undefined ? noCallback(context, index, 'get') : `${context.call(field.get, 's', 'flags')};`,
      );
      return;
    case 'string':
      emitWithin(context, context.path(field), () =>
        out.line(`${property} = s.getStrZ${field.as === 'bytes' ? 'Bytes' : ''}(${field.limit ?? ''});`),
      );
      return;
    case 'nested':
      emitNested(context, step, property, mode);
      return;
    default:
      emitLongArray(context, step, property);
  }
}

function emitNested(context: ClassContext, { field }: Single, property: string, mode: Mode): void {
  const { out } = context;
  const target = context.nested.class(field);
  const get = (object: string) => {
    if (field.kind === 'struct' && field.flatten !== true) return `s.getStructEx(${object}, ${field.flags ?? 0});`;
    const part = context.nested.entry(field, object);
    return mode === 'canonical' ? `${part}.get(s, ${object}, 0);` : `${part}.getAny(s, ${object}, flags);`;
  };
  if (field.count === undefined) {
    out.line(`${property} ??= new ${target}();`);
    emitWith(context, field, property);
    emitWithin(context, context.path(field), () => out.line(get(property)));
    return;
  }
  out.block('{', () => {
    emitCount(context, field);
    out.line(`const items: ${target}[] = [];`);
    out.block('for (let i = 0; i < n; i++) {', () => {
      const element = `${context.help('viewOrNew')}(${target}, ${property}, i)`;
      out.line(`const item = ${context.nested.mayBeView(field) ? element : `new ${target}()`};`);
      emitWith(context, field, 'item');
      emitWithin(context, `\`${pathText(context, field)}[\${i}]\``, () => out.line(get('item')));
      out.line('items.push(item);');
    });
    out.line(`${property} = items;`);
  });
}

/** Declares `n`, the number of elements. */
function emitCount(context: ClassContext, field: Field): void {
  const { out } = context;
  const { count, limit } = field;
  if (typeof count === 'object') out.line(`const n = s.get${kinds[count.stream].decorator}();`);
  else
    out.line(`const n = ${typeof count === 'number' ? count : `${context.help('countOf')}(o, ${literal(count)}, s)`};`);
  if (limit !== undefined)
    out.line(`if (n > ${limit}) throw ${context.help('tooMany')}(s, n, ${limit}, ${context.path(field)});`);
}

function emitLongArray(context: ClassContext, { field, index, wire, holds }: Single, property: string): void {
  const { out } = context;
  const fast = (holds.what === 'typed' || holds.what === 'bytes') && field.domain === undefined;
  if (!fast || (wire.form === 'value' && wire.bytes === 16)) {
    out.line(`${context.help('getField')}(s, o, ${context.at(index)}, 0);`);
    return;
  }
  const array = holds.what === 'typed' ? holds.array : 'Uint8Array';
  out.block('{', () => {
    emitCount(context, field);
    out.line(`if (${property}?.length !== n) ${property} = new ${array}(n);`);
    out.line(`s.getMem(${wire.form === 'bytes' ? property : `${context.help('bytesOf')}(${property})`});`);
  });
}
