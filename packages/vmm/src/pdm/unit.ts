import {
  type GetStream,
  isSsmError,
  type LoadHandle,
  PASS_FINAL,
  SsmError,
  type UnitRegistration,
} from '@ssmkit/runtime';
import { PdmCpu, PdmDevice, PdmLive, Pdm as PdmState } from '@ssmkit/vbox';
import type { VirtualCpu } from '../vm/index.js';
import type { Pdm } from './pdm.js';

/*
 * What PDM itself saves: interrupts and DMA that wait, and which devices the machine has (`VirtualBox 7.2 PDMR3.cpp,
 * pdmR3LiveExec, pdmR3SaveExec, pdmR3LoadExec`). A state of a machine with other devices is refused before any device
 * has to find out.
 */

export const PDM_UNIT = 'pdm';
export const PDM_UNIT_VERSION = 5;
const VERSION_BEFORE_AUDIO = 4;
const OLDEST_VERSION = 3;

/** Devices that one side may lack. */
const tolerated = {
  /** In a state, though the machine has none. */
  inState: new Set(['apic', 'apic-nem']),
  /** In the machine, though the state has none. */
  inMachine: new Set(['apic', 'apic-nem', 'tpm-ppi']),
} as const;

/** Left versions up to 4, when audio was changed. */
const OLD_AUDIO = 'AudioSniffer';

const kinds = [
  ['apic', 'APIC'],
  ['pic', 'PIC'],
  ['nmi', 'NMI'],
  ['smi', 'SMI'],
] as const;

export function pdmUnit(pdm: Pdm): UnitRegistration {
  const { vm } = pdm;
  return {
    name: PDM_UNIT,
    instance: 1,
    version: PDM_UNIT_VERSION,
    guess: 128,
    liveExec: (stream) => {
      stream.put(Object.assign(new PdmLive(), { devices: devicesOf(pdm) }));
      return 'VINF_SSM_DONT_CALL_AGAIN';
    },
    saveExec: (stream) => {
      const state = Object.assign(new PdmState(), {
        cpuCount: vm.cpus.length,
        cpus: vm.cpus.map(saveCpu),
        dma: pdm.chips.isDmaPending ? 1 : 0,
        devices: devicesOf(pdm),
      });
      stream.put(state);
    },
    loadPrep: () => {
      pdm.queues.drain();
      pdm.chips.clear();
    },
    loadExec: (stream, version, pass, handle) => {
      if (!(version >= OLDEST_VERSION && version <= PDM_UNIT_VERSION)) {
        throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${PDM_UNIT}'`);
      }
      if (pass !== PASS_FINAL) {
        const live = stream.get(new PdmLive());
        return compareDevices(pdm, live.devices, version, handle);
      }
      const state = getState(stream, vm.cpus.length);
      for (const [i, cpu] of vm.cpus.entries()) loadCpu(cpu, state.cpus[i]!);
      pdm.chips.isDmaPending = state.dma === 1;
      return compareDevices(pdm, state.devices, version, handle);
    },
  };
}

/** @throws SsmError VERR_SSM_DATA_UNIT_FORMAT_CHANGED for what is neither yes nor no. */
function getState(stream: GetStream, cpuCount: number): PdmState {
  try {
    // The unit does not say how many CPUs there are.
    return stream.get(Object.assign(new PdmState(), { cpuCount }));
  } catch (error) {
    if (!isSsmError(error) || error.status !== 'VERR_OUT_OF_RANGE') throw error;
    throw new SsmError('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', error.detail, error.where, { cause: error });
  }
}

function devicesOf(pdm: Pdm): PdmDevice[] {
  return pdm.deviceEntries.map(({ name, instance }, index) =>
    Object.assign(new PdmDevice(), { index, name, instance }),
  );
}

function saveCpu(cpu: VirtualCpu): PdmCpu {
  const saved = new PdmCpu();
  for (const [field, kind] of kinds) saved[field] = cpu.isPending(kind) ? 1 : 0;
  return saved;
}

function loadCpu(cpu: VirtualCpu, saved: PdmCpu): void {
  for (const [field, kind] of kinds) cpu.setPending(kind, saved[field] === 1);
}

/** @returns a failure when the state is of a machine with other devices, unless it is loaded to be looked at. */
function compareDevices(pdm: Pdm, saved: readonly PdmDevice[], version: number, handle: LoadHandle) {
  const keyOf = ({ name, instance }: { readonly name: string; readonly instance: number }) => `'${name}'/${instance}`;
  const here = new Set(pdm.deviceEntries.map(keyOf));
  const there = new Set(saved.map(keyOf));
  const missing = saved.filter(
    (device) =>
      !here.has(keyOf(device)) &&
      !tolerated.inState.has(device.name) &&
      !(device.name === OLD_AUDIO && version <= VERSION_BEFORE_AUDIO),
  );
  const surplus = pdm.deviceEntries.filter(
    (device) => !there.has(keyOf(device)) && !tolerated.inMachine.has(device.name),
  );
  const problems = [
    ...missing.map((device) => `device ${keyOf(device)} of the saved state is not in this machine`),
    ...surplus.map((device) => `device ${keyOf(device)} of this machine is not in the saved state`),
  ];
  if (problems.length === 0) return undefined;
  for (const problem of problems) pdm.log(`PDM: ${problem}`);
  return handle.after === 'DEBUG_IT' ? undefined : handle.setCfgError(problems.join('; '));
}
