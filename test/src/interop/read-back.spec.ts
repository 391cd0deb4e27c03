import { type LoadOptions, loadState, MemorySource, openState, Registry, type Source } from '@ssmkit/runtime';
import { AwkwardSource } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusBytes, corpusJson } from '../support/corpus.js';
import {
  checkGets,
  type Manifest,
  type ManifestPass,
  manifestOf,
  type Put,
  readBackOf,
  sha256,
} from '../support/manifest.js';

/** Manifests with a file of their own; those whose units hold structures are compared by their bytes here. */
const primitives = [
  '00-empty',
  '01-prims',
  '01b-strz-limits',
  '04-lzf-limits',
  '04-mem-blocks',
  '04-mem-mixed',
  '04-mem-random',
  '04-mem-text',
  '04-mem-zeros',
  '05-many-units',
  '06-live-1pass',
];
const structures = [
  '02-struct',
  '02b-struct-vermismatch',
  '03-structex-all-flags',
  '03b-structex-ver4',
  '03c-zx',
  '03e-04-E_NOTCONSEC-0',
  '03e-06-E_SHORT-0',
];

const key = (name: string, instance: number, pass: number) => `${name}#${instance}, pass ${pass}`;

function passesOf(manifest: Manifest): Map<string, ManifestPass & { version: number }> {
  return new Map(
    manifest.units.flatMap(({ name, instance, version, passes }) =>
      passes.map((pass) => [key(name, instance, pass.pass), { ...pass, version }]),
    ),
  );
}

const sources: readonly [name: string, source: (bytes: Uint8Array) => Source][] = [
  ['memory', (bytes) => new MemorySource(bytes)],
  ['a file with short reads', (bytes) => new AwkwardSource(bytes, { shortReads: true })],
  ['a slow stream', (bytes) => new AwkwardSource(bytes, { stream: true, asynchronous: true, shortReads: true })],
];

describe('files of VirtualBox 7.2', () => {
  for (const [source, open] of sources) {
    describe(`read from ${source}`, () => {
      for (const name of primitives) {
        it(`${name} gives every value by the get that mirrors its put`, async function () {
          const manifest = manifestOf(this, name);
          const passes = passesOf(manifest);
          const bytes = corpusBytes(this, manifest.file);
          const registry = new Registry();
          const loaded: string[] = [];
          for (const unit of manifest.units) {
            registry.register({
              name: unit.name,
              instance: unit.instance,
              version: unit.version,
              loadExec(stream, version, pass) {
                const which = key(unit.name, unit.instance, pass);
                loaded.push(which);
                expect(version, which).to.equal(unit.version);
                checkGets(stream, passes.get(which)?.puts ?? []);
                expect(stream.offset, which).to.equal(passes.get(which)?.userSize);
              },
            });
          }
          // 1 MiB strings and more of memory are larger than the window asked for by default.
          await loadState(registry, open(bytes), { window: 4 << 20 });
          expect(loaded).to.have.members([...passes.keys()]);
        });
      }

      for (const name of [...primitives, ...structures]) {
        it(`${name} gives the bytes of every unit`, async function () {
          const manifest = manifestOf(this, name);
          const expected = new Map(
            [...passesOf(manifest)].map(([which, { userSize, userSha256, readBack }]) => [
              which,
              [readBack?.size ?? userSize, readBack?.sha256 ?? userSha256],
            ]),
          );
          const found = new Map<string, unknown>();
          const onUnknownUnit: LoadOptions['onUnknownUnit'] = async (_stream, unit, handle) => {
            const pieces: Uint8Array[] = [];
            await handle.readToEndOfUnit((piece) => void pieces.push(piece.slice()));
            const data = Buffer.concat(pieces);
            found.set(key(unit.name, unit.instance, unit.pass), [data.length, sha256(data)]);
          };
          await loadState(new Registry(), open(corpusBytes(this, manifest.file)), { onUnknownUnit });
          expect(found).to.deep.equal(expected);
        });
      }
    });
  }

  for (const name of [...primitives, ...structures]) {
    it(`${name} gives what the original read after seeking`, async function () {
      const manifest = manifestOf(this, name);
      const state = await openState(new MemorySource(corpusBytes(this, manifest.file)));
      let sought = 0;
      for (const unit of manifest.units) {
        for (const pass of unit.passes) {
          const expected = readBackOf(this, pass);
          if (expected === undefined || pass.readBack === undefined) continue;
          const { version, stream } = await state.seek(unit.name, unit.instance);
          expect(version).to.equal(pass.readBack.version);
          expect(Buffer.compare(stream.getMem(new Uint8Array(pass.readBack.size)), expected), unit.name).to.equal(0);
          expect(() => stream.getU8())
            .to.throw()
            .with.property('status', 'VERR_SSM_LOADED_TOO_MUCH');
          sought++;
        }
      }
      const units = manifest.units.filter(({ passes }) => passes.some(({ pass }) => pass === 0xffffffff));
      expect(sought).to.equal(units.length);
    });
  }

  it('07-open-for-writing, of the standalone writer, is read through its directory', async function () {
    const state = await openState(new MemorySource(corpusBytes(this, '07-open-for-writing.sav')));
    const { puts } = corpusJson<{ puts: Put[] }>(this, '07-open-for-writing.json');
    const first = await state.seek('DisplayScreenshot');
    checkGets(first.stream, puts.slice(0, 3));
    const second = await state.seek('second', 4);
    checkGets(second.stream, puts.slice(3));
    expect([first.version, second.version]).to.deep.equal([65538, 1]);
    const names: string[] = [];
    for await (const { name } of state.units()) names.push(name);
    expect(names).to.deep.equal(['DisplayScreenshot', 'second']);
  });
});

