import type { GetStream } from '@ssmkit/runtime';
import { Pit, PitConfig, type PitCounter } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import type { Counter as EventCounter } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';
import { registerCounter } from '../counter.js';
import { refuseState, stateUnit } from '../state-unit.js';
import { Counter, isReadBack, MODE_COUNT, NEVER } from './counter.js';
import { showPit } from './info.js';

/*
 * i8254, the programmable interval timer
 *
 *     0x40…0x42   counters 0…2
 *     0x43        control word, read-back command
 *     0x61        bit 0: gate of counter 2, 1: speaker, 4: refresh, changes with every read, 5: output of counter 2
 *
 * Counter 0's output is IRQ 0; its timer expires whenever that is to change. A rate generator is low for one clock before
 * its period ends: here the line falls and rises at the end.
 */

const VERSION = 4;
const OLDEST = 2;
const WIRING_SINCE = 3;
const PORT_B = 0x61;

/** What a reset leaves. The gates of counters 0 and 1 are tied high. */
function afterReset(config: PitConfig, now: bigint): Pit {
  const state = Object.assign(new Pit(), { config });
  const [counter1, counter2] = state.counters1And2 as [PitCounter, PitCounter];
  for (const counter of [state.counter0, counter1, counter2]) {
    Object.assign(counter, { countLoadTime: now, reloadTime: now, nextTime: NEVER });
  }
  counter2.gate = 0;
  return state;
}

