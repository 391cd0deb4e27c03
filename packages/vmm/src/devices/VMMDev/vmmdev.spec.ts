import { PASS_FINAL, putInto } from '@ssmkit/runtime';
import { HgcmCommandV9, TimerState, VmmDev } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { ConfigLiteral } from '../../cfgm/index.js';
import { failureStatus } from '../../emt/testing.js';
import { realUnits } from '../testing/node/real-units.js';
import { DeviceBench } from '../testing.js';
import { vmmDev } from './vmmdev.js';

const UTC = 1_700_000_000_000_000_000n;

async function bench(config: ConfigLiteral = {}) {
  const machine = new DeviceBench({ utc: UTC });
  const device = await machine.add(vmmDev, config);
  return { machine, device };
}

function unit(version: number, set: (state: VmmDev) => void): Uint8Array {
  const state = new VmmDev();
  state.config.mmioRequests = false;
  set(state);
  return putInto((stream) => stream.put(state), { version });
}

describe('VMMDev', () => {
  it('has memory of its own, and knows of no Guest Additions', async () => {
    const { machine, device } = await bench();
    const ranges = machine.memory.mmio2.map(({ region, description, size }) => [region, description, size]);
    expect(ranges).to.deep.equal([
      [1, 'VMMDev', 0x400000],
      [2, 'VMMDev Heap', 0x4000],
    ]);
    expect(device.state.facilities.map(({ facility }) => facility)).to.deep.equal([20, 100, 101, 1000, 1100]);
    expect(device.state.facilities[0]!.time).to.equal(UTC);
    expect((await bench({ HeapEnabled: false })).machine.memory.mmio2).to.have.length(1);
  });

  it('notices that heartbeats have stopped', async () => {
    const { machine, device } = await bench();
    const bytes = unit(20, (state) => {
      state.heartbeatActive = true;
      state.flatlineTimer.state = TimerState.Active;
      state.flatlineTimer.expire = 4_000_000_000n;
    });
    await machine.loadUnit('VMMDev', 20, bytes);
    await machine.resume();
    machine.runFor(3_999_999_999n);
    expect(device.state.flatlined).to.equal(false);
    machine.runFor(1n);
    expect(device.state.flatlined).to.equal(true);
  });

  it('forgets Guest Additions at a reset', async () => {
    const { machine, device } = await bench();
    const fresh = machine.unitBytes('VMMDev');
    Object.assign(device.state, { additionsName: '7.2.0', guestCapabilities: 7, heartbeatActive: true });
    await machine.reset();
    expect(machine.unitBytes('VMMDev')).to.deep.equal(fresh);
  });

  it('loads all versions, and what it has saved itself', async () => {
    for (let version = 6; version <= 20; version++) {
      const { machine, device } = await bench();
      await machine.loadUnit(
        'VMMDev',
        version,
        unit(version, (state) => {
          state.osType = 0x53100;
          state.additionsName = 'seven';
        }),
      );
      expect(device.state.osType, `version ${version}`).to.equal(0x53100);
      expect(device.state.additionsName).to.equal(version >= 14 ? 'seven' : '');
      const other = await bench();
      await other.machine.load(await machine.save());
      expect(other.machine.unitBytes('VMMDev')).to.deep.equal(machine.unitBytes('VMMDev'));
    }
  });

  it('refuses what it cannot keep', async () => {
    const { machine } = await bench();
    const calls = unit(9, (state) => {
      state.commandsV9 = [new HgcmCommandV9()];
    });
    expect(await failureStatus(machine.loadUnit('VMMDev', 9, calls))).to.equal('VERR_NOT_SUPPORTED');
    for (const version of [5, 21]) {
      expect(await failureStatus(machine.loadUnit('VMMDev', version, calls))).to.equal(
        'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
      );
    }
    const { machine: other } = await bench({ HeapEnabled: false });
    const heap = unit(20, () => {});
    expect(await failureStatus(other.loadUnit('VMMDev', 20, heap))).to.equal('VERR_SSM_LOAD_CONFIG_MISMATCH');
  });

  it('units of real machines are loaded, and saved again byte for byte', async function () {
    const units = await realUnits('VMMDev');
    if (units.length === 0) this.skip();
    for (const { file, version, pass, bytes } of units) {
      const { machine } = await bench();
      if (pass === PASS_FINAL) await machine.loadUnit('VMMDev', version, bytes);
      expect([...machine.unitBytes('VMMDev', 0, pass)], file).to.deep.equal([...bytes]);
    }
    expect(units.length).to.be.greaterThan(20);
  });
});
