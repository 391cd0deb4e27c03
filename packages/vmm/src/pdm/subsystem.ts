import type { InfoOutput } from '../dbgf/index.js';
import type { EmtContext } from '../emt/index.js';
import { isRunning, type Subsystem } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';
import { createDevices } from './create-devices.js';
import * as notify from './notify.js';
import type { Owner } from './owner.js';
import { Pdm, type PdmOptions } from './pdm.js';
import { terminateInstances } from './term.js';
import { pdmUnit } from './unit.js';

/**
 * The Pluggable Device Manager of a VM, as `vm.pdm`: modules, devices with their drivers, the unit `pdm`, all as the
 * configuration says. EMT(0) flushes queues, and lets the DMA controller run.
 *
 * Creation fails with what a module or a device fails with, of which the user has been told; what had been made is gone then.
 */
export function pdm(options: PdmOptions = {}): Subsystem {
  const withPdm = <T>(vm: Vm, call: (manager: Pdm) => T): T | undefined => vm.pdm && call(vm.pdm);
  return {
    name: 'PDM',
    init: async (vm, context) => {
      const manager = new Pdm(vm, options);
      vm.pdm = manager;
      try {
        await init(manager, context);
      } catch (error) {
        await terminate(manager, context);
        throw error;
      }
    },
    initCompleted: async (vm, stage, context) => {
      if (stage === 'RING0') await withPdm(vm, (manager) => notify.initComplete(context, manager));
    },
    relocate: (vm, delta, context) => withPdm(vm, (manager) => notify.relocate(context, manager, delta)),
    memSetup: (vm, atReset, context) => withPdm(vm, (manager) => notify.memSetup(context, manager, atReset)),
    powerOn: (vm, context) => withPdm(vm, (manager) => notify.start(context, manager, 'powerOn')),
    resume: (vm, context) => withPdm(vm, (manager) => notify.start(context, manager, 'resume')),
    suspend: (vm, context) => withPdm(vm, (manager) => notify.suspend(context, manager)),
    powerOff: (vm, context) => withPdm(vm, (manager) => notify.powerOff(context, manager)),
    reset: (vm, context) => withPdm(vm, (manager) => notify.reset(context, manager)),
    softReset: (vm, flags, context) => withPdm(vm, (manager) => notify.softReset(context, manager, flags)),
    resetCpu: (vm, idCpu) => {
      for (const kind of ['APIC', 'PIC', 'NMI', 'SMI'] as const) vm.cpus[idCpu]?.setPending(kind, false);
    },
    term: (vm, context) => withPdm(vm, (manager) => terminate(manager, context)),
  };
}

/** `PDMR3Init`. */
async function init(manager: Pdm, context: EmtContext): Promise<void> {
  const { vm, modules } = manager;
  await modules.loadAll('driver');
  await modules.loadAll('device');
  await modules.loadAll('usb');
  if (await createDevices(manager, context)) {
    // Without devices there is nothing that a USB device could be plugged into.
    await manager.usb.createDevices(context);
  }
  vm.registry.register(pdmUnit(manager));
  vm.uvm.info.registerInternal({
    name: 'pdmtracingids',
    description: 'Which device or driver a number in a trace means.',
    handler: (_vm, output) => showTracingIds(manager, output),
  });
  const { chips, queues } = manager;
  vm.steps.push(
    {
      name: 'DMA',
      pending: (emt) => emt.id === 0 && chips.isDmaPending && isRunning(vm.state),
      serve: (emt) => emt.perform('DMA', () => chips.runDma()),
    },
    {
      name: 'queues',
      pending: (emt) => emt.id === 0 && queues.isDue,
      serve: (emt) => emt.perform('queues', () => queues.flushAll()),
    },
  );
}

/** The rest of `PDMR3Term`: what is not anybody's. */
async function terminate(manager: Pdm, context: EmtContext): Promise<void> {
  await terminateInstances(manager, context);
  await manager.endServices();
  if (manager.vm.pdm === manager) manager.vm.pdm = undefined;
}

/** Instances are numbered as they are told of events: devices with the drivers of their LUNs. */
function showTracingIds(manager: Pdm, output: InfoOutput): void {
  const owners = manager.owners();
  output.table([
    ['ID', 'Kind', 'Name', 'Instance'],
    ...owners.map(({ kind, name, instance }: Owner, i) => [i + 1, kind, name, instance]),
  ]);
  output.data(owners.map(({ kind, name, instance }, i) => ({ id: i + 1, kind, name, instance })));
}
