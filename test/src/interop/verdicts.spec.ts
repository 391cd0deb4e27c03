import { loadState, MemorySource, openState, Registry, type Source, verifyState } from '@ssmkit/runtime';
import { FileSource } from '@ssmkit/runtime/node';
import { AwkwardSource, statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusBytes, corpusJson, corpusPath } from '../support/corpus.js';
import { sha256 } from '../support/manifest.js';

/** What the loader of VirtualBox 7.2.22 said to a file. */
interface Verdicts {
  readonly file: string;
  readonly note: string;
  readonly validate_nocrc: string;
  readonly validate_crc: string;
  readonly open: string;
  readonly seeks?: readonly {
    unit: string;
    instance: number;
    rc: string;
    version: number;
    bytes: number;
    endRc: string;
  }[];
  readonly load: {
    readonly format: number;
    readonly loadRc: string;
    readonly units?: readonly {
      name: string;
      instance: number;
      loads: readonly {
        version: number;
        pass: number;
        hostBits: number;
        hostOS: string;
        bytes?: number;
        sha256?: string;
        gets?: unknown;
      }[];
    }[];
  };
}

/** Where our load says more: the recorded one is that of a callback that read nothing of the unit. */
const exactLoads: Readonly<Record<string, string>> = {
  'rec-type5.sav': 'VERR_SSM_BAD_REC_TYPE',
  'rec-lzf-0k.sav': 'VERR_SSM_INTEGRITY_DECOMPRESSION',
};

const sources: readonly [name: string, source: (file: string, bytes: Uint8Array) => Source][] = [
  ['memory', (_, bytes) => new MemorySource(bytes)],
  ['a file', (file) => new FileSource(corpusPath(file) as string)],
  ['an asynchronous file', (_, bytes) => new AwkwardSource(bytes, { asynchronous: true, shortReads: true })],
];

const index = corpusPath('variants/index.json');

describe('the verdicts of VirtualBox 7.2', () => {
  let verdicts: readonly Verdicts[];
  before(function () {
    verdicts = corpusJson<Verdicts[]>(this, 'variants/index.json');
    const formats = new Map<number, number>();
    for (const { load } of verdicts) formats.set(load.format, (formats.get(load.format) ?? 0) + 1);
    // Format 0 is that of files whose magic is none.
    expect(Object.fromEntries(formats), index).to.deep.equal({ 0: 3, 11: 1, 12: 7, 20: 70 });
  });

  for (const [name, open] of sources) {
    it(`are ours, reading from ${name}`, async function () {
      const ours: unknown[] = [];
      const theirs: unknown[] = [];
      for (const { file, validate_nocrc, validate_crc, open: opened, load } of verdicts) {
        const path = `variants/${file}`;
        if (corpusPath(path) === undefined) continue;
        const source = open(path, corpusBytes(this, path));
        const verdict = await verifyState(source);
        if (source instanceof FileSource) source.close();
        ours.push([file, verdict.validate.withoutChecksum, verdict.validate.withChecksum, verdict.open, verdict.load]);
        theirs.push([file, validate_nocrc, validate_crc, opened, exactLoads[file] ?? load.loadRc]);
      }
      expect(ours).to.deep.equal(theirs);
    });

    it(`on seeking are ours, reading from ${name}`, async function () {
      let seeks = 0;
      for (const { file, seeks: expected = [] } of verdicts) {
        const path = `variants/${file}`;
        if (expected.length === 0 || corpusPath(path) === undefined) continue;
        const source = open(path, corpusBytes(this, path));
        const state = await openState(source);
        for (const { unit, instance, ...told } of expected) {
          const found = { rc: 'VINF_SUCCESS', version: 0, bytes: 0, endRc: 'VINF_SUCCESS' };
          found.rc = await statusOf(async () => {
            const { version, stream } = await state.seek(unit, instance);
            found.version = version;
            found.endRc = await statusOf(async () => {
              for (;;) {
                await stream.ensure(1);
                stream.take(1);
                found.bytes++;
              }
            });
          });
          expect(found, `${file}: ${unit}#${instance}`).to.deep.equal(told);
          seeks++;
        }
        if (source instanceof FileSource) source.close();
      }
      expect(seeks).to.be.greaterThan(100);
    });
  }

  it('on what the units hold are ours', async function () {
    for (const { file, load } of verdicts) {
      const path = `variants/${file}`;
      if (load.loadRc !== 'VINF_SUCCESS' || corpusPath(path) === undefined) continue;
      const found: { name: string; instance: number; [key: string]: unknown }[] = [];
      await loadState(new Registry(), new MemorySource(corpusBytes(this, path)), {
        async onUnknownUnit(_stream, { name, instance, version, pass }, handle) {
          const pieces: Uint8Array[] = [];
          const bytes = await handle.readToEndOfUnit((piece) => void pieces.push(piece.slice()));
          const { hostBits, hostName: hostOS } = handle;
          found.push({
            name,
            instance,
            version,
            pass,
            rc: 'VINF_SUCCESS',
            hostBits,
            hostOS,
            bytes,
            sha256: sha256(Buffer.concat(pieces)),
          });
        },
      });
      const expected = (load.units ?? []).flatMap(({ name, instance, loads }) =>
        // What was loaded from structures is compared elsewhere.
        loads.map(({ gets: _, ...load }) => ({ name, instance, ...load })),
      );
      const byBytes = expected.every(({ sha256 }) => sha256 !== undefined);
      const withoutBytes = found.map(({ bytes: _, sha256: __, ...unit }) => unit);
      expect(byBytes ? found : withoutBytes, file).to.have.deep.members(expected);
    }
  });

  it('of every sound file of the collection are ours', async function () {
    const files = [
      '00-empty',
      '01-prims',
      '02-struct',
      '03-structex-all-flags',
      '05-many-units',
      '06-live-1pass',
      '04-mem-mixed',
      '09-v20-genuine-4.0.0-host32',
    ];
    for (const file of files) {
      if (corpusPath(`${file}.sav`) === undefined) continue;
      const { load, message } = await verifyState(new MemorySource(corpusBytes(this, `${file}.sav`)));
      expect(load, `${file}: ${message}`).to.equal('VINF_SUCCESS');
    }
  });
});
