import type { GetStream } from '@ssmkit/runtime';
import { Pic } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration, IrqLevel, PicHelpers } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import type { Counter } from '../../stam/index.js';
import { registerCounter } from '../counter.js';
import { refuseState, stateUnit } from '../state-unit.js';
import { CASCADE, Chip } from './chip.js';
import { showPic } from './info.js';

/*
 * i8259, the two interrupt controllers
 *
 *     0x20, 0x21   master: IRQ 0…7, the slave at its input 2      0x4D0   which of them are level-triggered
 *     0xA0, 0xA1   slave: IRQ 8…15                                0x4D1
 *
 * The CPU's flip-flop is not part of the state: INTR follows from the master's registers, at any time. The slave's INT is
 * the level of the master's input 2; once up it stays up until the slave is acknowledged, so that a request that goes
 * away before that ends as its spurious input 7.
 */

const MASTER_PORT = 0x20;
const SLAVE_PORT = 0xa0;
const ELCR_PORT = 0x4d0;
/** The system timer, the keyboard, the slave; the clock and the coprocessor: these are edge-triggered in every PC. */
const MASTER_ELCR = 0xf8;
const SLAVE_ELCR = 0xde;
const IRQS = 16;

export class PicDevice implements Device {
  readonly #instance: DeviceInstance;
  #state!: Pic;
  #master!: Chip;
  #slave!: Chip;
  #cpu!: PicHelpers;
  /** What was acknowledged, by IRQ. */
  #irqs!: readonly Counter[];
  #spurious!: Counter;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
    this.#adopt(new Pic());
  }

  construct(config: ConfigNode): void {
    const instance = this.#instance;
    readConfig(config, {}, { who: instance.name, instance: instance.instance });
    this.#map(MASTER_PORT, () => this.#master, 'i8259 master');
    this.#map(SLAVE_PORT, () => this.#slave, 'i8259 slave');
    const chips = () => [this.#master, this.#slave];
    instance.ioPortMap(
      ELCR_PORT,
      2,
      {
        read: (offset, size) => (size === 1 ? chips()[offset]?.state.elcr : undefined),
        write: (offset, value, size) => {
          const chip = chips()[offset];
          if (size !== 1 || chip === undefined) return false;
          chip.elcr = value;
          this.#update();
          return true;
        },
      },
      'ELCR',
    );
    instance.ssmRegister(
      stateUnit(instance, {
        version: 1,
        oldest: 1,
        guess: 30,
        save: () => this.#state,
        load: (stream) => this.#load(stream),
      }),
    );
    this.#cpu = instance.picRegister({
      setIrq: (irq, level) => this.#setIrq(irq, level),
      getInterrupt: () => this.#acknowledge(),
    });
    instance.infoRegister({
      name: 'pic',
      description: 'The registers of the interrupt controllers.',
      handler: (_pic, output) => showPic(this.#master, this.#slave, output),
    });
    this.#irqs = Array.from({ length: IRQS }, (_, irq) => {
      return registerCounter(
        instance,
        `Irq${irq}`,
        'occurences',
        `Interrupts of IRQ ${irq} that were acknowledged.`,
        'used',
      );
    });
    this.#spurious = registerCounter(
      instance,
      'Spurious',
      'occurences',
      'Interrupts that were gone when they were acknowledged.',
      'used',
    );
  }

  reset(): void {
    this.#adopt(new Pic());
    this.#update();
  }

  #adopt(state: Pic): void {
    this.#state = state;
    this.#master = new Chip(state.master, true, MASTER_ELCR);
    this.#slave = new Chip(state.slave, false, SLAVE_ELCR);
  }

  #map(first: number, chip: () => Chip, description: string): void {
    this.#instance.ioPortMap(
      first,
      2,
      {
        read: (offset, size) => (size === 1 ? this.#read(chip(), offset) : undefined),
        write: (offset, value, size) => {
          if (size !== 1) return false;
          chip().write(offset, value);
          // Initialised, it asks for nothing.
          if (chip() === this.#slave && this.#slave.state.initState !== 0) this.#master.setInput(CASCADE, false);
          this.#update();
          return true;
        },
      },
      description,
    );
  }

  #read(chip: Chip, offset: number): number {
    const { value, polled } = chip.read(offset);
    if (polled) this.#count(chip, value & 7);
    if (polled && chip === this.#slave) this.#master.setInput(CASCADE, false);
    if (polled) this.#update();
    return value;
  }

  #setIrq(irq: number, level: IrqLevel): void {
    const chip = irq < 8 ? this.#master : this.#slave;
    if (level === 'FLIP_FLOP') chip.pulse(irq & 7);
    else chip.setInput(irq & 7, level === 'HIGH');
    this.#update();
  }

  #acknowledge(): number {
    const input = this.#acknowledgeOf(this.#master);
    let vector = this.#master.vectorOf(input);
    if (input === CASCADE) {
      vector = this.#slave.vectorOf(this.#acknowledgeOf(this.#slave));
      this.#master.setInput(CASCADE, false);
    }
    this.#update();
    return vector;
  }

  #acknowledgeOf(chip: Chip): number {
    const isSpurious = chip.pending === undefined;
    const input = chip.acknowledge();
    if (isSpurious) this.#spurious.inc();
    else this.#count(chip, input);
    return input;
  }

  /** The slave's are IRQs, the slave itself is none. */
  #count(chip: Chip, input: number): void {
    if (chip === this.#slave) this.#irqs[8 + input]?.inc();
    else if (input !== CASCADE) this.#irqs[input]?.inc();
  }

  #update(): void {
    if (this.#slave.pending !== undefined) this.#master.setInput(CASCADE, true);
    if (this.#master.pending !== undefined) this.#cpu.setInterruptFF();
    else this.#cpu.clearInterruptFF();
  }

  #load(stream: GetStream): undefined {
    const state = stream.get(new Pic());
    for (const { initState, priorityAdd } of [state.master, state.slave]) {
      if (initState > 3) throw refuseState(stream, 'initState', initState);
      if (priorityAdd > 7) throw refuseState(stream, 'priorityAdd', priorityAdd);
    }
    this.#adopt(state);
    // The flip-flop only: what was saved stays as it is.
    if (this.#master.pending !== undefined) this.#cpu.setInterruptFF();
    else this.#cpu.clearInterruptFF();
  }
}

export const i8259 = {
  name: 'i8259',
  description: 'Intel 8259A programmable interrupt controllers',
  classes: deviceClasses.PIC,
  maxInstances: 1,
  create: (instance) => new PicDevice(instance),
} as const satisfies DeviceRegistration;
