import { expect } from 'chai';
import {
  Counter,
  cellOf,
  Profile,
  type SampleType,
  type SampleUnit,
  type SampleVisibility,
  Statistics,
  sampleTypes,
  sampleUnits,
  sampleVisibilities,
  unitTexts,
} from './index.js';

const clock = { now: () => 0n };

describe('the tables of types, units and visibilities', () => {
  it('number types as VirtualBox does: 1 to 24', () => {
    expect(Object.values(sampleTypes).map(({ number }) => number)).to.deep.equal(
      Array.from({ length: 24 }, (_, i) => i + 1),
    );
  });

  it('number units as VirtualBox does: 1 to 27', () => {
    expect(Object.values(sampleUnits).map(({ number }) => number)).to.deep.equal(
      Array.from({ length: 27 }, (_, i) => i + 1),
    );
  });

  it('number visibilities as VirtualBox does', () => {
    expect(sampleVisibilities).to.deep.equal({ always: 1, used: 2, notGui: 3 });
  });

  it('reset exactly the types of RESET, and counters, profiles and callbacks', () => {
    for (const [name, { isReset }] of Object.entries(sampleTypes)) {
      expect(isReset, name).to.equal(/Reset$|^counter$|^profile|^callback$/.test(name));
    }
  });

  it('show exactly the types of X in hex', () => {
    for (const [name, row] of Object.entries(sampleTypes)) expect('isHex' in row, name).to.equal(name.startsWith('x'));
  });
});

interface Row {
  readonly type: SampleType;
  readonly sample: () => object;
  readonly text: string;
  readonly json: object;
  readonly cleared: string;
  readonly unused: string | undefined;
}

function used(): Profile {
  const profile = new Profile(clock);
  profile.addPeriod(30n);
  profile.addPeriod(11n);
  return profile;
}

const numbers = (
  type: SampleType,
  value: number | bigint | boolean,
  text: string,
  json: unknown,
  cleared: string,
): Row => ({
  type,
  sample: () => ({ value }),
  text: `${text} count`,
  json: { value: json },
  cleared: `${cleared} count`,
  unused: undefined,
});

