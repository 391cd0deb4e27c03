import { expect } from 'chai';
import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import { outcome } from '../iprt/testing.js';
import { readTmSettings } from './config.js';

const read = (literal: ConfigLiteral) => readTmSettings(configTree(literal));

describe('readTmSettings', () => {
  it('has defaults for everything', () => {
    const settings = readTmSettings(undefined);
    expect(settings).to.deep.equal(read({}));
    expect(settings).to.deep.equal({
      catchUp: {
        // us and percent.
        periods: [
          [750, 5],
          [1500, 10],
          [8000, 25],
          [30_000, 50],
          [75_000, 75],
          [175_000, 100],
          [500_000, 200],
          [3_000_000, 300],
          [30_000_000, 400],
          [55_000_000, 500],
        ].map(([start, percentage]) => ({ start: BigInt(start!) * 1000n, percentage: BigInt(percentage!) })),
        stopThreshold: 500_000n,
        giveUpThreshold: 60_000_000_000n,
        slack: 100_000n,
      },
      warpPercentage: 100n,
      utcOffset: 0n,
      tscFrequency: undefined,
      hostHzMax: 20_000n,
    });
  });

  it('reads every value, with the spelling of the original', () => {
    const settings = read({
      CatchUpStartThreshold0: 5,
      CatchUpPrecentage0: 7,
      CatchUpStopThreshold: 3,
      CatchUpGiveUpThreshold: 2n ** 40n,
      ScheduleSlack: 9,
      WarpDrivePercentage: 50,
      UTCOffset: 2n ** 64n - 5n,
      TSCMode: 'Dynamic',
      TSCTicksPerSecond: 4_770_000,
      HostHzMax: 100,
      TimerMillies: 10,
    });
    expect(settings.catchUp.periods[0]).to.deep.equal({ start: 5n, percentage: 7n });
    expect(settings).to.deep.include({
      warpPercentage: 50n,
      utcOffset: -5n,
      hostHzMax: 100n,
    });
    expect(settings.tscFrequency).to.equal(4_770_000n);
    expect(settings.catchUp).to.deep.include({ stopThreshold: 3n, giveUpThreshold: 2n ** 40n, slack: 9n });
  });

  for (const [name, status, literal] of [
    ['starts must rise', 'VERR_INVALID_PARAMETER', { CatchUpStartThreshold1: 750_000 }],
    ['starts must be below giving up', 'VERR_INVALID_PARAMETER', { CatchUpGiveUpThreshold: 55_000_000_000n }],
    ['warp drive', 'VERR_INVALID_PARAMETER', { WarpDrivePercentage: 0 }],
    ['warp drive', 'VERR_INVALID_PARAMETER', { WarpDrivePercentage: 10_001 }],
    ['TSC below 1 kHz', 'VERR_INVALID_PARAMETER', { TSCTicksPerSecond: 999 }],
    ['TSC above 1 THz', 'VERR_INVALID_PARAMETER', { TSCTicksPerSecond: 1_000_000_000_001n }],
    ['the right spelling is wrong', 'VERR_CFGM_CONFIG_UNKNOWN_VALUE', { CatchUpPercentage0: 1 }],
    ['there are ten periods', 'VERR_CFGM_CONFIG_UNKNOWN_VALUE', { CatchUpStartThreshold10: 1 }],
    ['no nodes', 'VERR_CFGM_CONFIG_UNKNOWN_NODE', { Config: {} }],
    ['types', 'VERR_CFGM_NOT_INTEGER', { ScheduleSlack: '100' }],
  ] as const satisfies readonly (readonly [string, string, ConfigLiteral])[]) {
    it(`${status}: ${name}: ${Object.keys(literal)[0]}`, () => {
      expect(outcome(() => read(literal))).to.equal(status);
    });
  }
});
