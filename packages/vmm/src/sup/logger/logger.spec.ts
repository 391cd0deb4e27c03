import { expect } from 'chai';
import { NS_PER_MS } from '../../emt/host-clock.js';
import { newDriver, outcomeOf } from '../testing.js';
import type { LogWriter } from './logger.js';
import { loggerKinds } from './loggers.js';
import {
  applyDestinations,
  applyFlags,
  applyGroupSettings,
  type DestinationName,
  formatGroupSettings,
  groupFlags,
  type LoggerFlag,
} from './settings.js';

const { ENABLED, LEVEL_1, LEVEL_2, LEVEL_12, FLOW, WARN, RESTRICT } = groupFlags;

describe('group settings', () => {
  // Settings, and what becomes of the groups pit, pic and dev_rtc, which begin with 0.
  const rows: readonly [string, number, number, number][] = [
    ['', 0, 0, 0],
    ['all', ENABLED | LEVEL_1, ENABLED | LEVEL_1, ENABLED | LEVEL_1],
    ['+all', ENABLED | LEVEL_1, ENABLED | LEVEL_1, ENABLED | LEVEL_1],
    ['ALL.f', FLOW, FLOW, FLOW],
    ['all-all', 0, 0, 0],
    ['all.e.l2 -pit', WARN | LEVEL_2, ENABLED | LEVEL_1 | WARN | LEVEL_2, ENABLED | LEVEL_1 | WARN | LEVEL_2],
    ['pit.eo', ENABLED, 0, 0],
    ['pit.enabledonly', ENABLED, 0, 0],
    ['pit.e', ENABLED | LEVEL_1 | WARN, 0, 0],
    ['PIT.E.L.F', ENABLED | LEVEL_1 | WARN | LEVEL_2 | FLOW, 0, 0],
    ['pit.l12.restrict.warning', LEVEL_12 | RESTRICT | WARN, 0, 0],
    ['pit.level1.flow', LEVEL_1 | FLOW, 0, 0],
    ['pi*', ENABLED | LEVEL_1, ENABLED | LEVEL_1, 0],
    ['dev_*.f+pic', 0, ENABLED | LEVEL_1, FLOW],
    ['pit=0x31', 0x31, 0, 0],
    ['pit=33', 33, 0, 0],
    ['pit=~0', 0xffffffff, 0, 0],
    ['all=~0 -all=~0x11', ENABLED | LEVEL_1, ENABLED | LEVEL_1, ENABLED | LEVEL_1],
    ['nobody.e pit', ENABLED | LEVEL_1, 0, 0],
    ['pit;pic', ENABLED | LEVEL_1, ENABLED | LEVEL_1, 0],
    ['all;-pit', 0, ENABLED | LEVEL_1, ENABLED | LEVEL_1],
  ];
  const groups = () =>
    new Map([
      ['pit', 0],
      ['pic', 0],
      ['dev_rtc', 0],
    ]);
  for (const [settings, ...expected] of rows) {
    it(`'${settings}'`, () => {
      const flags = groups();
      applyGroupSettings(flags, settings);
      expect([...flags.values()]).to.deep.equal(expected);
      const again = groups();
      applyGroupSettings(again, formatGroupSettings(flags));
      expect([...again.values()], 'read back from the text').to.deep.equal(expected);
    });
  }

  for (const settings of ['all pit.x', 'all pit.l13', 'all pit..e', 'all pit=', 'all pit=x', 'all pit.e=1x']) {
    it(`'${settings}' is no setting, and changes nothing`, () => {
      const flags = groups();
      expect(outcomeOf(() => applyGroupSettings(flags, settings))).to.equal('VERR_INVALID_PARAMETER');
      expect(flags).to.deep.equal(groups());
    });
  }

  it('flags have the numbers of RTLOGGRPFLAGS', () => {
    expect([ENABLED, FLOW, WARN, LEVEL_1, LEVEL_12, RESTRICT]).to.deep.equal([1, 2, 4, 0x10, 0x8000, 0x40000000]);
  });
});