describe('samples of every type', () => {
  const profileText = '       20 count (          41 count,       2 times, max        30, min      11)';
  const profileJson = { average: '20', ticks: '41', periods: '2', max: '30', min: '11' };
  const profileCleared = '        0 count (           0 count,       0 times, max         0, min      -1)';
  const rows: readonly Row[] = [
    {
      type: 'counter',
      sample: () => {
        const counter = new Counter();
        counter.inc();
        counter.add(5);
        counter.dec();
        return counter;
      },
      text: '        5 count',
      json: { value: 5 },
      cleared: '        0 count',
      unused: undefined,
    },
    { type: 'profile', sample: used, text: profileText, json: profileJson, cleared: profileCleared, unused: undefined },
    {
      type: 'profileAdv',
      sample: used,
      text: profileText,
      json: profileJson,
      cleared: profileCleared,
      unused: undefined,
    },
    {
      type: 'ratioU32',
      sample: () => ({ a: 7, b: 9 }),
      text: '      7:9 count',
      json: { a: 7, b: 9 },
      cleared: '      7:9 count',
      unused: undefined,
    },
    {
      type: 'ratioU32Reset',
      sample: () => ({ a: 0, b: 9 }),
      text: '      0:9 count',
      json: { a: 0, b: 9 },
      cleared: '      0:0 count',
      unused: undefined,
    },
    {
      type: 'callback',
      sample: () => ({
        state: 'on',
        print(this: { state: string }) {
          return this.state;
        },
        reset(this: { state: string }) {
          this.state = 'off';
        },
      }),
      text: 'on count',
      json: { value: 'on' },
      cleared: 'off count',
      unused: 'off count',
    },
    ...(['u8', 'u16', 'u32'] as const).flatMap((type) => [
      numbers(type, 200, '      200', 200, '      200'),
      numbers(`${type}Reset`, 200, '      200', 200, '        0'),
    ]),
    ...(['x8', 'x16', 'x32'] as const).flatMap((type) => [
      numbers(type, 200, '       c8', 200, '       c8'),
      numbers(`${type}Reset`, 200, '       c8', 200, '        0'),
    ]),
    numbers('u64', 2n ** 64n - 1n, '18446744073709551615', '18446744073709551615', '18446744073709551615'),
    numbers('u64Reset', 5n, '        5', '5', '        0'),
    numbers('x64', 2n ** 64n - 1n, 'ffffffffffffffff', '18446744073709551615', 'ffffffffffffffff'),
    numbers('x64Reset', 255n, '       ff', '255', '        0'),
    numbers('bool', true, '     true', true, '     true'),
    numbers('boolReset', true, '     true', true, '    false'),
  ];

  it('are all here', () => {
    expect(new Set(rows.map(({ type }) => type))).to.deep.equal(new Set(Object.keys(sampleTypes)));
  });

  for (const { type, sample: make, text, json, cleared, unused } of rows) {
    const registered = (visibility: SampleVisibility) => {
      const stats = new Statistics();
      const sample = make();
      stats.register({ name: '/s', type, sample: sample as never, unit: 'count', visibility, description: 'D.' });
      return { stats, sample };
    };
    const line = (value: string) => `/s${' '.repeat(40)} ${value}\n`;

    it(`${type} as text`, () => expect(registered('always').stats.dump()).to.equal(line(text)));

    it(`${type} as JSON`, () => {
      const about = { name: '/s', type, unit: 'count', visibility: 'always', description: 'D.' };
      expect(registered('always').stats.toJson()).to.deep.equal([{ ...about, ...json }]);
    });

    it(`${type} after a reset`, () => {
      const { stats } = registered('always');
      stats.reset('/other');
      expect(stats.dump(), 'of others').to.equal(line(text));
      stats.reset('/s');
      expect(stats.dump()).to.equal(line(cleared));
    });

    it(`${type} is hidden when only used ones are shown and it is zero`, () => {
      const { stats, sample } = registered('used');
      expect(stats.dump()).to.equal(line(text));
      stats.reset();
      const isZero = sampleTypes[type].isReset;
      if (!isZero)
        Object.assign(
          sample,
          'a' in sample ? { a: 0, b: 0 } : { value: zeroLike((sample as { value: unknown }).value) },
        );
      expect(stats.dump()).to.equal(unused === undefined ? '' : line(unused));
      expect(stats.toJson()).to.have.length(unused === undefined ? 0 : 1);
      expect(stats.entries(), 'it is still there').to.have.length(1);
    });

    it(`${type} is shown in dumps also where lists are not to`, () => {
      expect(registered('notGui').stats.dump()).to.equal(line(text));
    });
  }

  it('a callback without a reset stays as it is', () => {
    const stats = new Statistics();
    stats.register({ name: '/s', type: 'callback', sample: { print: () => 'x' } });
    stats.reset();
    expect(stats.dump('/s').trim()).to.equal('/s                                         x');
  });

  it('a cell may be a property of any object', () => {
    const device = { irqs: 3, level: true };
    const stats = new Statistics();
    stats.register({ name: '/irqs', type: 'u32Reset', sample: cellOf(device, 'irqs') });
    stats.register({ name: '/level', type: 'bool', sample: cellOf(device, 'level') });
    device.irqs += 4;
    expect(stats.toJson().map(({ value }) => value)).to.deep.equal([7, true]);
    stats.reset();
    expect(device).to.deep.equal({ irqs: 0, level: true });
  });
});

function zeroLike(value: unknown): unknown {
  return typeof value === 'bigint' ? 0n : typeof value === 'boolean' ? false : 0;
}

