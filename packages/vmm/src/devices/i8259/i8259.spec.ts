import { expect } from 'chai';
import fc from 'fast-check';
import { failureStatus } from '../../emt/testing.js';
import { DeviceBench } from '../testing.js';
import { i8259 } from './index.js';

/*
 * Tables of the data sheet
 *
 *     pic('out 20 20')        OCW2, unspecific EOI, to the master
 *     pic('+5')               IRQ 5 rises; '-5' it falls; '^5' a pulse
 *     pic('ack')              what the CPU acknowledges: the vector, or '-' without INTR
 *     pic('in 20')            what is read, in hex
 */

class Pic {
  private constructor(readonly bench: DeviceBench) {}

  static async create(): Promise<Pic> {
    const bench = new DeviceBench();
    await bench.add(i8259);
    await bench.powerOn();
    return new Pic(bench);
  }

  /** As a PC's firmware sets it up: vectors 0x08 and 0x70, nothing masked. */
  static async initialised({ icw4 = 1, slaveIcw4 = icw4 }: { icw4?: number; slaveIcw4?: number } = {}): Promise<Pic> {
    const pic = await Pic.create();
    pic.do(`out 20 11, out 21 08, out 21 04, out 21 ${icw4.toString(16)}`);
    pic.do(`out a0 11, out a1 70, out a1 02, out a1 ${slaveIcw4.toString(16)}`);
    return pic;
  }

  /** What some steps answer. */
  do(program: string): string {
    const { bus } = this.bench;
    const answers = program.split(', ').flatMap((step): string[] => {
      const [verb, port = '', value = ''] = step.split(' ');
      const line = Number(step.slice(1));
      switch (verb) {
        case 'out':
          bus.out(Number.parseInt(port, 16), Number.parseInt(value, 16));
          return [];
        case 'in':
          return [bus.in(Number.parseInt(port, 16)).toString(16)];
        case 'ack':
          return [bus.intr ? (bus.acknowledge() as number).toString(16) : '-'];
        default:
          bus.setIrq(line, ({ '+': 'HIGH', '-': 'LOW', '^': 'FLIP_FLOP' } as const)[step[0] as '+' | '-' | '^']);
          return [];
      }
    });
    return answers.join(' ');
  }
}

const EOI = 'out 20 20';
const SLAVE_EOI = 'out a0 20';

/** What the machine is, what happens, what is seen. */
type Row = readonly [name: string, program: string, answers: string, icw4?: { icw4: number; slaveIcw4?: number }];

