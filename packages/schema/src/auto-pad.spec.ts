import { expect } from 'chai';
import fc from 'fast-check';
import { withAutoPadding } from './auto-pad.js';
import { GCPhys, HCPtrNI, SsmStruct, Struct, U8, U16, U32, U64 } from './decorators.js';
import { layout } from './describe.js';
import { type Descriptor, DescriptorError, type Field } from './descriptor.js';
import { fieldTable, tableProblem } from './field-table.js';
import { hosts } from './host.js';
import { layoutOf } from './layout.js';
import { descriptorFor } from './metadata.js';

@SsmStruct({ autoPad: true })
class Padded {
  @U32() a = 0;
  @U64() b = 0n;
  @U8() c = 0;
  @HCPtrNI() d = false;
  @U16() e = 0;
}

const fullProblem = (descriptor: Descriptor, host: string) => {
  const profile = hosts[host]!;
  return tableProblem(fieldTable(descriptor, profile), layoutOf(descriptor, profile).size, profile, true);
};

describe('autoPad', () => {
  it('makes an entry of every gap, with one for what 32-bit MSC leaves more', () => {
    const added = descriptorFor(Padded).fields.filter(({ kind }) => kind.endsWith('auto'));
    expect(added).to.deep.equal([
      { name: '<padding before b>', kind: 'pad_hc_auto', cb32: 0, cb64: 4 },
      { name: '<msc32 padding before b>', kind: 'pad_msc32_auto', cb: 4 },
      { name: '<padding before d>', kind: 'pad_hc_auto', cb32: 3, cb64: 7 },
      { name: '<padding before end>', kind: 'pad_hc_auto', cb32: 2, cb64: 6 },
      { name: '<msc32 padding before end>', kind: 'pad_msc32_auto', cb: 4 },
    ]);
  });

  it('leaves the layout as it is', () => {
    @SsmStruct()
    class Same {
      @U32() a = 0;
      @U64() b = 0n;
      @U8() c = 0;
      @HCPtrNI() d = false;
      @U16() e = 0;
    }
    for (const host of Object.values(hosts)) {
      expect(layout(Padded, host).size, host.name).to.equal(layout(Same, host).size);
      for (const [name, offset] of layout(Same, host).offsets) {
        expect(layout(Padded, host).offsets.get(name), `${name} on ${host.name}`).to.equal(offset);
      }
    }
  });

  it('lets a class be saved with FULL_STRUCT on every host, where it could not be without', () => {
    const plain: Descriptor = {
      ...descriptorFor(Padded),
      fields: descriptorFor(Padded).fields.filter(({ kind }) => !kind.endsWith('auto')),
    };
    for (const host of Object.keys(hosts)) {
      expect(fullProblem(descriptorFor(Padded), host), host).to.equal(undefined);
      expect(fullProblem(plain, host)?.status, host).to.equal('VERR_SSM_FIELD_NOT_CONSECUTIVE');
    }
  });

  it('refuses gaps inside a flattened structure, which are not its own', () => {
    @SsmStruct()
    class Loose {
      @U8() x = 0;
      @U32() y = 0;
    }
    @SsmStruct({ autoPad: true })
    class Around {
      @U32() a = 0;
      @Struct(Loose, { flatten: true }) b = new Loose();
    }
    expect(() => descriptorFor(Around)).to.throw(DescriptorError, 'autoPad cannot cover linux.x86');
  });

  it('covers structures of paddings of their own', () => {
    @SsmStruct({ autoPad: true })
    class Inner {
      @U8() x = 0;
      @GCPhys() y = 0n;
    }
    @SsmStruct({ autoPad: true })
    class Around {
      @U8() a = 0;
      @Struct(Inner, { flatten: true, count: 2 }) b = [new Inner(), new Inner()];
      @Struct(Inner) c = new Inner();
      @U16() d = 0;
    }
    for (const host of Object.keys(hosts)) expect(fullProblem(descriptorFor(Around), host), host).to.equal(undefined);
  });

  it('covers any structure whose gaps entries can tell, on every host', () => {
    const kinds = [
      'u8',
      'u16',
      'u32',
      'u64',
      's8',
      'gcphys',
      'gcptr',
      'rcptr',
      'hcptr_ni',
      'ign_hcptr',
      'bool',
    ] as const;
    const field = fc.record({
      kind: fc.constantFrom(...kinds),
      count: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    });
    const single = new Set(['gcphys', 'gcptr', 'ign_hcptr']);
    let covered = 0;
    const property = fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), fc.boolean(), (drawn, packed) => {
      const fields = drawn.map(({ kind, count }, i): Field => {
        const isArray = count !== undefined && !single.has(kind);
        return { name: `f${i}`, kind, ...(isArray && { count }) };
      });
      let padded: Descriptor;
      try {
        padded = withAutoPadding({ name: 'Random', shape: 'struct', fields, ...(packed && { packed }) });
      } catch (error) {
        // Where gcc for i386 leaves a larger gap than 32-bit MSC there is no entry for it.
        expect(error).to.be.instanceOf(DescriptorError);
        expect((error as Error).message).to.match(/the padding (before it|at the end) cannot be written as entries/);
        return;
      }
      covered++;
      for (const host of Object.keys(hosts)) expect(fullProblem(padded, host), host).to.equal(undefined);
    });
    fc.assert(property, { numRuns: 300 });
    expect(covered).to.be.greaterThan(200);
  });
});
