import '@ssmkit/runtime';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import { AUTO_MOUNT_REVISION, ConsoleData, NvramStore } from './main/console.js';
import { DisplayData, DisplayScreenshot, ScreenshotBlock, ScreenshotType } from './main/display.js';
import { Hgcm } from './main/hgcm.js';
import { type Bytes, bytes, read, reasonOf, type TestUnit } from './testing.js';

const screenshot: TestUnit = { name: 'DisplayScreenshot', version: 0x10001 };
const sized = (b: Bytes, text: string) => b.u32(new TextEncoder().encode(text).length + 1).strz(text);
/** A length and text of VirtualBox's shared folders. */
const shflString = (b: Bytes) => b.u32(8).u16(4, 2, 0x61, 0);
const service = (b: Bytes, name: string, clients: number) => sized(b, name).u32(clients);

describe('DisplayScreenshot', () => {
  it('has a thumbnail and a PNG', () => {
    const unit = read(
      screenshot,
      DisplayScreenshot,
      bytes().u32(2, 16, 0, 2, 1).varied(8).u32(12, 1, 640, 400).varied(4),
    );
    const thumbnail = unit.picture(ScreenshotType.Thumbnail);
    expect(thumbnail).to.include({ width: 2, height: 1 });
    expect(thumbnail?.data).to.have.length(8);
    expect(unit.picture(ScreenshotType.Png)?.data).to.have.length(4);
  });

  it('of a machine without a mode has neither', () => {
    const empty = bytes().u32(2, 8, 0, 8, 1);
    const unit = read(screenshot, DisplayScreenshot, empty);
    expect(unit.picture(ScreenshotType.Thumbnail)).to.equal(undefined);
    expect(unit.picture(ScreenshotType.Png)).to.equal(undefined);
    expect(unit).to.deep.equal(new DisplayScreenshot());
  });

  it('counts width and height, but not size and type', () => {
    const block = ScreenshotBlock.of(ScreenshotType.Png, 3, 2, Uint8Array.of(1, 2, 3));
    expect(block).to.include({ size: 11, dataBytes: 3 });
  });

  for (const [what, data, reason] of [
    ['a picture of another kind', bytes().u32(1, 8, 2), /2 is none of 0, 1/],
    ['more than the unit has', bytes().u32(1, 100, 1, 1, 1).varied(8), /layout of its version/],
    ['a huge one', bytes().u32(1, 0xffffffff, 1, 1, 1), /elements where at most/],
  ] as const) {
    it(`${what} is raw data with the reason`, () => expect(reasonOf(screenshot, data)).to.match(reason));
  }
});

describe('DisplayData', () => {
  for (const [version, monitor, rest] of [
    [0x10001, 3, 0],
    [0x10002, 5, 0],
    [0x10003, 8, 0],
    [0x10004, 8, 4],
    [0x10005, 8, 6],
  ] as const) {
    it(`version ${version & 0xff}: ${monitor} values a monitor, ${rest} after them`, () => {
      const data = bytes()
        .u32(2)
        .varied(8 * monitor + 4 * rest);
      expect(read({ name: 'DisplayData', version }, DisplayData, data).monitors).to.have.length(2);
    });
  }

  it('has origins that may be negative', () => {
    const data = bytes().u32(1, 0, 0x400000, 0, 640, 480, 0xfffffd80, 0, 1).u32(0, 0, 0, 0, 0, 0);
    const { monitors } = read({ name: 'DisplayData', version: 0x10005 }, DisplayData, data);
    expect(monitors[0]).to.include({ width: 640, height: 480, xOrigin: -640, flags: 1 });
  });
});

describe('ConsoleData', () => {
  const folder = (version: number, hasAutoMount: boolean) => {
    const b = sized(sized(bytes().u32(1), 'gäste'), '/srv');
    if (version >= 0x10001) b.u8(1);
    if (hasAutoMount) b.u8(1);
    if (version >= 0x10002) sized(b, '/mnt');
    return b;
  };
  const before = AUTO_MOUNT_REVISION - 1;
  for (const [version, context, hasAutoMount] of [
    [0x10000, {}, false],
    [0x10001, { openSource: true, revision: before }, true],
    [0x10001, { openSource: false, revision: before }, false],
    [0x10001, { revision: AUTO_MOUNT_REVISION }, true],
    [0x10002, {}, true],
  ] as const) {
    it(`version ${version & 0xff}, ${JSON.stringify(context)}: automatic mounting ${hasAutoMount ? '' : 'un'}known`, () => {
      const unit: TestUnit = { name: 'ConsoleData', version, ...context };
      const { folders } = read(unit, ConsoleData, folder(version, hasAutoMount));
      expect(folders[0]).to.include({ name: 'gäste', nameSize: 7, hostPath: '/srv', autoMount: hasAutoMount });
    });
  }

  it('is four bytes without folders', () => {
    expect(read({ name: 'ConsoleData', version: 0x10002 }, ConsoleData, bytes().u32(0)).folders).to.deep.equal([]);
  });
});

