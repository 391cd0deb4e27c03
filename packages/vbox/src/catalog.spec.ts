import { PASS_FINAL } from '@ssmkit/runtime';
import { hostProfile, Mem, SsmStream, Transient, U8, U16 } from '@ssmkit/schema';
import { expect } from 'chai';
import { Catalog, type UnitContext } from './catalog.js';

@SsmStream()
class Byte {
  @U8({ max: 9 }) value = 0;
}

@SsmStream()
class Word {
  @U16() value = 0;
}

/** A letter, and then so many bytes as its form says. */
@SsmStream()
class Tail {
  @Transient() form: number | undefined = undefined;
  @U8() letter = 0;
  @Mem({ count: 'tailBytes', max: 16 }) tail = new Uint8Array(0);

  get tailBytes(): number {
    return this.form ?? this.tail.length;
  }
}

/** Asks how long the unit is. */
@SsmStream()
class Sized {
  @Transient() size: number | undefined = undefined;
  @Mem({ count: 'bytes', max: 16 }) data = new Uint8Array(0);

  get bytes(): number {
    return this.size ?? this.data.length;
  }
}

const context: UnitContext = {
  pass: PASS_FINAL,
  size: undefined,
  saved: hostProfile('linux.amd64'),
  product: undefined,
  revision: 0,
  cpuCount: undefined,
};

const unit = { name: 'u', version: 1 };
const live = { ...context, pass: 0 };

function reason(catalog: Catalog, data: readonly number[], at = unit, in_ = context): string {
  const result = catalog.decode(at, Uint8Array.from(data), in_);
  if (result.kind === 'known') throw new Error('is known');
  return result.reason;
}

function value(catalog: Catalog, data: readonly number[], in_ = context): object {
  const result = catalog.decode(unit, Uint8Array.from(data), in_);
  if (result.kind === 'raw') throw new Error(result.reason);
  expect([...catalog.encode(unit, result, in_)], 'written again').to.deep.equal([...data]);
  return result.value;
}

describe('the catalog of units', () => {
  const catalog = new Catalog().define({ name: 'u', versions: [1, 2], target: Byte });

  it('finds a layout by name and version', () => {
    expect(value(catalog, [7]))
      .to.deep.include({ value: 7 })
      .and.instanceOf(Byte);
  });

  it('says why there is none', () => {
    expect(reason(catalog, [], { name: 'v', version: 1 })).to.equal('no layout is known for this unit');
    expect(reason(catalog, [], { name: 'u', version: 3 })).to.equal('version 3 is not known, only 1, 2');
  });

  it('says why a version has none, where that was said', () => {
    const explained = catalog.copy().explain('u', [3], 'it is secret');
    expect(reason(explained, [], { name: 'u', version: 3 })).to.equal('version 3 is not known: it is secret');
    expect(explained.explained).to.deep.equal([{ name: 'u', version: 3, reason: 'it is secret' }]);
    expect(explained.copy().explained).to.have.length(1);
    expect(catalog.explained).to.deep.equal([]);
  });

  it('does not take data that goes on, ends early, or holds what it must not', () => {
    expect(reason(catalog, [1, 2])).to.equal('its layout ends 1 bytes before the unit does');
    expect(reason(catalog, [])).to.contain('it does not have the layout of its version: read past');
    expect(reason(catalog, [10])).to.contain('10 is outside …9');
  });

  it('tells live passes and the final one apart', () => {
    const both = new Catalog()
      .define({ name: 'u', versions: [1], pass: 'live', target: Byte })
      .define({ name: 'u', versions: [1], pass: 'final', target: Word });
    expect(value(both, [1], live)).to.be.instanceOf(Byte);
    expect(value(both, [1, 0])).to.be.instanceOf(Word);
    const final = new Catalog().define({ name: 'u', versions: [1], pass: 'final', target: Word });
    expect(reason(final, [1], unit, live)).to.equal('no layout is known for its live passes');
  });

  it('takes the last of several layouts', () => {
    const replaced = catalog.copy().define({ name: 'u', versions: [1], target: Word });
    expect(value(replaced, [1, 2])).to.be.instanceOf(Word);
    expect(value(catalog, [1])).to.be.instanceOf(Byte);
  });

  it('tells layouts of a version apart by how data begins', () => {
    const fits = catalog.copy().define({ name: 'u', versions: [1], target: Word, fits: ([first]) => first === 0xff });
    expect(value(fits, [0xff, 2])).to.be.instanceOf(Word);
    expect(value(fits, [1])).to.be.instanceOf(Byte);
  });

  describe('with forms that only the end of the unit tells apart', () => {
    const forms = [2, 4].map((form) => (tail: Tail) => {
      tail.form = form;
    });
    const tails = new Catalog().define({ name: 'u', versions: [1], target: Tail, forms });

    it('tries one after the other, each with a new object', () => {
      expect(value(tails, [1, 2, 3])).to.deep.include({ form: 2 });
      expect(value(tails, [1, 2, 3, 4, 5])).to.deep.include({ form: 4 });
    });

    it('tells the failure of the first where none fits', () => {
      expect(reason(tails, [1, 2, 3, 4])).to.equal('its layout ends 1 bytes before the unit does');
    });

    it('writes what was not read in any form, such as from JSON', () => {
      const definition = tails.find({ ...unit, pass: PASS_FINAL });
      if (typeof definition === 'string') throw new Error(definition);
      const made = Object.assign(new Tail(), { letter: 1, tail: Uint8Array.of(2, 3, 4) });
      expect([...tails.encode(unit, { kind: 'known', definition, value: made }, context)]).to.deep.equal([1, 2, 3, 4]);
    });
  });

  it('tells an object how long its unit is only when it is read', () => {
    const sized = new Catalog().define({
      name: 'u',
      versions: [1],
      target: Sized,
      prepare: (object, { size }) => {
        object.size = size;
      },
    });
    const known = sized.decode(unit, Uint8Array.of(1, 2, 3), context);
    if (known.kind === 'raw') throw new Error(known.reason);
    (known.value as Sized).data = Uint8Array.of(1);
    expect([...sized.encode(unit, known, { ...context, size: 3 })]).to.deep.equal([1]);
  });
});
