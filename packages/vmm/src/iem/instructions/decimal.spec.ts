import { expect } from 'chai';
import { AF, CF, FLAGS_ARITHMETIC, OF, PF, SF, ZF } from '../flags.js';
import { CODE, cpuWith, execute, flagNames } from '../testing/cpu-with.js';

/*
 * All values of AL with all states of AF and CF against what the manual says of AL, AH, AF and CF, and, for the flags it
 * leaves open, against ranges of AL that were found by measuring an 8088.
 */

function szp(value: number): number {
  const ones = value.toString(2).replaceAll('0', '').length;
  return (value & 0x80 ? SF : 0) | (value === 0 ? ZF : 0) | (ones % 2 === 0 ? PF : 0);
}

const within = (value: number, from: number, to: number) => value >= from && value <= to;

interface Model {
  readonly opcode: number;
  readonly adjust: (al: number, ah: number, af: boolean, cf: boolean) => { al: number; ah: number; flags: number };
}

/** DAA and DAS: one digit after the other. */
function packed(sign: 1 | -1, overflows: (al: number, af: boolean, cf: boolean) => boolean): Model['adjust'] {
  return (al, ah, af, cf) => {
    let result = al;
    let flags = overflows(al, af, cf) ? OF : 0;
    if (al % 16 > 9 || af) {
      result += 6 * sign;
      flags |= AF;
    }
    if (al > (af ? 0x9f : 0x99) || cf) {
      result += 0x60 * sign;
      flags |= CF;
    }
    result = (result + 512) % 256;
    return { al: result, ah, flags: flags | szp(result) };
  };
}

function unpacked(sign: 1 | -1, signAndOverflow: (al: number, af: boolean) => number): Model['adjust'] {
  return (al, ah, af) => {
    const wrong = al % 16 > 9 || af;
    const sum = (al + (wrong ? 6 * sign : 0) + 256) % 256;
    const open = (szp(sum) & (ZF | PF)) | signAndOverflow(al, af);
    return {
      al: sum % 16,
      ah: (ah + (wrong ? sign : 0) + 256) % 256,
      flags: open | (wrong ? AF | CF : 0),
    };
  };
}

const models: Readonly<Record<string, Model>> = {
  DAA: { opcode: 0x27, adjust: packed(1, (al, _, cf) => within(al, cf ? 0x1a : 0x7a, 0x7f)) },
  DAS: {
    opcode: 0x2f,
    adjust: packed(-1, (al, af, cf) => {
      if (cf) return within(al, 0x80, af ? 0xe5 : 0xdf);
      return af ? within(al, 0x80, 0x85) || within(al, 0xa0, 0xe5) : within(al, 0x9a, 0xdf);
    }),
  },
  AAA: {
    opcode: 0x37,
    adjust: unpacked(1, (al) => (within(al, 0x7a, 0x7f) ? OF : 0) | (within(al, 0x7a, 0xf9) ? SF : 0)),
  },
  AAS: {
    opcode: 0x3f,
    adjust: unpacked(-1, (al, af) => {
      const negative = af ? al <= 5 || al >= 0x86 : al >= 0x80;
      return (af && within(al, 0x80, 0x85) ? OF : 0) | (negative ? SF : 0);
    }),
  },
};

describe('decimal adjustments of the 8086', () => {
  for (const [name, { opcode, adjust }] of Object.entries(models)) {
    it(`${name} of every AL, AF and CF`, () => {
      const { cpu, registers } = cpuWith([opcode]);
      for (let al = 0; al < 256; al++) {
        for (const flags of [0, AF, CF, AF | CF, FLAGS_ARITHMETIC]) {
          for (const ah of [0, 0xff]) {
            const af = (flags & AF) !== 0;
            const wanted = adjust(al, ah, af, (flags & CF) !== 0);
            Object.assign(registers, { ip: CODE & 0xffff, al, ah, flags });
            cpu.step();
            const actual = { al: registers.al, ah: registers.ah, flags: registers.flags & FLAGS_ARITHMETIC };
            const what = `${name} ${al.toString(16)} ${flagNames(flags)}`;
            expect(flagNames(actual.flags), what).to.equal(flagNames(wanted.flags));
            expect(actual, what).to.deep.equal(wanted);
          }
        }
      }
    });
  }

  const additions = [
    { a: 0x29, b: 0x36, sum: 0x65, carry: 0 },
    { a: 0x99, b: 0x01, sum: 0x00, carry: 1 },
    { a: 0x58, b: 0x46, sum: 0x04, carry: 1 },
    { a: 0x99, b: 0x99, sum: 0x98, carry: 1 },
  ];
  for (const { a, b, sum, carry } of additions) {
    it(`${a.toString(16)} + ${b.toString(16)} in packed decimal, and back`, () => {
      const forth = cpuWith([0x00, 0xd8, 0x27, 0x28, 0xd8, 0x2f], { al: a, bl: b });
      forth.cpu.run(2);
      expect(forth.registers.al).to.equal(sum);
      expect(forth.registers.flags & CF).to.equal(carry);
      forth.cpu.run(2);
      expect(forth.registers.al).to.equal(a);
      expect(forth.registers.flags & CF).to.equal(carry);
    });
  }

  it('9 + 8 in unpacked decimal', () => {
    const { cpu, registers } = cpuWith([0x04, 0x08, 0x37], { ax: 0x0009 });
    cpu.run(2);
    expect(registers.ax).to.equal(0x0107);
  });

  it('AAM and AAD are inverses', () => {
    for (let value = 0; value < 100; value++) {
      const split = execute([0xd4, 10], { al: value }).registers;
      expect(split.ah * 10 + split.al).to.equal(value);
      expect(split.al).to.be.lessThan(10);
      expect(execute([0xd5, 10], { ax: split.ax }).registers.ax).to.equal(value);
    }
  });

  it('AAM takes any base and sets the flags of the remainder', () => {
    const { registers } = execute([0xd4, 16], { al: 0xa5, flags: CF | OF | AF });
    expect(registers.ax).to.equal(0x0a05);
    expect(flagNames(registers.flags)).to.equal('PF');
  });

  it('AAM of base 0 is a divide error, with the flags of zero', () => {
    const { registers, bytes } = execute([0xd4, 0], { al: 7, flags: CF | OF | AF | SF });
    expect([registers.cs, registers.ip, registers.al]).to.deep.equal([0, 0, 7]);
    expect(bytes[0x4_0000 + registers.sp + 4]).to.equal(0x46);
    expect(bytes[0x4_0000 + registers.sp]).to.equal(0x02);
  });

  it('AAD leaves the flags of its addition', () => {
    const { registers } = execute([0xd5, 10], { ah: 0x0a, al: 0x9c });
    expect(registers.ax).to.equal(0);
    expect(flagNames(registers.flags)).to.equal('ZF AF PF CF');
  });
});