describe('the dump', () => {
  it('is that of a real release log (VirtualBox 7.2.22)', () => {
    const stats = new Statistics();
    const add = (name: string, unit: SampleUnit, value: number) => {
      const sample = new Counter();
      stats.register({ name, type: 'counter', sample, unit });
      sample.add(value);
    };
    const profile = (name: string, unit: SampleUnit, periods: readonly bigint[]) => {
      const sample = new Profile(clock);
      stats.register({ name, type: 'profile', sample, unit });
      for (const ticks of periods) sample.addPeriod(ticks);
    };
    add('/CPUM/MSR-Totals/Reads', 'occurences', 0);
    add('/Devices/VMMDev/HGCM-Kernel/BudgetAvailable', 'bytes', 1053188266);
    profile('/Devices/VMMDev/HGCM-Root/MessageHeapUsage', 'bytesPerCall', []);
    add('/EM/CPU0/ExitOpt/ExecRetReasonMaxInstructions', 'occurences', 0);
    add('/IEM/CPU0/Tlb/Code/InvlPg', 'none', 0);
    add('/IOM/MmioMappingsStale', 'ticksPerCall', 0);
    profile('/PDM/CritSects/8237A#0Auto/ContentionR3Wait', 'ticksPerOccurence', []);
    profile('/PROF/CPU0/EM/Total', 'ticksPerCall', [7812656007n, 3894711613n]);
    profile('/PROF/CPU0/VM/Halt/Yield', 'nsPerCall', []);
    stats.register({
      name: '/IEM/CPU0/Tlb/Code/PhysicalRevision',
      type: 'x64',
      sample: { value: 0xfffffffffffce000n },
    });
    stats.register({ name: '/TM/CPU/pctHalted', type: 'u8', sample: { value: 98 }, unit: 'pct' });
    stats.register({ name: '/TM/MaxHzHint', type: 'u32', sample: { value: 0 }, unit: 'hz' });
    expect(stats.dumpToLog()).to.equal(`\
************************* Statistics *************************
/CPUM/MSR-Totals/Reads                             0 times
/Devices/VMMDev/HGCM-Kernel/BudgetAvailable 1053188266 bytes
/Devices/VMMDev/HGCM-Root/MessageHeapUsage         0 bytes/call (           0 bytes,       0 calls, max         0, min      -1)
/EM/CPU0/ExitOpt/ExecRetReasonMaxInstructions         0 times
/IEM/CPU0/Tlb/Code/InvlPg                          0 \n\
/IEM/CPU0/Tlb/Code/PhysicalRevision        fffffffffffce000 \n\
/IOM/MmioMappingsStale                             0 ticks/call
/PDM/CritSects/8237A#0Auto/ContentionR3Wait         0 ticks/time (           0 ticks,       0 times, max         0, min      -1)
/PROF/CPU0/EM/Total                        5853683810 ticks/call ( 11707367620 ticks,       2 calls, max 7812656007, min 3894711613)
/PROF/CPU0/VM/Halt/Yield                           0 ns/call (           0 ns,       0 calls, max         0, min      -1)
/TM/CPU/pctHalted                                 98 %
/TM/MaxHzHint                                      0 Hz
********************* End of statistics **********************
`);
  });

  it('has the texts of all units', () => {
    const texts = Object.keys(sampleUnits).map((unit) => Object.values(unitTexts(unit as SampleUnit)).join(' '));
    expect(texts.join('|')).to.equal(
      '  times|calls calls times|calls/tb calls tbs|count count times|bytes bytes times|bytes/call bytes calls|' +
        'pages pages times|errors errors times|times times times|ticks ticks times|ticks/call ticks calls|' +
        'ticks/time ticks times|good:bad good:bad times|megabytes megabytes times|kilobytes kilobytes times|ns ns times|' +
        'ns/call ns calls|ns/time ns times|% % times|pp1k pp1k times|pp10k pp10k times|ppm ppm times|ppb ppb times|' +
        'Hz Hz times|instr instr times|instr/tb instr tbs|bytes/tb bytes tbs',
    );
  });
});
