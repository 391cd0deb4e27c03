import type { GetStream } from '@ssmkit/runtime';
import { Ps2Controller, Ps2Keyboard, Ps2Mouse, type Ps2OldMouse } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import { baseOf, offer, queryInterface } from '../../pdm/interface-ids.js';
import { KeyboardConnector, KeyboardPort, MouseConnector, MousePort } from '../../pdm/interfaces.js';
import { resetFlags } from '../../vm/index.js';
import { attachDriver } from '../attach-driver.js';
import { registerCounter } from '../counter.js';
import { refuseState, stateUnit } from '../state-unit.js';
import { Controller } from './controller.js';
import { showPckbd } from './info.js';
import { Keyboard } from './keyboard.js';
import { Mouse } from './mouse.js';

/*
 * `pckbd`: the PS/2 controller with keyboard and mouse
 *
 *     LUN#0 ── who types       KeyboardPort, KeyboardConnector
 *     LUN#1 ── who points      MousePort, MouseConnector
 *
 * All that keyboard and mouse have is in the unit: what was typed and not fetched, keys that are down, the one that repeats
 * and when, what has moved.
 */

const NAME = 'pckbd';
const VERSION = 8;
const OLDEST_VERSION = 2;
/** Since when the unit has a keyboard, and a mouse as it is today. */
const KEYBOARD_SINCE = 6;
const MOUSE_SINCE = 8;

const PORTS = { DATA: 0x60, COMMAND: 0x64 } as const;
const IRQS = { KEYBOARD: 1, MOUSE: 12 } as const;
const KEYBOARD_LUN = 0;
const MOUSE_LUN = 1;

/** The device `pckbd`. */
export class PckbdDevice implements Device {
  readonly #instance: DeviceInstance;
  #controller!: Controller;
  #keyboard!: Keyboard;
  #mouse!: Mouse;
  #keyboardConnector: KeyboardConnector | undefined;
  #mouseConnector: MouseConnector | undefined;
  readonly keyboardPort: KeyboardPort = { putEventHid: (usage) => this.#keyboard.putEvent(usage) };
  readonly mousePort: MousePort = {
    putEvent: (dx, dy, dz, _dw, buttons) => this.#mouse.putEvent(dx, dy, dz, buttons),
  };
  readonly base = baseOf(offer(KeyboardPort, this.keyboardPort), offer(MousePort, this.mousePort));

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
  }

