import { layoutOf } from '@ssmkit/schema/model';
import { canonical, type Mode, planOf, type Run, type Single, type Slot } from '../../plan.js';
import { type ClassContext, outside } from '../context.js';
import { access } from '../literals.js';
import { viewName } from '../nested-names.js';
import { plus, SMALL } from '../place.js';
import { emitSingle, zeros } from '../put.js';
import { usesFlags } from '../single.js';
import { BodyLines } from './body.js';
import { emitPart } from './part.js';
import { LONG, pieceOf, type RunPiece, singlePiece, slotSize, viewRun, words } from './run.js';

/** Prints the put function of views. */
export function emitViewPut(context: ClassContext, name: string, mode: Mode): void {
  const { out, descriptor } = context;
  const stream = context.help('PutStream');
  const steps = planOf(descriptor, mode, 'put', 'view').filter((step) => step.type !== 'block');
  const body = new BodyLines();
  const runs = steps.filter((step): step is Run => step.type === 'run');
  const walks = steps.filter(
    (step): step is Single => step.type === 'single' && singlePiece(descriptor, step) === undefined,
  );
  const flags = usesFlags(walks, mode) ? 'flags' : '_flags';
  for (const step of steps) {
    if (step.type === 'run') emitRun(context, step, body, runs[0] === step && steps[0] === step);
    else emitOne(context, step, mode, body);
  }
  out.block(`static ${name}(s: ${stream}, o: ${viewName(context.name)}, ${flags}: number): void {`, () => {
    if (body.uses('b')) out.line('const b = s.bytes;');
    if (body.uses('v')) out.line('const v = s.view;');
    if (body.uses('m')) out.line('const m = o.#view;');
    if (runs.length > 0) out.line(`let p = s.pos ${SMALL};`);
    body.print(context);
  });
  out.line();
}

function emitRun(context: ClassContext, run: Run, body: BodyLines, isFirst: boolean): void {
  const { descriptor } = context;
  const { pieces, others } = viewRun(descriptor, run, true);
  for (const slot of run.slots) emitCheck(context, slot, body);
  if (!isFirst) body.line(`p = s.pos ${SMALL};`);
  for (const piece of pieces) {
    if (piece.size >= LONG) body.line(`b.set(${pieceOf(descriptor, piece)}, ${plus(piece.at)});`, 'b');
    else putWords(piece, body);
  }
  for (const slot of others) emitOther(context, slot, body);
  body.line(`s.commit(p + ${run.size}, ${context.itemTable(run.slots.flatMap((slot) => slot.items))});`);
}

function putWords({ at, from, size }: RunPiece, body: BodyLines): void {
  for (const word of words(size)) {
    const place = plus(at + word.at);
    const type = `Uint${word.bytes * 8}`;
    if (word.bytes === 1) body.line(`b[${place}] = m.getUint8(${from + word.at});`, 'bm');
    else body.line(`v.set${type}(${place}, m.get${type}(${from + word.at}, true), true);`, 'vm');
  }
}

/** Refuses what the memory may hold and the field may not. */
function emitCheck(context: ClassContext, { field, index, wire, holds }: Slot, body: BodyLines): void {
  const property = access('o', field.name);
  if (holds.what === 'number' && wire.form === 'value' && wire.bytes === 8 && field.count === undefined) {
    const error = `${context.help('unsafe')}(s, ${property}, ${context.path(field)})`;
    body.line(`if (!Number.isSafeInteger(${property})) throw ${error};`);
  }
  if (wire.form === 'low32') {
    const error = `${context.help('tooWide')}(s, ${property}, ${context.path(field)})`;
    body.line(`if (${property} > 0xffffffff) throw ${error};`);
  }
  if (field.count === undefined) {
    const test = outside(field, property);
    const error = `${context.help('outOfDomain')}(s, ${property}, ${context.at(index)})`;
    if (test !== undefined) body.line(`if (${test}) throw ${error};`);
    return;
  }
  const test = outside(field, 'x');
  if (test === undefined) return;
  const error = `${context.help('outOfDomain')}(s, x, ${context.at(index)})`;
  body.line(`for (const x of ${property}) if (${test}) throw ${error};`);
}

/** A slot that is not copied: zeros, pointers. */
function emitOther(context: ClassContext, slot: Slot, body: BodyLines): void {
  const { field, wire, at } = slot;
  const from = layoutOf(context.descriptor, canonical).offsets.get(field.name) as number;
  if (wire.form === 'zeros') {
    for (const line of zeros(slotSize(slot), at)) body.line(line, line.startsWith('b') ? 'b' : 'v');
  } else if (wire.form === 'indicator') {
    if (field.count !== undefined) {
      body.line(`${context.help('putIndicators')}(m, ${from}, ${field.count}, b, ${plus(at)});`, 'bm');
    } else body.line(`b[${plus(at)}] = ${isPointerSet('m', from)} ? 1 : 0;`, 'bm');
  } else if (wire.form === 'low32') {
    body.line(`v.setUint32(${plus(at)}, m.getUint32(${from}, true), true);`, 'vm');
    if (wire.bytes === 8) body.line(`v.setUint32(${plus(at + 4)}, 0, true);`, 'v');
  }
}

function isPointerSet(view: string, at: number): string {
  return `(${view}.getUint32(${at}, true) | ${view}.getUint32(${at + 4}, true)) !== 0`;
}

function emitOne(context: ClassContext, step: Single, mode: Mode, body: BodyLines): void {
  const { descriptor } = context;
  const { field, wire } = step;
  const piece = singlePiece(descriptor, step);
  if (piece !== undefined) {
    const bytes = pieceOf(descriptor, piece);
    // The original puts each pointer of an array by itself.
    const item = field.kind === 'rcptr' ? 4 : field.kind === 'hcptr_ni' ? 8 : undefined;
    body.line(item === undefined ? `s.putMem(${bytes});` : `s.putItems(${bytes}, ${item});`);
  } else if (wire.form === 'nested') {
    body.emit(() => emitPart(context, field, mode, 'put'));
  } else body.emit(() => emitSingle(context, step, mode));
}
