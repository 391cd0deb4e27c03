import { expect } from 'chai';
import { configTree, dumpConfig, dumpConfigToLog, Password } from './index.js';

const uuid = Uint8Array.from([
  0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0,
]);

describe('the dump', () => {
  it('is that of a real release log (VirtualBox 7.2.22, a driverless VM)', () => {
    const root = configTree({
      UUID: uuid,
      TimerMillies: 10,
      Name: 'oracle-realvm',
      RamSize: 16 << 20,
      RamHoleSize: 512 << 20,
      PDM: { Drivers: { LoadBuiltin: 1 }, Devices: { LoadBuiltin: 1 } },
      Devices: {
        vga: {
          0: {
            Trusted: 1,
            'LUN#0': { Driver: 'StubDisplay' },
            Config: { VRamSize: 4 << 20, LogoFile: '', FadeIn: 0 },
          },
        },
        VMMDev: { 0: { Trusted: 1, Config: {} } },
        '8237A': { 0: { Trusted: 1, Config: {} } },
      },
    });
    expect(dumpConfigToLog(root)).to.equal(`\
************************* CFGM dump *************************
[/] (level 0)
  Name         <string>  = "oracle-realvm" (cb=14)
  RamHoleSize  <integer> = 0x0000000020000000 (536 870 912, 512.0 MiB)
  RamSize      <integer> = 0x0000000001000000 (16 777 216, 16.0 MiB)
  TimerMillies <integer> = 0x000000000000000a (10)
  UUID         <bytes>   = "44 33 22 11 66 55 88 77 99 aa bb cc dd ee ff 00" (cb=16)

[/Devices/] (level 1)

[/Devices/8237A/] (level 2)

[/Devices/8237A/0/] (level 3)
  Trusted <integer> = 0x0000000000000001 (1)

[/Devices/8237A/0/Config/] (level 4)

[/Devices/VMMDev/] (level 2)

[/Devices/VMMDev/0/] (level 3)
  Trusted <integer> = 0x0000000000000001 (1)

[/Devices/VMMDev/0/Config/] (level 4)

[/Devices/vga/] (level 2)

[/Devices/vga/0/] (level 3)
  Trusted <integer> = 0x0000000000000001 (1)

[/Devices/vga/0/Config/] (level 4)
  FadeIn   <integer> = 0x0000000000000000 (0)
  LogoFile <string>  = "" (cb=1)
  VRamSize <integer> = 0x0000000000400000 (4 194 304, 4.0 MiB)

[/Devices/vga/0/LUN#0/] (level 4)
  Driver <string>  = "StubDisplay" (cb=12)

[/PDM/] (level 1)

[/PDM/Devices/] (level 2)
  LoadBuiltin <integer> = 0x0000000000000001 (1)

[/PDM/Drivers/] (level 2)
  LoadBuiltin <integer> = 0x0000000000000001 (1)

********************* End of CFGM dump **********************
`);
  });

  it('shows no password', () => {
    expect(dumpConfig(configTree({ Secret: new Password('geheim') }))).to.equal(
      '[/] (level 0)\n  Secret <password>= "***REDACTED***" (cb=7)\n\n',
    );
  });

  it('of a part begins with level 0 and the whole path, and marks restricted roots', () => {
    const root = configTree({ a: { b: { c: {} } } });
    const node = root.child('a/b')!.setRestrictedRoot();
    expect(dumpConfig(node)).to.equal('[/a/b/] (level 0) (restricted root)\n\n[/a/b/c/] (level 1)\n\n');
  });

  const values: readonly (readonly [name: string, data: bigint | Uint8Array, text: string])[] = [
    ['x', -1n, '<integer> = 0xffffffffffffffff (18 446 744 073 709 551 615)'],
    ['x', 1234567n, '<integer> = 0x000000000012d687 (1 234 567)'],
    ['Size', 2048n, '<integer> = 0x0000000000000800 (2 048, 2.0 KiB)'],
    ['cbBlock', 512n, '<integer> = 0x0000000000000200 (512, 512 B)'],
    ['Sizes', 2048n, '<integer> = 0x0000000000000800 (2 048)'],
    ['Cb', 2048n, '<integer> = 0x0000000000000800 (2 048)'],
    ['x', new Uint8Array(), '<bytes>   = "" (cb=0)'],
    ['x', Uint8Array.of(0xa), '<bytes>   = "0a" (cb=1)'],
  ];
  for (const [name, data, text] of values) {
    it(`${name}: ${text}`, () =>
      expect(dumpConfig(configTree({ [name]: data }))).to.equal(`[/] (level 0)\n  ${name} ${text}\n\n`));
  }
});
