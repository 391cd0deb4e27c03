import { readdirSync } from 'node:fs';
import type { CatDocument, LsDocument, VerifyDocument } from '@ssmkit/cli';
import { runSsm } from '@ssmkit/cli/testing';
import { savV1 } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusBytes, corpusJson, corpusPath } from '../support/corpus.js';

const FINAL = 0xffffffff;

interface Variant {
  file: string;
  validate_nocrc: string;
  validate_crc: string;
  open: string;
  seeks: { unit: string; instance: number; rc: string; bytes: number; endRc: string }[];
  load: { loadRc: string };
}

/** What a callback put; of structures only what was read back is known. */
interface ManifestPass {
  pass: number;
  userSize?: number;
  userHex?: string;
  readBack?: { size: number; hex?: string };
}

interface Manifest {
  live: boolean;
  units: {
    name: string;
    instance: number;
    version: number;
    passes: ManifestPass[];
  }[];
}

const variantFiles = readdirSync(corpusPath('variants/') as string).filter((name) => name.endsWith('.sav'));

async function ssmJson<T>(...args: readonly string[]): Promise<{ code: number; document: T; err: string }> {
  const { code, out, err } = await runSsm([...args, '--json']);
  return { code, document: JSON.parse(out) as T, err };
}

/**
 * Loads in which the real loader stops at the end of a unit that was read by its length, in front of a record that a
 * reader of everything comes to.
 */
const readFurther: Readonly<Record<string, string>> = {
  'rec-type5.sav': 'VERR_SSM_BAD_REC_TYPE',
  'rec-lzf-0k.sav': 'VERR_SSM_INTEGRITY_DECOMPRESSION',
};

