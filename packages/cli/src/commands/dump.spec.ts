import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PutStream } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { type PageWriter, putPgmHeader } from '@ssmkit/vbox';
import { guestState, page, testHeader } from '@ssmkit/vbox/testing';
import { expect } from 'chai';
import type { DumpDocument } from '../index.js';
import { runSsm } from '../testing.js';

/** Classes as a user's compiled module has them. */
const module = `
  import { Ignore, SsmStream, SsmStruct, StrZ, U8, U16, U32, HCPtrNI } from ${JSON.stringify(fileURLToPath(import.meta.resolve('@ssmkit/schema')))};
  const decorated = (target, decorator, fields) => {
    for (const [name, field] of Object.entries(fields)) field(target.prototype, name);
    decorator(target);
    return target;
  };
  export const Pit = decorated(class Pit { mode = 0; count = 0; name = ''; extra = 7; }, SsmStream(), {
    mode: U8({ max: 5 }), count: U16(), name: StrZ(), extra: U8({ since: 3 }),
  });
  export const Pair = decorated(class Pair { a = 0; b = 0; }, SsmStruct(), { a: U32(), b: U32() });
  export const Ptr = decorated(class Ptr { p = false; }, SsmStruct(), { p: HCPtrNI(), q: Ignore('hcptr') });
  export const Needy = decorated(class Needy { constructor(x) { this.a = x.y; } }, SsmStream(), { a: U8() });
  export const Wrong = decorated(class Wrong { a = 0; }, SsmStream(), { a: U8({ count: 'nobody' }) });
`;

const pit = (version: number) => sav().unit('pit', 0, { version }).u8(3).u16(0x1234).strZ('a\x1b[0m').u8(9);
const MARKERS = [0x19200102, 0x19920406] as const;