  async construct(config: ConfigNode): Promise<void> {
    const instance = this.#instance;
    readConfig(config, {}, { who: NAME, instance: instance.instance });
    this.#make();
    const { DATA, COMMAND } = PORTS;
    const map = (port: number, read: () => number, write: (value: number) => void) =>
      instance.ioPortMap(
        port,
        1,
        {
          read: (_offset, size) => (size === 1 ? read() : undefined),
          write: (_offset, value, size) => {
            if (size !== 1) return false;
            write(value);
            return true;
          },
        },
        'PS/2 controller',
      );
    const controller = this.#controller;
    map(
      DATA,
      () => controller.readData(),
      (value) => controller.writeData(value),
    );
    map(
      COMMAND,
      () => controller.readStatus(),
      (value) => controller.writeCommand(value),
    );
    instance.ssmRegister({
      ...stateUnit(instance, {
        version: VERSION,
        oldest: OLDEST_VERSION,
        guess: 50,
        save: () => Object.assign(controller.state, { keyboard: this.#keyboard.save(), mouse: this.#mouse.save() }),
        load: (stream, version) => this.#load(stream, version),
      }),
      loadDone: (handle) => {
        if (handle.failure === undefined) this.#loadDone();
      },
    });
    instance.infoRegister({
      name: NAME,
      description: 'The PS/2 controller, the keyboard and the mouse.',
      handler: (_pckbd, output) => {
        const { state: keyboard } = this.#keyboard;
        const { state: mouse } = this.#mouse;
        showPckbd({ controller: controller.state, keyboard, mouse }, instance.a20IsEnabled(), output);
      },
    });
    await this.attach(KEYBOARD_LUN);
    await this.attach(MOUSE_LUN);
  }

  async attach(lun: number): Promise<void> {
    const isKeyboard = lun === KEYBOARD_LUN;
    const driver = await attachDriver(this.#instance, lun, this.base, isKeyboard ? 'Keyboard Port' : 'Mouse Port');
    const wanted = isKeyboard ? KeyboardConnector : MouseConnector;
    const connector = queryInterface<unknown>(driver, wanted);
    if (driver !== undefined && connector === undefined) {
      const detail = `the driver of LUN#${lun} offers no ${wanted.name}`;
      throw this.#instance.vmSetError('VERR_PDM_MISSING_INTERFACE_BELOW', detail);
    }
    this.#connect(lun, connector);
  }

  detach(lun: number): void {
    this.#connect(lun, undefined);
  }

  reset(): void {
    this.#keyboard.reset();
    this.#mouse.reset();
    this.#controller.reset();
  }

  #make(): void {
    const instance = this.#instance;
    const device = this;
    const timer = (name: string, expired: () => void) =>
      instance.timerCreate({ clock: 'VIRTUAL_SYNC', name, callback: expired });
    const keyboard = new Keyboard({
      timer: timer('PS2K Delay', () => keyboard.timerExpired()),
      get connector() {
        return device.#keyboardConnector;
      },
      ready: () => this.#controller.update(),
      resend: () => this.#controller.resend(false),
    });
    const mouse = new Mouse({
      timer: timer('PS2M Delay', () => mouse.timerExpired()),
      get connector() {
        return device.#mouseConnector;
      },
      ready: () => this.#controller.update(),
      resend: () => this.#controller.resend(true),
    });
    this.#keyboard = keyboard;
    this.#mouse = mouse;
    this.#controller = new Controller({
      keyboard,
      mouse,
      keyboardBytes: registerCounter(instance, 'KeyboardBytes', 'bytes', 'What the keyboard has sent to the guest.'),
      mouseBytes: registerCounter(instance, 'MouseBytes', 'bytes', 'What the mouse has sent to the guest.'),
      setKeyboardIrq: (high) => instance.isaSetIrq(IRQS.KEYBOARD, high ? 'HIGH' : 'LOW'),
      setMouseIrq: (high) => instance.isaSetIrq(IRQS.MOUSE, high ? 'HIGH' : 'LOW'),
      setA20: (on) => instance.a20Set(on),
      get a20() {
        return instance.a20IsEnabled();
      },
      // The VM listens to devices that it trusts.
      reset: () => {
        if (instance.isTrusted) instance.vmReset(resetFlags.KBD);
      },
    });
  }

  #connect(lun: number, connector: unknown): void {
    if (lun === KEYBOARD_LUN) {
      this.#keyboardConnector = connector as KeyboardConnector | undefined;
      this.#keyboard.tellConnector();
    } else {
      this.#mouseConnector = connector as MouseConnector | undefined;
      this.#mouse.tellModes();
    }
  }

  #load(stream: GetStream, version: number): undefined {
    const saved = stream.get(new Ps2Controller());
    const keyboard = version >= KEYBOARD_SINCE ? saved.keyboard : new Ps2Keyboard();
    const mouse = version >= MOUSE_SINCE ? saved.mouse : upgradeMouse(saved.oldMouse);
    if (keyboard.scanSet < 1 || keyboard.scanSet > 3) throw refuseState(stream, 'scanSet', keyboard.scanSet);
    if (mouse.sampleRate === 0) throw refuseState(stream, 'sampleRate', mouse.sampleRate);
    this.#controller.state = saved;
    this.#keyboard.load(keyboard);
    this.#mouse.load(mouse);
  }

  #loadDone(): void {
    this.#controller.loadDone();
    this.#keyboard.tellConnector();
    this.#mouse.tellModes();
    this.#controller.update();
  }
}

/** A mouse of before version 8: what is known of it. What it had to send is not. */
function upgradeMouse({ state, sampleRate, protocol }: Ps2OldMouse): Ps2Mouse {
  const mouse = new Ps2Mouse();
  return Object.assign(mouse, { state, sampleRate: sampleRate || mouse.sampleRate, protocol });
}

/** Registration of `pckbd`. */
export const pckbd = {
  name: NAME,
  description: 'The PS/2 controller with keyboard and mouse.',
  classes: deviceClasses.INPUT,
  maxInstances: 1,
  create: (instance) => new PckbdDevice(instance),
} satisfies DeviceRegistration;
