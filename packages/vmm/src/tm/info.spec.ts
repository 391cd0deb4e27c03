import { expect } from 'chai';
import { InfoRegistry } from '../dbgf/index.js';
import { registerTmInfo, tmInfo } from './info.js';
import { MS, TestTime } from './testing.js';

function machine(): TestTime {
  const time = new TestTime({ TSCTicksPerSecond: 2_000_000_000n });
  const { tm } = time;
  const owner = { kind: 'device', instance: { name: 'i8254' } } as const;
  const pit = tm.createTimer({ clock: 'VIRTUAL_SYNC', name: 'PIT', owner, callback: () => {} });
  pit.frequencyHint = 18;
  pit.set(MS);
  tm.createTimer({ clock: 'REAL', name: 'VGA refresh', callback: () => {} });
  tm.resume();
  time.host.advance(3n * MS);
  return time;
}

describe('info items of TM', () => {
  it('alltimers: all', () => {
    const { text, data } = tmInfo(machine().tm, 'alltimers');
    expect(text.split('\n').map((line) => line.split(/ {2,}/))).to.deep.equal([
      ['Name', 'Owner', 'Clock', 'Time', 'Expire', 'Hint', 'State'],
      ['VGA refresh', 'internal', 'REAL', '3', '-', '0', '1-STOPPED'],
      ['PIT', 'device i8254', 'VIRTUAL_SYNC', '1000000', '1000000', '18', '2-ACTIVE'],
      [''],
    ]);
    const real = {
      name: 'VGA refresh',
      owner: 'internal',
      clock: 'REAL',
      now: '3',
      frequencyHint: 0,
      state: 'STOPPED',
    };
    expect(data).to.deep.equal([
      real,
      {
        ...{ name: 'PIT', owner: 'device i8254', clock: 'VIRTUAL_SYNC', now: '1000000', expire: '1000000' },
        ...{ frequencyHint: 18, state: 'ACTIVE' },
      },
    ]);
  });

  it('activetimers: those that are armed', () => {
    const { text, data } = tmInfo(machine().tm, 'activetimers');
    expect(text).to.contain('PIT').and.not.contain('VGA');
    expect((data as { name: string }[]).map(({ name }) => name)).to.deep.equal(['PIT']);
  });

  it('time: all clocks, and the lag', () => {
    const { tm } = machine();
    tm.run();
    const { text, data } = tmInfo(tm, 'time');
    expect(text.split('\n').map((line) => line.split(/ {2,}/))).to.deep.equal([
      ['TSC 0', '2000000', '2000000000 Hz', 'ticking', 'virtual'],
      ['REAL', '3', '1000 Hz', 'ticking'],
      ['VIRTUAL', '3000000', '1000000000 Hz', 'ticking', 'warp 100%'],
      ['VIRTUAL_SYNC', '1000000', '1000000000 Hz', 'ticking', 'catch-up 10%'],
      ['The guest is 2000000 ns behind: 2000000 ns to be made up for, 0 ns lost.'],
      [''],
    ]);
    expect(JSON.parse(JSON.stringify(data))).to.deep.include({
      virtualSync: { offset: '2000000', lag: '2000000', givenUp: '0', catchUpPercentage: 10 },
      warpPercentage: 100,
    });
  });

  it('is registered by name', async () => {
    const registry = new InfoRegistry();
    const { tm } = machine();
    registerTmInfo(registry, tm);
    expect(registry.items.map(({ name }) => name)).to.deep.equal(['activetimers', 'alltimers', 'time']);
    expect(await registry.text('time')).to.equal(tmInfo(tm, 'time').text);
    expect((await registry.json('alltimers')).data).to.deep.equal(tmInfo(tm, 'alltimers').data);
  });
});
