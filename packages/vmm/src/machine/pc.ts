import { SsmError } from '@ssmkit/runtime';
import type { Catalog } from '@ssmkit/vbox';
import { type ConfigLiteral, type ConfigNode, configTree, copyTree } from '../cfgm/index.js';
import { builtinDevices } from '../devices/index.js';
import { builtinDrivers, DisplayEnd, KeyboardEnd, MouseEnd, StreamEnd } from '../drivers/index.js';
import { em, vmm } from '../em/index.js';
import { Cpu8086State, IEM_UNIT, IEM_UNIT_VERSION, iem } from '../iem/index.js';
import { cpuIo, iom } from '../iom/index.js';
import { mm } from '../mm/index.js';
import { type InterfaceId, type PdmModule, type PdmOptions, pdm, queryInterface } from '../pdm/index.js';
import { pgm } from '../pgm/index.js';
import { type TmSubsystemOptions, tm } from '../tm/index.js';
import { createVm, type Subsystem, type Uvm, type VmOptions } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';

/**
 * What a PC is made with; what is not said here, as {@link createVm}. With `StepTimers` time goes by as the CPU executes,
 * and the same program does the same each time.
 */
export interface PcOptions extends Omit<VmOptions, 'cpuCount' | 'subsystems' | 'executor'> {
  /** A program that is put at 0000:7C00 and started there. */
  readonly image: Uint8Array;
  /** Laid over {@link pcConfig}: values replace, nodes merge. What is to go `configure` can remove afterwards. */
  readonly config?: ConfigLiteral;
  /** Modules with more devices and drivers, by name, which `config` then names. */
  readonly modules?: Readonly<Record<string, PdmModule>>;
  /** Loads modules that `config` has by their paths. */
  readonly loader?: PdmOptions['loader'];
  readonly time?: TmSubsystemOptions;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;

const device = { Config: {} };

/** The configuration of a PC that runs a program. */
export function pcConfig(image: Uint8Array): ConfigNode {
  return configTree({
    Name: 'PC',
    RamSize: MIB,
    RamHoleSize: 512 * MIB,
    PDM: { Devices: { LoadBuiltin: true }, Drivers: { LoadBuiltin: true } },
    Devices: {
      bootrom: { 0: { Config: { Image: image } } },
      i8259: { 0: { Trusted: true, Config: {} } },
      i8254: { 0: device },
      mc146818: { 0: device },
      '8237A': { 0: device },
      pckbd: {
        0: { Trusted: true, Config: {}, 'LUN#0': { Driver: 'MainKeyboard' }, 'LUN#1': { Driver: 'MainMouse' } },
      },
      vga: { 0: { Config: { VRamSize: 256 * KIB }, 'LUN#0': { Driver: 'MainDisplay' } } },
      serial: {
        0: {
          Config: { IRQ: 4, IOBase: 0x3f8 },
          'LUN#0': { Driver: 'Char', AttachedDriver: { Driver: 'MemoryStream' } },
        },
      },
    },
  });
}

/** The vector that a bus nobody drives gives. */
const FLOATING_BUS = 0xff;

/** Creates a PC. @throws SsmError as {@link createVm}. */
export function createPc(options: PcOptions): Promise<Uvm> {
  const { image, config = {}, configure, modules = {}, loader, time, ...rest } = options;
  const subsystems: Subsystem[] = [
    mm(),
    pgm(),
    tm(time),
    vmm(),
    em(),
    iom(),
    ...iem({ bus }),
    pdm({
      builtin: {
        VBoxDD: { VBoxDevicesRegister: builtinDevices, VBoxDriversRegister: builtinDrivers },
        ...modules,
      },
      ...(loader !== undefined && { loader }),
    }),
  ];
  return createVm({
    ...rest,
    subsystems,
    configure: (root, uvm) => {
      for (const layer of [pcConfig(image), configTree(config)]) {
        copyTree(root, layer, { values: 'replace', keys: 'merge' });
      }
      return configure?.(root, uvm);
    },
  });
}

/** The CPU's lines. */
function bus(vm: Vm) {
  const memory = vm.pgm?.cpus[0];
  if (memory === undefined || vm.iom === undefined) {
    throw new SsmError('VERR_WRONG_ORDER', 'the CPU needs PGM and IOM, which are not plugged in');
  }
  return {
    memory,
    io: cpuIo(vm.iom),
    acknowledge: () => vm.pdm?.getInterrupt(0) ?? FLOATING_BUS,
  };
}

/** The other end of a serial port, where `MemoryStream` is below it. @throws SsmError as `Pdm.queryDriverOnLun`. */
export function serialEnd(uvm: Uvm, port = 0): StreamEnd {
  return endOf(uvm, { device: 'serial', instance: port, lun: 0, driver: 'MemoryStream' }, StreamEnd);
}

/** The keyboard, where `MainKeyboard` is what types. @throws SsmError as `Pdm.queryDriverOnLun`. */
export function keyboardEnd(uvm: Uvm): KeyboardEnd {
  return endOf(uvm, { device: 'pckbd', instance: 0, lun: 0, driver: 'MainKeyboard' }, KeyboardEnd);
}

/** The mouse, where `MainMouse` is what points. @throws SsmError as `Pdm.queryDriverOnLun`. */
export function mouseEnd(uvm: Uvm): MouseEnd {
  return endOf(uvm, { device: 'pckbd', instance: 0, lun: 1, driver: 'MainMouse' }, MouseEnd);
}

/** What is on the screen, where `MainDisplay` looks at it. @throws SsmError as `Pdm.queryDriverOnLun`. */
export function displayEnd(uvm: Uvm): DisplayEnd {
  return endOf(uvm, { device: 'vga', instance: 0, lun: 0, driver: 'MainDisplay' }, DisplayEnd);
}

interface Place {
  readonly device: string;
  readonly instance: number;
  readonly lun: number;
  readonly driver: string;
}

/** The program's end of a driver. */
function endOf<T extends object>(uvm: Uvm, { device, instance, lun, driver }: Place, id: InterfaceId<T>): T {
  const manager = uvm.vm?.pdm;
  if (manager === undefined) throw new SsmError('VERR_INVALID_VM_HANDLE', 'there is no VM with devices');
  const end = queryInterface(manager.queryDriverOnLun(device, instance, lun, driver), id);
  if (end === undefined) throw new SsmError('VERR_PDM_DRIVER_NOT_FOUND', `'${driver}' has no end for the program`);
  return end;
}

/** Tells a catalog of the units that only this VMM has, so that tools show them: `ssm dump --units`. */
export function pcUnits(catalog: Catalog): void {
  catalog.define({ name: IEM_UNIT, versions: [IEM_UNIT_VERSION], pass: 'final', target: Cpu8086State });
}
