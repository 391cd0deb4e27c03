import type { Catalog } from '../catalog.js';
import { MAC_BYTES } from './common.js';
import { E1000, E1000Config } from './network/e1000.js';
import { Dp8390, EtherLink, IsaNicConfig } from './network/isa.js';
import { Pcnet, PcnetConfig } from './network/pcnet.js';
import { VirtioNet, VirtioNetLegacy, VirtioNetLegacyConfig } from './virtio/net.js';
import './network/e1000.ssm.js';
import './network/isa.ssm.js';
import './network/pcnet.ssm.js';
import './virtio/net.ssm.js';

/** The units of network adapters. */
export function networkUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'e1000', versions: [1, 2, 3, 4, 5, 6], pass: 'final', target: E1000 })
    .define({ name: 'e1000', versions: [2, 3, 4, 5, 6], pass: 'live', target: E1000Config })
    .define({ name: 'pcnet', versions: [7, 8, 9, 10], pass: 'final', target: Pcnet })
    .define({ name: 'pcnet', versions: [7, 8, 9, 10], pass: 'live', target: PcnetConfig })
    .define({ name: '3c501', versions: [1], pass: 'final', target: EtherLink })
    .define({ name: '3c501', versions: [1], pass: 'live', target: IsaNicConfig })
    .define({ name: 'dp8390', versions: [1], pass: 'final', target: Dp8390 })
    .define({ name: 'dp8390', versions: [1], pass: 'live', target: IsaNicConfig })
    .define({ name: 'virtio-net', versions: [1, 2], pass: 'final', target: VirtioNetLegacy })
    .define({ name: 'virtio-net', versions: [1, 2], pass: 'live', target: VirtioNetLegacyConfig })
    .define({ name: 'virtio-net', versions: [1], pass: 'final', target: VirtioNet, fits: beginsWithoutMac });
}

/** The older layouts begin with a MAC address, the newer one with what cannot be one. */
function beginsWithoutMac(data: Uint8Array): boolean {
  return data.length >= MAC_BYTES && data.subarray(0, MAC_BYTES).every((byte) => byte === 0xff);
}
