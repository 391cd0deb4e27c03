import { hosts, layout } from '@ssmkit/schema';
import { expect } from 'chai';
import { protections } from '../memory/mapping.js';
import { newDriver, outcomeOf } from '../testing.js';
import type { GlobalInfoOptions } from './global-info.js';
import {
  GIP_MAGIC,
  GIP_VERSION,
  gipCpuStates,
  gipModes,
  SupGipCpu,
  SupGlobalInfoPage,
  SupPageRecord,
  SupRequestHeader,
} from './layout.js';
import {
  checkGip,
  cpuHzFromGip,
  gipCpuOffset,
  gipOffset,
  NO_FREQUENCY,
  nanoTsFromGip,
  readGip,
  readGipCpu,
  tscDeltaFromGip,
} from './reader.js';

const SECOND = 1_000_000_000n;

describe('the layout of the global information page', () => {
  // sup.h; AssertCompileSize and AssertCompileMemberAlignment there say the same.
  const cpu = {
    transactionId: 0,
    updateIntervalTsc: 4,
    nanoTs: 8,
    tsc: 16,
    cpuHz: 24,
    errors: 32,
    tscHistoryHead: 36,
    tscHistory: 40,
    prevUpdateIntervalNs: 72,
    reserved: 76,
    state: 116,
    cpuId: 120,
    cpuSetIndex: 124,
    apicId: 126,
  };
  const page = {
    magic: 0,
    version: 4,
    mode: 8,
    cpus: 12,
    pages: 14,
    updateHz: 16,
    updateIntervalNs: 20,
    nanoTsLastUpdateHz: 24,
    onlineCpuSet: 32,
    presentCpuSet: 64,
    possibleCpuSet: 96,
    onlineCpus: 128,
    presentCpus: 130,
    possibleCpus: 132,
    padding0: 134,
    cpuIdMax: 136,
    padding1: 140,
    cpuFromApicId: 256,
    cpuFromCpuSetIndex: 768,
    cpuTable: 1280,
  };
  for (const host of ['linux.amd64', 'linux.x86', 'win.x86', 'darwin.arm64']) {
    it(`is the same on ${host}`, () => {
      expect(Object.fromEntries(layout(SupGipCpu, hosts[host]).offsets)).to.deep.equal(cpu);
      expect(layout(SupGipCpu, hosts[host]).size).to.equal(128);
      expect(Object.fromEntries(layout(SupGlobalInfoPage, hosts[host]).offsets)).to.deep.equal(page);
      expect(layout(SupGlobalInfoPage, hosts[host]).size).to.equal(1280 + 128);
    });
  }

  it('page records and request headers are as C has them', () => {
    expect(['linux.amd64', 'linux.x86'].map((host) => layout(SupPageRecord, hosts[host]).size)).to.deep.equal([16, 12]);
    expect(layout(SupPageRecord, hosts['linux.amd64']).align).to.equal(4);
    expect(Object.fromEntries(layout(SupRequestHeader).offsets)).to.deep.equal({ magic: 0, size: 4 });
  });

  it('constants are those of sup.h', () => {
    expect([GIP_MAGIC, GIP_VERSION]).to.deep.equal([0x19590106, 0x00030000]);
    expect(gipModes).to.deep.equal({ INVALID: 0, SYNC_TSC: 1, ASYNC_TSC: 2 });
    expect(gipCpuStates).to.deep.equal({ INVALID: 0, ABSENT: 1, OFFLINE: 2, ONLINE: 3 });
  });
});

function mapped(gip: GlobalInfoOptions) {
  const all = newDriver({ gip });
  const { r3, physical } = all.driver.gip.map(all.alice);
  return { ...all, r3, physical, bytes: r3.view() };
}

/** Time in which the updates that are due happen. */
function run(timers: { advance(ns: bigint): void }, ns: bigint): void {
  timers.advance(ns);
}

