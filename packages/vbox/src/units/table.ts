import { expect } from 'chai';
import { type Bytes, read, reasonOf, type TestUnit } from './testing.js';

// Tables of units' data in tests: what it is, and what is found in it.

/** A unit, the class of its data, the data, and some of the properties that are found. */
export type UnitRow = readonly [unit: TestUnit, target: new () => object, data: Bytes, found: object];

/** A test for each row. `found` may go into nested objects and arrays; it need not name everything. */
export function testUnits(title: string, rows: readonly UnitRow[]): void {
  describe(title, () => {
    for (const [unit, target, data, found] of rows) {
      const pass = unit.pass === undefined ? '' : ' in a live pass';
      it(`${unit.name} version ${unit.version}${pass}, ${data.length} bytes`, () => {
        const value = read(unit, target, data);
        expect(picked(value, found)).to.deep.equal(found);
      });
    }
  });
}

/** What is asked for, of a value; of an array every element, which an empty object asks nothing of. */
function picked(value: unknown, asked: unknown): unknown {
  if (typeof value !== 'object' || value === null || typeof asked !== 'object' || asked === null) return value;
  if (Array.isArray(asked)) {
    const list = ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : (value as unknown[]);
    return list.map((each, i) => picked(each, asked[i]));
  }
  return Object.fromEntries(
    Object.entries(asked).map(([key, inner]) => [key, picked((value as Record<string, unknown>)[key], inner)]),
  );
}

/** Data that is not what its version promises, and why it is shown raw. */
export type WrongRow = readonly [what: string, unit: TestUnit, data: Bytes, reason: RegExp];

/** A test for each row. */
export function testWrong(title: string, rows: readonly WrongRow[]): void {
  describe(title, () => {
    for (const [what, unit, data, reason] of rows) {
      it(`${what} is raw data with the reason`, () => expect(reasonOf(unit, data)).to.match(reason));
    }
  });
}

/** Versions from one to another. */
export function versions(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
