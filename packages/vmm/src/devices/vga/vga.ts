import {
  type GetStream,
  type LoadHandle,
  PASS_FINAL,
  type PutStream,
  type SaveHandle,
  SsmError,
} from '@ssmkit/runtime';
import { catalog, HgsmiHeapType, Screen, Vga, VgaConfig } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import { baseOf, offer, queryInterface } from '../../pdm/interface-ids.js';
import { DisplayConnector, DisplayPort } from '../../pdm/interfaces.js';
import type { Mmio2Range } from '../../pgm/index.js';
import type { TmTimer } from '../../tm/index.js';
import { attachDriver } from '../attach-driver.js';
import { showVga } from './info.js';
import { readWindow, WINDOW, writeWindow } from './memory.js';
import { powerOnState, sizeOf } from './power-on.js';
import { RegisterFile, status1At } from './registers.js';

/*
 * `vga`: a graphics adapter
 *
 *     0x3B4…0x3DA   registers
 *     0xA0000       a window on video memory, which is `VRam` of the unit `pgm`
 *     LUN#0         a display
 *
 * Everything of IBM's VGA, and no more: no VBE, no interface for Guest Additions. What the unit has of them, also of another
 * machine's VMSVGA, is kept as it was. There is no firmware that would set a mode, so that the adapter comes up in mode 3,
 * 80 × 25 characters, as firmware would leave it, but without a font (configuration `TextMode`).
 */

const NAME = 'vga';
const VERSION = 34;
/** Version 34 has the layout of 33 (`spec/units/platform.md`); what is older has less of VMSVGA than we could write. */
const SVGA_SINCE = 33;
const CONFIG_SINCE = 4;
/** Before the unit said of which type the heap of HGSMI is, the version did. */
const HEAP_TYPE_SINCE = 12;
const OFFSET_HEAP_SINCE = 6;
/** First port and count of each group; between them are ports of others, such as a printer's. */
const PORTS = [
  [0x3b4, 2],
  [0x3ba, 1],
  [0x3c0, 16],
  [0x3d4, 2],
  [0x3da, 1],
] as const;

const MIB = 1 << 20;
const VRAM_DEFAULT = 4 * MIB;
const VRAM_MAX = 256 * MIB;
const VRAM_MIN = MIB / 4;
const PAGE = 4096;
const MONITORS_MAX = 64;
/** What a configuration of VirtualBox's (`corpus/real-vm/vm16.log`) has for the logo that firmware shows. */
const FIRMWARE_VALUES = 'FadeIn|FadeOut|LogoFile|LogoTime|ShowBootMenu';
/** Milliseconds between two looks at what has changed. */
const REFRESH_MS = 33;

