import { structClassOf } from '@ssmkit/runtime';
import { descriptorFor, fieldTable, hosts, isStateClass, layout, type StateClass, tableProblem } from '@ssmkit/schema';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import * as classes from '../classes/foreign-base.js';
import * as generated from '../classes/foreign-base.ssm.js';
import * as nested from '../classes/nested.js';

/** The layouts of a generated file. */
type Layouts = Record<string, { readonly size: number; readonly align: number; readonly offsets: object }>;

const targets = Object.values<unknown>(classes).filter(isStateClass);
const structures = targets.filter((target) => descriptorFor(target).shape === 'struct');

/** Whether a structure may be saved with FULL_STRUCT on a host. */
function isFull(target: StateClass, host: string): boolean {
  const table = fieldTable(descriptorFor(target), hosts[host]!);
  return tableProblem(table, layout(target, hosts[host]!).size, hosts[host]!, true) === undefined;
}

describe('classes whose base class the generator does not see', () => {
  for (const target of structures) {
    const own = `${target.name.charAt(0).toLowerCase()}${target.name.slice(1)}Layout`;

    it(`${target.name}: the layout constants are those of the whole structure`, () => {
      const layouts = (generated as unknown as Record<string, Layouts>)[own]!;
      for (const [host, { size, align, offsets }] of Object.entries(layouts)) {
        const expected = layout(target, hosts[host]!);
        expect({ size, align, offsets }, host).to.deep.equal({
          size: expected.size,
          align: expected.align,
          offsets: Object.fromEntries(expected.offsets),
        });
      }
    });

    it(`${target.name}: the generated file promises no more of its table than holds`, () => {
      const full = Object.keys(hosts).every((host) => isFull(target, host));
      if (structClassOf(target).fits.full) expect(full).to.equal(true);
    });
  }

  for (const target of targets) {
    it(`${target.name}: all engines put the same bytes, and get what was saved`, function () {
      this.timeout(60_000);
      checkRoundTrip(target, { numRuns: 4 });
    });
  }

  it('go without generated functions where that has fields, and with them where it has none', () => {
    const without = targets.filter((target) => structClassOf(target).generated === undefined);
    expect(without.map(({ name }) => name)).to.have.members(['Longer', 'Same', 'Overlaid', 'Roomy', 'Counted']);
  });

  it('are no such where the base class is one of the project, whatever it is called there', () => {
    expect(descriptorFor(classes.Wider).fields.map(({ name }) => name)).to.deep.equal([
      ...descriptorFor(nested.Segment).fields.map(({ name }) => name),
      'more',
    ]);
    expect(structClassOf(classes.Wider).fits.extended).to.equal(true);
  });
});