describe('flags of loggers', () => {
  const rows: readonly [string, readonly LoggerFlag[]][] = [
    ['', ['rel']],
    ['buffered time', ['buffered', 'rel', 'time']],
    ['unbuffered', ['rel']],
    ['nounbuffered', ['buffered', 'rel']],
    ['abs', []],
    ['-rel !dec', []],
    ['~abs;writethru', ['rel', 'writethrough']],
    ['no-tsc', ['rel', 'tsc']],
    ['no-!tsc', ['rel']],
    ['+ts disabled', ['disabled', 'rel', 'ts']],
    ['disabled enabled', ['rel']],
  ];
  for (const [settings, expected] of rows) {
    it(`'${settings}'`, () => {
      const flags = new Set<LoggerFlag>(['rel']);
      applyFlags(flags, settings);
      expect([...flags].sort()).to.deep.equal(expected);
    });
  }
  for (const settings of ['buffered nonsense', 'toString', 'no']) {
    it(`'${settings}' is no flag, and changes nothing`, () => {
      const flags = new Set<LoggerFlag>();
      expect(outcomeOf(() => applyFlags(flags, settings))).to.equal('VERR_INVALID_PARAMETER');
      expect(flags.size).to.equal(0);
    });
  }
});

describe('destinations of loggers', () => {
  const rows: readonly [string, readonly (readonly [DestinationName, string])[]][] = [
    ['', [['stderr', '']]],
    [
      'stdout file=logs/a=b.log',
      [
        ['stderr', ''],
        ['stdout', ''],
        ['file', 'logs/a=b.log'],
      ],
    ],
    ['nostderr ringbuf=64', [['ringbuf', '64']]],
    ['-stderr;vmmrel', [['vmmrel', '']]],
    [
      'nodeny',
      [
        ['stderr', ''],
        ['nodeny', ''],
      ],
    ],
    [
      'history:3',
      [
        ['stderr', ''],
        ['history', '3'],
      ],
    ],
  ];
  for (const [settings, expected] of rows) {
    it(`'${settings}'`, () => {
      const destinations = new Map<DestinationName, string>([['stderr', '']]);
      applyDestinations(destinations, settings);
      expect([...destinations]).to.deep.equal(expected);
    });
  }
  it('others are refused', () => {
    expect(outcomeOf(() => applyDestinations(new Map(), 'printer'))).to.equal('VERR_INVALID_PARAMETER');
  });
});

