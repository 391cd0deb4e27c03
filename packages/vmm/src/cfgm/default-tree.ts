import { configTree } from './literal.js';
import type { ConfigNode, ConfigTreeOptions } from './node.js';

const MiB = 2 ** 20;
const trusted = { Trusted: true, Config: {} };

/**
 * The tree of a VM whose creator gives none: a PC of the classic devices and one CPU, for tests and small adjustments.
 *
 * Devices and their settings are those that the release log of a small machine shows (VirtualBox 7.2.22), as far as they
 * come with ssmkit; name and size of memory are ssmkit's own.
 */
export function defaultConfigTree(options: ConfigTreeOptions = {}): ConfigNode {
  const uuid = new Uint8Array(16);
  return configTree(
    {
      Name: 'machine',
      UUID: uuid,
      RamSize: 64 * MiB,
      RamHoleSize: 512 * MiB,
      TimerMillies: 10,
      EM: { IemExecutesAll: true },
      HM: { FallbackToIEM: true },
      PDM: { Devices: { LoadBuiltin: true }, Drivers: { LoadBuiltin: true } },
      Devices: {
        '8237A': { 0: trusted },
        VMMDev: { 0: trusted },
        i8254: { 0: trusted },
        i8259: { 0: trusted },
        mc146818: { 0: trusted },
        pckbd: { 0: trusted },
        vga: {
          0: {
            Trusted: true,
            Config: { VRamSize: 4 * MiB, FadeIn: 0, FadeOut: 0, LogoFile: '', LogoTime: 0, ShowBootMenu: 0 },
          },
        },
      },
    },
    options,
  );
}
