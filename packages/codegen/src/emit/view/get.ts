import { layoutOf } from '@ssmkit/schema/model';
import { canonical, isSigned, type Mode, planOf, type Run, type Single, type Slot } from '../../plan.js';
import { type ClassContext, elementType, outside } from '../context.js';
import { elementValue, emitDefaults, emitHighHalf, emitSingle, load, wide } from '../get.js';
import { viewName } from '../nested-names.js';
import { plus, SMALL } from '../place.js';
import { usesFlags } from '../single.js';
import { BodyLines } from './body.js';
import { emitPart } from './part.js';
import { LONG, type RunPiece, singlePiece, viewRun, words } from './run.js';

/** Prints the get function of views: what {@link emitViewPut}'s wrote. */
export function emitViewGet(context: ClassContext, name: string, mode: Mode): void {
  const { out, descriptor } = context;
  const steps = planOf(descriptor, mode, 'get', 'view');
  const all = steps.flatMap((step) => (step.type === 'block' ? step.steps : [step]));
  const walks = all.filter(
    (step): step is Single => step.type === 'single' && singlePiece(descriptor, step) === undefined,
  );
  const slots = all.flatMap((step) => (step.type === 'run' ? step.slots : []));
  const checksHalf = slots.some(({ wire }) => wire.form === 'low32' && wire.bytes === 8);
  const flags = checksHalf || usesFlags(walks, mode) ? 'flags' : '_flags';
  const body = new BodyLines();
  for (const step of steps) {
    if (step.type !== 'block') {
      emitStep(context, step, mode, body);
      continue;
    }
    body.line(`if (${context.condition(step.conditions)}) {`);
    for (const inner of step.steps) emitStep(context, inner, mode, body);
    const defaults = emitDefaults(step.fields);
    if (defaults !== undefined) {
      body.line('} else {');
      for (const line of defaults) body.line(line);
    }
    body.line('}');
  }
  const stream = context.help('GetStream');
  out.block(`static ${name}(s: ${stream}, o: ${viewName(context.name)}, ${flags}: number): void {`, () => {
    if (body.uses('b')) out.line('let b: Uint8Array;');
    if (body.uses('v')) out.line('let v: DataView;');
    if (body.uses('m')) out.line('const m = o.#view;');
    if (slots.some(({ wire }) => wire.form !== 'zeros')) out.line('let p: number;');
    body.print(context);
  });
  out.line();
}

function emitStep(context: ClassContext, step: Run | Single, mode: Mode, body: BodyLines): void {
  if (step.type === 'single') emitOne(context, step, mode, body);
  else emitRun(context, step, body);
}

function emitRun(context: ClassContext, run: Run, body: BodyLines): void {
  const { descriptor } = context;
  const kept = run.slots.filter(({ wire }) => wire.form !== 'zeros');
  if (kept.length === 0) {
    body.line(`s.take(${run.size});`);
    return;
  }
  const inner = new BodyLines();
  const { pieces } = viewRun(descriptor, run, false);
  for (const slot of kept) emitCheck(context, slot, inner);
  for (const piece of pieces) getPiece(piece, inner);
  for (const slot of kept) emitAfter(context, slot, inner);
  body.line(`p = s.take(${run.size}) ${SMALL};`);
  if (inner.uses('b')) body.line('b = s.bytes;');
  if (inner.uses('v')) body.line('v = s.view;');
  body.add(inner);
}

function getPiece({ at, from, size }: RunPiece, body: BodyLines): void {
  if (size >= LONG) {
    body.line(`o.bytes.set(b.subarray(${plus(at)}, ${plus(at + size)}), ${from});`, 'b');
    return;
  }
  for (const word of words(size)) {
    const place = plus(at + word.at);
    const type = `Uint${word.bytes * 8}`;
    if (word.bytes === 1) body.line(`m.setUint8(${from + word.at}, b[${place}] as number);`, 'bm');
    else body.line(`m.set${type}(${from + word.at}, v.get${type}(${place}, true), true);`, 'vm');
  }
}

