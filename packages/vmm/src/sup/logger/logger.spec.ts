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
  type LoggerFlag,
  logLevels,
} from './settings.js';

const { OFF, ERROR, WARN, INFO, DEBUG, TRACE } = logLevels;

describe('group settings', () => {
  // Settings, and what becomes of the groups pit, pic and dev_rtc, which begin with OFF, ERROR and OFF.
  const rows: readonly [string, number, number, number][] = [
    ['', OFF, ERROR, OFF],
    ['pit', INFO, ERROR, OFF],
    ['*', INFO, INFO, INFO],
    ['-*', OFF, OFF, OFF],
    ['pit=trace', TRACE, ERROR, OFF],
    ['PIT=Warn', WARN, ERROR, OFF],
    ['pi?=debug', DEBUG, DEBUG, OFF],
    ['pi*=debug -pic', DEBUG, OFF, OFF],
    ['-pic pi*=debug', DEBUG, DEBUG, OFF],
    ['*=error,dev_*=trace', ERROR, ERROR, TRACE],
    ['pic=off', OFF, OFF, OFF],
    ['nobody=trace pit', INFO, ERROR, OFF],
  ];
  const groups = (pic: number = ERROR) =>
    new Map<string, number>([
      ['pit', OFF],
      ['pic', pic],
      ['dev_rtc', OFF],
    ]);
  for (const [settings, ...expected] of rows) {
    it(`'${settings}'`, () => {
      const levels = groups();
      applyGroupSettings(levels, settings);
      expect([...levels.values()]).to.deep.equal(expected);
      const again = groups(OFF);
      applyGroupSettings(again, formatGroupSettings(levels));
      expect([...again.values()], 'read back from the text').to.deep.equal(expected);
    });
  }

  for (const settings of ['* pit=x', '* pit=', '* pit=3', '* =info', '* -pit=info', '* -', '* pit=toString']) {
    it(`'${settings}' is no setting, and changes nothing`, () => {
      const levels = groups();
      expect(outcomeOf(() => applyGroupSettings(levels, settings))).to.equal('VERR_INVALID_PARAMETER');
      expect(levels).to.deep.equal(groups());
    });
  }
});

describe('flags of loggers', () => {
  const rows: readonly [string, readonly LoggerFlag[]][] = [
    ['', ['level']],
    ['buffered elapsed', ['buffered', 'elapsed', 'level']],
    ['-level', []],
    ['-level,level', ['level']],
    ['crlf -crlf -group', ['level']],
  ];
  for (const [settings, expected] of rows) {
    it(`'${settings}'`, () => {
      const flags = new Set<LoggerFlag>(['level']);
      applyFlags(flags, settings);
      expect([...flags].sort()).to.deep.equal(expected);
    });
  }
  for (const settings of ['buffered nonsense', 'toString', '-', '--level', 'LEVEL']) {
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
    ['-stderr ring=64', [['ring', '64']]],
    ['-stderr,user', [['user', '']]],
  ];
  for (const [settings, expected] of rows) {
    it(`'${settings}'`, () => {
      const destinations = new Map<DestinationName, string>([['stderr', '']]);
      applyDestinations(destinations, settings);
      expect([...destinations]).to.deep.equal(expected);
    });
  }
  for (const settings of ['stdout printer', 'stdout -', 'stdout =x']) {
    it(`'${settings}' is no destination, and changes nothing`, () => {
      const destinations = new Map<DestinationName, string>();
      expect(outcomeOf(() => applyDestinations(destinations, settings))).to.equal('VERR_INVALID_PARAMETER');
      expect(destinations.size).to.equal(0);
    });
  }
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
    expect(outcomeOf(() => driver.loggers.settings(alice, 'RELEASE'))).to.equal('VERR_WRONG_ORDER');
    const logger = driver.loggers.create(alice, 'RELEASE', '', 'pit', 'stdout file=x.log');
    expect(driver.loggers.get('RELEASE')).to.equal(logger);
    expect(outcomeOf(() => driver.loggers.create(bob, 'RELEASE'))).to.equal('VERR_ALREADY_EXISTS');
    logger.log('INFO', 'pit', 'one');
    logger.log('DEBUG', 'pit', 'too detailed');
    logger.log('ERROR', 'pic', 'not enabled');
    driver.loggers.settings(bob, 'RELEASE', 'crlf', 'pic -pit', '-file');
    logger.log('ERROR', 'pit', 'no longer enabled');
    logger.log('WARN', 'pic', 'two\nthree\n');
    expect(written).to.deep.equal(['stdout() one\n', 'file(x.log) one\n', 'stdout() two\r\nthree\r\n']);
    driver.loggers.destroy(alice, 'RELEASE');
    driver.loggers.destroy(alice, 'RELEASE');
    expect(driver.loggers.get('RELEASE')).to.equal(undefined);
  });

  it('bad settings change nothing, and make no logger', () => {
    const { driver, alice } = setup();
    for (const [flags, groups, destinations] of [
      ['x', 'pit', 'stdout'],
      ['buffered', 'pit=x', 'stdout'],
      ['buffered', 'pit', 'x'],
      ['buffered', 'pit', 'file'],
      ['buffered', 'pit', 'ring=0'],
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
      'pic=info',
      ['stdout'],
    ]);
    expect(outcomeOf(() => driver.loggers.create(alice, 'OTHER' as 'DEBUG'))).to.equal('VERR_INVALID_PARAMETER');
  });

  it('groups that nobody knows are the default group', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', '', 'default', 'stdout');
    logger.log('INFO', 'unheard-of', 'x');
    expect(written).to.deep.equal(['stdout() x\n']);
  });

  it('that are buffered write when flushed, changed, or destroyed', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', 'buffered', 'pit', 'stdout');
    const enders = [() => logger.flush(), () => driver.loggers.settings(alice, 'DEBUG', '', ''), () => alice.close()];
    for (const end of enders) {
      logger.log('INFO', 'pit', 'x');
      expect(written).to.deep.equal([]);
      end();
      expect(written.splice(0)).to.deep.equal(['stdout() x\n']);
    }
  });

  it('that are disabled log nothing', () => {
    const { driver, alice, written } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', 'disabled', '*', 'stdout');
    expect(logger.isEnabled('ERROR', 'pit')).to.equal(false);
    logger.log('ERROR', 'pit', 'x');
    expect(written).to.deep.equal([]);
  });

  it('a ring buffer holds the last of it', () => {
    const { driver, alice } = setup();
    const logger = driver.loggers.create(alice, 'DEBUG', '', 'pit', 'ring=8');
    for (const text of ['abc', 'def', 'ghi']) logger.log('INFO', 'pit', text);
    expect(logger.ringBuffer).to.equal('def\nghi\n');
  });

  // Prefixes 61.001002 s after the logger was made, which was 1 ms after the clock's beginning.
  const prefixes: readonly [string, string][] = [
    ['', ''],
    ['elapsed', '   61.001002 '],
    ['clock', '   61.002002 '],
    ['level', 'WARN  '],
    ['group', 'pic     '],
    ['group level elapsed', '   61.001002 WARN  pic     '],
  ];
  for (const [flags, prefix] of prefixes) {
    it(`flags '${flags}' put '${prefix}' in front of lines`, () => {
      const { driver, alice, timers, written } = setup();
      timers.advance(NS_PER_MS);
      const logger = driver.loggers.create(alice, 'DEBUG', flags, 'pic', 'stdout');
      timers.advance(61_001_002_000n);
      logger.log('WARN', 'pic', 'text');
      expect(written).to.deep.equal([`stdout() ${prefix}text\n`]);
    });
  }
});
