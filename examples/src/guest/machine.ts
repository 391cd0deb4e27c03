import { readFileSync } from 'node:fs';
import { createPc, type PcOptions, serialEnd, type Uvm } from '@ssmkit/vmm';
import { VBoxDevicesRegister } from './noise.js';
import './noise.ssm.js';

/** A program of examples/guests. */
export const readGuest = (name: string): Uint8Array => readFileSync(new URL(`../../guests/${name}`, import.meta.url));

/** A PC with the noise device, and a program for it. */
export function createMachine(image: Uint8Array, { config, ...options }: Partial<PcOptions> = {}): Promise<Uvm> {
  return createPc({
    image,
    modules: { Examples: { VBoxDevicesRegister } },
    config: { Devices: { noise: { 0: { Config: {} } } }, ...config },
    ...options,
  });
}

/** What the guest writes to its serial port, until it has written the last line. */
export function untilEnd(uvm: Uvm, onText: (text: string) => void = () => {}): Promise<string> {
  return untilText(uvm, /^end sum=\w+\r\n/m, onText);
}

/** What the guest writes, until something is found in it. */
export function untilText(uvm: Uvm, pattern: RegExp, onText: (text: string) => void = () => {}): Promise<string> {
  const end = serialEnd(uvm);
  let all = '';
  return new Promise((resolve) => {
    const look = () => {
      const text = end.takeText();
      all += text;
      if (text !== '') onText(text);
      if (!pattern.test(all)) return;
      end.onData = undefined;
      resolve(all);
    };
    end.onData = look;
    look();
  });
}

/** Switches a machine off, and gives it back. */
export async function dispose(uvm: Uvm): Promise<void> {
  if (uvm.state !== 'OFF') await uvm.powerOff();
  await uvm.destroy();
  uvm.release();
}
