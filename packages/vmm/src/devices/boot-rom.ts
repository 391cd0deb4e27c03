import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Device, DeviceRegistration } from '../pdm/device.js';
import { deviceClasses } from '../pdm/flags.js';
import type { DeviceHelpers } from '../pdm/helpers.js';

/*
 * bootrom, what starts a machine that has no BIOS
 *
 * A ROM at the top of the first MiB in which an 8086 starts, and jumps to a program in RAM; the program is put there each
 * time the machine is powered on or reset, as a boot loader would from a disk.
 *
 *     /Devices/bootrom/0/Config/Image        bytes of the program; default none, for machines that are going to be loaded
 *     /Devices/bootrom/0/Config/LoadAddress  where it is put, and begins: segment 0; default 0x7C00
 *
 * It has no unit: the ROM and the program are in the memory's.
 */

const ROM_ADDRESS = 0xff000;
const ROM_SIZE = 0x1000;
/** Where the CPU starts. */
const RESET_VECTOR = 0xffff0;
/** The first segment, in which programs are put. */
const SEGMENT_SIZE = 0x10000;
/** JMP ptr16:16. */
const JMP_FAR = 0xea;

class BootRom implements Device {
  readonly #instance: DeviceHelpers;
  #image: Uint8Array = new Uint8Array(0);
  #address = 0;

  constructor(instance: DeviceHelpers) {
    this.#instance = instance;
  }

  construct(config: ConfigNode): void {
    const { name: who, instance } = this.#instance;
    const shape = {
      image: ['Image', 'bytes', new Uint8Array(0)],
      address: ['LoadAddress', 'u32', 0x7c00],
    } as const;
    const { image, address } = readConfig(config, shape, { who, instance });
    if (address + image.length > SEGMENT_SIZE) {
      const detail = `${who}: ${image.length} bytes at 0x${address.toString(16)} are not within the first segment`;
      throw this.#instance.vmSetError('VERR_OUT_OF_RANGE', detail);
    }
    this.#image = image;
    this.#address = address;
    const rom = new Uint8Array(ROM_SIZE);
    rom.set([JMP_FAR, address & 0xff, address >> 8, 0, 0], RESET_VECTOR - ROM_ADDRESS);
    this.#instance.romRegister(ROM_ADDRESS, rom, 'Boot ROM');
  }

  memSetup(): void {
    this.#instance.physWrite(this.#address, this.#image);
  }
}

/** Registration of `bootrom`. */
export const bootRom = {
  name: 'bootrom',
  description: 'Starts a program in RAM, without a BIOS.',
  classes: deviceClasses.ARCH_BIOS,
  maxInstances: 1,
  create: (instance: DeviceHelpers) => new BootRom(instance),
} as const satisfies DeviceRegistration;
