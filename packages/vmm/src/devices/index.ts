import type { DeviceRegistration } from '../pdm/device.js';
import { i8237A } from './8237A/index.js';
import { bootRom } from './boot-rom.js';
import { i8254 } from './i8254/index.js';
import { i8259 } from './i8259/index.js';
import { mc146818 } from './mc146818/index.js';
import { pckbd } from './pckbd/index.js';
import { serial } from './serial/index.js';
import { vmmDev } from './VMMDev/index.js';
import { vga } from './vga/index.js';

/*
 * The devices of a PC
 *
 * What a guest finds at its ports, each a `DeviceRegistration` with the name that VirtualBox's own device has, so that
 * the units of a saved state find their way. The registers of a device are a plain class of `packages/vbox`: the same that
 * reads real states decodes and encodes the device's own. So there is one definition of what is saved, and nothing beside
 * it that could be forgotten: whatever a device knows that is not in the class must follow from what is.
 *
 *     saved state ◀─ put, get ─▶ Pit, Pic, Rtc, …   plain values: what there is
 *                                      ▲
 *                               i8254, i8259, …     behaviour: ports, timers, interrupts
 *
 * Time is the virtual synchronous clock. Where hardware counts, a device here notes when it began, and computes what has
 * become of it when somebody looks: a counter that nobody reads costs nothing, and no tick is ever late or lost. Timers
 * are for what has to happen by itself, which is interrupts.
 *
 * Devices tell about themselves: info items `pit`, `pic`, `rtc`, `cmos`, `dma`, `serial0`…, `pckbd`, `vga` and `vmmdev`, as
 * text and as data, and counters below `/Devices/`. Asking changes nothing. Their names and what they show are ours, but
 * for the counters of the clock, which release logs have.
 *
 * A guest may write anything to any port at any time. That is never an error; what makes no sense is as harmless as on the
 * real chip. A saved state that no device can have written is one, and is refused.
 */

export * from './8237A/index.js';
export { bootRom } from './boot-rom.js';
export * from './i8254/index.js';
export * from './i8259/index.js';
export * from './mc146818/index.js';
export * from './pckbd/index.js';
export * from './serial/index.js';
export * from './VMMDev/index.js';
export * from './vga/index.js';

/** The devices that come with the machine. */
const devices: readonly DeviceRegistration[] = [bootRom, i8259, i8254, mc146818, i8237A, pckbd, serial, vga, vmmDev];

/** Registers them all: `VBoxDevicesRegister` of the built-in module. */
export function builtinDevices(callbacks: { register(registration: DeviceRegistration): void }): void {
  for (const device of devices) callbacks.register(device);
}