/** The device `vga`. */
export class VgaDevice implements Device {
  readonly #instance: DeviceInstance;
  #state = new Vga();
  #registers!: RegisterFile;
  #vram!: Mmio2Range;
  #timer!: TmTimer<DeviceInstance, undefined>;
  #connector: DisplayConnector | undefined;
  #startsWithText = true;
  #size = '';
  readonly base: ReturnType<typeof baseOf>;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
    const screen = () => this.screen;
    this.base = baseOf(
      offer(DisplayPort, {
        get screen() {
          return screen();
        },
        get text() {
          return screen().text();
        },
      }),
    );
  }

  /** What is on the screen. */
  get screen(): Screen {
    return new Screen(this.#state, this.#vram.bytes);
  }

  async construct(config: ConfigNode): Promise<void> {
    const instance = this.#instance;
    const shape = {
      vramSize: ['VRamSize', 'u32', VRAM_DEFAULT],
      monitorCount: ['MonitorCount', 'u32', 1],
      textMode: ['TextMode', 'bool', true],
    } as const;
    const settings = readConfig(config, shape, {
      who: NAME,
      instance: instance.instance,
      values: FIRMWARE_VALUES,
    });
    const { vramSize, monitorCount } = settings;
    if (vramSize < VRAM_MIN || vramSize > VRAM_MAX || vramSize % PAGE !== 0) {
      throw instance.vmSetError('VERR_INVALID_PARAMETER', `VRamSize: ${vramSize} bytes`);
    }
    if (monitorCount < 1 || monitorCount > MONITORS_MAX) {
      throw instance.vmSetError('VERR_INVALID_PARAMETER', `MonitorCount: ${monitorCount}`);
    }
    this.#startsWithText = settings.textMode;
    this.#adopt(powerOnState(Object.assign(new VgaConfig(), { vramSize, monitorCount }), this.#startsWithText));
    this.#vram = instance.mmio2Create(0, vramSize, 'VRam');
    this.#timer = instance.timerCreate({ clock: 'REAL', name: 'VGA Refresh', callback: () => this.#refresh() });
    this.#map();
    instance.ssmRegister({
      version: VERSION,
      guess: 3400,
      liveExec: (stream) => {
        stream.put(this.#state.config);
        return 'VINF_SSM_DONT_CALL_AGAIN';
      },
      saveExec: (stream, handle) => this.#save(stream, handle),
      loadExec: (stream, version, pass, handle) => this.#load(stream, version, pass, handle),
      loadDone: () => this.#changed(),
    });
    instance.infoRegister({
      name: NAME,
      description: 'The mode of the graphics adapter, and its registers.',
      handler: (_vga, output) => showVga(this.#state, this.screen.mode, output),
    });
    await this.attach(0);
  }

  async attach(lun: number): Promise<void> {
    const driver = await attachDriver(this.#instance, lun, this.base, 'Display Port');
    this.#connector = queryInterface(driver, DisplayConnector);
    if (driver !== undefined && this.#connector === undefined) {
      const detail = `the driver of LUN#${lun} offers no ${DisplayConnector.name}`;
      throw this.#instance.vmSetError('VERR_PDM_MISSING_INTERFACE_BELOW', detail);
    }
    this.#size = '';
    this.#changed();
  }

  detach(): void {
    this.#connector = undefined;
  }

  reset(): void {
    this.#adopt(powerOnState(this.#state.config, this.#startsWithText));
    this.#vram.bytes.fill(0);
    this.#changed();
  }

  #map(): void {
    const instance = this.#instance;
    for (const [first, count] of PORTS) {
      instance.ioPortMap(
        first,
        count,
        {
          read: (offset, size) => this.#readPort(first + offset, size),
          write: (offset, value, size) => this.#writePort(first + offset, value, size),
        },
        'VGA',
      );
    }
    instance.mmioMap(
      WINDOW.address,
      WINDOW.size,
      {
        read: (offset, size) => this.#readMemory(offset, size),
        write: (offset, value, size) => this.#writeMemory(offset, value, size),
      },
      'VGA',
    );
  }

  /** A word is an index and its register, as guests write them at once. */
  #readPort(port: number, size: 1 | 2 | 4): number | undefined {
    if (size === 4) return undefined;
    const low = this.#registers.read(port);
    if (size === 1) return low;
    return (low ?? 0xff) | ((this.#registers.read(port + 1) ?? 0xff) << 8);
  }

  #writePort(port: number, value: number, size: 1 | 2 | 4): boolean {
    if (size === 4) return false;
    this.#registers.write(port, value & 0xff);
    if (size === 2) this.#registers.write(port + 1, value >> 8);
    this.#changed();
    return true;
  }

  #readMemory(offset: number, size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) {
      value += (readWindow(this.#vram.bytes, this.#state.registers, offset + i) ?? 0xff) * 2 ** (8 * i);
    }
    return value;
  }

  #writeMemory(offset: number, value: number, size: number): void {
    for (let i = 0; i < size; i++) {
      writeWindow(this.#vram.bytes, this.#state.registers, offset + i, (value >>> (8 * i)) & 0xff);
    }
    this.#changed();
  }

  #adopt(state: Vga): void {
    const { virtualTime } = this.#instance;
    const now = virtualTime.bind(this.#instance);
    this.#state = state;
    this.#registers = new RegisterFile(state.registers, {
      get status1() {
        return status1At(now());
      },
    });
  }

  #save(stream: PutStream, { product }: SaveHandle): void {
    this.#state.savesVhwa =
      product !== undefined && !(product.major > 7 || (product.major === 7 && product.minor >= 2));
    stream.put(this.#state);
  }

  async #load(stream: GetStream, version: number, pass: number, handle: LoadHandle) {
    if (version < 1 || version > VERSION) {
      throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${NAME}'`);
    }
    if (pass !== PASS_FINAL) return this.#checkConfig(stream.get(new VgaConfig()), handle);
    // Which form the unit has, only its end tells.
    await stream.ensure(UNIT_MAX);
    const data = stream.getMem(new Uint8Array(stream.buffered));
    const { saved, product, revision } = handle;
    const context = { pass, size: data.length, saved, product, revision, cpuCount: undefined };
    const unit = catalog.decode({ name: NAME, version }, data, context);
    if (unit.kind === 'raw') throw unit.error ?? stream.refuse('VERR_SSM_UNEXPECTED_DATA', unit.reason);
    const vga = unit.value as Vga;
    if (vga.svga !== undefined && version < SVGA_SINCE) {
      throw stream.refuse('VERR_NOT_SUPPORTED', `the VMSVGA part of version ${version} cannot be kept`);
    }
    if (version < CONFIG_SINCE) vga.config = this.#state.config;
    if (version < HEAP_TYPE_SINCE && vga.hgsmi.hasQueues) {
      vga.hgsmi.heapType = version >= OFFSET_HEAP_SINCE ? HgsmiHeapType.Offset : HgsmiHeapType.Pointer;
    }
    const difference = this.#checkConfig(vga.config, handle);
    if (difference !== undefined) return difference;
    this.#adopt(vga);
    return undefined;
  }

  #checkConfig(saved: VgaConfig, handle: LoadHandle) {
    const { vramSize, monitorCount } = this.#state.config;
    if (saved.vramSize !== vramSize) {
      return handle.setCfgError(`VRamSize: saved ${saved.vramSize}, configured ${vramSize}`);
    }
    if (saved.monitorCount !== monitorCount) {
      return handle.setCfgError(`MonitorCount: saved ${saved.monitorCount}, configured ${monitorCount}`);
    }
    return undefined;
  }

  /** Something may look other than before: the display is told soon, once for all. */
  #changed(): void {
    if (this.#connector !== undefined && !this.#timer.isActive) this.#timer.setMillies(REFRESH_MS);
  }

  #refresh(): void {
    const connector = this.#connector;
    if (connector === undefined) return;
    const { width, height } = sizeOf(this.screen.mode);
    const size = `${width}x${height}`;
    if (size !== this.#size) {
      this.#size = size;
      connector.resize(width, height);
    }
    connector.update();
  }
}

/** Most bytes of the unit: one of VMSVGA has what that keeps of its memory. */
const UNIT_MAX = 1 << 26;

/** Registration of `vga`. */
export const vga = {
  name: NAME,
  description: 'A graphics adapter: VGA.',
  classes: deviceClasses.GRAPHICS,
  maxInstances: 1,
  create: (instance) => new VgaDevice(instance),
} satisfies DeviceRegistration;
