import { Bool, SsmStream, U8 } from '@ssmkit/schema';
import {
  type Device,
  type DeviceInstance,
  type DeviceRegistration,
  deviceClasses,
  type RegisterCallbacks,
  type TmTimer,
} from '@ssmkit/vmm';

/*
 * A device that does not come with the machine: it puts noise into the guest's memory by DMA
 *
 * Every two milliseconds it requests a transfer on channel 1. Each transfer is one byte of a sequence that repeats after
 * 256; when the controller's block is complete the device pulses IRQ 5. The guest finds out from the sequence whether a
 * byte was lost or came twice.
 *
 * All that it takes to be a device of a machine: what it knows, as a decorated class (`NoiseState`); what it does; and a
 * module that registers it.
 */

const CHANNEL = 1;
const IRQ = 5;
const PERIOD_MICROSECONDS = 2000;

/** What the device knows, beside its timer. */
@SsmStream()
export class NoiseState {
  /** The next byte of the sequence. */
  @U8() next = 0;
  /** Whether the line DREQ is high. */
  @Bool() requesting = false;
}

class Noise implements Device {
  readonly #instance: DeviceInstance;
  readonly #state = new NoiseState();
  #timer: TmTimer<DeviceInstance> | undefined;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
  }

  construct(): void {
    const instance = this.#instance;
    const timer = instance.timerCreate({
      clock: 'VIRTUAL_SYNC',
      name: 'Noise',
      callback: (_, self) => {
        this.#request(true);
        self.setMicro(PERIOD_MICROSECONDS);
      },
    });
    this.#timer = timer;
    instance.dmaRegister(CHANNEL, (_channel, position, size) => this.#transfer(position, size));
    instance.ssmRegister({
      version: 1,
      saveExec: (stream) => {
        stream.put(this.#state);
        timer.save(stream);
      },
      loadExec: (stream) => {
        // What the line was the controller has saved, too.
        stream.get(this.#state);
        timer.load(stream);
      },
    });
  }

  powerOn(): void {
    this.#timer?.setMicro(PERIOD_MICROSECONDS);
  }

  #request(requesting: boolean): void {
    this.#state.requesting = requesting;
    this.#instance.dmaSetDreq(CHANNEL, requesting);
  }

  /** The controller lets us have the bus for one byte. */
  #transfer(position: number, size: number): number {
    this.#request(false);
    const byte = this.#state.next;
    this.#state.next = (byte * 5 + 13) & 0xff;
    this.#instance.dmaWriteMemory(CHANNEL, Uint8Array.of(byte), position);
    if (position + 1 === size) this.#instance.isaSetIrq(IRQ, 'FLIP_FLOP');
    return position + 1;
  }
}

const noise: DeviceRegistration = {
  name: 'noise',
  description: 'Puts a sequence of bytes into memory by DMA',
  classes: deviceClasses.MISC,
  maxInstances: 1,
  create: (instance) => new Noise(instance),
};

/** The module, whether it is given to a machine or loaded by it. */
export const VBoxDevicesRegister = (callbacks: RegisterCallbacks<DeviceRegistration>): void =>
  callbacks.register(noise);