export class PitDevice implements Device {
  readonly #instance: DeviceInstance;
  #state: Pit = new Pit();
  #counters: readonly [Counter, Counter, Counter];
  #timer!: TmTimer<DeviceInstance, undefined>;
  #irqs!: EventCounter;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
    this.#counters = this.#adopt(this.#state);
  }

  construct(config: ConfigNode): void {
    const instance = this.#instance;
    const settings = readConfig(
      config,
      { irq: ['Irq', 'u8', 0], ioPortBase: ['Base', 'port', 0x40], speaker: ['SpeakerEnabled', 'bool', true] },
      { who: instance.name, instance: instance.instance },
    );
    const wiring = Object.assign(new PitConfig(), settings);
    this.#timer = instance.timerCreate({ clock: 'VIRTUAL_SYNC', name: 'PIT', callback: () => this.#expired() });
    this.#adopt(afterReset(wiring, this.#now));
    instance.ioPortMap(
      wiring.ioPortBase,
      4,
      {
        read: (offset, size) => (size === 1 ? this.#read(offset) : undefined),
        write: (offset, value, size) => size === 1 && this.#write(offset, value),
      },
      'i8254',
    );
    if (wiring.speaker) {
      instance.ioPortMap(
        PORT_B,
        1,
        {
          read: (_offset, size) => (size === 1 ? this.#readPortB() : undefined),
          write: (_offset, value, size) => size === 1 && this.#writePortB(value),
        },
        'PC speaker',
      );
    }
    instance.ssmRegister(
      stateUnit(instance, {
        version: VERSION,
        oldest: OLDEST,
        guess: 166,
        wiring: {
          since: WIRING_SINCE,
          target: PitConfig,
          current: wiring,
          checked: { ioPortBase: 'Base', irq: 'Irq' },
        },
        save: () => Object.assign(this.#state, { timer: this.#timer.saveState() }),
        load: (stream, version) => this.#load(stream, version),
      }),
    );
    instance.infoRegister({
      name: 'pit',
      description: 'The counters of the PIT.',
      handler: (_pit, output) => showPit(this.#state, this.#counters, this.#now, output),
    });
    this.#irqs = registerCounter(instance, 'Irq', 'occurences', 'Interrupts of counter 0, when its time had come.');
  }

  initComplete(): void {
    this.#schedule();
  }

  reset(): void {
    this.#adopt(afterReset(this.#state.config, this.#now));
    this.#schedule();
  }

  /** Level of a counter's output, for those who are wired to it. */
  output(counter: 0 | 1 | 2): boolean {
    return this.#counters[counter].output(this.#now);
  }

  /** Whether the guest lets the speaker sound. */
  get speakerOn(): boolean {
    return this.#state.speakerDataOn !== 0;
  }

  /** The HPET has taken over IRQ 0, or gives it back. */
  setDisabledByHpet(disabled: boolean): void {
    this.#state.disabledByHpet = disabled;
  }

  get #now(): bigint {
    return this.#timer.now;
  }

  #adopt(state: Pit): readonly [Counter, Counter, Counter] {
    const [counter1, counter2] = state.counters1And2 as [PitCounter, PitCounter];
    this.#state = state;
    this.#counters = [new Counter(state.counter0), new Counter(counter1), new Counter(counter2)];
    return this.#counters;
  }

  #read(offset: number): number | undefined {
    // The control word cannot be read back from where it was written.
    return this.#counters[offset]?.read(this.#now);
  }

  #write(offset: number, value: number): true {
    const now = this.#now;
    const counter = this.#counters[offset];
    if (counter !== undefined) {
      counter.write(value, now);
      if (offset === 0) this.#schedule();
    } else if (isReadBack(value)) {
      this.#readBack(value, now);
    } else {
      const selected = value >> 6;
      this.#counters[selected]?.control(value, now);
      if (selected === 0 && (value & 0x30) !== 0) this.#schedule();
    }
    return true;
  }

  /** Bit 5 low: latch counts; bit 4 low: latch status; bits 1…3: of which counters. */
  #readBack(command: number, now: bigint): void {
    for (const [i, counter] of this.#counters.entries()) {
      if ((command & (2 << i)) === 0) continue;
      if ((command & 0x20) === 0) counter.latchCount(now);
      if ((command & 0x10) === 0) counter.latchStatus(now);
    }
  }

  #readPortB(): number {
    const state = this.#state;
    state.dummyRefreshClock = state.dummyRefreshClock === 0 ? 1 : 0;
    const [, , counter2] = this.#counters;
    return (
      (counter2.state.gate !== 0 ? 0x01 : 0) |
      (state.speakerDataOn !== 0 ? 0x02 : 0) |
      (state.dummyRefreshClock !== 0 ? 0x10 : 0) |
      (counter2.output(this.#now) ? 0x20 : 0)
    );
  }

  #writePortB(value: number): true {
    const [, , counter2] = this.#counters;
    this.#state.speakerDataOn = (value >> 1) & 1;
    counter2.setGate((value & 1) !== 0, this.#now);
    return true;
  }

  #expired(): void {
    const [counter0] = this.#counters;
    const now = this.#now;
    const isHigh = counter0.output(now);
    if (isHigh) {
      counter0.state.reloadTime = now;
      if (!this.#state.disabledByHpet) this.#irqs.inc();
    }
    // The clock in which a rate generator is low has passed unnoticed.
    if (counter0.state.mode === 2) this.#setIrq(false);
    this.#setIrq(isHigh);
    this.#arm(counter0.nextTransition(now), true);
  }

  /** The guest has changed counter 0. */
  #schedule(): void {
    const [counter0] = this.#counters;
    const now = this.#now;
    this.#setIrq(counter0.output(now));
    this.#arm(counter0.nextTransition(now), false);
  }

  #arm(next: bigint | undefined, delivering: boolean): void {
    const { counter0 } = this.#state;
    counter0.nextTime = next ?? NEVER;
    counter0.nextTransitionTime = BigInt.asIntN(64, counter0.nextTime);
    if (next !== undefined) this.#timer.set(next);
    else if (!delivering) this.#timer.stop();
  }

  #setIrq(level: boolean): void {
    const { config, disabledByHpet } = this.#state;
    if (!disabledByHpet) this.#instance.isaSetIrq(config.irq, level ? 'HIGH' : 'LOW');
  }

  #load(stream: GetStream, version: number): PitConfig | undefined {
    const { config } = this.#state;
    const state = stream.get(new Pit());
    for (const counter of [state.counter0, ...state.counters1And2]) {
      if (counter.mode >= MODE_COUNT) throw refuseState(stream, 'mode', counter.mode);
      if (counter.count < 1 || counter.count > 0x1_0000) throw refuseState(stream, 'count', counter.count);
    }
    const saved = version < WIRING_SINCE ? undefined : state.config;
    // How the machine is wired is not for a state to say, and the speaker is the host's affair.
    this.#adopt(Object.assign(state, { config }));
    this.#timer.loadState(state.timer);
    return saved;
  }
}

export const i8254 = {
  name: 'i8254',
  description: 'Intel 8254 programmable interval timer, and the PC speaker',
  classes: deviceClasses.PIT,
  maxInstances: 1,
  create: (instance) => new PitDevice(instance),
} as const satisfies DeviceRegistration;