describe('loggers', () => {
  function setup() {
    const written: string[] = [];
    const writer: (name: string) => LogWriter = (name) => (text, value) => written.push(`${name}(${value}) ${text}`);
    const all = newDriver({
      loggers: { groups: ['pit', 'pic'], writers: { stdout: writer('stdout'), file: writer('file') } },
    });
    return { ...all, written };
  }

  it('are made, changed and destroyed', () => {
    const { driver, alice, bob, written } = setup();
    expect(loggerKinds).to.deep.equal({ DEBUG: 1, RELEASE: 2 });
    expect(outcomeOf(() => driver.loggers.settings(alice, 'RELEASE'))).to.equal('VERR_NOT_FOUND');
    const logger = driver.loggers.create(alice, 'RELEASE', '', 'pit', 'stdout file=x.log');
    expect(driver.loggers.get('RELEASE')).to.equal(logger);
    expect(outcomeOf(() => driver.loggers.create(bob, 'RELEASE'))).to.equal('VERR_ALREADY_EXISTS');
    logger.log('LEVEL_1', 'pit', 'one');
    logger.log('LEVEL_2', 'pit', 'too detailed');
    logger.log('LEVEL_1', 'pic', 'not enabled');
    driver.loggers.settings(bob, 'RELEASE', 'usecrlf', '+pic -pit', 'nofile');
    logger.log('LEVEL_1', 'pit', 'no longer enabled');
    logger.log('LEVEL_1', 'pic', 'two\nthree\n');
    expect(written).to.deep.equal(['stdout() one\n', 'file(x.log) one\n', 'stdout() two\r\nthree\r\n']);
    driver.loggers.destroy(alice, 'RELEASE');
    driver.loggers.destroy(alice, 'RELEASE');
    expect(driver.loggers.get('RELEASE')).to.equal(undefined);
  });

  it('bad settings change nothing, and make no logger', () => {
    const { driver, alice } = setup();
    for (const [flags, groups, destinations] of [
      ['x', 'pit', 'stdout'],
      ['buffered', 'pit.x', 'stdout'],
      ['buffered', 'pit', 'x'],
      ['buffered', 'pit', 'file'],
      ['buffered', 'pit', 'ringbuf=0'],
    ] as const) {
      const create = () => driver.loggers.create(alice, 'DEBUG', flags, groups, destinations);
      expect(outcomeOf(create)).to.equal('VERR_INVALID_PARAMETER');
      expect(driver.loggers.get('DEBUG')).to.equal(undefined);
    }
    const logger = driver.loggers.create(alice, 'DEBUG', '', 'pic', 'stdout');
    const change = () => driver.loggers.settings(alice, 'DEBUG', 'buffered', 'pit', 'x');
    expect(outcomeOf(change)).to.equal('VERR_INVALID_PARAMETER');
    expect([[...logger.flags], logger.groupSettings, [...logger.destinations.keys()]]).to.deep.equal([
      [],
      'pic',
      ['stdout'],
    ]);
    expect(outcomeOf(() => driver.loggers.create(alice, 'OTHER' as 'DEBUG'))).to.equal('VERR_INVALID_PARAMETER');
  });

  it('groups that nobody knows are the default group', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', '', 'default', 'stdout');
    logger.log('LEVEL_1', 'unheard-of', 'x');
    expect(written).to.deep.equal(['stdout() x\n']);
  });

  it('that are buffered write when flushed, changed, or destroyed', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', 'buffered', 'pit', 'stdout');
    const enders = [() => logger.flush(), () => driver.loggers.settings(alice, 'DEBUG', '', ''), () => alice.close()];
    for (const end of enders) {
      logger.log('LEVEL_1', 'pit', 'x');
      expect(written).to.deep.equal([]);
      end();
      expect(written.splice(0)).to.deep.equal(['stdout() x\n']);
    }
  });

  it('that are disabled log nothing', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', 'disabled', 'all', 'stdout');
    expect(logger.isEnabled('LEVEL_1', 'pit')).to.equal(false);
    logger.log('LEVEL_1', 'pit', 'x');
    expect(written).to.deep.equal([]);
  });

  it('a ring buffer holds the last of it', () => {
    const { driver, alice } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', '', 'pit', 'ringbuf=8');
    for (const text of ['abc', 'def', 'ghi']) logger.log('LEVEL_1', 'pit', text);
    expect(logger.ringBuffer).to.equal('def\nghi\n');
  });

  it('a group with RESTRICT logs 1024 lines', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', '', 'pit.e.restrict', 'stdout');
    for (let i = 0; i < 1030; i++) logger.log('LEVEL_1', 'pit', 'x');
    expect(written.length).to.equal(1024);
  });

  // Prefixes 61.001002 s after the logger was made, which was 1 ms after the clock's beginning.
  const prefixes: readonly [string, string][] = [
    ['time', ''],
    ['timeprog', '00:01:01.001002 '],
    ['msprog', '0000061001 '],
    ['ts', '0000000e3400ae50 '],
    ['ts dec', '000000061002002000 '],
    ['ts dec rel', '000000061001002000 '],
    ['flag', 'warn     '],
    ['flagno', '00000004 '],
    ['group', 'pic              '],
    ['groupno', '002 '],
    ['groupno flag timeprog', '00:01:01.001002 warn     002 '],
  ];
  for (const [flags, prefix] of prefixes) {
    it(`flags '${flags}' put '${prefix}' in front of lines`, () => {
      const { driver, alice, timers, written } = setup();
      timers.advance(NS_PER_MS);
      const logger = driver.loggers.create(alice, 'DEBUG', flags, 'pic.e.w', 'stdout');
      timers.advance(61_001_002_000n);
      logger.log('WARN', 'pic', 'text');
      expect(written).to.deep.equal([`stdout() ${prefix}text\n`]);
    });
  }
});