const rows: Readonly<Record<string, readonly Row[]>> = {
  'requests and service': [
    ['an edge asks once', `+5, ack, ${EOI}, ack`, 'd -'],
    ['and again after it fell', `+5, ack, -5, +5, ${EOI}, ack`, 'd d'],
    ['a pulse asks until it is acknowledged', '^5, ack, ack', 'd -'],
    ['the lowest input comes first', `+6, +1, +3, ack, ${EOI}, ack, ${EOI}, ack`, '9 b e'],
    ['something more urgent interrupts', '+5, ack, +3, ack', 'd b'],
    ['something less urgent waits for the end', `+3, ack, +5, ack, ${EOI}, ack`, 'b - d'],
    ['what is masked waits', '+5, out 21 20, ack, out 21 0, ack', '- d'],
    ['IRR and ISR are read by OCW3', '+5, +6, ack, in 20, out 20 b, in 20, out 20 a, in 20', 'd 40 20 40'],
    ['other OCW3s leave that as it is', '+5, ack, out 20 b, out 20 48, in 20', 'd 20'],
    ['IMR is read', 'out 21 a5, in 21, in a1', 'a5 0'],
  ],
  'spurious interrupts': [
    ['a request that went away', '+5, -5, in 20, ack', '0 -'],
    ['a slave that asks keeps asking', '+12, -12, ack, out 20 b, in 20, out a0 b, in a0', '77 4 0'],
  ],
  'the slave': [
    ['its vector', '+8, ack', '70'],
    ['both are in service', '+12, ack, out 20 b, in 20, out a0 b, in a0', '74 4 10'],
    ['asks at input 2', '+12, in 20, in a0', '4 10'],
    ['waits for both ends', `+12, ack, +13, ack, ${SLAVE_EOI}, ack, ${EOI}, ack`, '74 - - 75'],
    ['its more urgent inputs wait for the master', `+12, ack, +8, ack, ${EOI}, ack`, '74 - 70'],
    ['comes before IRQ 3', '+3, +15, ack', '77'],
    ['comes after IRQ 1', '+15, +1, ack', '9'],
    ['two that come together', `+8, +9, ack, ${SLAVE_EOI}, ${EOI}, ack`, '70 71'],
  ],
  'ends of interrupt': [
    ['unspecific: the most urgent', `+5, ack, +3, ack, ${EOI}, out 20 b, in 20`, 'd b 20'],
    ['specific', '+5, ack, +3, ack, out 20 65, out 20 b, in 20', 'd b 8'],
    ['without anything in service', `${EOI}, +5, ack`, 'd'],
    ['no operation', '+5, ack, out 20 40, out 20 b, in 20', 'd 20'],
    ['automatic', '+5, ack, out 20 b, in 20, +6, ack', 'd 0 e', { icw4: 3 }],
    ['automatic at the slave: both that come together', `+8, +9, ack, ${EOI}, ack`, '70 71', { icw4: 1, slaveIcw4: 3 }],
  ],
  rotation: [
    ['unspecific: the input becomes the least urgent', `+3, ack, out 20 a0, -3, +3, +4, ack, ${EOI}, ack`, 'b c b'],
    ['specific', '+3, ack, out 20 e3, -3, +3, +4, ack', 'b c'],
    ['unspecific without anything in service', 'out 20 a0, +3, +4, ack', 'b'],
    ['setting the priority', 'out 20 c3, +3, +4, ack', 'c'],
    ['of automatic ends', 'out 20 80, +3, ack, -3, +3, +4, ack', 'b c', { icw4: 3 }],
    ['of automatic ends, off again', 'out 20 80, out 20 0, +3, ack, -3, +3, +4, ack', 'b b', { icw4: 3 }],
    ['goes round', 'out 20 c5, +7, +6, +0, ack, ack', 'e -'],
  ],
  'special mask': [
    ['lets the less urgent in', '+3, ack, +5, ack, out 21 8, out 20 68, ack', 'b - d'],
    ['keeps what is masked out', '+3, ack, out 21 8, out 20 68, -3, +3, ack', 'b -'],
    ['an unspecific end leaves what is masked', `+3, ack, out 21 8, out 20 68, ${EOI}, out 20 b, in 20`, 'b 8'],
    ['off again', '+3, ack, +5, out 21 8, out 20 68, out 20 48, ack', 'b -'],
  ],
  poll: [
    ['acknowledges', '+5, out 20 c, in 20, out 20 b, in 20, ack', '85 20 -'],
    ['with nothing to do', 'out 20 c, in 20, in 20', '0 0'],
    ['of the slave', '+12, out a0 c, in a0, in 20, ack', '84 0 -'],
    ['at either port', '+5, out 20 c, in 21, in 21', '85 0'],
  ],
  'special fully nested mode': [
    ['the slave interrupts itself', '+12, ack, +8, ack', '74 70', { icw4: 0x11, slaveIcw4: 1 }],
    ['but with nothing less urgent', '+12, ack, +13, ack, +3, ack', '74 - -', { icw4: 0x11, slaveIcw4: 1 }],
  ],
  'level-triggered inputs': [
    ['ask as long as they are high', `out 4d0 20, +5, ack, ${EOI}, ack, -5, ${EOI}, ack`, 'd d -'],
    ['and not after', 'out 4d0 20, +5, -5, ack', '-'],
    ['that are high already', `+5, ack, ${EOI}, ack, out 4d0 20, ack`, 'd - d'],
    ['have no pulses', 'out 4d0 20, ^5, ack', '-'],
    ['are not those that no PC has', 'out 4d0 ff, out 4d1 ff, in 4d0, in 4d1', 'f8 de'],
    ['outlive an initialisation', 'out 4d0 20, +5, out 20 11, out 21 8, out 21 4, out 21 1, ack', 'd'],
  ],
  initialisation: [
    [
      'forgets requests: an edge has to come anew',
      '+5, out 20 11, out 21 8, out 21 4, out 21 1, ack, -5, +5, ack',
      '- d',
    ],
    [
      'forgets mask, service and priority',
      '+5, ack, out 20 c5, out 21 ff, out 20 11, out 21 8, out 21 4, out 21 1, in 21, +6, +7, ack',
      'd 0 e',
    ],
    [
      'without ICW4: nothing of it',
      'out 20 10, out 21 20, out 21 4, out 21 fe, in 21, +0, ack, out 20 b, in 20',
      'fe 20 1',
      { icw4: 3 },
    ],
    ['of a single chip: no ICW3', 'out 20 13, out 21 28, out 21 1, out 21 fe, in 21, +0, ack', 'fe 28'],
    ['the lower bits of a vector are the input', 'out 20 11, out 21 2f, out 21 4, out 21 1, +3, ack', '2b'],
    ['of the slave ends its request', '+12, out a0 11, in 20, ack', '0 -'],
  ],
};

