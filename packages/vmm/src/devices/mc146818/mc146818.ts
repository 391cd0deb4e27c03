import type { GetStream } from '@ssmkit/runtime';
import { Rtc, RtcConfig } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import type { Counter } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';
import { registerCounter } from '../counter.js';
import { stateUnit } from '../state-unit.js';
import { dateOf, hostTimeZone, nextSecond, type TimeZone } from './calendar.js';
import { isSummed, storeCmosChecksum } from './cmos.js';
import { showCmos, showRtc } from './info.js';
import {
  isAlarm,
  isHeld,
  nextPeriodic,
  Reg,
  RegA,
  RegB,
  RegC,
  shownTime,
  showTime,
  timeRegisters,
  VALID_RAM,
} from './registers.js';

/*
 * mc146818, the clock and the CMOS memory
 *
 *     0x70, 0x71   index and data, registers 0x00…0x7F     0x72, 0x73   registers 0x80…0xFF
 *
 * The clock is set from the host when the machine is made, and goes by the guest's own time from then on:
 *
 *     secondTimer     nextSecondTime      the second is counted, UIP rises
 *     secondTimer2    2228 µs later       the registers show it, UIP falls, UF and AF
 *     periodicTimer   nextPeriodicTime    PF; only while somebody waits for it
 *
 * Periodic flags nobody waits for are not delivered: that `nextPeriodicTime` has passed says as much.
 */

const VERSION = 4;
const WIRING_SINCE = 2;

const SECOND = 1_000_000_000n;
/** From power on to the first update, as in real states. */
const FIRST_UPDATE = 990_000_000n;
/** UIP rises 244 µs before an update, which takes 1984 µs. */
const UPDATE = 2_228_000n;

const BANK = 0x80;
const INDEX = 0x7f;

type Timer = TmTimer<DeviceInstance, undefined>;

export class RtcDevice implements Device {
  readonly #instance: DeviceInstance;
  readonly #zone: TimeZone;
  #state = Object.assign(new Rtc(), { cmosIndexBank1: BANK });
  #periodic!: Timer;
  #second!: Timer;
  #second2!: Timer;
  #irqs!: Counter;
  #irqClears!: Counter;

  constructor(instance: DeviceInstance, zone: TimeZone) {
    this.#instance = instance;
    this.#zone = zone;
  }

  construct(config: ConfigNode): void {
    const instance = this.#instance;
    const settings = readConfig(
      config,
      { irq: ['Irq', 'u8', 8], ioPortBase: ['Base', 'port', 0x70], utc: ['UseUTC', 'bool', false] },
      { who: instance.name, instance: instance.instance },
    );
    const wiring = Object.assign(new RtcConfig(), settings);
    const timer = (name: string, callback: () => void): Timer =>
      instance.timerCreate({ clock: 'VIRTUAL_SYNC', name, callback });
    this.#periodic = timer('RTC Periodic', () => this.#periodicExpired());
    this.#second = timer('RTC Second', () => this.#beginUpdate());
    this.#second2 = timer('RTC Second2', () => this.#endUpdate());
    this.#state.config = wiring;
    this.#powerUp();
    instance.ioPortMap(
      wiring.ioPortBase,
      4,
      {
        read: (offset, size) => (size === 1 ? this.#read(offset) : undefined),
        write: (offset, value, size) => size === 1 && this.#write(offset, value),
      },
      'mc146818',
    );
    instance.rtcRegister({
      readCmos: (address) => this.#bank(address)[address & INDEX] as number,
      writeCmos: (address, value) => this.#writeCmos(address, value),
    });
    instance.ssmRegister(
      stateUnit(instance, {
        version: VERSION,
        oldest: 1,
        guess: 342,
        wiring: {
          since: WIRING_SINCE,
          target: RtcConfig,
          current: wiring,
          checked: { ioPortBase: 'Base', irq: 'Irq' },
        },
        save: () => this.#save(),
        load: (stream, version) => this.#load(stream, version),
      }),
    );
    instance.infoRegister({
      name: 'rtc',
      description: 'The clock.',
      handler: (_rtc, output) => showRtc(this.#state, output),
    });
    instance.infoRegister({
      name: 'cmos',
      description: 'The CMOS memory.',
      handler: (_rtc, output) => showCmos(this.#state, output),
    });
    // Names and units are those of release logs.
    this.#irqs = registerCounter(instance, 'Irq', 'occurences', 'How often the interrupt line was raised.');
    this.#irqClears = registerCounter(instance, 'IrqClear', 'occurences', 'How often it was lowered, also by resets.');
  }

  initComplete(): void {
    const { config, cmos } = this.#state;
    this.#state.time = dateOf(this.#instance.utcNow(), config.utc ? () => 0 : this.#zone);
    showTime(cmos, this.#state.time);
  }

  /** The battery keeps memory and time; only the interrupts are off. */
  reset(): void {
    const { cmos } = this.#state;
    cmos[Reg.B] = this.#b & ~(RegB.PIE | RegB.AIE | RegB.UIE | RegB.SQWE);
    cmos[Reg.C] = 0;
    this.#setIrq(false);
    this.#waitForPeriodic();
  }

  /** The HPET has taken over the periodic interrupt, or gives it back. */
  setDisabledByHpet(disabled: boolean): void {
    this.#state.disabledByHpet = disabled;
  }

  get #now(): bigint {
    return this.#second.now;
  }

  get #a(): number {
    return this.#state.cmos[Reg.A] as number;
  }

  get #b(): number {
    return this.#state.cmos[Reg.B] as number;
  }

  get #c(): number {
    return this.#state.cmos[Reg.C] as number;
  }

