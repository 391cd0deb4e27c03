import { type Field, type Holds, kinds } from '@ssmkit/schema/model';
import { type Mode, planOf, type Run, type Single, type Slot } from '../plan.js';
import { type ClassContext, elementType, outside } from './context.js';
import { mayBeAbsent } from './json.js';
import { access, literal } from './literals.js';
import { plus, SMALL } from './place.js';
import { delegates, noCallback, usesFlags } from './single.js';
import { emitWith, emitWithin, pathText } from './within.js';

/** Prints a put function. */
export function emitPut(context: ClassContext, name: string, mode: Mode): void {
  const { out, descriptor } = context;
  const stream = context.help('PutStream');
  const steps = planOf(descriptor, mode, 'put');
  const body = steps.flatMap((step) => (step.type === 'block' ? step.steps : [step]));
  const runs = body.filter((step): step is Run => step.type === 'run');
  const slots = runs.flatMap((run) => run.slots);
  const flags = usesFlags(body, mode) ? 'flags' : '_flags';
  out.block(`export function ${name}(s: ${stream}, o: ${context.name}, ${flags}: number): void {`, () => {
    if (slots.some(usesBytes)) out.line('const b = s.bytes;');
    if (slots.some((slot) => !usesBytes(slot) || slot.wire.form === 'zeros')) out.line('const v = s.view;');
    if (runs.length > 0) out.line(`let p = s.pos ${SMALL};`);
    let first = true;
    for (const step of steps) {
      if (step.type !== 'block') {
        emitStep(context, step, mode, first);
        first = false;
        continue;
      }
      out.block(`if (${context.condition(step.conditions)}) {`, () => {
        for (const inner of step.steps) emitStep(context, inner, mode, false);
      });
      first = false;
    }
  });
}

function emitStep(context: ClassContext, step: Run | Single, mode: Mode, first: boolean): void {
  if (step.type === 'single') {
    emitSingle(context, step, mode);
    return;
  }
  const { out } = context;
  if (!first) out.line(`p = s.pos ${SMALL};`);
  for (const slot of step.slots) emitSlot(context, slot);
  const items = step.slots.flatMap((slot) => slot.items);
  out.line(`s.commit(p + ${step.size}, ${context.itemTable(items)});`);
}

/** Whether a slot is stored through the byte array; others through the view. */
function usesBytes({ field, wire, holds }: Slot): boolean {
  if (wire.form === 'bytes' || wire.form === 'indicator') return true;
  if (wire.form === 'zeros') return ![1, 2, 4, 8].includes(wire.bytes) || wire.bytes === 1;
  return wire.form === 'value' && (wire.bytes === 1 || (holds.what === 'typed' && (field.count as number) > 32));
}

function emitSlot(context: ClassContext, slot: Slot): void {
  const { out } = context;
  const { field, wire, at } = slot;
  const property = access('o', field.name);
  if (field.kind === 'marker') {
    out.line(store((wire as { bytes: number }).bytes, at, literal(field.value), typeof field.value));
    return;
  }
  switch (wire.form) {
    case 'zeros':
      for (const line of zeros(wire.bytes, at)) out.line(line);
      return;
    case 'low32':
      out.line(
        `if (${property} > 0xffffffff) throw ${context.help('tooWide')}(s, ${property}, ${context.path(field)});`,
      );
      out.line(`v.setUint32(${plus(at)}, ${property}, true);`);
      if (wire.bytes === 8) out.line(`v.setUint32(${plus(at + 4)}, 0, true);`);
      return;
    default:
      if (field.count === undefined) emitScalar(context, slot, property);
      else emitArray(context, slot, property);
  }
}

export function zeros(count: number, at: number): string[] {
  switch (count) {
    case 1:
      return [`b[${plus(at)}] = 0;`];
    case 2:
      return [`v.setUint16(${plus(at)}, 0, true);`];
    case 4:
      return [`v.setUint32(${plus(at)}, 0, true);`];
    case 8:
      return [`v.setUint32(${plus(at)}, 0, true);`, `v.setUint32(${plus(at + 4)}, 0, true);`];
    default:
      return [`b.fill(0, ${plus(at)}, ${plus(at + count)});`];
  }
}

