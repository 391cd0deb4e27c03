import type { DriverRegistration } from '../pdm/driver.js';
import { char } from './char.js';
import { mainDisplay } from './display.js';
import { mainKeyboard } from './keyboard.js';
import { memoryMedia } from './media.js';
import { mainMouse } from './mouse.js';
import { memoryStream, nullStream } from './streams.js';

/*
 * Drivers: what connects devices with the world outside of the machine
 *
 * A device shows its LUN one face (a serial port), and expects another below (what is behind a serial port). A driver
 * shows that to the one above, and expects something simpler below; the lowest of the chain has to do with the host, or
 * with the program around the machine:
 *
 *     serial ── LUN#0 ── Char ── MemoryStream ── the program
 *
 * The program gets its end of a chain from the lowest driver's base, by an interface as everybody else does.
 *
 * Drivers have no units. What is on its way through one is the host's: bytes for the guest wait where they come from, bytes
 * from the guest count as gone.
 */

const builtin: readonly DriverRegistration[] = [
  char,
  memoryStream,
  nullStream,
  mainDisplay,
  mainKeyboard,
  mainMouse,
  memoryMedia,
];

/** Registers all drivers that need nothing of the host. */
export function builtinDrivers(callbacks: { register(driver: DriverRegistration): void }): void {
  for (const driver of builtin) callbacks.register(driver);
}

export { DisplayEnd } from './display.js';
export { KeyboardEnd, type KeyboardLeds } from './keyboard.js';
export { MediaEnd } from './media.js';
export { type MouseButton, MouseEnd, mouseButtons } from './mouse.js';
export { StreamEnd } from './streams.js';
export { char, mainDisplay, mainKeyboard, mainMouse, memoryMedia, memoryStream, nullStream };