/** Refuses what the field may not hold, before it is in the memory. */
function emitCheck(context: ClassContext, slot: Slot, body: BodyLines): void {
  const { field, wire, holds, at, index } = slot;
  if (wire.form !== 'value') return;
  const { bytes } = wire;
  const signed = isSigned(field);
  const uses = bytes === 1 && !signed ? 'b' : 'v';
  if (field.count === undefined) {
    const safe = holds.what === 'number' && bytes === 8;
    const test = outside(field, 'x');
    if (!safe && test === undefined) return;
    const high = `v.get${signed ? 'Int' : 'Uint'}32(${plus(at + 4)}, true)`;
    const value = safe
      ? `${context.help('safeInteger')}(s, v.getUint32(${plus(at)}, true), ${high}, ${context.path(field)})`
      : bytes === 16
        ? wide(plus(at), signed)
        : load(bytes, signed, plus(at));
    if (test === undefined) body.line(`${value};`, uses);
    else emitDomain(context, index, test, value, uses, body);
    return;
  }
  const test = outside(field, 'x');
  if (test === undefined) return;
  const place = `${plus(at)} + i${bytes === 1 ? '' : ` * ${bytes}`}`;
  body.line(`for (let i = 0; i < ${field.count}; i++) {`);
  emitDomain(context, index, test, elementValue(field, bytes, place, elementType(holds)), uses, body);
  body.line('}');
}

function emitDomain(
  context: ClassContext,
  index: number,
  test: string,
  value: string,
  uses: 'b' | 'v',
  body: BodyLines,
): void {
  body.line('{');
  body.line(`const x = ${value.replace(/^\((.*)\)$/, '$1')};`, uses);
  body.line(`if (${test}) throw ${context.help('outOfDomain')}(s, x, ${context.at(index)});`);
  body.line('}');
}

/** What is not copied as it is: pointers become 1 or 0, booleans too. */
function emitAfter(context: ClassContext, { field, wire, holds, at }: Slot, body: BodyLines): void {
  const from = layoutOf(context.descriptor, canonical).offsets.get(field.name) as number;
  const count = typeof field.count === 'number' ? field.count : 1;
  if (wire.form === 'low32') {
    if (wire.bytes === 8) body.emit(() => emitHighHalf(context, field, at));
    body.line(`m.setUint32(${from}, v.getUint32(${plus(at)}, true), true);`, 'vm');
    body.line(`m.setUint32(${from + 4}, 0, true);`, 'm');
  } else if (field.kind === 'hcptr_ni') {
    const size = wire.form === 'indicator' ? 1 : 8;
    body.line(`${context.help('getPointers')}(m, ${from}, ${count}, v, ${plus(at)}, ${size});`, 'vm');
  } else if (field.kind === 'bool' && wire.form === 'value') {
    if (holds.what === 'boolean') body.line(`if (m.getUint8(${from}) > 1) m.setUint8(${from}, 1);`, 'm');
    else body.line(`${context.help('normalizeBooleans')}(m, ${from}, ${count});`, 'm');
  }
}

function emitOne(context: ClassContext, step: Single, mode: Mode, body: BodyLines): void {
  const { descriptor } = context;
  const { field, wire } = step;
  const piece = singlePiece(descriptor, step);
  if (piece !== undefined) {
    body.line(`s.getMem(o.bytes.subarray(${piece.from}, ${piece.from + piece.size}));`);
    if (field.kind === 'bool') {
      body.line(`${context.help('normalizeBooleans')}(m, ${piece.from}, ${piece.size});`, 'm');
    } else if (field.kind === 'hcptr_ni') {
      const count = field.count as number;
      body.line(`${context.help('getPointers')}(m, ${piece.from}, ${count}, m, ${piece.from}, 8);`, 'm');
    }
  } else if (wire.form === 'nested') {
    body.emit(() => emitPart(context, field, mode, 'get'));
  } else body.emit(() => emitSingle(context, step, mode));
}
