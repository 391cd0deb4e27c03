import { configTree } from './literal.js';
import type { ConfigNode, ConfigTreeOptions } from './node.js';

const MiB = 2 ** 20;

const trusted = { Trusted: true, Config: {} };
const untrusted = { Config: {} };

/**
 * The tree of a VM whose creator gives none: a PC of the classic devices, with 128 MiB, for tests and small adjustments
 * (`VirtualBox 7.2 CFGM.cpp, CFGMR3ConstructDefaultTree`).
 */
export function defaultConfigTree(options: ConfigTreeOptions = {}): ConfigNode {
  return configTree(
    {
      Name: 'Default VM',
      RamSize: 128 * MiB,
      RamHoleSize: 512 * MiB,
      TimerMillies: 10,
      HM: { FallbackToIEM: true },
      PDM: { Devices: { LoadBuiltin: true }, Drivers: { LoadBuiltin: true } },
      Devices: {
        pcarch: { 0: trusted },
        pcbios: {
          0: {
            Trusted: true,
            Config: {
              BootDevice0: 'IDE',
              BootDevice1: 'NONE',
              BootDevice2: 'NONE',
              BootDevice3: 'NONE',
              HardDiskDevice: 'piix3ide',
              FloppyDevice: '',
              UUID: new Uint8Array(16),
            },
          },
        },
        pci: { 0: trusted },
        pckbd: { 0: untrusted },
        i8254: { 0: untrusted },
        i8259: { 0: trusted },
        mc146818: { 0: untrusted },
        vga: {
          0: { Trusted: true, Config: { VRamSize: 4 * MiB, FadeIn: 1, FadeOut: 1, LogoTime: 0, LogoFile: '' } },
        },
        piix3ide: { 0: trusted },
        VMMDev: { 0: trusted },
      },
    },
    options,
  );
}
