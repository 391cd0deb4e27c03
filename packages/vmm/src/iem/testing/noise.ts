import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import type { TmTimer } from '../../tm/index.js';

/*
 * The noise device of examples/guests/README.md: asks for DMA channel 1 by its timer, writes one byte of its sequence
 * with each DACK, and pulses IRQ 5 at terminal count.
 */

const CHANNEL = 1;
const IRQ = 5;
const VERSION = 1;
/** Nanoseconds between two requests, which are no multiple of anything else's. */
const PERIOD = 771_301n;

export class NoiseDevice implements Device {
  readonly #instance: DeviceInstance;
  #timer!: TmTimer<DeviceInstance, undefined>;
  /** The next byte. */
  value = 77;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
  }

  construct(): void {
    const instance = this.#instance;
    this.#timer = instance.timerCreate({ clock: 'VIRTUAL_SYNC', name: 'Noise', callback: () => this.#request() });
    instance.dmaRegister(CHANNEL, (_, position, size) => this.#transfer(position, size));
    instance.ssmRegister({
      version: VERSION,
      saveExec: (stream) => {
        stream.putU8(this.value);
        this.#timer.save(stream);
      },
      loadExec: (stream) => {
        this.value = stream.getU8();
        this.#timer.load(stream);
      },
    });
  }

  powerOn(): void {
    this.#timer.setNano(PERIOD);
  }

  #request(): void {
    this.#instance.dmaSetDreq(CHANNEL, true);
    this.#timer.set(this.#timer.now + PERIOD);
  }

  #transfer(position: number, size: number): number {
    this.#instance.dmaWriteMemory(CHANNEL, Uint8Array.of(this.value), position);
    this.value = (this.value * 5 + 13) & 0xff;
    this.#instance.dmaSetDreq(CHANNEL, false);
    if (position + 1 === size) this.#instance.isaSetIrq(IRQ, 'FLIP_FLOP');
    return position + 1;
  }
}

/** For a registry of devices. */
export const noise: DeviceRegistration & { create(instance: DeviceInstance): NoiseDevice } = {
  name: 'noise',
  description: 'A sequence of bytes by DMA',
  classes: deviceClasses.MISC,
  create: (instance) => new NoiseDevice(instance),
};
