import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import { driverClasses } from '../pdm/flags.js';
import { type BaseInterface, baseOf, interfaceId, offer, queryInterface } from '../pdm/interface-ids.js';
import { KeyboardConnector, KeyboardPort } from '../pdm/interfaces.js';

/** Lights of a keyboard. */
export interface KeyboardLeds {
  readonly scroll: boolean;
  readonly num: boolean;
  readonly caps: boolean;
}

/** The program's side of a keyboard: `queryInterface(base, KeyboardEnd)`. Keys are usages of USB's keyboard page. */
export interface KeyboardEnd {
  press(usage: number): void;
  release(usage: number): void;
  /** Presses and releases keys that make a text on a keyboard of the USA. @throws RangeError for what is not on it. */
  type(text: string): void;
  readonly leds: KeyboardLeds;
  /** Whether the guest takes keys. */
  readonly active: boolean;
  /** Is told when the guest has changed lights. */
  onLeds?: ((leds: KeyboardLeds) => void) | undefined;
}

export const KeyboardEnd = interfaceId<KeyboardEnd>('KeyboardEnd', '5b1f6d0e-9a34-4a0b-8f0d-1c0b7d3f52a6');

const RELEASED = 0x8000_0000;
const LEFT_SHIFT = 0xe1;

/** Characters of keys with consecutive usages, alone and with shift. */
const keyboardRows: readonly (readonly [usage: number, alone: string, shifted: string])[] = [
  [0x04, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  [0x1e, '1234567890', '!@#$%^&*()'],
  [0x28, '\n', ''],
  [0x2a, '\b\t ', ''],
  [0x2d, '-=[]\\', '_+{}|'],
  [0x33, ";'`,./", ':"~<>?'],
];

/** Key and shift of a character. */
const charactersKeys = new Map<string, readonly [usage: number, shift: boolean]>();
for (const [usage, alone, shifted] of keyboardRows) {
  for (const [i, character] of [...alone].entries()) charactersKeys.set(character, [usage + i, false]);
  for (const [i, character] of [...shifted].entries()) charactersKeys.set(character, [usage + i, true]);
}
charactersKeys.set('\x1b', [0x29, false]);

/** `MainKeyboard`: a keyboard that the program types on. */
class MainKeyboard implements Driver {
  readonly base: BaseInterface;
  readonly #instance: DriverInstance;
  #port: KeyboardPort | undefined;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
    let leds: KeyboardLeds = { scroll: false, num: false, caps: false };
    let active = false;
    const put = (event: number) => this.#port?.putEventHid(event);
    const end: KeyboardEnd = {
      press: (usage) => put(usage),
      release: (usage) => put((usage | RELEASED) >>> 0),
      type: (text) => typeText(text, end),
      get leds() {
        return leds;
      },
      get active() {
        return active;
      },
    };
    const connector: KeyboardConnector = {
      ledStatusChange: (changed) => {
        leds = changed;
        end.onLeds?.(changed);
      },
      setActive: (isActive) => {
        active = isActive;
      },
    };
    this.base = baseOf(offer(KeyboardConnector, connector), offer(KeyboardEnd, end));
  }

  construct(config: ConfigNode): void {
    const { name: who, instance, upBase } = this.#instance;
    readConfig(config, {}, { who, instance });
    this.#port = queryInterface(upBase, KeyboardPort);
    if (this.#port === undefined) {
      throw this.#instance.vmSetError('VERR_PDM_MISSING_INTERFACE_ABOVE', `${who}#${instance} is below no keyboard`);
    }
  }

  destruct(): void {
    this.#port = undefined;
  }
}

function typeText(text: string, { press, release }: Pick<KeyboardEnd, 'press' | 'release'>): void {
  const keys = [...text].map((character) => {
    const key = charactersKeys.get(character);
    if (key === undefined) throw new RangeError(`no key for ${JSON.stringify(character)}`);
    return key;
  });
  for (const [usage, shift] of keys) {
    if (shift) press(LEFT_SHIFT);
    press(usage);
    release(usage);
    if (shift) release(LEFT_SHIFT);
  }
}

/** Registration of `MainKeyboard`. */
export const mainKeyboard: DriverRegistration = {
  name: 'MainKeyboard',
  description: 'A keyboard that the program types on.',
  classes: driverClasses.KEYBOARD,
  create: (instance) => new MainKeyboard(instance),
};