describe('i8259', () => {
  for (const [chapter, table] of Object.entries(rows)) {
    describe(chapter, () => {
      for (const [name, program, answers, icw4] of table) {
        it(`${name}: ${program}`, async () => {
          expect((await Pic.initialised(icw4)).do(program)).to.equal(answers);
        });
      }
    });
  }

  it('a CPU that acknowledges too late gets input 7, which is not in service', async () => {
    const pic = await Pic.initialised();
    pic.do('+5, -5');
    expect(pic.bench.bus.acknowledge()).to.equal(0x0f);
    expect(pic.do('out 20 b, in 20')).to.equal('0');
  });

  it('is reset', async () => {
    const pic = await Pic.initialised();
    pic.do('out 4d0 20, +5, +1, ack');
    await pic.bench.reset();
    expect(pic.bench.bus.intr).to.equal(false);
    expect([...pic.bench.unitBytes('i8259')]).to.deep.equal([...(await Pic.create()).bench.unitBytes('i8259')]);
  });

  it('INTR is high exactly while there is something to acknowledge', async () => {
    const step = fc.oneof(
      fc.tuple(fc.constantFrom('+', '-', '^'), fc.constantFrom(0, 1, 3, 7, 8, 12, 15)).map(([how, irq]) => how + irq),
      fc.constantFrom('ack', EOI, SLAVE_EOI, 'out 20 a0', 'out 20 c3', 'out 20 68', 'out 20 48', 'out a0 c', 'in a0'),
      fc.tuple(fc.constantFrom('21', 'a1'), fc.nat(255)).map(([port, mask]) => `out ${port} ${mask.toString(16)}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (program) => {
        const pic = await Pic.initialised();
        for (const each of program) pic.do(each);
        const before = pic.bench.unitBytes('i8259');
        const { intr } = pic.bench.bus;
        const copy = await Pic.create();
        await copy.bench.loadUnit('i8259', 1, before);
        expect(copy.bench.bus.intr).to.equal(intr);
        const vector = copy.bench.bus.acknowledge();
        // What cannot be acknowledged is not: nothing changes.
        if (intr) return;
        expect(vector).to.equal(0x0f);
        expect([...copy.bench.unitBytes('i8259')]).to.deep.equal([...before]);
      }),
      { numRuns: 200 },
    );
  });

  for (const [name, at, value] of [
    ['initState', 9, 4],
    ['priorityAdd', 15 + 4, 8],
  ] as const) {
    it(`refuses a state with ${name} ${value}`, async () => {
      const { bench } = await Pic.create();
      const bytes = bench.unitBytes('i8259');
      bytes[at] = value;
      expect(await failureStatus(bench.loadUnit('i8259', 1, bytes))).to.equal('VERR_SSM_UNEXPECTED_DATA');
      expect(await failureStatus(bench.loadUnit('i8259', 2, bytes))).to.equal('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION');
    });
  }

  it('has no words, and no settings', async () => {
    const { bench } = await Pic.create();
    expect([
      bench.bus.in(0x20, 2),
      bench.bus.out(0x21, 1, 2),
      bench.bus.in(0x4d0, 2),
      bench.bus.out(0x4d0, 1, 4),
    ]).to.deep.equal([...[0xffff, false, 0xffff, false]]);
    expect(await failureStatus(new DeviceBench().add(i8259, { Irq: 1 }))).to.equal('VERR_CFGM_CONFIG_UNKNOWN_VALUE');
  });
});
