import { E1000, E1000Config } from './network/e1000.js';
import { Dp8390, EtherLink, IsaNicConfig } from './network/isa.js';
import { Pcnet, PcnetConfig, PcnetType } from './network/pcnet.js';
import { testUnits, testWrong, type UnitRow, versions } from './table.js';
import { type Bytes, bytes } from './testing.js';
import { VirtioNet, VirtioNetLegacy, VirtioNetLegacyConfig } from './virtio/net.js';

const LIVE = { pass: 0 };
const mac = (b: Bytes) => b.u8(8, 0, 0x27, 1, 2, 3);

function e1000(version: number): Bytes {
  const b = bytes();
  if (version >= 2)
    mac(b)
      .u32(2)
      .u8(1, 2, 3, 1)
      .u32(4)
      .u16(5, 6, 7)
      .times(64, (c, i) => c.u16(i));
  // The registers hold their places, those that moved hold 0x5xx.
  const registers = (c: Bytes) => {
    for (let i = 0; i < 121; i++) {
      c.u32(i);
      if (version === 5 && i === 23) c.u32(0x501);
      if (version === 5 && i === 26) c.u32(0x502);
      if (version === 5 && i === 114) c.u32(0x503);
    }
    return version >= 6 ? c.u32(0x501, 0x502, 0x503) : c;
  };
  const phy = (c: Bytes) => c.times(21, (d, i) => d.u16(i));
  if (version >= 6) b.struct(registers).u8(1).struct(phy);
  else phy(registers(b).u8(1));
  b.u32(8)
    .times(128, (c, i) => c.u32(i))
    .times(16, (c, i) => mac(c).u16(i === 0 ? 0x8000 : 0));
  b.times(128, (c, i) => c.u32(i))
    .u64(99)
    .u16(2048, 5)
    .varied(5)
    .u8(1, 0)
    .varied(32);
  if (version >= 3) b.u8(1).u16(0x123);
  return version >= 4 ? b.u8(1).varied(16) : b;
}

function pcnet(version: number, type: number): Bytes {
  const b = bytes().u8(1).u32(3, 0, 0x40);
  if (version >= 9) b.u8(1);
  if (version >= 10) b.u8(0);
  b.u32(0x1000, 0x2000)
    .varied(16)
    .times(128, (c, i) => c.u16(i))
    .times(50, (c, i) => c.u16(i))
    .times(32, (c, i) => c.u16(i));
  mac(b.u16(0x7b).u64(5)).u8(type).u32(1000000).u8(7).u64(66);
  return type === PcnetType.Am79C973 && version >= 8 ? b.u8(4) : b;
}

const core = (b: Bytes) =>
  b
    .u64(0x1133557799bbddffn)
    .u32(1, 0)
    .u8(0, 15, 1, 0x40, 0)
    .u16(3)
    .u32(0, 1)
    .u64(0x130000000)
    .times(24, (c, i) => c.u64(i, 1, 2).u16(0, i, 1, 64, 5, 6).varied(32));
const modern = () => {
  const b = mac(bytes().mem(6, 0xff).u64(7).u16(3, 2).u8(1, 1, 0))
    .u16(1, 0)
    .u8(1, 1, 0, 0, 0, 0, 0);
  return core(mac(mac(mac(b.u32(1)).u32(2))).varied(4096));
};
function legacy(version: number): Bytes {
  const b = mac(bytes()).u32(5).u16(1).u8(7, 0);
  if (version > 1) b.u32(2);
  mac(
    b.times(version > 1 ? 2 : 3, (c, i) =>
      c
        .u16(256)
        .u32(0x100 + i)
        .u16(3, 4),
    ),
  );
  return version > 1 ? mac(b.u8(1, 0).u32(1)).varied(4096) : b;
}

