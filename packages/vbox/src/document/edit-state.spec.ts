import { MemorySink, MemorySource, openState, PASS_FINAL, type PutStream, verifyState } from '@ssmkit/runtime';
import { sav, savV1 } from '@ssmkit/runtime/testing';
import { Mem, Nested, S32, SsmStream, StrZ, U8, U16, U64 } from '@ssmkit/schema';
import { expect } from 'chai';
import { Catalog } from '../catalog.js';
import { GuestMemory } from '../guest-memory.js';
import { PgmMappings, PgmOldest, PgmSingle } from '../pgm/header.js';
import { OldMemoryWriter, OldPageType } from '../pgm/old-memory.js';
import type { PageWriter } from '../pgm/put-pages.js';
import { PAGE_SIZE } from '../pgm/records.js';
import { guestState, page, type TestMachine, type TestPass } from '../testing.js';
import { unitPieces } from '../unit-data.js';
import { type Edit, editState } from './index.js';

@SsmStream()
class Channel {
  @U16() count = 0;
  @U8({ max: 5 }) mode = 0;
}

@SsmStream()
class Device {
  @U8() status = 1;
  @U64() time = 2n;
  @S32() offset = -3;
  @Mem({ count: 4 }) cmos = Uint8Array.of(1, 2, 3, 4);
  @StrZ({ max: 100 }) label = 'abc';
  @Nested(() => Channel, { count: 2 }) channels = [new Channel(), new Channel()];
  @U16({ count: 2 }) ports = new Uint16Array(2);
}

const catalog = new Catalog()
  .define({ name: 'dev', versions: [1], target: Device })
  .define({ name: 'a.b', versions: [1], target: Channel });

const data = [1, 2, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0xff, 0xff, 0xff, 1, 2, 3, 4, 3, 0, 0, 0, 0x61, 0x62, 0x63];
const rest = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const state = () =>
  sav({ live: true })
    .unit('dev', 1)
    .mem([...data, ...rest])
    .unit('a.b')
    .mem([1, 0, 2])
    .unit('ram', 0, { pass: 0 })
    .zero(4)
    .unit('own', 0)
    .mem([9])
    .unit('own', 1)
    .mem([8])
    .unit('ram')
    .zero(4);
const bytes = state().bytes();

async function edited(edits: readonly Edit[], from = bytes): Promise<Uint8Array> {
  const sink = new MemorySink();
  await editState(new MemorySource(from), sink, edits, { catalog });
  expect((await verifyState(new MemorySource(sink.bytes()))).failure).to.equal(undefined);
  return sink.bytes();
}

const set = (...texts: readonly string[]): Edit[] => texts.map((text) => ({ kind: 'set', text }));

async function contentOf(state: Uint8Array): Promise<[name: string, data: number[]][]> {
  const content: [string, number[]][] = [];
  for await (const unit of (await openState(new MemorySource(state))).units()) {
    const all: number[] = [];
    for await (const piece of unitPieces(unit)) all.push(...piece);
    content.push([`${unit.name}#${unit.instance}@${unit.pass === PASS_FINAL ? 'final' : unit.pass}`, all]);
  }
  return content;
}

async function problemOf(edits: readonly Edit[], from = bytes): Promise<string> {
  const sink = new MemorySink();
  try {
    await editState(new MemorySource(from), sink, edits, { catalog });
  } catch (error) {
    expect(sink.bytes().length, 'bytes written').to.equal(0);
    return (error as Error).message;
  }
  throw new Error('it should have failed');
}

