import { expect } from 'chai';
import { HCPtrNI, Nested, Old, SsmStream, SsmStruct, Struct, Transient, U8, U16, U32, U64 } from './decorators.js';
import { DescriptorError } from './descriptor.js';
import { descriptorFor, isStateClass, unkindProperties } from './metadata.js';
import { slotOf } from './slot.js';

@SsmStruct()
class Base {
  @U8() kind = 0;
  @Transient() cache = 0;
}

@SsmStruct()
class Derived extends Base {
  @U16() size = 0;
  @U64({ hi: 'high' }) low = 0;
  high = 0;
  @Old(4) declare gone: never;
}

/** Uses a class that comes later in the source. */
@SsmStruct()
class Early {
  @Struct(() => Late) late: Late = undefined as never;
}

@SsmStruct()
class Late {
  @U32() value = 7;
}

@SsmStream()
class Tree {
  @U8() value = 0;
  @Nested(() => Tree, { count: { stream: 'u8' }, max: 4 }) children: Tree[] = [];
}

@SsmStream()
class Ping {
  @U8() more = 0;
  @Nested(() => Pong, { when: 'more' }) pong?: Pong;
}

@SsmStream()
class Pong {
  @U8() more = 0;
  @Nested(() => Ping, { when: 'more' }) ping?: Ping;
}

class Undecorated {
  x = 0;
}

describe('the descriptor of a decorated class', () => {
  it('has its fields in the order of the source', () => {
    expect(descriptorFor(Derived).fields.map(({ name, kind }) => `${kind} ${name}`)).to.deep.equal([
      'u8 kind',
      'u16 size',
      'u64 low',
      'old gone',
    ]);
  });

  it('has the fields of the class it derives from first, and leaves those as they are', () => {
    expect(descriptorFor(Base).fields.map(({ name }) => name)).to.deep.equal(['kind']);
  });

  it('is made once', () => {
    expect(descriptorFor(Derived)).to.equal(descriptorFor(Derived));
  });

  it('holds options under the names that engines use', () => {
    @SsmStream()
    class Options {
      @U8() n = 0;
      @U8({ count: 'n', max: 9, each: { min: 1, max: 5 } }) list = new Uint8Array(0);
      @U16({ values: { Off: 0, On: 1, 0: 'Off', 1: 'On' }, since: 2, default: 1 }) mode = 0;
    }
    expect(descriptorFor(Options)).to.deep.equal({
      name: 'Options',
      shape: 'stream',
      fields: [
        { name: 'n', kind: 'u8' },
        { name: 'list', kind: 'u8', count: 'n', limit: 9, domain: { min: 1, max: 5 } },
        { name: 'mode', kind: 'u16', domain: { values: [0, 1] }, since: 2, default: 1 },
      ],
    });
  });

  it('refers to a class that comes later by a function', () => {
    const [late] = descriptorFor(Early).fields;
    expect(late!.class!.name).to.equal('Late');
    expect(late!.class!.descriptor()).to.equal(descriptorFor(Late));
    expect(new (late!.class!.target!())()).to.deep.equal(new Late());
  });

  it('may refer to itself through an array, and to another through a condition and back', () => {
    expect(descriptorFor(Tree).fields[1]!.class!.descriptor()).to.equal(descriptorFor(Tree));
    const pong = descriptorFor(Ping).fields[1]!.class!.descriptor();
    expect(pong).to.equal(descriptorFor(Pong));
    expect(pong.fields[1]!.class!.descriptor()).to.equal(descriptorFor(Ping));
  });

  it('is none for a class without a class decorator', () => {
    expect(() => descriptorFor(Undecorated)).to.throw(
      DescriptorError,
      'Undecorated: is not decorated with @SsmStruct or @SsmStream',
    );
  });

  it('stays none when making it fails for another reason, and is made when that is gone', () => {
    let ready = false;
    @SsmStruct()
    class Impatient {
      @Struct(() => {
        if (!ready) throw new ReferenceError('not yet');
        return Late;
      })
      late = new Late();
    }
    expect(() => descriptorFor(Impatient)).to.throw(ReferenceError, 'not yet');
    expect(() => descriptorFor(Impatient)).to.throw(ReferenceError, 'not yet');
    ready = true;
    expect(descriptorFor(Impatient).fields).to.have.length(1);
  });
});

describe('decorated classes', () => {
  it('are told from others', () => {
    class Heir extends Base {}
    expect([Base, Derived, Heir, Undecorated, () => Base, 5, undefined].map(isStateClass)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('are found from their instances, and from instances of classes that only derive from them', () => {
    class Heir extends Derived {}
    expect(slotOf(new Derived()).target).to.equal(Derived);
    expect(slotOf(Derived).target).to.equal(Derived);
    expect(slotOf(new Heir()).target).to.equal(Derived);
    expect(slotOf(new Base()).target).to.equal(Base);
  });

  for (const [what, instance] of [
    ['an instance of a plain class', new Undecorated()],
    ['a plain class', Undecorated],
    ['an object literal', {}],
    ['an object without a prototype', Object.create(null)],
  ] as const) {
    it(`are not found from ${what}`, () => {
      expect(() => slotOf(instance)).to.throw(DescriptorError, 'is not decorated with @SsmStruct or @SsmStream');
    });
  }

  it('tell which properties would be lost', () => {
    @SsmStruct()
    class Forgetful extends Derived {
      @HCPtrNI() pointer = false;
      forgotten = 1;
      alsoForgotten = 2;
    }
    expect(unkindProperties(new Forgetful())).to.deep.equal(['forgotten', 'alsoForgotten']);
    expect(unkindProperties(new Derived())).to.deep.equal([]);
  });
});
