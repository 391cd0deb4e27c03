import type { Screen } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import { driverClasses } from '../pdm/flags.js';
import { type BaseInterface, baseOf, interfaceId, offer, queryInterface } from '../pdm/interface-ids.js';
import { DisplayConnector, DisplayPort } from '../pdm/interfaces.js';

/** The program's side of a display: `queryInterface(base, DisplayEnd)`. */
export interface DisplayEnd {
  /** The screen as it is now: its mode, text and picture. */
  readonly screen: Screen | undefined;
  /** Its text, if it is in a text mode. */
  readonly text: readonly string[] | undefined;
  /** In pixels; 0 while the screen is dark. */
  readonly width: number;
  readonly height: number;
  /** Is told that the screen may have changed, some 30 times a second at most. */
  onUpdate?: (() => void) | undefined;
  /** Is told the new size before that. */
  onResize?: ((width: number, height: number) => void) | undefined;
}

export const DisplayEnd = interfaceId<DisplayEnd>('DisplayEnd', 'a1b7f1ce-0c0e-4b7c-9a36-5a4f8f0e6d21');

/** `MainDisplay`: a display that the program looks at. */
class MainDisplay implements Driver {
  readonly base: BaseInterface;
  readonly #instance: DriverInstance;
  #port: DisplayPort | undefined;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
    const port = () => this.#port;
    let size = { width: 0, height: 0 };
    const end: DisplayEnd = {
      get screen() {
        return port()?.screen;
      },
      get text() {
        return port()?.text;
      },
      get width() {
        return size.width;
      },
      get height() {
        return size.height;
      },
    };
    const connector: DisplayConnector = {
      resize: (width, height) => {
        size = { width, height };
        end.onResize?.(width, height);
      },
      update: () => end.onUpdate?.(),
    };
    this.base = baseOf(offer(DisplayConnector, connector), offer(DisplayEnd, end));
  }

  construct(config: ConfigNode): void {
    const { name: who, instance, upBase } = this.#instance;
    readConfig(config, {}, { who, instance });
    this.#port = queryInterface(upBase, DisplayPort);
    if (this.#port === undefined) {
      throw this.#instance.vmSetError('VERR_PDM_MISSING_INTERFACE_ABOVE', `${who}#${instance} is below no display`);
    }
  }

  destruct(): void {
    this.#port = undefined;
  }
}

/** Registration of `MainDisplay`. */
export const mainDisplay: DriverRegistration = {
  name: 'MainDisplay',
  description: 'A display that the program looks at.',
  classes: driverClasses.DISPLAY,
  create: (instance) => new MainDisplay(instance),
};