interface Loaded {
  units: {
    name: string;
    instance: number;
    loads: {
      version: number;
      hostBits: number;
      hostOS: string;
      bytes?: number;
      sha256?: string;
      gets?: { get: string; value: string | boolean | { len: number; value: string } }[];
    }[];
  }[];
}

describe('files of VirtualBox 4.0', () => {
  for (const bits of [32, 64]) {
    it(`of a ${bits}-bit host give what VirtualBox 7.2 loaded from them`, async function () {
      const name = `09-v20-genuine-4.0.0-host${bits}`;
      const { units } = corpusJson<Loaded>(this, `${name}.loaded.json`);
      const source = new MemorySource(corpusBytes(this, `${name}.sav`));
      let checked = 0;
      await loadState(new Registry(), source, {
        async onUnknownUnit(stream, unit, handle) {
          const load = units.find((each) => each.name === unit.name && each.instance === unit.instance)?.loads[0];
          expect([load?.version, load?.hostBits, load?.hostOS]).to.deep.equal([
            unit.version,
            handle.hostBits,
            handle.hostName,
          ]);
          checked++;
          if (load?.sha256 !== undefined) {
            const data = stream.getMem(new Uint8Array(load.bytes as number));
            expect(sha256(data)).to.equal(load.sha256);
          } else if (unit.name === 'prims32') {
            const text = ({ value }: { value: unknown }) =>
              String(typeof value === 'object' ? (value as { value: string }).value : value);
            const got = [
              stream.getBool(),
              stream.getUInt(),
              stream.getSInt(),
              stream.getGCUInt(),
              stream.getGCUIntReg(),
              stream.getGCPhys32(),
              stream.getGCPhys64(),
              stream.getGCPhys(),
              stream.getGCPtr(),
              stream.getGCUIntPtr(),
              stream.getRCPtr(),
              stream.getIOPort(),
              stream.getSel(),
              stream.getStrZ(63),
            ];
            expect(got.map(String)).to.deep.equal(load?.gets?.map(text));
          } else await handle.readToEndOfUnit();
        },
      });
      expect(checked).to.equal(units.length);
    });
  }
});