function emitScalar(context: ClassContext, slot: Slot, property: string): void {
  const { out } = context;
  const { field, wire, holds, at, index } = slot;
  emitDomain(context, field, index, property, holds);
  if (wire.form === 'indicator') {
    out.line(`b[${plus(at)}] = ${property} ? 1 : 0;`);
    return;
  }
  const { bytes } = wire as { bytes: number };
  if (field.kind === 'hcptr_ni' && holds.what === 'boolean') {
    out.line(`v.setUint32(${plus(at)}, ${property} ? 1 : 0, true);`);
    out.line(`v.setUint32(${plus(at + 4)}, 0, true);`);
    return;
  }
  switch (holds.what) {
    case 'pair':
      out.line(`v.setUint32(${plus(at)}, ${property}, true);`);
      out.line(`v.setUint32(${plus(at + 4)}, ${access('o', holds.hi)}, true);`);
      return;
    case 'number':
      if (bytes !== 8) break;
      out.line(
        `if (!Number.isSafeInteger(${property})) throw ${context.help('unsafe')}(s, ${property}, ${context.path(field)});`,
      );
      out.line(`v.setUint32(${plus(at)}, ${property}, true);`);
      out.line(`v.setUint32(${plus(at + 4)}, Math.floor(${property} / 0x1_0000_0000), true);`);
      return;
    case 'bigint':
      if (bytes !== 16) break;
      out.line(`v.setBigUint64(${plus(at)}, ${property}, true);`);
      out.line(`v.setBigUint64(${plus(at + 8)}, ${property} >> 64n, true);`);
      return;
  }
  out.line(store(bytes, at, holds.what === 'boolean' ? `${property} ? 1 : 0` : property, holds.what));
}

/** A statement that stores one value of a fixed size. */
function store(bytes: number, at: number | string, value: string, type: string): string {
  const place = typeof at === 'number' ? plus(at) : at;
  if (bytes === 1) return `b[${place}] = ${value};`;
  if (bytes === 8) return `v.setBigUint64(${place}, ${type === 'bigint' ? value : `BigInt(${value})`}, true);`;
  return `v.setUint${bytes * 8}(${place}, ${value}, true);`;
}

export function emitDomain(context: ClassContext, field: Field, index: number, value: string, _holds: Holds): void {
  const test = outside(field, value);
  if (test === undefined) return;
  const { out } = context;
  out.line(`if (${test}) throw ${context.help('outOfDomain')}(s, ${value}, ${context.at(index)});`);
}

function emitArray(context: ClassContext, slot: Slot, property: string): void {
  const { out } = context;
  const { field, wire, holds, at, index } = slot;
  const count = field.count as number;
  const length = `${context.help('wrongLength')}(s, ${property}.length, ${count}, ${context.path(field)})`;
  out.line(`if (${property}.length !== ${count}) throw ${length};`);
  if (wire.form === 'bytes') {
    out.line(`b.set(${property}, ${plus(at)});`);
    return;
  }
  const element = elementType(holds);
  const bytes = wire.form === 'indicator' ? 1 : (wire as { bytes: number }).bytes;
  if (holds.what === 'typed' && count > 32 && field.domain === undefined) {
    out.line(`b.set(${context.help('bytesOf')}(${property}), ${plus(at)});`);
    return;
  }
  out.block(`for (let i = 0; i < ${count}; i++) {`, () => {
    const item = `${property}[i] as ${element}`;
    const test = outside(field, 'x');
    out.line(`const x = ${item};`);
    if (test !== undefined) {
      out.line(`if (${test}) throw ${context.help('outOfDomain')}(s, x, ${context.at(index)});`);
    }
    const place = `${plus(at)} + i${bytes === 1 ? '' : ` * ${bytes}`}`;
    if (bytes === 16) {
      out.line(`v.setBigUint64(${place}, x, true);`);
      out.line(`v.setBigUint64(${place} + 8, x >> 64n, true);`);
    } else if (element === 'boolean') {
      out.line(bytes === 1 ? `b[${place}] = x ? 1 : 0;` : `v.setBigUint64(${place}, x ? 1n : 0n, true);`);
    } else if (wire.form === 'indicator') out.line(`b[${place}] = x ? 1 : 0;`);
    else out.line(store(bytes, place, 'x', element));
  });
}

