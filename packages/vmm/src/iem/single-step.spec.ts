import { expect } from 'chai';
import { flagsMaskOf, runSingleStep, type SingleStepState, type SingleStepTest } from './single-step.js';

const regs = { ax: 0, bx: 0, cx: 0, dx: 0, cs: 0x1000, ss: 0x4000, ds: 0x2000, es: 0x3000 };
const more = { sp: 0x800, bp: 0, si: 0x10, di: 0x20, ip: 0x100, flags: 0xf002 };

/** A case: code at 1000:0100, and what is different before and after. */
function testCase(
  name: string,
  bytes: readonly number[],
  initial: Partial<SingleStepState>,
  final: Partial<SingleStepState>,
): SingleStepTest {
  const code = bytes.map((byte, i) => [0x1_0100 + i, byte] as const);
  return {
    name,
    initial: { regs: { ...regs, ...more, ...initial.regs }, ram: [...code, ...(initial.ram ?? [])] },
    final: { regs: { ip: 0x100 + bytes.length, ...final.regs }, ram: final.ram ?? [] },
  };
}

const cases: readonly SingleStepTest[] = [
  testCase('add al, bl', [0x00, 0xd8], { regs: { ax: 0x127f, bx: 1 } }, { regs: { ax: 0x1280, flags: 0xf892 } }),
  testCase('add [bx], cl', [0x00, 0x0f], { regs: { bx: 5, cx: 3 }, ram: [[0x2_0005, 4]] }, { ram: [[0x2_0005, 7]] }),
  testCase(
    'push sp',
    [0x54],
    {},
    {
      regs: { sp: 0x7fe },
      ram: [
        [0x4_07fe, 0xfe],
        [0x4_07ff, 0x07],
      ],
    },
  ),
  testCase(
    'rep movsb',
    [0xf3, 0xa4],
    {
      regs: { cx: 3 },
      ram: [
        [0x2_0010, 1],
        [0x2_0011, 2],
        [0x2_0012, 3],
      ],
    },
    {
      regs: { cx: 0, si: 0x13, di: 0x23 },
      ram: [
        [0x3_0020, 1],
        [0x3_0021, 2],
        [0x3_0022, 3],
      ],
    },
  ),
  testCase(
    'es rep lodsw',
    [0x26, 0xf3, 0xad],
    {
      regs: { cx: 2 },
      ram: [
        [0x3_0012, 0x34],
        [0x3_0013, 0x12],
      ],
    },
    {
      regs: { cx: 0, si: 0x14, ax: 0x1234 },
    },
  ),
  testCase(
    'mov [bx], ax wraps at the end of the segment',
    [0x89, 0x07],
    { regs: { bx: 0xffff, ax: 0x1234 } },
    {
      ram: [
        [0x2_ffff, 0x34],
        [0x2_0000, 0x12],
      ],
    },
  ),
  testCase(
    'mov al, [bx] wraps at 1 MiB',
    [0x8a, 0x07],
    { regs: { ds: 0xffff, bx: 0x20 }, ram: [[0x10, 0x99]] },
    { regs: { ax: 0x99 } },
  ),
  testCase('jb taken', [0x72, 0xf0], { regs: { flags: 0xf003 } }, { regs: { ip: 0xf2 } }),
  testCase('in al, dx', [0xec], {}, { regs: { ax: 0xff } }),
  testCase('rep idiv bl', [0xf3, 0xf6, 0xfb], { regs: { ax: 100, bx: 7 } }, { regs: { ax: 0x02f2, flags: 0xf092 } }),
];

/** DIV by zero: the pushed flags are undefined but for the mask. */
const divideError = testCase(
  'div bl',
  [0xf6, 0xf3],
  {
    regs: { ax: 1 },
    ram: [
      [0, 0],
      [1, 4],
      [2, 0],
      [3, 0],
    ],
  },
  {
    regs: { cs: 0, ip: 0x400, sp: 0x7fa, flags: 0xf8d7 },
    ram: [
      [0x4_07fa, 2],
      [0x4_07fb, 1],
      [0x4_07fc, 0],
      [0x4_07fd, 0x10],
      [0x4_07fe, 0xd7],
      [0x4_07ff, 0xf8],
    ],
  },
);

