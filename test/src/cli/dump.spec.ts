import { fileURLToPath } from 'node:url';
import type { DumpDocument } from '@ssmkit/cli';
import { runSsm } from '@ssmkit/cli/testing';
import { savV1 } from '@ssmkit/runtime/testing';
import { defaultHost, descriptorFor, encodeJson, readImage, type StateClass } from '@ssmkit/schema';
import { expect } from 'chai';
import { Big } from '../classes/big.js';
import { Simple } from '../classes/simple.js';
import { corpusJson, corpusPath } from '../support/corpus.js';

interface Manifest {
  units: {
    name: string;
    instance: number;
    version: number;
    api: string;
    flags: number;
    passes: { readBack: { size: number } }[];
    loads: { getRc: string; afterHex: string }[];
  }[];
}

const compiled = (name: string) => fileURLToPath(new URL(`../classes/${name}.js`, import.meta.url));

async function dump(file: string, unit: string, instance: number, schema: string, ...args: readonly string[]) {
  const path = corpusPath(file) as string;
  const common = ['dump', path, unit, '--instance', String(instance), '--schema', schema, '--json'];
  const { code, out, err } = await runSsm([...common, ...args]);
  return { code, err, document: JSON.parse(out) as DumpDocument };
}

/** The JSON form of what VirtualBox has in memory after loading. Members that are not loaded stay as they were: 0xCC. */
function loadedByVirtualBox<T extends object>(target: StateClass<T>, afterHex: string) {
  const object = new target();
  readImage(descriptorFor(target), defaultHost, object, new Uint8Array(Buffer.from(afterHex, 'hex')));
  return encodeJson(target, object);
}

describe('ssm dump of structures that VirtualBox wrote', () => {
  for (const flags of [0, 1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 32, 48, 63]) {
    it(`structex with flags ${flags}: what VirtualBox loaded, and the mark after it`, async function () {
      const { units } = corpusJson<Manifest>(this, '03-structex-all-flags.json');
      const unit = units.find((row) => row.flags === flags) as Manifest['units'][0];
      const schema = `${compiled('big')}#Big`;
      const args = ['--flags', String(flags)];
      const { code, document, err } = await dump(
        '03-structex-all-flags.sav',
        'structex',
        unit.instance,
        schema,
        ...args,
      );
      const size = unit.passes[0]?.readBack.size as number;
      expect(code).to.equal(0);
      expect(document.unit).to.deep.include({ name: 'structex', instance: unit.instance, version: 5 });
      expect(document.value).to.deep.equal(loadedByVirtualBox(Big, unit.loads[0]?.afterHex as string));
      expect(document).to.deep.include({ class: 'Big', bytes: size - 4, left: { offset: size - 4, bytes: 4 } });
      expect(err).to.match(/^ssm: note: 4 bytes are left after the object/);
    });
  }

  it('flags by name are the flags by number', async () => {
    const schema = `${compiled('big')}#Big`;
    const byName = await dump('03-structex-all-flags.sav', 'structex', 15, schema, '--flags', 'MEM_BAND_AID');
    const byNumber = await dump('03-structex-all-flags.sav', 'structex', 15, schema, '--flags', '0xf');
    expect(byName.code).to.equal(0);
    expect(byName.document).to.deep.equal(byNumber.document);
  });

  it('the version of the unit decides which members are read', async function () {
    // The file was written with a member that readers of version 4 do not expect: VirtualBox stumbles over it, too.
    const { units } = corpusJson<Manifest>(this, '03b-structex-ver4.json');
    const [{ name, instance, flags, loads }] = units as [Manifest['units'][0]];
    const args = ['--flags', String(flags)];
    const { code, document } = await dump('03b-structex-ver4.sav', name, instance, `${compiled('big')}#Big`, ...args);
    expect(code).to.equal(1);
    expect(document.errors.map(({ status }) => status)).to.deep.equal([loads[0]?.getRc]);
  });

  it('structures of the simple API', async function () {
    const { units } = corpusJson<Manifest>(this, '02-struct.json');
    const unit = units.find(({ api }) => api.startsWith('PutStruct/')) as Manifest['units'][0];
    const schema = `${compiled('simple')}#Simple`;
    const { code, document } = await dump('02-struct.sav', unit.name, unit.instance, schema, '--simple');
    expect(code).to.equal(0);
    expect(document.value).to.deep.equal(loadedByVirtualBox(Simple, unit.loads[0]?.afterHex as string));
  });

  it('the same structures of 32-bit hosts', async () => {
    const schema = `${compiled('big')}#Big`;
    for (const file of ['host32-gp8-gc8-linux.x86.sav', 'host32-gp8-gc8-win.x86.sav', 'host32-gp4-gc4-win.x86.sav']) {
      const { code, document } = await dump(`variants/${file}`, 'structex', 0, schema);
      expect(code, file).to.equal(0);
      expect(document.left?.bytes, file).to.equal(4);
    }
  });

  it('the same structure from a file of format V1.2', async () => {
    const schema = `${compiled('big')}#Big`;
    const path = corpusPath('03-structex-all-flags.sav') as string;
    const data = (await runSsm(['cat', path, 'structex'])).stdout;
    const stdin = savV1().unit('structex', 0, { version: 5 }).store(data).bytes();
    const { code, out } = await runSsm(['dump', '-', 'structex', '--schema', schema, '--json'], { stdin });
    expect(code).to.equal(0);
    const { value, left } = JSON.parse(out) as DumpDocument;
    const expected = await dump('03-structex-all-flags.sav', 'structex', 0, schema);
    expect([value, left]).to.deep.equal([expected.document.value, expected.document.left]);
  });

  it('wrong flags do not fit the bytes', async () => {
    const schema = `${compiled('big')}#Big`;
    const { code, document } = await dump('03-structex-all-flags.sav', 'structex', 2, schema);
    expect(code).to.equal(1);
    expect(document.errors[0]).to.deep.include({ status: 'VERR_SSM_STRUCTURE_MAGIC' });
  });

  it('--strict refuses bytes that are left', async () => {
    const { code } = await dump('03-structex-all-flags.sav', 'structex', 0, `${compiled('big')}#Big`, '--strict');
    expect(code).to.equal(1);
  });
});
