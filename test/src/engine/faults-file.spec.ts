import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveSave, type SaveOptions, type Sink, saveState } from '@ssmkit/runtime';
import { FileSink, loadFile, openFile, saveFile, validateFile } from '@ssmkit/runtime/node';
import { expect } from 'chai';
import { endOf, expectNoStrayRejections } from './deadline.js';
import type { Fault } from './faulty.js';
import { Journal, machine } from './script.js';

/** A file that takes so many bytes, and fails on the rest. */
class BrokenFile implements Sink {
  readonly isFile = true;
  onStall: () => void = () => {};
  readonly #file: FileSink;
  readonly #fault: Fault;
  #left: number;

  constructor(path: string, takes: number, fault: Fault) {
    this.#file = new FileSink(path);
    this.#left = takes;
    this.#fault = fault;
  }

  write(data: Uint8Array): void | Promise<void> {
    const part = data.subarray(0, this.#left);
    this.#left -= part.length;
    this.#file.write(part);
    if (part.length === data.length) return;
    if (this.#fault === 'stalls') return new Promise(() => setImmediate(this.onStall));
    const broken = new Error('the disk is broken');
    if (this.#fault === 'rejects') return Promise.reject(broken);
    throw broken;
  }

  close(aborted: boolean): void {
    this.#file.close(aborted);
  }
}

const units = 'a: liveExec saveExec saveDone\n b: saveExec';
const loading = 'a: loadExec loadDone\n b: loadExec';

const operations: Readonly<Record<string, (sink: Sink, options: SaveOptions, journal: Journal) => Promise<unknown>>> = {
  saveState: (sink, options, journal) => saveState(machine(units, journal), sink, options),
  async liveSave(sink, options, journal) {
    const save = await liveSave(machine(units, journal), sink, options as object);
    try {
      await save.step1();
      await save.step2();
    } catch {
      // The end tells it again.
    }
    return save.done();
  },
};

/** Files that the process has open, where the system tells. */
const openFiles = () => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);

describe('a file that fails', () => {
  expectNoStrayRejections();

  let folder: string;
  let path: string;
  let opened: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmkit-'));
    path = join(folder, 'vm.sav');
    opened = openFiles();
  });
  afterEach(() => {
    expect(openFiles()).to.equal(opened);
    rmSync(folder, { recursive: true });
  });

  const faults: readonly (readonly [fault: Fault, status: string])[] = [
    ['throws', 'VERR_IO_GEN_FAILURE'],
    ['rejects', 'VERR_IO_GEN_FAILURE'],
    ['stalls', 'VERR_SSM_CANCELLED'],
  ];
  for (const [name, operation] of Object.entries(operations)) {
    for (const [fault, status] of faults) {
      it(`${name}: a write that ${fault} anywhere leaves the folder as it was: ${status}`, async () => {
        await operation(new FileSink(path), {}, new Journal());
        const size = readFileSync(path).length;
        for (const before of ['nothing', 'another state'] as const) {
          if (before === 'nothing') rmSync(path);
          else writeFileSync(path, before);
          for (let takes = 0; takes < size; takes += 11) {
            const sink = new BrokenFile(path, takes, fault);
            const abort = new AbortController();
            sink.onStall = () => abort.abort();
            const journal = new Journal();
            const failure = await endOf(operation(sink, { signal: abort.signal }, journal));
            expect(failure?.status, `${takes}`).to.equal(status);
            expect(journal.count('saveDone', 'a')).to.equal(1);
            if (before === 'nothing') expect(readdirSync(folder)).to.deep.equal([]);
            else {
              expect(readdirSync(folder)).to.deep.equal(['vm.sav']);
              expect(readFileSync(path, 'utf8')).to.equal(before);
            }
          }
        }
      });
    }

    it(`${name}: a file that cannot take its place leaves nothing behind`, async () => {
      const sink = new FileSink(path);
      mkdirSync(path);
      const failure = await endOf(operation(sink, {}, new Journal()));
      expect(failure?.status).to.equal('VERR_IO_GEN_FAILURE');
      expect(readdirSync(folder)).to.deep.equal(['vm.sav']);
      expect(readdirSync(path)).to.deep.equal([]);
    });
  }

  it('what was refused before anything was written leaves nothing behind', async () => {
    for (const options of [{ revision: 0 }, { after: 'RESUME' }, { signal: AbortSignal.abort() }] as const) {
      expect(await endOf(saveFile(machine(units), path, options))).not.to.equal(undefined);
      expect(readdirSync(folder)).to.deep.equal([]);
    }
  });

  it('a file that is cut anywhere is refused by whoever opens it, and closed', async () => {
    await saveFile(machine(units), path);
    const size = readFileSync(path).length;
    for (let length = size - 1; length >= 0; length -= 3) {
      truncateSync(path, length);
      const status = length < 64 ? 'VERR_EOF' : 'VERR_SSM_INTEGRITY_FOOTER';
      const journal = new Journal();
      const ends = [
        await endOf(loadFile(machine(loading, journal), path)),
        await endOf(openFile(path)),
        await endOf(validateFile(path)),
      ].map((failure) => failure?.status);
      expect(ends, `${length}`).to.deep.equal([status, status, status]);
      expect(journal.text).to.equal('');
    }
  });
});