describe('ssm dump', () => {
  let cwd = '';
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-dump-'));
    writeFileSync(join(cwd, 'm.mjs'), module);
  });
  after(() => {
    rmSync(cwd, { recursive: true });
  });

  const dump = (stdin: Uint8Array, ...args: readonly string[]) => runSsm(['dump', '-', ...args], { stdin, cwd });
  const json = async (stdin: Uint8Array, ...args: readonly string[]) => {
    const { code, out, err } = await dump(stdin, ...args, '--json');
    return { code, document: JSON.parse(out) as DumpDocument, err };
  };

  it('shows an object as a tree', async () => {
    const { code, out, err } = await dump(pit(3).bytes(), 'pit', '--schema', './m.mjs#Pit');
    expect(code).to.equal(0);
    expect(err).to.equal('');
    expect(out).to.equal(
      [
        'unit pit#0, version 3, final pass\n',
        'Pit\n',
        '├─ mode: 3 (0x3)\n',
        '├─ count: 4660 (0x1234)\n',
        '├─ name: "a\\x1b[0m"\n',
        '└─ extra: 9 (0x9)\n',
      ].join(''),
    );
  });

  it('--json has it in the JSON form of its class', async () => {
    const { code, document } = await json(pit(3).bytes(), 'pit', '--schema', './m.mjs#Pit');
    expect(code).to.equal(0);
    expect(document).to.deep.equal({
      file: '-',
      unit: { name: 'pit', instance: 0, version: 3, pass: 0xffffffff, offset: 64 },
      class: 'Pit',
      host: 'linux.amd64',
      bytes: 13,
      left: null,
      reason: null,
      value: { mode: 3, count: 0x1234, name: 'a\x1b[0m', extra: 9 },
      errors: [],
    });
  });

  it('reads by the version of the unit, and notes what is left', async () => {
    const { code, document, err } = await json(pit(2).bytes(), 'pit', '--schema', './m.mjs#Pit');
    expect(code).to.equal(0);
    expect(document).to.deep.include({ bytes: 12, left: { offset: 12, bytes: 1 }, errors: [] });
    expect(document.value).to.deep.include({ extra: 7 });
    expect(err).to.match(
      /^ssm: note: 1 bytes are left after the object, from offset 12 [^\n]*unit 'pit'#0, final pass\)\n$/,
    );
  });

  it('--strict takes it as a failure', async () => {
    const { code, document, err } = await json(pit(2).bytes(), 'pit', '--schema', './m.mjs#Pit', '--strict');
    expect(code).to.equal(1);
    expect(document.errors.map(({ status }) => status)).to.deep.equal(['VERR_SSM_LOADED_TOO_LITTLE']);
    expect(document.value).to.deep.include({ mode: 3 });
    expect(err).to.match(/^ssm: VERR_SSM_LOADED_TOO_LITTLE: 1 bytes are left/);
    expect((await dump(pit(3).bytes(), 'pit', '--schema', './m.mjs#Pit', '--strict')).code).to.equal(0);
  });

  it('takes a pass and an instance', async () => {
    const stdin = sav({ live: true })
      .unit('pit', 1, { pass: 0 })
      .u8(1)
      .u16(1)
      .u32(0)
      .unit('pit', 1)
      .u8(2)
      .u16(2)
      .u32(0)
      .bytes();
    const args = ['pit', '--schema', './m.mjs#Pit', '--instance', '1'];
    expect((await json(stdin, ...args)).document.value).to.deep.include({ mode: 2 });
    expect((await json(stdin, ...args, '--pass', '0')).document.value).to.deep.include({ mode: 1 });
  });

  it('structures: markers by default, none with flags, the simple form', async () => {
    const marked = sav().unit('s').u32(MARKERS[0]).u32(1).u32(2).u32(MARKERS[1]).bytes();
    const bare = sav().unit('s').u32(1).u32(2).bytes();
    const args = ['s', '--schema', './m.mjs#Pair'];
    const value = { a: 1, b: 2 };
    expect((await json(marked, ...args)).document).to.deep.include({ value, bytes: 16, left: null });
    expect((await json(marked, ...args, '--simple')).document).to.deep.include({ value });
    expect((await json(bare, ...args, '--flags', 'NO_MARKERS')).document).to.deep.include({ value, bytes: 8 });
    expect((await json(bare, ...args, '--flags', '3')).document).to.deep.include({ value });
    const wrong = await json(bare, ...args);
    expect(wrong.code).to.equal(1);
    expect(wrong.document.errors[0]).to.deep.include({ status: 'VERR_SSM_STRUCTURE_MAGIC' });
    expect(wrong.err).to.match(/^ssm: VERR_SSM_STRUCTURE_MAGIC: .*unit 's'#0/);
  });

  it('heeds the hosts: that of the file, and --host', async () => {
    const header = (view: DataView) => view.setUint8(44, 32);
    // A pointer as wide as in the file, and an ignored one as wide as on the loading host.
    const stdin = sav({ header }).unit('s').u32(0x1234).u64(0n).bytes();
    const args = ['s', '--schema', './m.mjs#Ptr', '--flags', 'NO_MARKERS,DONT_IGNORE'];
    const value = { p: true };
    expect((await json(stdin, ...args)).document).to.deep.include({
      host: 'linux.amd64',
      bytes: 12,
      left: null,
      value,
    });
    const { document } = await json(stdin, ...args, '--host', 'win.x86');
    expect(document).to.deep.include({ host: 'win.x86', bytes: 8, left: { offset: 8, bytes: 4 }, value });
  });

  it('a value outside its domain: unit, class and field', async () => {
    const stdin = sav().unit('pit').u8(6).u16(0).strZ('').bytes();
    const { code, document, err } = await json(stdin, 'pit', '--schema', './m.mjs#Pit');
    expect(code).to.equal(1);
    expect(document.errors[0]?.where).to.deep.include({ unit: 'pit', instance: 0, field: 'Pit.mode' });
    expect(err).to.match(/^ssm: VERR_OUT_OF_RANGE: .*\(unit 'pit'#0, final pass, field Pit\.mode.*\)\n$/);
  });

  it('a unit that is too short', async () => {
    const { code, err } = await dump(sav().unit('pit').u8(1).bytes(), 'pit', '--schema', './m.mjs#Pit');
    expect(code).to.equal(1);
    expect(err).to.match(/^ssm: VERR_SSM_LOADED_TOO_MUCH: .*field Pit\.count/);
  });

  it('a unit of a damaged file: the object, and what is wrong with the file', async () => {
    const { code, document } = await json(pit(3).bytes().subarray(0, -1), 'pit', '--schema', './m.mjs#Pit');
    expect(code).to.equal(1);
    expect(document.value).to.deep.include({ mode: 3, extra: 9 });
    expect(document.errors[0]).to.deep.include({ status: 'VERR_SSM_INTEGRITY_FOOTER' });
  });

  const wrong: readonly (readonly [schema: string, code: number, message: RegExp])[] = [
    ['./none.mjs#Pit', 1, /^ssm: VERR_FILE_NOT_FOUND: there is no module/],
    ['./m.mjs#Pti', 1, /^ssm: VERR_SYMBOL_NOT_FOUND: .*decorated classes it exports: .*Pit/],
    ['./m.mjs#Needy', 1, /^ssm: VERR_GENERAL_FAILURE: TypeError/],
    ['./m.mjs#Wrong', 1, /^ssm: VERR_INVALID_PARAMETER: Wrong\.a: /],
  ];
  for (const [schema, code, message] of wrong) {
    it(`--schema ${schema}: exit code ${code}`, async () => {
      const outcome = await dump(pit(3).bytes(), 'pit', '--schema', schema);
      expect(outcome.code).to.equal(code);
      expect(outcome.out).to.equal('');
      expect(outcome.err)
        .to.match(message)
        .and.to.match(/^[^\n]*\n$/);
    });
  }

  for (const option of [['--simple'], ['--flags', '0']]) {
    it(`${option[0]} is not for @SsmStream classes`, async () => {
      const { code, err } = await dump(pit(3).bytes(), 'pit', '--schema', './m.mjs#Pit', ...option);
      expect(code).to.equal(2);
      expect(err).to.match(/^ssm: VERR_INVALID_PARAMETER: 'Pit' is a @SsmStream class/);
    });
  }

  describe('of guest memory', () => {
    const pages = (put: PageWriter) => {
      put.putRam(0, page(1));
      for (let i = 1; i < 5; i++) put.putRam(i);
    };

    it('shows what stands in front of the pages, and how many of each kind there are', async () => {
      const { code, out } = await dump(await guestState([{ pass: 0 }, { pages }]), 'pgm');
      expect(code).to.equal(0);
      expect(out).to.match(/^unit pgm#1, version 14, final pass\nglobal: PgmGlobal\n/);
      expect(out).to.match(/\ncpus\[0\]: PgmCpu\n/);
      expect(out).to.match(/\nPages {4}Count\nramRaw {7}1\nramZero {6}4\n$/);
      expect(out).not.to.match(/ramConfig/);
      const live = await dump(await guestState([{ pass: 0 }, { pages }]), 'pgm', '--pass', '0');
      expect(live.out).to.match(/\nramConfig: PgmRamConfig\n[\s\S]*\nno pages\n$/);
    });

    it('as JSON', async () => {
      const { out } = await dump(await guestState([{ pages }]), 'pgm', '--json');
      const { class: name, reason, value } = JSON.parse(out);
      expect({ name, reason }).to.deep.equal({ name: null, reason: null });
      expect(value.pages).to.deep.equal({ ramRaw: 1, ramZero: 4 });
      expect(Object.keys(value.header)).to.deep.equal(['global', 'cpus', 'ramConfig', 'ranges']);
    });

    it('shows what stands in front of the damage of a state that was cut off', async () => {
      const whole = await guestState([{ pages }]);
      const { code, out, err } = await dump(whole.subarray(0, Buffer.from(whole).indexOf('behind') - 1000), 'pgm');
      expect(code).to.equal(1);
      expect(out).to.match(/\nramConfig: PgmRamConfig\n/);
      expect(err).to.match(/^(?:ssm: VERR_[A-Z_]+: [^\n]+\n)+$/);
    });

    it('says where it ends to be what it should be', async () => {
      const raw = (stream: PutStream) => {
        const { global, cpus, ramConfig, ranges } = testHeader();
        putPgmHeader(stream, { global, cpus, ramConfig, ranges });
        stream.putU8(0x70);
      };
      const { code, out } = await dump(await guestState([{ raw }]), 'pgm');
      expect(code).to.equal(0);
      expect(out).to.match(/\nno pages\nnot decoded any further: no page record starts with 0x70, in front of byte/);
    });
  });
});