describe('the global information page', () => {
  it('tells what the host has', () => {
    const { bytes } = mapped({
      updateHz: 50,
      mode: 'ASYNC_TSC',
      cpus: [{ apicId: 4 }, { apicId: 0, state: 'OFFLINE' }, { apicId: 255, state: 'ABSENT' }],
    });
    const page = readGip(bytes);
    expect(page).to.include({ magic: GIP_MAGIC, version: GIP_VERSION, mode: gipModes.ASYNC_TSC, cpus: 3, pages: 1 });
    expect(page).to.include({ updateHz: 50, updateIntervalNs: 20_000_000, cpuIdMax: 2 });
    expect(page).to.include({ onlineCpus: 1, presentCpus: 2, possibleCpus: 3 });
    expect([page.onlineCpuSet[0], page.presentCpuSet[0], page.possibleCpuSet[0]]).to.deep.equal([1, 3, 7]);
    expect(
      [...page.cpuFromApicId].map((index, id) => [id, index]).filter(([, index]) => index !== 0xffff),
    ).to.deep.equal([
      [0, 1],
      [4, 0],
      [255, 2],
    ]);
    expect([...page.cpuFromCpuSetIndex.slice(0, 4)]).to.deep.equal([0, 1, 2, 0xffff]);
    expect(page.cpuTable.map(({ state, cpuId, apicId }) => [state, cpuId, apicId])).to.deep.equal([
      [gipCpuStates.ONLINE, 0, 4],
      [gipCpuStates.OFFLINE, 1, 0],
      [gipCpuStates.ABSENT, 2, 255],
    ]);
  });

  it('has as many pages as its CPUs need, one behind the other below 4 GiB', () => {
    const { bytes, driver, physical } = mapped({ cpus: Array.from({ length: 256 }, () => ({})) });
    expect(bytes.length).to.equal(9 * 4096);
    expect(readGip(bytes).pages).to.equal(9);
    expect(physical).to.equal(driver.gip.physical);
    expect(physical % 4096n).to.equal(0n);
  });

  it('is there to be read, not written', () => {
    const { r3, driver, bytes } = mapped({});
    expect(r3.protectionAt(0)).to.equal(protections.READ);
    expect(outcomeOf(() => r3.write(0, new Uint8Array(1)))).to.equal('VERR_ACCESS_DENIED');
    expect(driver.gip.page).to.deep.equal(bytes);
  });

  it('is mapped once per session, and kept up to date while anybody has it', () => {
    const { driver, timers, alice, bob, r3 } = mapped({});
    expect(driver.gip.map(alice).r3).to.equal(r3);
    driver.gip.map(bob);
    driver.gip.unmap(alice);
    expect([r3.isMapped, timers.waiting]).to.deep.equal([false, 1]);
    bob.close();
    expect([timers.waiting, driver.gip.page]).to.deep.equal([0, undefined]);
    driver.gip.unmap(alice);
  });

  it('is updated at its rate', () => {
    const { bytes, timers } = mapped({ updateHz: 100, cpus: [{ hz: 2n * SECOND }] });
    const before = readGipCpu(bytes, 0);
    run(timers, 10_000_000n - 1n);
    expect(readGipCpu(bytes, 0)).to.deep.equal(before);
    run(timers, 1n);
    const after = readGipCpu(bytes, 0);
    expect(after.transactionId).to.equal(before.transactionId + 2);
    expect([after.nanoTs, after.tsc]).to.deep.equal([10_000_000n, 20_000_000n]);
    expect([after.prevUpdateIntervalNs, after.tscHistoryHead]).to.deep.equal([10_000_000, 1]);
    run(timers, SECOND);
    expect(readGipCpu(bytes, 0).nanoTs).to.equal(SECOND + 10_000_000n);
  });

  for (const updateHz of [20, 100, 1000]) {
    it(`${updateHz} updates per second: the interval has a slack of 1/256, the frequency has none`, () => {
      const { bytes, timers } = mapped({ updateHz });
      run(timers, SECOND);
      const ticks = 1e9 / updateHz;
      const { updateIntervalTsc, cpuHz } = readGipCpu(bytes, 0);
      expect(updateIntervalTsc).to.equal(ticks + Math.floor(ticks / 256));
      expect(cpuHz).to.equal(SECOND);
    });
  }

  // One update at twice the frequency changes the average the less, the more are averaged.
  for (const [updateHz, count] of [
    [20, 2],
    [50, 2],
    [51, 4],
    [100, 4],
    [101, 8],
    [1000, 8],
  ] as const) {
    it(`${updateHz} updates per second: ${count} of them are averaged`, () => {
      let slow = 1n;
      let at = 0n;
      let tsc = 0n;
      const clock = (now: bigint) => {
        tsc += (now - at) * slow;
        at = now;
        return tsc;
      };
      const { bytes, timers } = mapped({ updateHz, cpus: [{ tsc: clock }] });
      const interval = Math.floor(1e9 / updateHz);
      run(timers, 20n * BigInt(interval));
      slow = 2n;
      run(timers, BigInt(interval));
      const average = interval + Math.floor(interval / count);
      expect(readGipCpu(bytes, 0).updateIntervalTsc).to.equal(average + Math.floor(average / 256));
    });
  }

  for (const [name, jump] of [
    ['back', -1n],
    ['by more than 32 bits', 1n << 33n],
  ] as const) {
    it(`a TSC that jumps ${name} is an error that is counted, not believed`, () => {
      let extra = 0n;
      const { bytes, timers } = mapped({ cpus: [{ tsc: (now) => now + extra }] });
      run(timers, SECOND);
      const before = readGipCpu(bytes, 0).updateIntervalTsc;
      extra = jump * SECOND;
      run(timers, 10_000_000n);
      const after = readGipCpu(bytes, 0);
      expect(after.errors).to.equal(1);
      expect(Math.abs(after.updateIntervalTsc - before) / before).to.be.lessThan(0.02);
    });
  }

  it('in the synchronous mode only the first CPU is updated, in the asynchronous one all that are online', () => {
    const cpus = [{}, {}, { state: 'OFFLINE' as const }];
    for (const [mode, updated] of [
      ['SYNC_TSC', [true, false, false]],
      ['ASYNC_TSC', [true, true, false]],
    ] as const) {
      const { bytes, timers } = mapped({ mode, cpus });
      run(timers, SECOND);
      expect(
        [0, 1, 2].map((i) => readGipCpu(bytes, i).nanoTs === SECOND),
        mode,
      ).to.deep.equal(updated);
    }
  });

  it('CPUs come and go', () => {
    const { bytes, driver } = mapped({ cpus: [{}, {}] });
    const counts = () => {
      const { onlineCpus, presentCpus, onlineCpuSet, presentCpuSet, cpuTable } = readGip(bytes);
      return [onlineCpus, presentCpus, onlineCpuSet[0], presentCpuSet[0], cpuTable[1]!.state];
    };
    driver.gip.setCpuState(1, 'OFFLINE');
    expect(counts()).to.deep.equal([1, 2, 1, 3, gipCpuStates.OFFLINE]);
    driver.gip.setCpuState(1, 'ABSENT');
    driver.gip.setCpuState(1, 'ABSENT');
    expect(counts()).to.deep.equal([1, 1, 1, 1, gipCpuStates.ABSENT]);
    driver.gip.setCpuState(1, 'ONLINE');
    expect(counts()).to.deep.equal([2, 2, 3, 3, gipCpuStates.ONLINE]);
    expect(outcomeOf(() => driver.gip.setCpuState(2, 'ONLINE'))).to.equal('VERR_INVALID_CPU_ID');
  });

  it('measures its own rate over 1000 updates, and believes what is not too far off', () => {
    // Timers that run late: each of them takes as many times as long.
    for (const [factor, measured] of [
      [2n, 50],
      [3n, 100],
    ] as const) {
      const all = newDriver({ gip: { updateHz: 100 } });
      const { after } = all.timers;
      all.timers.after = (delay, call) => after.call(all.timers, delay * factor, call);
      const { r3 } = all.driver.gip.map(all.alice);
      all.timers.advance((1000n * factor * SECOND) / 100n);
      const { updateHz: hz, updateIntervalNs } = readGip(r3.view());
      expect([hz, updateIntervalNs]).to.deep.equal([measured, 1e9 / measured]);
    }
  });

  for (const options of [
    { cpus: [] },
    { cpus: Array.from({ length: 257 }, () => ({})) },
    { cpus: [{ apicId: 1 }, {}] },
    { cpus: [{ apicId: 256 }] },
    { updateHz: 0 },
    { updateHz: 0.5 },
  ] satisfies GlobalInfoOptions[]) {
    it(`${JSON.stringify(options).slice(0, 40)} is no host`, () =>
      expect(outcomeOf(() => newDriver({ gip: options }))).to.equal('VERR_INVALID_PARAMETER'));
  }
});