export function emitSingle(context: ClassContext, step: Single, mode: Mode): void {
  const { out } = context;
  const { field, index, wire, holds, hostDependent } = step;
  const property = access('o', field.name);
  if ((hostDependent && wire.form !== 'nested') || delegates(field, wire)) {
    const put = context.help('putField');
    out.line(`${put}(s, o, ${context.at(index)}, flags);`);
    return;
  }
  switch (wire.form) {
    case 'zeros':
      out.line(`s.putZeros(${wire.bytes});`);
      return;
    case 'callback':
      out.line(
        field.put === undefined ? noCallback(context, index, 'put') : `${context.call(field.put, 's', 'flags')};`,
      );
      return;
    case 'string':
      emitString(context, step, property);
      return;
    case 'nested':
      emitNested(context, step, property, mode);
      return;
    default:
      emitLongArray(context, step, property, holds);
  }
}

function emitString(context: ClassContext, { field }: Single, property: string): void {
  const max = field.limit === undefined ? '' : `, ${field.limit}`;
  const put = `s.putStrZ${field.as === 'bytes' ? 'Bytes' : ''}(${property}${max});`;
  emitWithin(context, context.path(field), () => context.out.line(put));
}

function emitNested(context: ClassContext, { field }: Single, property: string, mode: Mode): void {
  const { out } = context;
  const put = (object: string) => {
    if (field.kind === 'struct' && field.flatten !== true) return `s.putStructEx(${object}, ${field.flags ?? 0});`;
    const part = context.nested.entry(field, object);
    return mode === 'canonical' ? `${part}.put(s, ${object}, 0);` : `${part}.putAny(s, ${object}, flags);`;
  };
  if (field.count === undefined) {
    // A property that the class has under a condition only may be declared as undefined, too.
    const object = mayBeAbsent(field) ? `(${property} as ${context.nested.class(field)})` : property;
    emitWith(context, field, object);
    emitWithin(context, context.path(field), () => out.line(put(object)));
    return;
  }
  emitCount(context, field, property);
  out.block(`for (let i = 0; i < ${property}.length; i++) {`, () => {
    const item = `${property}[i] as ${context.nested.class(field)}`;
    emitWith(context, field, `(${item})`);
    emitWithin(context, `\`${pathText(context, field)}[\${i}]\``, () => out.line(put(item)));
  });
}

/** Checks an array's length, and puts it where it stands in the stream. */
function emitCount(context: ClassContext, field: Field, property: string): void {
  const { out } = context;
  const { count, limit } = field;
  if (limit !== undefined) {
    out.line(
      `if (${property}.length > ${limit}) throw ${context.help('tooMany')}(s, ${property}.length, ${limit}, ${context.path(field)});`,
    );
  }
  if (typeof count === 'object') out.line(`s.put${kinds[count.stream].decorator}(${property}.length);`);
  else {
    const expected = typeof count === 'number' ? `${count}` : `${context.help('countOf')}(o, ${literal(count)}, s)`;
    const wrong = `${context.help('wrongLength')}(s, ${property}.length, ${expected}, ${context.path(field)})`;
    out.line(`if (${property}.length !== ${expected}) throw ${wrong};`);
  }
}

function emitLongArray(context: ClassContext, { field, index, wire }: Single, property: string, holds: Holds): void {
  const { out, descriptor } = context;
  const fast = (holds.what === 'typed' || holds.what === 'bytes') && field.domain === undefined;
  if (!fast || (wire.form === 'value' && wire.bytes === 16)) {
    out.line(`${context.help('putField')}(s, o, ${context.at(index)}, 0);`);
    return;
  }
  emitCount(context, field, property);
  if (wire.form === 'bytes') out.line(`s.putMem(${property});`);
  else {
    const bytes = `${context.help('bytesOf')}(${property})`;
    const single = descriptor.shape === 'struct' && field.kind !== 'rcptr';
    out.line(single ? `s.putMem(${bytes});` : `s.putItems(${bytes}, ${(wire as { bytes: number }).bytes});`);
  }
}
