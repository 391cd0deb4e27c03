import { getFrom, type LoadHandle, PASS_FINAL, putInto, type SaveHandle } from '@ssmkit/runtime';
import { PdmLive, Pdm as PdmState } from '@ssmkit/vbox';
import { expect } from 'chai';
import { realUnits } from '../devices/testing/node/real-units.js';
import { createMachine, managerOf, testDevice } from './testing.js';
import { PDM_UNIT, PDM_UNIT_VERSION } from './unit.js';

/*
 * The unit of real machines, in machines that have devices of the same names, in the same order
 */

/** Bytes of what is pending at a CPU, and of DMA. */
const CPU_BYTES = 16;
const DMA_BYTES = 4;

/** How many CPUs a unit is of: the bytes in front of the devices say it. */
function cpuCountOf(bytes: Uint8Array): number {
  for (let cpus = 1; ; cpus++) {
    // Behind the CPUs and DMA there is device 0, whose name is no small number.
    const at = CPU_BYTES * cpus + DMA_BYTES;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) > 1 && view.getUint32(at + 4, true) < 64)
      return cpus;
  }
}

describe("the unit 'pdm' of real machines", () => {
  it('is loaded, and saved again byte for byte, in all passes', async function () {
    const units = (await realUnits(PDM_UNIT)).filter(({ version }) => version === PDM_UNIT_VERSION);
    if (units.length === 0) this.skip();
    for (const { file, pass, bytes, version } of units) {
      const isFinal = pass === PASS_FINAL;
      const cpuCount = isFinal ? cpuCountOf(bytes) : 1;
      const { devices } = isFinal
        ? getFrom(bytes).get(Object.assign(new PdmState(), { cpuCount }))
        : getFrom(bytes).get(new PdmLive());
      const names = [...new Set(devices.map(({ name }) => name))];
      const config = Object.fromEntries(
        names.map((name, priority) => {
          const instances = devices.filter((device) => device.name === name).map(({ instance }) => [instance, {}]);
          return [name, { Priority: priority, ...Object.fromEntries(instances) }];
        }),
      );
      const vm = await createMachine({
        cpuCount,
        devices: names.map((name) => testDevice(name)),
        config: { Devices: config } as never,
      });
      const unit = vm.vm.registry.find(PDM_UNIT, 1)!;
      const problems: string[] = [];
      const handle = { after: 'RESUME', setCfgError: (message: string) => problems.push(message) };
      expect(await unit.loadExec?.(getFrom(bytes), version, pass, handle as unknown as LoadHandle), file).to.equal(
        undefined,
      );
      expect(problems, file).to.deep.equal([]);
      const saved = putInto((stream) => {
        if (isFinal) void unit.saveExec?.(stream, {} as SaveHandle);
        else void unit.liveExec?.(stream, pass, {} as SaveHandle);
      });
      expect(saved, `${file}, pass ${pass}`).to.deep.equal(bytes);
      expect(managerOf(vm).deviceEntries).to.have.length(devices.length);
      await vm.end();
    }
  });
});