describe('readers of the global information page', () => {
  it('refuse what is no page, or one of another major version', () => {
    const { driver, bytes } = mapped({});
    expect(outcomeOf(() => checkGip(new Uint8Array(10)))).to.equal('VERR_INVALID_MAGIC');
    expect(outcomeOf(() => checkGip(new Uint8Array(4096)))).to.equal('VERR_INVALID_MAGIC');
    const version = (value: number) => {
      new DataView(driver.gip.kernel.view('write').buffer).setUint32(gipOffset.page('version'), value, true);
      return outcomeOf(() => checkGip(bytes));
    };
    expect(version(0x0003_0001), 'another minor version').to.equal('VINF_SUCCESS');
    expect(version(0x0004_0000)).to.equal('VERR_VERSION_MISMATCH');
    expect(version(0x0002_ffff)).to.equal('VERR_VERSION_MISMATCH');
  });

  for (const index of [-1, 1, 0.5]) {
    it(`there is no CPU ${index}`, () =>
      expect(outcomeOf(() => readGipCpu(mapped({}).bytes, index))).to.equal('VERR_INVALID_CPU_ID'));
  }

  it('do not read while the page is being written', () => {
    const { driver, bytes } = mapped({});
    const number = new Int32Array(driver.gip.kernel.view('write').buffer, gipCpuOffset(0), 1);
    number[0]!++;
    expect(outcomeOf(() => readGipCpu(bytes, 0))).to.equal('VERR_TRY_AGAIN');
    number[0]!++;
    expect(outcomeOf(() => readGipCpu(bytes, 0))).to.equal('VINF_SUCCESS');
  });

  it('nobody sees half an update: the number is odd while the TSC is asked for', () => {
    const seen: string[] = [];
    let bytes: Uint8Array | undefined;
    const tsc = (now: bigint) => {
      if (bytes !== undefined) seen.push(outcomeOf(() => readGipCpu(bytes!, 0)));
      return now;
    };
    const all = mapped({ cpus: [{ tsc }] });
    bytes = all.bytes;
    run(all.timers, 30_000_000n);
    expect(seen).to.deep.equal(['VERR_TRY_AGAIN', 'VERR_TRY_AGAIN', 'VERR_TRY_AGAIN']);
    expect(readGipCpu(bytes, 0).transactionId % 2).to.equal(0);
  });

  it('read again what was changed while they read it', () => {
    const { bytes } = mapped({});
    // A page whose writer comes in between, once: the copy that a reader makes is of bytes that change under it.
    const copy = new Uint8Array(bytes);
    const number = new Int32Array(copy.buffer, gipCpuOffset(0), 1);
    const view = new DataView(copy.buffer);
    const { getUint8 } = DataView.prototype;
    let times = 0;
    DataView.prototype.getUint8 = function (at) {
      if (this.buffer === copy.buffer && at === gipCpuOffset(0) + gipOffset.cpu('tsc') && times++ === 0) {
        number[0]! += 2;
        view.setBigUint64(gipCpuOffset(0) + gipOffset.cpu('nanoTs'), 77n, true);
        view.setBigUint64(gipCpuOffset(0) + gipOffset.cpu('tsc'), 78n, true);
      }
      return getUint8.call(this, at);
    };
    try {
      const { nanoTs, tsc } = readGipCpu(copy, 0);
      expect([nanoTs, tsc, times]).to.deep.equal([77n, 78n, 2]);
    } finally {
      DataView.prototype.getUint8 = getUint8;
    }
  });

  const two = {
    mode: 'ASYNC_TSC' as const,
    cpus: [
      { apicId: 3, hz: SECOND },
      { apicId: 9, hz: 2n * SECOND, tscDelta: 5000n },
    ],
  };

  it('frequency: of the CPU in the asynchronous mode, of the first one in the synchronous mode', () => {
    const { bytes } = mapped(two);
    expect([3, 9].map((id) => cpuHzFromGip(bytes, id))).to.deep.equal([SECOND, 2n * SECOND]);
    const sync = mapped({ ...two, mode: 'SYNC_TSC' }).bytes;
    expect([3, 9, 77].map((id) => cpuHzFromGip(sync, id))).to.deep.equal([SECOND, SECOND, SECOND]);
  });

  it('frequency: UINT64_MAX without a page, a magic or such a CPU', () => {
    const { bytes } = mapped(two);
    expect(cpuHzFromGip(undefined, 3)).to.equal(NO_FREQUENCY);
    expect(cpuHzFromGip(new Uint8Array(4096), 3)).to.equal(NO_FREQUENCY);
    for (const id of [0, 255, 256, -1]) expect(cpuHzFromGip(bytes, id), String(id)).to.equal(NO_FREQUENCY);
  });

  it('time: goes on with the TSC between updates, and never beyond the next one', () => {
    const { bytes, timers } = mapped({});
    run(timers, SECOND);
    const { updateIntervalTsc } = readGipCpu(bytes, 0);
    const at = (ticks: bigint) => nanoTsFromGip(bytes, 0, SECOND + ticks) - SECOND;
    expect(at(0n)).to.equal(0n);
    expect(at(-5n), 'a TSC from before the update').to.equal(0n);
    expect(at(5_000_000n)).to.equal((5_000_000n * 10_000_000n) / BigInt(updateIntervalTsc));
    expect(at(BigInt(updateIntervalTsc))).to.equal(10_000_000n);
    expect(at(1n << 40n)).to.equal(10_000_000n);
    expect(outcomeOf(() => nanoTsFromGip(mapped(two).bytes, 0, 0n))).to.equal('VERR_INVALID_CPU_ID');
  });

  it('TSC delta: how far a CPU is ahead of the first one', () => {
    const ahead = { mode: 'ASYNC_TSC' as const, cpus: [{}, { tscDelta: 5000n }, { tscDelta: -7n }] };
    const { bytes, timers } = mapped(ahead);
    run(timers, SECOND);
    expect([0, 1, 2].map((i) => tscDeltaFromGip(bytes, i))).to.deep.equal([0n, 5000n, -7n]);
    const sync = mapped({ ...ahead, mode: 'SYNC_TSC' }).bytes;
    expect(tscDeltaFromGip(sync, 1)).to.equal(0n);
  });
});
