import { type GetStream, isSsmError, loadState, MemorySource, Registry } from '@ssmkit/runtime';
import { defaultHost, descriptorFor, readImage, writeImage } from '@ssmkit/schema';
import { expect } from 'chai';
import { Big } from '../classes/big.js';
import '../classes/big.ssm.js';
import { corpusBytes, corpusJson, hasSharedCorpus } from '../support/corpus.js';

/** What the real loader, a 64-bit VirtualBox 7.2.22, got from a unit. */
interface LoadedUnit {
  name: string;
  instance: number;
  loads: { version: number; hostBits: number; hostOS: string; gets?: Got[] }[];
}

/** A get, and its outcome. */
interface Got {
  get: string;
  rc: string;
  value: unknown;
}

/** The gets of single values that the recordings name. */
const gets: Record<string, (stream: GetStream) => unknown> = {
  bool: (stream) => stream.getBool(),
  u32: (stream) => stream.getU32(),
  uint: (stream) => stream.getUInt(),
  sint: (stream) => stream.getSInt(),
  gcuint: (stream) => stream.getGCUInt(),
  gcuintreg: (stream) => stream.getGCUIntReg(),
  gcphys32: (stream) => stream.getGCPhys32(),
  gcphys64: (stream) => stream.getGCPhys64(),
  gcphys: (stream) => stream.getGCPhys(),
  gcptr: (stream) => stream.getGCPtr(),
  gcuintptr: (stream) => stream.getGCUIntPtr(),
  rcptr: (stream) => stream.getRCPtr(),
  ioport: (stream) => stream.getIOPort(),
  sel: (stream) => stream.getSel(),
};

/** What a get gives, as the recordings write it. */
function perform(stream: GetStream, got: Got): unknown {
  const [what, detail, flags] = got.get.split(':') as [string, string?, string?];
  if (what === 'strz') {
    const value = stream.getStrZ(Number(detail) - 1);
    return { len: value.length, value };
  }
  if (what === 'structex' && detail === 'BIG') {
    const big = new Big();
    const memory = new Uint8Array(184).fill(0xcc);
    readImage(descriptorFor(Big), defaultHost, big, memory);
    stream.getStructEx(big, Number(flags));
    writeImage(descriptorFor(Big), defaultHost, big, memory);
    return { afterHex: Buffer.from(memory).toString('hex') };
  }
  const get = gets[what];
  if (get === undefined) throw new Error(`the recordings have a get '${got.get}' that this test does not know`);
  const value = get(stream);
  return typeof value === 'boolean' ? value : `${value}`;
}

function statusAnd(run: () => unknown): { rc: string; value?: unknown } {
  try {
    return { rc: 'VINF_SUCCESS', value: run() };
  } catch (error) {
    if (isSsmError(error)) return { rc: error.status };
    throw error;
  }
}

/** Loads a file as the real loader did, and compares every get. */
async function compare(bytes: Uint8Array, units: readonly LoadedUnit[]): Promise<number> {
  let compared = 0;
  const registry = new Registry();
  for (const { name, instance, loads } of units) {
    registry.register({
      name,
      instance,
      version: 0,
      async loadExec(stream, version, _pass, handle) {
        const [load] = loads as [LoadedUnit['loads'][0]];
        expect({ version, hostBits: handle.hostBits, hostOS: handle.hostName }).to.deep.equal({
          version: load.version,
          hostBits: load.hostBits,
          hostOS: load.hostOS,
        });
        // Plain memory was hashed; `interop/read-back.spec.ts` compares it.
        if (load.gets === undefined) await handle.skipToEndOfUnit();
        for (const got of load.gets ?? []) {
          const { rc, value } = statusAnd(() => perform(stream, got));
          expect(rc, `${name}#${instance} ${got.get}`).to.equal(got.rc);
          if (rc === 'VINF_SUCCESS') expect(value, `${name}#${instance} ${got.get}`).to.deep.equal(got.value);
          compared++;
        }
      },
    });
  }
  await loadState(registry, new MemorySource(bytes));
  return compared;
}

describe('files of other hosts, loaded on a 64-bit one', () => {
  interface Variant {
    file: string;
    load: { units: LoadedUnit[] };
  }

  for (const file of [
    'host32-gp8-gc8-linux.x86.sav',
    'host32-gp8-gc4-linux.x86.sav',
    'host32-gp4-gc4-win.x86.sav',
    'host32-gp8-gc8-win.x86.sav',
  ]) {
    it(`${file}: every get gives what the real loader got`, async function () {
      const index = corpusJson<Variant[]>(this, 'variants/index.json');
      const { units } = index.find((entry) => entry.file === file)!.load;
      expect(await compare(corpusBytes(this, `variants/${file}`), units)).to.be.above(20);
    });
  }

  for (const bits of [32, 64]) {
    it(`VirtualBox 4.0.0 on a ${bits}-bit host: every get gives what VirtualBox 7.2.22 got`, async function () {
      if (!hasSharedCorpus) this.skip();
      const name = `09-v20-genuine-4.0.0-host${bits}`;
      const { units } = corpusJson<{ units: LoadedUnit[] }>(this, `${name}.loaded.json`);
      expect(await compare(corpusBytes(this, `${name}.sav`), units)).to.be.above(20);
    });
  }
});