  #powerUp(): void {
    const { cmos } = this.#state;
    // 32.768 kHz, 1024 Hz; BCD, 24 hours.
    cmos[Reg.A] = 0x26;
    cmos[Reg.B] = RegB.HOURS_24;
    cmos[Reg.D] = VALID_RAM;
    this.#state.nextSecondTime = this.#now + FIRST_UPDATE;
    this.#second2.set(this.#state.nextSecondTime);
  }

  #bank(address: number): Uint8Array {
    return (address & BANK) !== 0 ? this.#state.cmosBank1 : this.#state.cmos;
  }

  #read(offset: number): number | undefined {
    const state = this.#state;
    if (offset === 3) return state.cmosBank1[state.cmosIndexBank1 & INDEX];
    // The index is only written.
    if (offset !== 1) return undefined;
    const index = state.cmosIndex & INDEX;
    return index === Reg.C ? this.#readC() : state.cmos[index];
  }

  #write(offset: number, value: number): true {
    const state = this.#state;
    if (offset === 0) state.cmosIndex = value & INDEX;
    else if (offset === 2) state.cmosIndexBank1 = (value & INDEX) | BANK;
    else if (offset === 3) state.cmosBank1[state.cmosIndexBank1 & INDEX] = value;
    else this.#writeRegister(state.cmosIndex & INDEX, value);
    return true;
  }

  #writeRegister(index: number, value: number): void {
    const { cmos } = this.#state;
    if (index === Reg.A) {
      this.#notePeriodic();
      cmos[Reg.A] = (value & ~RegA.UIP) | (this.#a & RegA.UIP);
      this.#waitForPeriodic();
    } else if (index === Reg.B) {
      this.#writeB(value);
    } else if (index !== Reg.C && index !== Reg.D) {
      cmos[index] = value;
      if (timeRegisters.has(index) && (this.#b & RegB.SET) === 0) this.#state.time = shownTime(cmos);
    }
  }

  #writeB(value: number): void {
    const { cmos } = this.#state;
    this.#notePeriodic();
    const wasSet = (this.#b & RegB.SET) !== 0;
    const isSet = (value & RegB.SET) !== 0;
    // Setting the time ends the update under way, and the interrupts of updates.
    cmos[Reg.B] = isSet ? value & ~RegB.UIE : value;
    if (isSet) cmos[Reg.A] = this.#a & ~RegA.UIP;
    else if (wasSet) this.#state.time = shownTime(cmos);
    this.#updateIrq();
    this.#waitForPeriodic();
  }

  #readC(): number {
    this.#notePeriodic();
    const flags = this.#c;
    this.#state.cmos[Reg.C] = 0;
    if ((flags & RegC.IRQF) !== 0) this.#setIrq(false);
    if ((flags & RegC.PF) !== 0) this.#waitForPeriodic();
    return flags;
  }

  #beginUpdate(): void {
    const state = this.#state;
    if ((this.#b & RegB.SET) !== 0 || isHeld(this.#a)) {
      this.#waitForSecond();
      return;
    }
    state.time = nextSecond(state.time);
    state.cmos[Reg.A] = this.#a | RegA.UIP;
    this.#second2.set(this.#now + UPDATE);
  }

  #endUpdate(): void {
    const { cmos, time } = this.#state;
    if ((this.#b & RegB.SET) === 0) {
      showTime(cmos, time);
      cmos[Reg.A] = this.#a & ~RegA.UIP;
      cmos[Reg.C] = this.#c | RegC.UF | (isAlarm(cmos) ? RegC.AF : 0);
      this.#updateIrq();
    }
    this.#waitForSecond();
  }

  #waitForSecond(): void {
    const now = this.#now;
    const next = this.#state.nextSecondTime + SECOND;
    // A state may say anything.
    this.#state.nextSecondTime = next > now && next <= now + 2n * SECOND ? next : now + SECOND;
    this.#second.set(this.#state.nextSecondTime);
  }

  #periodicExpired(): void {
    this.#notePeriodic();
    this.#updateIrq();
  }

  /** Sets PF if its time has come. */
  #notePeriodic(): void {
    const { cmos, nextPeriodicTime } = this.#state;
    const now = this.#now;
    if (nextPeriodic(this.#a, now) === undefined || nextPeriodicTime > now) return;
    cmos[Reg.C] = this.#c | RegC.PF;
    this.#updateIrq();
  }

  /** PF is clear, or the rate is another: when will it be set, and does that interrupt? */
  #waitForPeriodic(): void {
    const state = this.#state;
    const next = (this.#c & RegC.PF) === 0 ? nextPeriodic(this.#a, this.#now) : undefined;
    if (next !== undefined) state.nextPeriodicTime = next;
    if (next !== undefined && (this.#b & RegB.PIE) !== 0) this.#periodic.set(next);
    else this.#periodic.stop();
  }

  #updateIrq(): void {
    const { cmos } = this.#state;
    const flags = this.#c & RegC.FLAGS;
    const isHigh = (flags & this.#b) !== 0;
    const wasHigh = (this.#c & RegC.IRQF) !== 0;
    cmos[Reg.C] = flags | (isHigh ? RegC.IRQF : 0);
    if (isHigh !== wasHigh) this.#setIrq(isHigh);
  }

  #setIrq(level: boolean): void {
    const { config, disabledByHpet } = this.#state;
    if (disabledByHpet) return;
    (level ? this.#irqs : this.#irqClears).inc();
    this.#instance.isaSetIrq(config.irq, level ? 'HIGH' : 'LOW');
  }

  /** Another device sets up the memory. Firmware wants a right checksum. */
  #writeCmos(address: number, value: number): void {
    const { cmos } = this.#state;
    this.#bank(address)[address & INDEX] = value;
    if (isSummed(address)) storeCmosChecksum(cmos);
  }

  #save(): Rtc {
    return Object.assign(this.#state, {
      periodicTimer: this.#periodic.saveState(),
      secondTimer: this.#second.saveState(),
      secondTimer2: this.#second2.saveState(),
    });
  }

  #load(stream: GetStream, version: number): RtcConfig | undefined {
    // Old states have no second bank: it stays as it is.
    const { config, cmosBank1, cmosIndexBank1 } = this.#state;
    const state = stream.get(Object.assign(new Rtc(), { cmosBank1: cmosBank1.slice(), cmosIndexBank1 }));
    const saved = version < WIRING_SINCE ? undefined : state.config;
    // How the machine is wired is not for a state to say; whether its time is UTC is done with.
    this.#state = Object.assign(state, { config });
    this.#periodic.loadState(state.periodicTimer);
    this.#second.loadState(state.secondTimer);
    this.#second2.loadState(state.secondTimer2);
    return saved;
  }
}

/** @param zone of the host, for machines whose clock shows local time. */
export const mc146818For = (zone: TimeZone) =>
  ({
    name: 'mc146818',
    description: 'Motorola MC146818 real-time clock, and the CMOS memory',
    classes: deviceClasses.RTC,
    maxInstances: 1,
    create: (instance) => new RtcDevice(instance, zone),
  }) as const satisfies DeviceRegistration;

export const mc146818 = mc146818For(hostTimeZone);