describe('ssm and the files that VirtualBox wrote and judged', () => {
  for (const file of variantFiles) {
    it(`verify has the real loader's verdicts on ${file}`, async function () {
      const variant = corpusJson<Variant[]>(this, 'variants/index.json').find((row) => row.file === file) as Variant;
      const load = readFurther[file] ?? variant.load.loadRc;
      const { code, document, err } = await ssmJson<VerifyDocument>('verify', corpusPath(`variants/${file}`) as string);
      expect(document.validate).to.deep.equal({
        withoutChecksum: variant.validate_nocrc,
        withChecksum: variant.validate_crc,
      });
      expect(document.open).to.equal(variant.open);
      expect(document.load).to.equal(load);
      const statuses = [variant.validate_nocrc, variant.validate_crc, variant.open, load];
      const first = statuses.find((status) => status !== 'VINF_SUCCESS');
      expect(code).to.equal(first === undefined ? 0 : 1);
      expect(document.ok).to.equal(first === undefined);
      expect(document.errors.map(({ status }) => status)).to.deep.equal(first === undefined ? [] : [first]);
      if (first === undefined) {
        expect(document.where).to.equal(null);
        expect(err).to.equal('');
      } else {
        expect(document.where?.offset).to.be.a('number');
        expect(err).to.match(new RegExp(`^ssm: ${first}: `));
      }
    });

    it(`ls and cat come as far as the real reader with ${file}`, async function () {
      const path = corpusPath(`variants/${file}`) as string;
      const variant = corpusJson<Variant[]>(this, 'variants/index.json').find((row) => row.file === file) as Variant;
      const ls = await ssmJson<LsDocument>('ls', path);
      if (variant.load.loadRc === 'VINF_SUCCESS') expect(ls.document.errors).to.deep.equal([]);
      expect(ls.code).to.equal(ls.document.errors.length === 0 ? 0 : 1);
      for (const { unit, instance, rc, bytes, endRc } of variant.seeks) {
        const cat = await ssmJson<CatDocument>('cat', path, unit, '--instance', String(instance));
        if (rc !== 'VINF_SUCCESS') {
          // Where the directory does not lead to the unit, going through the file may.
          if (rc !== 'VERR_SSM_UNIT_NOT_FOUND') expect(cat.code).to.equal(1);
          continue;
        }
        expect(cat.document.bytes, `${unit}#${instance}`).to.equal(bytes);
        // Reading past the end of a sound unit is what this status is for.
        const sound = endRc === 'VERR_SSM_LOADED_TOO_MUCH';
        expect(cat.document.errors.map(({ status }) => status)).to.deep.equal(sound ? [] : [endRc]);
        if (!sound || variant.load.loadRc !== 'VINF_SUCCESS') continue;
        const listed = ls.document.units.findLast((row) => row.name === unit && row.instance === instance);
        expect(listed?.data).to.equal(bytes);
      }
    });
  }

  it('ls tells of a file of format V1.1 what it knows', async () => {
    const path = corpusPath('variants/v11-zlib.sav') as string;
    const { code, document } = await ssmJson<LsDocument>('ls', path);
    expect(code).to.equal(0);
    expect(document).to.deep.include({ self: null, endUnit: true });
    expect(document.header).to.deep.include({
      format: '1.1',
      product: null,
      revision: null,
      hostBits: null,
      gcPhysBytes: 8,
      gcPtrBytes: 8,
      live: false,
      checksum: true,
      unitCount: null,
    });
    expect(document.totals.records).to.deep.equal({ raw: 0, lzf: 0, zero: 0, lz4: 0, zlib: 2 });
    const { out } = await runSsm(['ls', path]);
    expect(out).to.match(/Saved by +VirtualBox 1\.4\.1 to 2\.0\n/);
    expect(out).to.match(/Host +unknown system, \? bits\n/);
    expect(out).to.match(/STORE\/LZF\/ZLIB/);
    expect(out).to.match(/numbers .* 0\/0\/1 *\n/);
  });

  it('ls counts the bytes of a file of format V1.2', async () => {
    for (const file of ['v12-lzf', 'v12-store', 'v12-zlib']) {
      const { document } = await ssmJson<LsDocument>('ls', corpusPath(`variants/${file}.sav`) as string);
      const headers = document.units.reduce((sum, { name }) => sum + 28 + name.length + 1, 0);
      expect(80 + headers + document.totals.stored + 28, file).to.equal(document.size);
      expect(document.self, file).to.deep.include({ hostOs: 'linux.amd64' });
    }
  });

  it('ls, cat and verify read a file of format V1.2 whose checksum is wrong as far as it goes', async () => {
    const path = corpusPath('variants/v12-badcrc.sav') as string;
    const ls = await ssmJson<LsDocument>('ls', path);
    expect([ls.code, ls.document.errors[0]?.status, ls.document.endUnit]).to.deep.equal([
      1,
      'VERR_SSM_INTEGRITY_CRC',
      true,
    ]);
    expect(ls.document.units.map(({ name, data }) => [name, data])).to.deep.equal([['p', 59]]);
    const cat = await ssmJson<CatDocument>('cat', path, 'p');
    expect([cat.code, cat.document.bytes]).to.deep.equal([1, 59]);
    const verify = await ssmJson<VerifyDocument>('verify', path);
    expect(verify.document).to.include({ load: 'VERR_SSM_INTEGRITY_CRC', units: 'VERR_SSM_INTEGRITY_CRC' });
    expect((await runSsm(['verify', path])).out).to.contain(': damaged\n');
  });

  it('ls of formats V1.x shows what is behind a damaged unit', async () => {
    const stdin = savV1().unit('odd').raw([4, 1]).unit('pit').store([1]).bytes();
    const { code, out } = await runSsm(['ls', '-', '--json'], { stdin });
    const { units, errors, endUnit } = JSON.parse(out) as LsDocument;
    expect(code).to.equal(1);
    expect(units.map(({ name, data, records }) => [name, data, records?.raw])).to.deep.equal([
      ['odd', null, undefined],
      ['pit', 1, 1],
    ]);
    expect(errors.map(({ status, where }) => [status, where.unit])).to.deep.equal([['VERR_NOT_SUPPORTED', 'odd']]);
    expect(endUnit).to.equal(true);
  });

  it('verify says of a file of format V1.0 that old VirtualBoxes read it', async () => {
    const sound = { stdin: savV1({ format: '1.0' }).unit('pit').store([1]).bytes() };
    const { code, out, err } = await runSsm(['verify', '-'], sound);
    expect(code).to.equal(1);
    expect(out).to.match(/: not loadable\n/);
    expect(out).to.match(/load +VERR_SSM_INTEGRITY_VERSION\n +units +VINF_SUCCESS\n/);
    expect(err).to.contain(
      'format V1.0, which VirtualBox 3.1 and later do not read; for those up to 3.0 the file is sound',
    );
    expect([...(await runSsm(['cat', '-', 'pit'], sound)).stdout]).to.deep.equal([1]);
  });

  for (const file of ['00-empty', '01-prims', '02-struct', '03-structex-all-flags', '05-many-units', '06-live-1pass']) {
    it(`ls and cat agree with the manifest of ${file}`, async function () {
      const manifest = corpusJson<Manifest>(this, `${file}.json`);
      const path = corpusPath(`${file}.sav`) as string;
      const { code, document } = await ssmJson<LsDocument>('ls', path);
      expect(code).to.equal(0);
      expect(document.header).to.deep.include({ product: '7.2.22', revision: 175245, hostBits: 64, format: '2.0' });
      expect(document.header.live).to.equal(manifest.live);
      expect(document).to.deep.include({
        self: { hostOs: 'linux.amd64', buildType: 'release', ose: true },
        endUnit: true,
      });
      const own = document.units.filter(({ name }) => name !== 'SSM' && name !== 'SSMLiveControl');
      const expected = manifest.units.flatMap(({ name, instance, version, passes }) =>
        passes.map(({ pass, userSize, readBack }) => ({
          name,
          instance,
          version,
          pass,
          data: userSize ?? (readBack?.size as number),
        })),
      );
      const key = (unit: (typeof expected)[0]) => `${unit.name}#${unit.instance}/${unit.pass}`;
      const found = own.map(({ name, instance, version, pass, data }) => ({
        name,
        instance,
        version,
        pass,
        data: data as number,
      }));
      const sorted = (units: typeof expected) => [...units].sort((a, b) => (key(a) < key(b) ? -1 : 1));
      expect(sorted(found)).to.deep.equal(sorted(expected));
      for (const { name, instance, passes } of manifest.units) {
        for (const { pass, userHex, readBack } of passes) {
          const hex = userHex ?? readBack?.hex;
          if (hex === undefined) continue;
          const args = ['cat', path, name, '--instance', String(instance), '--pass', String(pass)];
          expect(Buffer.from((await runSsm(args)).stdout).toString('hex')).to.equal(hex);
        }
      }
    });
  }

  it('ls counts the bytes of the file', async () => {
    const { document } = await ssmJson<LsDocument>('ls', corpusPath('06-live-1pass.sav') as string);
    const names = document.units.reduce((sum, { name }) => sum + name.length + 1, 0);
    const listed = new Set(
      document.units.filter(({ name }) => name !== 'SSMLiveControl').map(({ name, instance }) => `${name}#${instance}`),
    );
    const rest = 64 + 44 * (document.units.length + 1) + names + 16 + 16 * listed.size + 32;
    expect(document.totals.stored + rest).to.equal(document.size);
  });

  for (const instance of [0, 7, 4294967295]) {
    it(`cat gives the decoded bytes of 'prims'#${instance}`, async function () {
      const { code, stdout } = await runSsm([
        'cat',
        corpusPath('01-prims.sav') as string,
        'prims',
        '--instance',
        String(instance),
      ]);
      expect(code).to.equal(0);
      expect(Buffer.compare(stdout, corpusBytes(this, `01-prims.prims.${instance}.bin`))).to.equal(0);
    });
  }

  for (const file of ['04-mem-mixed', '04-mem-random', '04-mem-text', '04-mem-zeros']) {
    it(`cat gives the decoded bytes of ${file}, from stdin, too`, async function () {
      const data = corpusBytes(this, `${file}.mem.0.bin`);
      const stdin = corpusBytes(this, `${file}.sav`);
      expect(Buffer.compare((await runSsm(['cat', '-', 'mem'], { stdin })).stdout, data)).to.equal(0);
      const fromFile = await runSsm(['cat', corpusPath(`${file}.sav`) as string, 'mem']);
      expect(Buffer.compare(fromFile.stdout, data)).to.equal(0);
    });
  }

  it('ls and cat read a file without an END unit; verify says why no machine starts from it', async () => {
    const path = corpusPath('07-open-for-writing.sav') as string;
    const { code, document } = await ssmJson<LsDocument>('ls', path);
    expect(code).to.equal(0);
    expect(document).to.deep.include({ endUnit: false, self: null });
    expect(document.units.map(({ name, instance, version, pass }) => [name, instance, version, pass])).to.deep.equal([
      ['DisplayScreenshot', 0, 65538, FINAL],
      ['second', 4, 1, FINAL],
    ]);
    expect((await runSsm(['cat', path, 'second', '--instance', '4'])).stdout.length).to.equal(
      document.units[1]?.data as number,
    );
    const verified = await ssmJson<VerifyDocument>('verify', path);
    expect(verified.code).to.equal(1);
    expect(verified.document).to.deep.include({ load: 'VERR_SSM_INTEGRITY_UNIT_MAGIC', units: 'VINF_SUCCESS' });
  });

  for (const file of ['09-v20-genuine-4.0.0-host32.sav', '09-v20-genuine-4.0.0-host64.sav']) {
    it(`reads ${file}, which VirtualBox 4.0.0 wrote`, async function () {
      const path = corpusPath(file);
      if (path === undefined) this.skip();
      expect((await ssmJson<VerifyDocument>('verify', path)).document.ok).to.equal(true);
      expect((await ssmJson<LsDocument>('ls', path)).document.header).to.deep.include({ product: '4.0.0' });
    });
  }
});