const etherLink = mac(mac(bytes().u16(1, 2).u8(3, 4, 5, 6, 7, 8, 9).u8(0, 1, 0)));
const dp8390 = mac(
  mac(
    bytes()
      .u8(1, 0)
      .u8(0x21, 1, 2, 3, 4, 5, 6, 7, 8, 9)
      .u16(10, 11)
      .u8(12, 13, 14, 15)
      .u16(16, 17, 18)
      .u8(19, 20, 21, 22, 23),
  )
    .varied(8)
    .u8(1, 2)
    .varied(16)
    .u8(3, 4)
    .u8(...Array(14).keys())
    .u16(0x1234)
    .u8(1),
);

const rows: readonly UnitRow[] = [
  ...versions(1, 6).map((version): UnitRow => {
    const registers = { ctrl: 0, ledctl: 23, pba: 24, rdfh: 27, rxcsum: 114, wupl: 120 };
    const newer = version === 5 ? { extcnfCtrl5: 0x501, psrctl5: 0x502, rfctl5: 0x503 } : {};
    const newest = version === 6 ? { extcnfCtrl: 0x501, psrctl: 0x502, rfctl: 0x503 } : {};
    const found = {
      registers: { ...registers, ...newer, ...newest },
      phy: { pctrl: 0, r30aw: 20 },
      txPacket: { length: 5 },
    };
    return [{ name: 'e1000', version }, E1000, e1000(version), found];
  }),
  [{ name: 'e1000', version: 6, ...LIVE }, E1000Config, mac(bytes()).u32(1), { chip: 1, mac: [8, 0, 0x27, 1, 2, 3] }],
  ...versions(7, 10).flatMap((version) =>
    [0, 1, 2, 3].map((type): UnitRow => {
      const found = { csr: { 127: 127 }, bcr: { 49: 49 }, config: { type, mac: { 5: 3 } }, pollTimer: { expire: 66n } };
      return [{ name: 'pcnet', version }, Pcnet, pcnet(version, type), found];
    }),
  ),
  [{ name: 'pcnet', version: 10, ...LIVE }, PcnetConfig, mac(bytes()).u8(1).u32(1000), { linkSpeed: 1000 }],
  [
    { name: 'virtio-net', version: 1 },
    VirtioNet,
    modern(),
    {
      queueAttached: [true, true, false],
      multicast: { length: 1 },
      unicast: [{}, { mac: { 0: 8 } }],
      core: { queues: { 23: { msixVector: 23 } } },
    },
  ],
  ...[1, 2].flatMap((version): UnitRow[] => [
    [{ name: 'virtio-net', version }, VirtioNetLegacy, legacy(version), { status: 7, queues: { 1: { page: 0x101 } } }],
    [{ name: 'virtio-net', version, ...LIVE }, VirtioNetLegacyConfig, mac(bytes()), { configuredMac: { 2: 0x27 } }],
  ]),
  [{ name: '3c501', version: 1 }, EtherLink, etherLink, { interruptState: 9, stationAddress: { 0: 8 } }],
  [
    { name: 'dp8390', version: 1 },
    Dp8390,
    dp8390,
    { tpsr: 9, crda: 18, cntr2: 23, gateArray: { vptr0: 13, cdadr: 0x1234, irq: true } },
  ],
  ...['3c501', 'dp8390'].map(
    (name): UnitRow => [{ name, version: 1, ...LIVE }, IsaNicConfig, mac(bytes()), { mac: { 5: 3 } }],
  ),
];

testUnits('units of network adapters', rows);

testWrong('units of network adapters that are wrong', [
  ['a chip that there is not', { name: 'e1000', version: 6 }, mac(bytes()).u32(4), /4 is none of 0, 1, 2, 3/],
  ['a timer too many', { name: 'pcnet', version: 10 }, pcnet(10, 0).u8(4), /ends 1 bytes before/],
  ['new virtio of version 2', { name: 'virtio-net', version: 2 }, modern(), /layout/],
  [
    'a core without its marker',
    { name: 'virtio-net', version: 1 },
    bytes()
      .u8(...modern().data().subarray(0, -1768))
      .mem(1768),
    /marker/,
  ],
  ['3Com with a byte too few', { name: '3c501', version: 1 }, bytes().mem(25), /read past the unit/],
]);