describe('editing a state', () => {
  it('without a change gives the same', async () => {
    expect(await edited([])).to.deep.equal(bytes);
  });

  const sets: readonly (readonly [text: string, at: number, now: readonly number[]])[] = [
    ['dev.status=0x7f', 0, [0x7f]],
    ['dev#1.status=7', 0, [7]],
    ['dev#1@final.status=7', 0, [7]],
    ['dev.time=0xfedcba9876543210', 1, [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe]],
    ['dev.time=18446744073709551615', 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['dev.time="5"', 1, [5]],
    ['dev.offset=-0x2', 9, [0xfe]],
    ['dev.cmos[0x2]=0xff', 15, [0xff]],
    ['dev.cmos=hex:09080706', 13, [9, 8, 7, 6]],
    ['dev.cmos=CQgHBg==', 13, [9, 8, 7, 6]],
    ['dev.label=xyz', 21, [0x78, 0x79, 0x7a]],
    ['dev.label="123"', 21, [0x31, 0x32, 0x33]],
    ['dev.label=123', 21, [0x31, 0x32, 0x33]],
    ['dev.label=a=b', 21, [0x61, 0x3d, 0x62]],
    ['dev.channels[1].mode=5', 29, [5]],
    ['dev.channels[1]={"count":258,"mode":3}', 27, [2, 1, 3]],
    ['dev.ports[1]=0x1234', 32, [0x34, 0x12]],
    ['dev.ports=[1,2]', 30, [1, 0, 2, 0]],
  ];
  for (const [text, at, now] of sets) {
    it(`${text} changes these bytes and no others`, async () => {
      const expected = await contentOf(bytes);
      const device = (expected[0] as [string, number[]])[1];
      device.splice(at, now.length, ...now);
      expect(await contentOf(await edited(set(text)))).to.deep.equal(expected);
    });
  }

  it('several fields at once, and units with a dot in their names', async () => {
    const content = await contentOf(await edited(set('a.b.count=0x102', 'a.b.mode=4', 'dev.status=9')));
    expect(content[1]).to.deep.equal(['a.b#0@final', [2, 1, 4]]);
    expect(content[0]?.[1][0]).to.equal(9);
  });

  it('leaves units out: every pass, or one', async () => {
    const names = async (unit: string) =>
      (await contentOf(await edited([{ kind: 'delete', unit }]))).map(([name]) => name);
    expect(await names('ram')).to.deep.equal(['dev#1@final', 'a.b#0@final', 'own#0@final', 'own#1@final']);
    expect(await names('ram@0'))
      .to.include('ram#0@final')
      .and.not.to.include('ram#0@0');
    expect(await names('ram@final'))
      .to.include('ram#0@0')
      .and.not.to.include('ram#0@final');
    expect(await names('own#1'))
      .to.include('own#0@final')
      .and.not.to.include('own#1@final');
  });

  it('gives units other data', async () => {
    const large = new Uint8Array(100_000).fill(7);
    const content = await contentOf(
      await edited([{ kind: 'replace', unit: 'own#1', data: [large, Uint8Array.of(1)] }]),
    );
    expect(content[4]?.[1]).to.deep.equal([...large, 1]);
  });

  it('keeps that there is no END unit', async () => {
    const standalone = sav({ end: false })
      .unit('dev')
      .mem([...data, ...rest])
      .unit('x')
      .bytes();
    const sink = new MemorySink();
    await editState(new MemorySource(standalone), sink, [{ kind: 'delete', unit: 'x' }], { catalog });
    // The header goes on telling how many units were registered.
    const header = (view: DataView) => view.setUint32(48, 2, true);
    const expected = sav({ end: false, header })
      .unit('dev')
      .mem([...data, ...rest]);
    expect(sink.bytes()).to.deep.equal(expected.bytes());
  });

  it('edits states of format V1.2', async () => {
    const old = savV1().unit('a.b').store([1, 0, 2]).unit('x').store([5]).bytes();
    const made = await edited([...set('a.b.mode=5'), { kind: 'delete', unit: 'x' }], old);
    expect(await contentOf(made)).to.deep.equal([['a.b#0@final', [1, 0, 5]]]);
  });

  const problems: readonly (readonly [edit: string | Edit, problem: RegExp])[] = [
    ['dve.status=1', /^VERR_SSM_UNIT_NOT_FOUND: no such unit; near names: dev \(unit 'dve'\)$/],
    ['dev#2.status=1', /^VERR_SSM_UNIT_NOT_FOUND: no such instance; 'dev' has 1/],
    ['ram@3.x=1', /no such pass; 'ram'#0 has 0, final/],
    ['own.x=1', /'own' has several instances: say 'own#0', 'own#1'/],
    ['dev.sttus=1', /'sttus': Device has no 'sttus'; near names: status/],
    ['dev.zzzzzz=1', /Device has no 'zzzzzz'; there is status, time, offset/],
    ['dev.channels[2].mode=1', /'channels' has 2 elements/],
    ['dev.channels[1].mod=1', /'channels\[1\]\.mod': Channel has no 'mod'; near names: mode/],
    ['dev.channels.mode=1', /'channels' is an array: say which element/],
    ['dev.status[0]=1', /'status' has no parts/],
    ['dev.status.x=1', /'status' has no parts/],
    ['dev.cmos[4]=1', /'cmos' has 4 bytes/],
    ['dev.cmos[3]=256', /'cmos\[3\]' is a byte: expected an integer from 0 to 255, found 256/],
    ['dev.status=256', /Device\.status: expected an integer from 0 to 255, found 256/],
    ['dev.channels[0].mode=6', /Device\.channels\[0\]\.mode: expected an integer from 0 to 5, found 6/],
    ['dev.status=x', /'status': "x" is no value/],
    ['dev.cmos=hex:00', /expected 4 bytes, found 1/],
    ['dev.=1', /is no path/],
    ['dev.a..b=1', /is no path/],
    ['dev=1', /expected UNIT\.FIELD=VALUE/],
    ['dev.status', /expected UNIT\.FIELD=VALUE/],
    ['own#0.x=1', /^VERR_NOT_SUPPORTED: its fields cannot be set: no layout is known .* \(unit 'own'#0, final pass\)$/],
    [{ kind: 'delete', unit: 'no' }, /no such unit/],
    [{ kind: 'replace', unit: 'no', data: [] }, /no such unit/],
  ];
  for (const [edit, problem] of problems) {
    const text = typeof edit === 'string' ? edit : `${edit.kind} no`;
    it(`${text} is refused, with what there is`, async () => {
      expect(await problemOf(typeof edit === 'string' ? set(edit) : [edit])).to.match(problem);
    });
  }

  it('refuses two ways of changing a unit', async () => {
    expect(await problemOf([...set('dev.status=1'), { kind: 'delete', unit: 'dev' }])).to.match(/more than one way/);
  });

  it('refuses states that are damaged, and formats that cannot be written', async () => {
    const damaged = bytes.slice();
    damaged[bytes.length - 200] = 0x55;
    expect(await problemOf([], damaged)).to.match(/^VERR_SSM_INTEGRITY/);
    expect(await problemOf([], savV1({ format: '1.1' }).unit('x').store([1]).bytes())).to.match(
      /V1\.1 cannot be written/,
    );
  });
});

describe('editing guest memory', () => {
  const machine = {
    ram: 2 ** 20,
    rom: [{ description: 'PC BIOS', address: 0xf0000n, size: 0x10000n }],
    mmio2: [{ size: 0x4000n }],
  };
  const live: readonly TestPass[] = [
    { pass: 0, pages: (put) => put.putRom(1, 0, 1, page(0)) },
    {
      pass: 1,
      pages: (put) => {
        for (let i = 0; i < 4; i++) put.putRam(i, page(i));
      },
    },
    {
      pages: (put) => {
        put.putRam(1);
        put.putMmio2(1, 0, page(9));
        put.putRam(2, page(22));
        put.putBallooned(5);
      },
    },
  ];
  const poke = (address: number, ...data: number[]) =>
    ({ kind: 'poke', address, data: Uint8Array.from(data) }) as const;

  async function edited(edits: readonly Edit[], passes = live, more: TestMachine = {}) {
    const from = await guestState(passes, { ...machine, ...more });
    const sink = new MemorySink();
    const result = await editState(new MemorySource(from), sink, edits);
    const [before, after] = await Promise.all(
      [from, sink.bytes()].map(async (bytes) => GuestMemory.open(await openState(new MemorySource(bytes)))),
    );
    return { before: before as GuestMemory, after: after as GuestMemory, bytes: sink.bytes(), result };
  }

  const rows: readonly (readonly [what: string, address: number, unit: string])[] = [
    ['of a live pass', 3 * PAGE_SIZE + 5, 'pgm#1@1'],
    ['of the first page', 0, 'pgm#1@1'],
    ['that is zero in the last pass', PAGE_SIZE + 1, 'pgm#1'],
    ['that is in two passes', 2 * PAGE_SIZE + 7, 'pgm#1'],
    ['that is in none', 9 * PAGE_SIZE, 'pgm#1'],
  ];
  for (const [what, address, unit] of rows) {
    it(`pokes bytes ${what}`, async () => {
      const { before, after, bytes, result } = await edited([poke(address, 0xde, 0xad)]);
      const expected = await before.read(0, new Uint8Array(0xa0000));
      expected.set([0xde, 0xad], address);
      expect(Buffer.compare(await after.read(0, new Uint8Array(0xa0000)), expected)).to.equal(0);
      expect(result.changed).to.deep.equal([unit]);
      expect((await verifyState(new MemorySource(bytes))).load).to.equal('VINF_SUCCESS');
    });
  }

  it('pokes across pages of several passes, and the last poke of a byte counts', async () => {
    const { before, after, result } = await edited([
      { kind: 'poke', address: PAGE_SIZE - 2, data: page(7).subarray(0, 2 * PAGE_SIZE) },
      poke(PAGE_SIZE, 1),
      poke(PAGE_SIZE, 2),
    ]);
    const expected = await before.read(0, new Uint8Array(0x8000));
    expected.set(page(7), PAGE_SIZE - 2);
    expected[PAGE_SIZE] = 2;
    expect(Buffer.compare(await after.read(0, new Uint8Array(0x8000)), expected)).to.equal(0);
    expect(result.changed).to.deep.equal(['pgm#1@1', 'pgm#1']);
  });

  it('a page that comes to be zero is written as such, as VirtualBox does', async () => {
    const pages = (put: PageWriter) =>
      put.putRam(
        0,
        Uint8Array.from(page(0), (_, i) => (i === 8 ? 1 : 0)),
      );
    const { after } = await edited([poke(8, 0)], [{ pages }]);
    expect(after.segments()[0]?.space.count()).to.include({ raw: 0, zero: 1 });
  });

  it('sets fields of the header, and leaves the pages as they are', async () => {
    const { after, before, result } = await edited([
      { kind: 'set', text: 'pgm.cpus[0].a20Enabled=false' },
      { kind: 'set', text: 'pgm.cpus[0].guestMode=6' },
      { kind: 'set', text: 'pgm@0.ranges.rom[0].description=My BIOS' },
    ]);
    expect(after.header.cpus[0]).to.include({ a20Enabled: false, guestMode: 6 });
    expect(after.segmentAt(0xf0000)?.description).to.equal('My BIOS');
    expect(await after.read(0, new Uint8Array(0x8000))).to.deep.equal(await before.read(0, new Uint8Array(0x8000)));
    expect(result.changed).to.deep.equal(['pgm#1@0', 'pgm#1']);
  });

  const problems: readonly (readonly [edit: Edit, status: string, problem: RegExp])[] = [
    [poke(0xf0010, 1), 'VERR_OUT_OF_RANGE', /^at 0xf0010 is ROM \(PC BIOS\), which cannot be changed$/],
    [poke(0xa0000, 1), 'VERR_OUT_OF_RANGE', /^at 0xa0000 is no memory$/],
    [poke(0x9ffff, 1, 2), 'VERR_OUT_OF_RANGE', /^at 0xa0000 is no memory$/],
    [poke(0x5000, 1), 'VERR_OUT_OF_RANGE', /^the guest has given the page at 0x5000 to the balloon$/],
    [poke(0), 'VERR_INVALID_PARAMETER', /^no bytes for 0x0$/],
    [
      { kind: 'set', text: 'pgm.ramConfig.size=5' },
      'VERR_INVALID_PARAMETER',
      /has no 'ramConfig'; there is global, cpus$/,
    ],
    [
      { kind: 'set', text: 'pgm@0.ramConfig.size=0x1001' },
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
      /^a page of RAM at 0x2000, where is none$/,
    ],
    [{ kind: 'set', text: 'pgm@0.ramConfig.siz=5' }, 'VERR_INVALID_PARAMETER', /has no 'siz'; near names: size$/],
    [{ kind: 'set', text: 'pgm.cpus.a20Enabled=true' }, 'VERR_INVALID_PARAMETER', /^'cpus' is an array: say which/],
    [{ kind: 'set', text: 'pgm.cpus[1].a20Enabled=true' }, 'VERR_INVALID_PARAMETER', /^'cpus' has 1 elements$/],
    [{ kind: 'set', text: 'pgm.global[0].x=true' }, 'VERR_INVALID_PARAMETER', /^'global' is no array$/],
    [{ kind: 'set', text: 'pgm.global={}' }, 'VERR_INVALID_PARAMETER', /^'global': say which field of it/],
    [{ kind: 'set', text: 'pgm.cpus[0].guestMode=-1' }, 'VERR_INVALID_PARAMETER', /expected an integer from 0/],
    [
      { kind: 'set', text: 'pgm@0.ranges.rom[0].address=1' },
      'VERR_INVALID_PARAMETER',
      /^range 1 has 65536 bytes at 0x1/,
    ],
  ];
  for (const [edit, status, problem] of problems) {
    const what =
      edit.kind === 'set' ? edit.text : `a poke at 0x${edit.kind === 'poke' ? edit.address.toString(16) : ''}`;
    it(`refuses ${what}: ${problem.source}`, async () => {
      const error = await edited([edit]).catch((thrown: Error) => thrown);
      expect(error).to.include({ status });
      expect((error as { detail?: string }).detail).to.match(problem);
    });
  }

  it('refuses to poke what is deleted', async () => {
    const error = await edited([poke(0, 1), { kind: 'delete', unit: 'pgm' }]).catch((thrown: Error) => thrown);
    expect(error)
      .to.have.property('message')
      .that.matches(/in more than one way/);
  });

  it('says where there is no guest memory', async () => {
    const from = sav({ self: true }).unit('GCM').u32(7).bytes();
    const error = await editState(new MemorySource(from), new MemorySink(), [poke(0, 1)]).catch((thrown) => thrown);
    expect(error).to.include({ status: 'VERR_SSM_UNIT_NOT_FOUND' });
  });

  const plain = { type: OldPageType.ram, protection: 0, hidden: false };
  const range = (address: number, size: number) => ({
    address: BigInt(address),
    last: BigInt(address + size - 1),
    size: BigInt(size),
    hasBits: false,
    description: '',
  });
  const old: Readonly<Record<number, (stream: PutStream) => void>> = {
    7: (stream) => {
      stream.put(new PgmSingle());
      stream.put(new PgmMappings());
      const put = new OldMemoryWriter(stream, 7);
      put.beginRange(range(0, 3 * PAGE_SIZE));
      [page(1), undefined, page(2)].forEach((data, i) => {
        put.put({ ...plain, page: i }, data);
      });
      put.beginRange(range(0xf0000, PAGE_SIZE));
      put.put({ page: 0, type: OldPageType.rom, protection: 0, hidden: false }, page(3));
      put.end();
    },
    6: (stream) => {
      stream.put(new PgmOldest());
      stream.put(new PgmMappings());
      const put = new OldMemoryWriter(stream, 6);
      put.beginRange({ ...range(0, 2 ** 21), flags: new Uint16Array(512) });
      for (let i = 0; i < 512; i++) {
        put.put({ page: i, type: 0, protection: 0, hidden: false }, i < 256 ? page(i) : undefined);
      }
      put.end();
    },
  };
  for (const [version, address] of [
    [7, 5],
    [7, PAGE_SIZE + 5],
    [6, 5],
    [6, 2 ** 20 + 3 * PAGE_SIZE],
  ] as const) {
    it(`pokes bytes at 0x${address.toString(16)} of version ${version}`, async () => {
      const passes = [{ raw: old[version] as (stream: PutStream) => void }];
      const { before, after } = await edited([poke(address, 0xab)], passes, { version });
      const size = version === 7 ? 3 * PAGE_SIZE : 2 ** 21;
      const expected = await before.read(0, new Uint8Array(size));
      expected[address] = 0xab;
      expect(Buffer.compare(await after.read(0, new Uint8Array(size)), expected)).to.equal(0);
    });
  }

  it('refuses ROM of version 7', async () => {
    const passes = [{ raw: old[7] as (stream: PutStream) => void }];
    const error = await edited([poke(0xf0000, 1)], passes, { version: 7 }).catch((thrown: Error) => thrown);
    expect(error).to.include({ status: 'VERR_OUT_OF_RANGE' });
  });
});
