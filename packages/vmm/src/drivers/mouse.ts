import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import { driverClasses } from '../pdm/flags.js';
import { type BaseInterface, baseOf, interfaceId, offer, queryInterface } from '../pdm/interface-ids.js';
import { MouseConnector, MousePort } from '../pdm/interfaces.js';

/** Bits of a mouse's buttons. */
export const mouseButtons = { left: 1, right: 2, middle: 4, fourth: 8, fifth: 16 } as const;

export type MouseButton = keyof typeof mouseButtons;

/** The program's side of a mouse: `queryInterface(base, MouseEnd)`. */
export interface MouseEnd {
  /** Moves to the right and down. */
  move(dx: number, dy: number): void;
  /** Turns the wheel: towards the user, and to the right. */
  turn(dz: number, dw?: number): void;
  press(button: MouseButton): void;
  release(button: MouseButton): void;
  /** Whether the guest takes movements. */
  readonly active: boolean;
}

export const MouseEnd = interfaceId<MouseEnd>('MouseEnd', '2c4f4d3a-61b7-4d0e-9f64-8e9f1b6a7c05');

/** `MainMouse`: a mouse that the program moves. */
class MainMouse implements Driver {
  readonly base: BaseInterface;
  readonly #instance: DriverInstance;
  #port: MousePort | undefined;
  #buttons = 0;
  #active = false;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
    const isActive = () => this.#active;
    const put = (dx: number, dy: number, dz: number, dw: number) => this.#port?.putEvent(dx, dy, dz, dw, this.#buttons);
    const end: MouseEnd = {
      move: (dx, dy) => put(dx, dy, 0, 0),
      turn: (dz, dw = 0) => put(0, 0, dz, dw),
      press: (button) => {
        this.#buttons |= mouseButtons[button];
        put(0, 0, 0, 0);
      },
      release: (button) => {
        this.#buttons &= ~mouseButtons[button];
        put(0, 0, 0, 0);
      },
      get active() {
        return isActive();
      },
    };
    const connector: MouseConnector = {
      reportModes: (relative) => {
        this.#active = relative;
      },
    };
    this.base = baseOf(offer(MouseConnector, connector), offer(MouseEnd, end));
  }

  construct(config: ConfigNode): void {
    const { name: who, instance, upBase } = this.#instance;
    readConfig(config, {}, { who, instance });
    this.#port = queryInterface(upBase, MousePort);
    if (this.#port === undefined) {
      throw this.#instance.vmSetError('VERR_PDM_MISSING_INTERFACE_ABOVE', `${who}#${instance} is below no mouse`);
    }
  }

  destruct(): void {
    this.#port = undefined;
  }
}

/** Registration of `MainMouse`. */
export const mainMouse: DriverRegistration = {
  name: 'MainMouse',
  description: 'A mouse that the program moves.',
  classes: driverClasses.MOUSE,
  create: (instance) => new MainMouse(instance),
};
