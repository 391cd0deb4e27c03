import { type GetStream, SsmError } from '@ssmkit/runtime';
import { VmmDev, VmmDevConfig, VmmDevFacility } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import type { TmTimer } from '../../tm/index.js';
import { stateUnit } from '../state-unit.js';
import { showVmmDev } from './info.js';

/*
 * `VMMDev`: the device of Guest Additions
 *
 * Guest Additions find it on the PCI bus, which this machine does not have, so that no guest can ask it for anything. What
 * is here is what makes saved states whole: its memory as regions 1 and 2, `VMMDev` and `VMMDev Heap` of the unit `pgm`, and
 * its unit, with everything that Guest Additions have reported and calls in progress, as it was. Of what happens by itself
 * there is one thing: a guest that sends heartbeats, and stops to, is noticed.
 */

const NAME = 'VMMDev';
const VERSION = 20;
const OLDEST_VERSION = 6;
const CONFIG_SINCE = 12;
const MIB = 1 << 20;
const MEMORY = { region: 1, size: 4 * MIB, description: 'VMMDev' } as const;
const HEAP = { region: 2, size: 16 << 10, description: 'VMMDev Heap' } as const;
/** Parts of Guest Additions that are listed from the beginning, and the mouse's features, as states of 7.2 have them. */
const FACILITIES = [20, 100, 101, 1000, 1100];
const MOUSE_CAPABILITIES = 0x120;

/** The device `VMMDev`. */
export class VmmDevDevice implements Device {
  readonly #instance: DeviceInstance;
  readonly #config = new VmmDevConfig();
  #state = new VmmDev();
  #timer!: TmTimer<DeviceInstance, undefined>;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
  }

  /** What it knows of the guest. */
  get state(): VmmDev {
    return this.#state;
  }

  construct(config: ConfigNode): void {
    const instance = this.#instance;
    const shape = {
      getHostTimeDisabled: ['GetHostTimeDisabled', 'bool', false],
      backdoorLogDisabled: ['BackdoorLogDisabled', 'bool', false],
      keepCredentials: ['KeepCredentials', 'bool', false],
      heapEnabled: ['HeapEnabled', 'bool', true],
      mmioRequests: ['MmioReq', 'bool', false],
    } as const;
    Object.assign(this.#config, readConfig(config, shape, { who: NAME, instance: instance.instance }));
    instance.mmio2Create(MEMORY.region, MEMORY.size, MEMORY.description);
    if (this.#config.heapEnabled) instance.mmio2Create(HEAP.region, HEAP.size, HEAP.description);
    this.#timer = instance.timerCreate({
      clock: 'VIRTUAL',
      name: 'VMMDev Heartbeat',
      callback: () => this.#flatline(),
    });
    this.reset();
    instance.ssmRegister(
      stateUnit(instance, {
        version: VERSION,
        oldest: OLDEST_VERSION,
        guess: 4100,
        wiring: {
          since: CONFIG_SINCE,
          target: VmmDevConfig,
          current: this.#config,
          checked: {
            getHostTimeDisabled: 'GetHostTimeDisabled',
            backdoorLogDisabled: 'BackdoorLogDisabled',
            keepCredentials: 'KeepCredentials',
            heapEnabled: 'HeapEnabled',
          },
        },
        save: () => Object.assign(this.#state, { flatlineTimer: this.#timer.saveState() }),
        load: (stream, version) => this.#load(stream, version),
      }),
    );
    instance.infoRegister({
      name: 'vmmdev',
      description: 'What Guest Additions have reported.',
      handler: (_vmmDev, output) => showVmmDev(this.#state, output),
    });
  }

  /** Guest Additions are gone. */
  reset(): void {
    const time = this.#instance.utcNow();
    this.#timer.stop();
    this.#state = Object.assign(new VmmDev(), {
      config: this.#config,
      mouseCapabilities: MOUSE_CAPABILITIES,
      facilities: FACILITIES.map((facility) => Object.assign(new VmmDevFacility(), { facility, time })),
    });
  }

  /** No heartbeat has come in time. */
  #flatline(): void {
    if (this.#state.heartbeatActive) this.#state.flatlined = true;
  }

  #load(stream: GetStream, version: number): VmmDevConfig | undefined {
    const saved = stream.get(new VmmDev());
    if (saved.commandsV6.length > 0 || saved.commandsV9.length > 0) {
      const detail = `calls in progress, as version ${version} has them, cannot be kept`;
      throw stream.fail(new SsmError('VERR_NOT_SUPPORTED', detail));
    }
    const wiring = version >= CONFIG_SINCE ? saved.config : undefined;
    this.#state = Object.assign(saved, { config: wiring ?? this.#config });
    this.#timer.loadState(saved.flatlineTimer);
    return wiring;
  }
}

/** Registration of `VMMDev`. */
export const vmmDev = {
  name: NAME,
  description: 'The device of Guest Additions.',
  classes: deviceClasses.VMM_DEV,
  maxInstances: 1,
  create: (instance) => new VmmDevDevice(instance),
} satisfies DeviceRegistration;
