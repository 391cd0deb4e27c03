import {
  type Descriptor,
  descriptorFor,
  type Field,
  holdsOf,
  type StateClass,
  slotOf,
  valueTypeOf,
} from '@ssmkit/schema';
import { quoteText } from './escape.js';
import type { Style } from './style.js';

/** What an object is shown with. */
export interface TreeOptions {
  readonly style: Style;
  /** Show arrays, bytes and strings however long they are. */
  readonly all: boolean;
}

/** Elements, bytes and characters that are shown where not all are wanted. */
const ELEMENTS_MAX = 64;
const BYTES_MAX = 256;
const TEXT_MAX = 200;
const BYTES_PER_LINE = 16;

/** A line and what stands under it. */
interface Node {
  readonly line: string;
  readonly children: readonly Node[];
}

/**
 * An instance of a decorated class as a tree: each field with its value, integers in decimal and hex, bytes as a dump.
 * What the class does not save is left out.
 *
 * @returns text with a line break at its end, safe to show.
 */
export function renderTree(target: StateClass, instance: object, options: TreeOptions): string {
  const { name } = descriptorFor(slotOf(target).target);
  const children = fields(target, instance, options);
  return [options.style.heading(name), ...children.flatMap((node, i) => lines(node, '', i === children.length - 1))]
    .map((line) => `${line}\n`)
    .join('');
}

function lines(node: Node, indent: string, isLast: boolean): string[] {
  const inner = indent + (isLast ? '   ' : '│  ');
  return [
    `${indent}${isLast ? '└─ ' : '├─ '}${node.line}`,
    ...node.children.flatMap((child, i) => lines(child, inner, i === node.children.length - 1)),
  ];
}

function fields(target: StateClass, instance: object, options: TreeOptions): Node[] {
  const descriptor: Descriptor = descriptorFor(slotOf(target).target);
  return descriptor.fields
    .filter((field) => holdsOf(field).what !== 'nothing')
    .map((field) => fieldNode(field, instance as Readonly<Record<string, unknown>>, options));
}

function fieldNode(field: Field, object: Readonly<Record<string, unknown>>, options: TreeOptions): Node {
  const name = options.style.name(field.name);
  const value = object[field.name];
  const holds = holdsOf(field);
  const leaf = (text: string): Node => ({ line: `${name}: ${text}`, children: [] });
  if (value === undefined) return leaf(options.style.faint('not there'));
  switch (holds.what) {
    case 'string':
      return leaf(textOf(String(value), options));
    case 'bytes':
      return bytesNode(name, value as Uint8Array, options);
    case 'pair':
      return leaf(scalar(field, (BigInt(object[holds.hi] as number) << 32n) | BigInt(value as number), options));
    case 'typed':
    case 'list':
      return arrayNode(name, Array.from(value as ArrayLike<unknown>), options, (element, index) => ({
        line: `${index}: ${scalar(field, element, options)}`,
        children: [],
      }));
    case 'object':
      return objectNode(name, field, value as object, options);
    case 'objects':
      return arrayNode(name, value as readonly unknown[], options, (element, index) =>
        objectNode(index, field, element as object, options),
      );
    default:
      return leaf(scalar(field, value, options));
  }
}

function objectNode(name: string, field: Field, value: object, options: TreeOptions): Node {
  const target = field.class?.target?.() as StateClass;
  return { line: `${name}: ${options.style.faint(target.name)}`, children: fields(target, value, options) };
}

function arrayNode(
  name: string,
  elements: readonly unknown[],
  options: TreeOptions,
  node: (element: unknown, index: string) => Node,
): Node {
  const shown = options.all ? elements : elements.slice(0, ELEMENTS_MAX);
  const children = shown.map((element, i) => node(element, `[${i}]`));
  const left = elements.length - shown.length;
  if (left > 0) children.push(more(left, 'elements', options));
  return { line: `${name}: ${options.style.faint(`${elements.length} elements`)}`, children };
}

function bytesNode(name: string, bytes: Uint8Array, options: TreeOptions): Node {
  const shown = options.all ? bytes : bytes.subarray(0, BYTES_MAX);
  const children: Node[] = [];
  for (let at = 0; at < shown.length; at += BYTES_PER_LINE) {
    const part = [...shown.subarray(at, at + BYTES_PER_LINE)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    const offset = options.style.faint(at.toString(16).padStart(4, '0'));
    children.push({ line: `${offset}  ${hex.padEnd(BYTES_PER_LINE * 3 - 1)}  ${text}`, children: [] });
  }
  if (shown.length < bytes.length) children.push(more(bytes.length - shown.length, 'bytes', options));
  return { line: `${name}: ${options.style.faint(`${bytes.length} bytes`)}`, children };
}

function more(count: number, what: string, { style }: TreeOptions): Node {
  return { line: style.faint(`… ${count} more ${what} (--all shows them)`), children: [] };
}

function textOf(text: string, options: TreeOptions): string {
  if (options.all || text.length <= TEXT_MAX) return quoteText(text);
  return `${quoteText(text.slice(0, TEXT_MAX))} ${more(text.length - TEXT_MAX, 'characters', options).line}`;
}

/** An integer in decimal and, as the bits it has, in hex. */
function scalar(field: Field, value: unknown, { style }: TreeOptions): string {
  if (typeof value !== 'number' && typeof value !== 'bigint') return String(value);
  const bits = valueTypeOf(field)?.bits ?? 64;
  return `${value} ${style.faint(`(0x${BigInt.asUintN(bits, BigInt(value)).toString(16)})`)}`;
}
