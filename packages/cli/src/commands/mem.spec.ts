import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav } from '@ssmkit/runtime/testing';
import { guestState, page } from '@ssmkit/vbox/testing';
import { expect } from 'chai';
import { runSsm } from '../testing.js';

const PAGE = 4096;
const MIB = 2 ** 20;
const utf8 = new TextEncoder();

/** A page with a text at an offset. */
function pageWith(offset: number, text: Uint8Array): Uint8Array {
  const data = new Uint8Array(PAGE);
  data.set(text, offset);
  return data;
}

describe('ssm mem', () => {
  let stdin: Uint8Array;
  let cwd: string;
  /** What the guest has from 0 to the end of its RAM. */
  const image = new Uint8Array(2 * MIB);
  image.set(utf8.encode('over the end'), PAGE - 4);
  image.set(page(1), 2 * PAGE);
  image.set(page(2), 0xf0000);
  image.set(pageWith(16, Uint8Array.of(0x48, 0, 0x69, 0)), 0x1ff000);

  before(async () => {
    const ramPage = (at: number) => image.subarray(at, at + PAGE);
    stdin = await guestState(
      [
        {
          pages: (put) => {
            put.putRom(1, 0, 1, page(2));
            put.putRom(2, 0, 1, page(3));
            put.putMmio2(1, 0, page(4));
            put.putMmio2(1, 1);
            for (let at = 0; at < 2 * MIB; at += PAGE) {
              if (at >= 0xa0000 && at < 0x100000) continue;
              if (at === 3 * PAGE) put.putBallooned(3);
              else if (at !== 5 * PAGE) put.putRam(at / PAGE, ramPage(at));
            }
          },
        },
      ],
      {
        ram: 2 * MIB,
        cpus: 2,
        rom: [
          { description: 'BIOS', address: 0xf0000n, size: 0x1000n },
          { description: 'reset \x1b[2J', address: 0xfffff000n, size: 0x1000n },
        ],
        mmio2: [{ device: 'vga', region: 1, description: 'VRam', size: 0x2000n }],
      },
    );
  });
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-mem-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true }));

  describe('map', () => {
    for (const args of [
      ['mem', '-'],
      ['mem', 'map', '-'],
    ]) {
      it(`ssm ${args.join(' ')}: where there is memory`, async () => {
        const { code, out, err } = await runSsm(args, { stdin });
        expect(err).to.equal('');
        expect(code).to.equal(0);
        expect(out).to.equal(
          [
            '-',
            '  RAM            2 MiB',
            '  CPUs           2',
            '  Version of pgm 14',
            '  Live passes    0',
            '',
            'Addresses                 Size  Kind  Description          Data  Zero  Ballooned  Missing',
            '0x00000000-0x0009ffff  640 KiB  RAM   Conventional RAM        3   155          1        1',
            '0x000f0000-0x000f0fff    4 KiB  ROM   BIOS                    1     0          0        0',
            '0x00100000-0x001fffff    1 MiB  RAM   Extended RAM, 1-2MB     1   255          0        0',
            '0xfffff000-0xffffffff    4 KiB  ROM   reset \\x1b[2J           1     0          0        0',
            '',
            'Device  Inst  Region  Address   Size  Description  Data  Zero  Ballooned  Missing',
            'vga        0       1  -        8 KiB  VRam            1     1          0        0',
            '',
            '418 pages of RAM and ROM, 6 of them with data',
            '',
          ].join('\n'),
        );
      });
    }

    it('--json', async () => {
      const { out } = await runSsm(['mem', '-', '--json'], { stdin });
      const { segments, ...rest } = JSON.parse(out);
      expect(rest).to.deep.equal({
        file: '-',
        size: stdin.length,
        version: 14,
        livePasses: 0,
        cpus: 2,
        ramSize: 2 * MIB,
        devices: [
          {
            ...{ device: 'vga', instance: 0, region: 1, address: null, size: 8192, description: 'VRam' },
            pages: { raw: 1, zero: 1, ballooned: 0, missing: 0 },
          },
        ],
        pages: { raw: 6, zero: 410, ballooned: 1, missing: 1 },
        errors: [],
      });
      expect(segments).to.have.length(4);
      expect(segments[1]).to.deep.equal({
        ...{ address: 0xf0000, size: 4096, kind: 'rom', description: 'BIOS' },
        pages: { raw: 1, zero: 0, ballooned: 0, missing: 0 },
      });
    });

    it('a state without guest memory', async () => {
      const { code, err } = await runSsm(['mem', '-'], { stdin: sav().unit('u').u32(1).bytes() });
      expect(code).to.equal(1);
      expect(err).to.match(/^ssm: VERR_SSM_UNIT_NOT_FOUND: the state holds no guest memory/);
    });
  });

  describe('extract', () => {
    it('raw: every byte at its address, ROM below the end of RAM included', async () => {
      const { code, out } = await runSsm(['mem', 'extract', '-', 'out.raw'], { stdin, cwd });
      expect(code).to.equal(0);
      const data = 5 * PAGE;
      expect(out).to.equal(`out.raw: image of memory, ${2 * MIB} bytes (${data} with data) in 3 segments\n`);
      expect(Buffer.compare(readFileSync(join(cwd, 'out.raw')), image)).to.equal(0);
    });

    it('zeros take no room on disk, where there are holes', async function () {
      writeFileSync(join(cwd, 'hole'), '');
      const { ftruncateSync, openSync, closeSync } = await import('node:fs');
      const fd = openSync(join(cwd, 'hole'), 'r+');
      ftruncateSync(fd, MIB);
      closeSync(fd);
      if (statSync(join(cwd, 'hole')).blocks > 0) this.skip();
      await runSsm(['mem', 'extract', '-', 'out.raw'], { stdin, cwd });
      expect(statSync(join(cwd, 'out.raw')).blocks * 512).to.be.below(64 * 1024);
    });

    it('to stdout', async () => {
      const { code, stdout } = await runSsm(['mem', 'extract', '-', '-'], { stdin });
      expect(code).to.equal(0);
      expect(Buffer.compare(stdout, image)).to.equal(0);
    });

    for (const [range, from, to] of [
      ['0xf0000-0xf0fff', 0xf0000, 0xf1000],
      ['0xffe+8', 0xffe, 0x1006],
      ['4K+1K', 0x1000, 0x1400],
      ['0xeff00-0xf10ff', 0xeff00, 0xf1100],
    ] as const) {
      it(`--range ${range}`, async () => {
        const { stdout } = await runSsm(['mem', 'extract', '-', '-', '--range', range], { stdin });
        expect(Buffer.compare(stdout, image.subarray(from, to))).to.equal(0);
      });
    }

    it('--range behind the end of RAM', async () => {
      const { stdout } = await runSsm(['mem', 'extract', '-', '-', '--range', '0xfffff000-0xffffffff'], { stdin });
      expect(Buffer.compare(stdout, page(3))).to.equal(0);
    });

    it('elf: what readelf shows are the segments', async function () {
      await runSsm(['mem', 'extract', '-', 'out.elf', '--format', 'elf'], { stdin, cwd });
      const file = readFileSync(join(cwd, 'out.elf'));
      let shown: string;
      try {
        shown = execFileSync('readelf', ['-hlnW', join(cwd, 'out.elf')], { encoding: 'utf8' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.skip();
        throw error;
      }
      expect(shown)
        .to.match(/Type: +CORE/)
        .and.match(/Machine: +Advanced Micro Devices X86-64/);
      expect(shown).to.match(/VBCORE +0x00000018/);
      const loads = [
        ...shown.matchAll(/LOAD +(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) +(R\w| +|R \w|RWE|R E)+ +0x1000/g),
      ];
      const segments = loads.map(([, ...numbers]) => numbers.slice(0, 5).map(Number));
      expect(
        segments.map(([, virtual, physical, inFile, inMemory]) => [virtual, physical, inFile, inMemory]),
      ).to.deep.equal([
        [0, 0, 0xa0000, 0xa0000],
        [0xf0000, 0xf0000, 0x1000, 0x1000],
        [0x100000, 0x100000, MIB, MIB],
        [0xfffff000, 0xfffff000, 0x1000, 0x1000],
      ]);
      for (const [offset, address, , size] of segments as [number, number, number, number][]) {
        expect(offset % PAGE).to.equal(0);
        const expected = address < image.length ? image.subarray(address, address + size) : page(3);
        expect(Buffer.compare(file.subarray(offset, offset + size), expected), address.toString(16)).to.equal(0);
      }
      const [last] = segments.slice(-1) as [number[]];
      expect(file.length).to.equal((last[0] as number) + PAGE);
    });

    it('elf of a range above 4 GiB', async () => {
      const far = await guestState([{ pages: (put) => put.putRam(2 ** 20 + 1, page(7)) }], { ram: 2 ** 32 });
      const args = ['mem', 'extract', '-', '-', '--format', 'elf', '--range', '0x100001000+4K'];
      const { stdout } = await runSsm(args, { stdin: far });
      const view = new DataView(stdout.buffer);
      // The second program header: p_offset, p_vaddr, p_paddr, p_filesz, p_memsz.
      const fields = [8, 16, 24, 32, 40].map((at) => Number(view.getBigUint64(64 + 56 + at, true)));
      expect(fields).to.deep.equal([PAGE, 2 ** 32 + PAGE, 2 ** 32 + PAGE, PAGE, PAGE]);
      expect(Buffer.compare(stdout.subarray(PAGE), page(7))).to.equal(0);
    });

    it('--json', async () => {
      const { out } = await runSsm(['mem', 'extract', '-', 'o', '--range', '0xf0000+8K', '--json'], { stdin, cwd });
      expect(JSON.parse(out)).to.deep.equal({
        ...{ file: '-', output: 'o', format: 'raw', bytes: 2 * PAGE, data: PAGE },
        segments: [{ address: 0xf0000, size: PAGE, offset: 0, description: 'BIOS' }],
        errors: [],
      });
    });

    it('a damaged state leaves what was there', async () => {
      writeFileSync(join(cwd, 'out.raw'), 'before');
      const damaged = stdin.slice();
      damaged[5000] = (damaged[5000] as number) ^ 1;
      const { code, err } = await runSsm(['mem', 'extract', '-', 'out.raw'], { stdin: damaged, cwd });
      expect(code).to.equal(1);
      expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY/);
      expect(readdirSync(cwd)).to.deep.equal(['out.raw']);
      expect(readFileSync(join(cwd, 'out.raw'), 'utf8')).to.equal('before');
    });

    it('a range without memory', async () => {
      const { code, err } = await runSsm(['mem', 'extract', '-', 'o', '--range', '0xa0000+64K'], { stdin, cwd });
      expect(code).to.equal(1);
      expect(err).to.contain('VERR_OUT_OF_RANGE: there is no memory from 0x000a0000 to 0x000affff');
      expect(readdirSync(cwd)).to.deep.equal([]);
    });
  });

  describe('search', () => {
    for (const [what, args, address, description] of [
      ['a text over the end of a page', ['over the end'], '0x00000ffc', 'Conventional RAM'],
      ['whatever the case', ['OVER the END', '-i'], '0x00000ffc', 'Conventional RAM'],
      ['UTF-16', ['Hi', '--utf16'], '0x001ff010', 'Extended RAM, 1-2MB'],
      ['bytes', ['--hex', '6f 76 ?5 72'], '0x00000ffc', 'Conventional RAM'],
    ] as const) {
      it(what, async () => {
        const { code, out, err } = await runSsm(['mem', 'search', '-', ...args], { stdin });
        expect(err).to.equal('');
        expect(out).to.equal(`${address}  ${description}\n`);
        expect(code).to.equal(0);
      });
    }

    it('nothing: exit code 1', async () => {
      const { code, out, err } = await runSsm(['mem', 'search', '-', 'there is no such text'], { stdin });
      expect([code, out, err]).to.deep.equal([1, '', '']);
    });

    it('--range', async () => {
      const { code } = await runSsm(['mem', 'search', '-', 'over', '--range', '0xffd-0xffffffff'], { stdin });
      expect(code).to.equal(1);
    });

    it('--limit', async () => {
      const { code, out, err } = await runSsm(['mem', 'search', '-', '--hex', '0000', '--limit', '2'], { stdin });
      expect(code).to.equal(0);
      expect(out.split('\n')).to.have.length(3);
      expect(err).to.equal('ssm: note: there are more than 2 matches: see --limit\n');
    });

    it('--json', async () => {
      const { out } = await runSsm(['mem', 'search', '-', 'end', '--json'], { stdin });
      expect(JSON.parse(out)).to.deep.equal({
        file: '-',
        matches: [{ address: 0x1005, description: 'Conventional RAM' }],
        more: false,
        errors: [],
      });
    });
  });

  describe('hexdump', () => {
    it('lines of 16 bytes, at addresses that are multiples of 16', async () => {
      const { code, out } = await runSsm(['mem', 'hexdump', '-', '0xffa', '20'], { stdin });
      expect(code).to.equal(0);
      expect(out).to.equal(
        [
          '00000ff0                                 00 00 6f 76 65 72  |          ..over|',
          '00001000  20 74 68 65 20 65 6e 64  00 00 00 00 00 00        | the end......|',
          '',
        ].join('\n'),
      );
    });

    it('-- where there is no memory', async () => {
      const { out } = await runSsm(['mem', 'hexdump', '-', '0x9fff0', '32'], { stdin });
      expect(out.split('\n')[1]).to.equal(
        '000a0000  -- -- -- -- -- -- -- --  -- -- -- -- -- -- -- --  |................|',
      );
    });

    it('256 bytes where no length is given', async () => {
      const { out } = await runSsm(['mem', 'hexdump', '-', '0xf0000'], { stdin });
      expect(out.split('\n')).to.have.length(17);
    });

    it('--json has the parts that there are', async () => {
      const { out } = await runSsm(['mem', 'hexdump', '-', '0xf0ffe', '4', '--json'], { stdin });
      expect(JSON.parse(out)).to.deep.equal({
        ...{ file: '-', address: 0xf0ffe, length: 4 },
        parts: [{ address: 0xf0ffe, data: Buffer.from(page(2).subarray(-2)).toString('base64') }],
        errors: [],
      });
    });
  });

  describe('refuses', () => {
    for (const [what, args] of [
      ['a range backwards', ['extract', '-', 'o', '--range', '2-1']],
      ['a range of nothing', ['extract', '-', 'o', '--range', '2+0']],
      ['half a range', ['extract', '-', 'o', '--range', '2-']],
      ['another format', ['extract', '-', 'o', '--format', 'vmdk']],
      ['two things for stdout', ['extract', '-', '-', '--json']],
      ['an address that is none', ['hexdump', '-', 'here']],
      ['an address behind the end of memory', ['hexdump', '-', '0x10000000000000']],
      ['no length', ['hexdump', '-', '0', '0']],
      ['too long a length', ['hexdump', '-', '0', '65M']],
      ['a pattern that is not hexadecimal', ['search', '-', '--hex', 'xyz']],
      ['bytes as UTF-16', ['search', '-', '--hex', '00', '--utf16']],
      ['an empty pattern', ['search', '-', '']],
      ['no matches', ['search', '-', 'x', '--limit', '0']],
      ['no file', []],
    ] as const) {
      it(what, async () => {
        const { code, out, err } = await runSsm(['mem', ...args], { stdin, cwd });
        expect(code, err).to.equal(2);
        expect(out).to.equal('');
        expect(err).to.match(/^ssm: VERR_INVALID_PARAMETER: [^\n]+\n$/);
      });
    }
  });

  describe('of a damaged state', () => {
    const cut = () => stdin.subarray(0, stdin.length - 1000);

    it('says what helps', async () => {
      const { code, out, err } = await runSsm(['mem', '-'], { stdin: cut() });
      expect({ code, out }).to.deep.equal({ code: 1, out: '' });
      expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_FOOTER: .*; --salvage takes what can be read .*\n$/);
      const other = await runSsm(['mem', '-'], { stdin: new Uint8Array(1000) });
      expect(other.err).to.match(/^ssm: VERR_SSM_INTEGRITY_MAGIC: .*\n$/);
    });

    it('--salvage: takes what can be read, and fails all the same', async () => {
      const { code, out, err } = await runSsm(['mem', '-', '--salvage'], { stdin: cut() });
      expect(code).to.equal(1);
      expect(out).to.match(/0x000f0000-0x000f0fff +4 KiB +ROM +BIOS +1 +0/);
      expect(err).to.match(/^ssm: VERR_[A-Z_]+: .* \(unit 'pgm'#1, final pass, .*\n$/);
      const { stdout } = await runSsm(['mem', 'extract', '-', '-', '--salvage', '--range', '0xf0000+4K'], {
        stdin: cut(),
      });
      expect(Buffer.compare(stdout, page(2))).to.equal(0);
      const json = JSON.parse((await runSsm(['mem', 'map', '-', '--salvage', '--json'], { stdin: cut() })).out);
      expect(json.pages.missing).to.be.greaterThan(1);
      expect(json.errors).to.have.length(1);
      const found = await runSsm(['mem', 'search', '-', 'over the end', '--salvage'], { stdin: cut() });
      expect(found.out).to.match(/^0x00000ffc/);
      const shown = await runSsm(['mem', 'hexdump', '-', '0xffc', '12', '--salvage'], { stdin: cut() });
      expect(shown.out).to.match(/ the end/);
    });

    it('--salvage: is whole where the damage is elsewhere', async () => {
      const at = Buffer.from(stdin).indexOf('behind') + 10;
      const damaged = stdin.map((byte, i) => (i === at ? byte ^ 0xff : byte));
      expect((await runSsm(['mem', '-'], { stdin: damaged })).code).to.equal(1);
      const { code, err, out } = await runSsm(['mem', '-', '--salvage'], { stdin: damaged });
      expect({ code, err }).to.deep.equal({ code: 0, err: '' });
      expect(out).to.equal((await runSsm(['mem', '-'], { stdin })).out);
    });
  });
});