describe('runSingleStep', () => {
  for (const test of cases) {
    it(`passes ${test.name}`, () => {
      expect(runSingleStep(test)).to.deep.equal([]);
    });
  }

  it('says what is different: registers, memory, and bytes that nobody expected', () => {
    const wrong = testCase(
      'add [bx], cl',
      [0x00, 0x0f],
      { regs: { bx: 5, cx: 3 }, ram: [[0x2_0005, 4]] },
      {
        regs: { flags: 0xf007, cx: 4 },
        ram: [
          [0x2_0005, 8],
          [0x2_0006, 1],
        ],
      },
    );
    expect(runSingleStep(wrong)).to.deep.equal([
      'cx is 0003, not 0004',
      'flags is F002, not F007',
      '[20005] is 07, not 08',
      '[20006] is 00, not 01',
    ]);
    const unexpected = testCase(
      'push ax',
      [0x50],
      { regs: { ax: 0x1234 } },
      { regs: { sp: 0x7fe }, ram: [[0x4_07fe, 0x34]] },
    );
    expect(runSingleStep(unexpected)).to.deep.equal(['[407FF] is 12, not 00']);
  });

  it('compares only flags in the mask, also those an interrupt has pushed', () => {
    expect(runSingleStep(divideError)).to.not.deep.equal([]);
    expect(runSingleStep(divideError, { flagsMask: 0xf72a })).to.deep.equal([]);
    const elsewhere = { ...divideError, final: { ...divideError.final, ram: [[0x4_07fa, 3] as const] } };
    expect(runSingleStep(elsewhere, { flagsMask: 0xf72a })).to.include('[407FA] is 02, not 03');
  });

  it('leaves nothing behind for the next', () => {
    const push = testCase(
      'push ax',
      [0x50],
      { regs: { ax: 0x1234 } },
      {
        regs: { sp: 0x7fe },
        ram: [
          [0x4_07fe, 0x34],
          [0x4_07ff, 0x12],
        ],
      },
    );
    const pop = testCase('pop ax', [0x58], { regs: { sp: 0x7fe, ax: 5 } }, { regs: { sp: 0x800, ax: 0 } });
    expect([runSingleStep(push), runSingleStep(pop)]).to.deep.equal([[], []]);
  });

  it('registers that are not named are as after a reset, and must stay so', () => {
    const code: SingleStepState['ram'] = [[0xf_fff0, 0x40]];
    const increment = (final: SingleStepState['regs']) =>
      runSingleStep({ name: 'inc ax', initial: { regs: { ax: 6 }, ram: code }, final: { regs: final, ram: [] } });
    expect(increment({ ax: 7, ip: 1 })).to.deep.equal([]);
    expect(increment({ ax: 7, ip: 1, cs: 0 })).to.deep.equal(['cs is FFFF, not 0000']);
    expect(increment({ ax: 7 })).to.deep.equal(['ip is 0001, not 0000']);
  });

  it('refuses memory that 20 address lines do not reach, and what is no byte', () => {
    for (const ram of [
      [0x10_0000, 0],
      [-1, 0],
      [0.5, 0],
      [0, 256],
      [0, -1],
    ] as const) {
      const state = { regs: {}, ram: [ram] };
      const nothing = { regs: {}, ram: [] };
      expect(() => runSingleStep({ name: 'x', initial: state, final: nothing }), `${ram}`).to.throw(RangeError);
      expect(() => runSingleStep({ name: 'x', initial: nothing, final: state }), `${ram}`).to.throw(RangeError);
    }
  });

  it('asks the ports it is given', () => {
    const read = testCase('in al, 60', [0xe4, 0x60], {}, { regs: { ax: 0x60 } });
    expect(runSingleStep(read, { io: { readByte: (port) => port, writeByte: () => {} } })).to.deep.equal([]);
    expect(runSingleStep(read)).to.deep.equal(['ax is 00FF, not 0060']);
  });
});

describe('flagsMaskOf', () => {
  const opcodes = { '00': {}, '0C': { 'flags-mask': 65519 }, F6: { reg: { '2': {}, '6': { 'flags-mask': 63274 } } } };
  const masks: readonly [file: string, mask: number][] = [
    ['00', 0xffff],
    ['0C.json.gz', 65519],
    ['0c', 65519],
    ['F6.6.json', 63274],
    ['F6.2', 0xffff],
    ['F7.6', 0xffff],
    ['readme', 0xffff],
  ];
  for (const [file, mask] of masks) {
    it(`${file}: ${mask}`, () => {
      expect(flagsMaskOf({ opcodes }, file)).to.equal(mask);
    });
  }
});