describe('HGCM', () => {
  const folders = (b: Bytes, version: number) => {
    b.u32(version, 64, 6).varied(6);
    b.u32(1).u8(1).u32(4);
    if (version === 2) b.varied(4);
    else b.strz('/srv');
    shflString(b).u8(1, 0);
    if (version >= 4) shflString(b);
    return b.times(63, (each) => each.u32(0).u8(0));
  };
  const clipboard = (b: Bytes, messages: number) =>
    b
      .u32(0x80000005)
      .struct((s) => s.u64(1, 2).u32(3, 4, 5))
      .struct((s) => s.u32(1, 2).u64(3, 4, 5))
      .struct((s) => s.u32(1))
      .u64(messages, 0);

  it('has services without clients, and clients without state', () => {
    const data = service(service(bytes().u32(7, 2), 'VBoxSharedFolders', 0), 'VBoxGuestPropSvc', 1)
      .u32(6, 5)
      .u8(0);
    const { services, nextHandle } = read({ name: 'HGCM', version: 3 }, Hgcm, data);
    expect(nextHandle).to.equal(7);
    expect(services.map(({ name, clients }) => [name, clients.length])).to.deep.equal([
      ['VBoxSharedFolders', 0],
      ['VBoxGuestPropSvc', 1],
    ]);
  });

  for (const version of [2, 3, 4, 5]) {
    it(`has shared folders of version ${version}`, () => {
      const data = folders(service(bytes().u32(2, 1), 'VBoxSharedFolders', 1).u32(1, 0).u8(1), version);
      const client = read({ name: 'HGCM', version: 3 }, Hgcm, data).services[0]?.clients[0];
      expect(client?.sharedFolders?.mappings[0]).to.include({
        mappings: 1,
        hostPath: version === 2 ? '' : '/srv',
        hostCaseSensitive: true,
      });
    });
  }

  it('has the state of a client in version 2 without being told', () => {
    const data = folders(service(bytes().u32(2, 1), 'VBoxSharedFolders', 1).u32(1), 3);
    const client = read({ name: 'HGCM', version: 2 }, Hgcm, data).services[0]?.clients[0];
    expect(client).to.include({ id: 1, hasState: true });
  });

  it('has clipboard and guest control', () => {
    const data = clipboard(service(bytes().u32(3, 2), 'VBoxSharedClipboard', 1).u32(1, 0).u8(1), 0);
    service(data, 'VBoxGuestControlSvc', 1).u32(2, 0).u8(1).u32(1).u8(0, 1);
    const { services } = read({ name: 'HGCM', version: 3 }, Hgcm, data);
    expect(services[0]?.clients[0]?.sharedClipboard).to.include({ chunkSize: 3, timestamp: 5n });
    expect(services[1]?.clients[0]?.guestControl).to.include({ legacyMode: false, isMaster: true });
  });

  it('is raw data where a clipboard has messages on their way', () => {
    const data = clipboard(service(bytes().u32(3, 1), 'VBoxSharedClipboard', 1).u32(1, 0).u8(1), 2);
    expect(reasonOf({ name: 'HGCM', version: 3 }, data)).to.match(/2 is outside/);
  });
});

describe('NvramStore', () => {
  const unit: TestUnit = { name: 'NvramStore', version: 1 };
  it('has contents by name', () => {
    const data = bytes().u32(2).strz('TpmEmuTpms/permall').u64(0).strz('efi/nvram').u64(5).varied(5).u32(0xffffffff);
    const { entries } = read(unit, NvramStore, data);
    expect(entries.map(({ name, size }) => [name, size])).to.deep.equal([
      ['TpmEmuTpms/permall', 0],
      ['efi/nvram', 5],
    ]);
  });

  for (const [what, data, reason] of [
    ['too many', bytes().u32(32), /32 elements where at most 31/],
    [
      'too large',
      bytes()
        .u32(1)
        .strz('a')
        .u64(1 << 20),
      /1048576 is outside/,
    ],
  ] as const) {
    it(`${what} is raw data with the reason`, () => expect(reasonOf(unit, data)).to.match(reason));
  }
});

describe('classes of the main API', () => {
  for (const target of [DisplayData, ConsoleData]) {
    it(`${target.name} survives saving and loading`, () => checkRoundTrip(target, { numRuns: 2 }));
  }
});
