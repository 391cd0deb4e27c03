import {
  type ClassRef,
  classRef,
  type Descriptor,
  descriptorFor,
  Nested,
  SsmStream,
  SsmStruct,
  type StateClass,
  Struct,
  U8,
  U32,
  U64,
} from '@ssmkit/schema';
import { expect } from 'chai';
import { lateLayout } from './generated.js';
import { COLD_CALLS, type GeneratedClass, registerGenerated, structClassOf } from './struct-class.js';
import { getFrom, putInto } from './unit-data.js';

/** What a package brings. */
@SsmStream()
class Part {
  @U8() a = 1;
}
@SsmStruct()
class Corner {
  @U8() x = 2;
  @U32() y = 3;
}

/** Generated code of which one can tell that it ran: it writes 0xee. */
function generatedFor(target: StateClass, descriptor = descriptorFor(target)): GeneratedClass {
  return {
    descriptor,
    put: (stream) => stream.putU8(0xee),
    get: (stream, object: { part: Part }) => {
      object.part.a = stream.getU8() + 1;
    },
    fits: { simple: false, extended: false, full: false },
    late: true,
  };
}

const bytes = (object: object) => [...putInto((stream) => stream.put(object))];

describe('generated code of a class that holds classes from other packages', () => {
  it('is used once the class is no longer cold, as that of others', () => {
    @SsmStream()
    class Whole {
      @Nested(Part) part = new Part();
      @U64({ until: 1, default: 5n }) more = 0n;
    }
    // The source may call a class otherwise than it calls itself.
    const { fields, ...rest } = descriptorFor(Whole);
    const renamed: ClassRef = { ...classRef(() => Part), name: 'Imported' };
    const seen = { ...rest, fields: [{ ...fields[0]!, class: renamed }, fields[1]!] };
    registerGenerated(Whole, generatedFor(Whole, seen));
    const calls = Array.from({ length: COLD_CALLS + 1 }, (_, i) => i);
    const walked = calls.slice(1);
    expect(calls.map(() => bytes(new Whole()))).to.deep.equal([...walked.map(() => [1]), [0xee]]);
    const get = () => getFrom(Uint8Array.of(5)).get(new Whole()).part.a;
    expect(calls.map(get)).to.deep.equal([...walked.map(() => 5), 6]);
  });

  it('is used for what asks for it at once', () => {
    @SsmStream()
    class Whole {
      @Nested(Part) part = new Part();
    }
    const generated = generatedFor(Whole);
    registerGenerated(Whole, generated);
    expect(structClassOf(Whole).generated).to.equal(generated);
  });

  it('is not used where the decorators say something else: a base class of a package has fields', () => {
    @SsmStream()
    class Base {
      @U8() first = 9;
    }
    @SsmStream()
    class Whole extends Base {
      @Nested(Part) part = new Part();
    }
    const seen: Descriptor = {
      name: 'Whole',
      shape: 'stream',
      fields: [{ name: 'part', kind: 'nested', class: classRef(() => Part) }],
    };
    registerGenerated(Whole, generatedFor(Whole, seen));
    expect([1, 2, 3].map(() => bytes(new Whole()))).to.deep.equal(Array(3).fill([9, 1]));
    expect(structClassOf(Whole).generated).to.equal(undefined);
    expect(structClassOf(Whole).descriptor.fields).to.have.length(2);
    // For a class around it, too.
    expect(classRef(() => Whole).descriptor()).to.equal(descriptorFor(Whole));
  });

  const wrong: readonly [what: string, make: () => StateClass, problem: RegExp][] = [
    [
      'a structure where a part of a stream must be',
      () => {
        @SsmStream()
        class Whole {
          @Nested(Corner) part = new Corner();
        }
        return Whole;
      },
      /Whole\.part: Corner is no @SsmStream class/,
    ],
    [
      'an end that names no leading field',
      () => {
        @SsmStream()
        class Whole {
          @Nested(Part, { end: { b: 0 }, max: 4 }) parts: Part[] = [];
        }
        return Whole;
      },
      /Whole\.parts: the 'end' must name Part's leading fields/,
    ],
    [
      'a property to give that has a kind there',
      () => {
        @SsmStream()
        class Whole {
          @U8() a = 0;
          @Nested(Part, { with: ['a'] }) part = new Part();
        }
        return Whole;
      },
      /Whole\.part: Part\.a has a kind/,
    ],
  ];
  for (const [what, make, problem] of wrong) {
    it(`${what} is an error at every use`, () => {
      const target = make();
      const seen: Descriptor = { name: 'Whole', shape: 'stream', fields: [{ name: 'part', kind: 'nested' }] };
      registerGenerated(target, generatedFor(target, seen));
      for (let i = 0; i < 4; i++) {
        expect(() => bytes(new target())).to.throw(problem);
        expect(() => getFrom(Uint8Array.of(1)).get(new target())).to.throw(problem);
      }
      expect(() => structClassOf(target).generated).to.throw(problem);
    });
  }

  it('has its layouts when they are asked for', () => {
    @SsmStruct()
    class Box {
      @U8() mode = 0;
      @Struct(() => Corner) corner = new Corner();
    }
    const layout = lateLayout<'mode' | 'corner'>(Box);
    expect(Object.keys(layout)).to.deep.equal(['linux.amd64', 'linux.x86', 'win.x86']);
    expect(layout['linux.amd64']).to.deep.equal({ size: 12, align: 4, offsets: { mode: 0, corner: 4 } });
  });
});
