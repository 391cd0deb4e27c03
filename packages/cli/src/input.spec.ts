import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Input, withInput } from './input.js';
import type { Io } from './io.js';

const output = { color: false, width: undefined, write: async () => {} };

function ioOf(cwd: string, ...parts: readonly Uint8Array[]): Io {
  const stdin = (async function* () {
    yield* parts;
  })();
  return { stdin, stdout: output, stderr: output, cwd };
}

/** All that an input has. */
async function contents({ source, size }: Input): Promise<number[]> {
  const into = new Uint8Array(size);
  await source.read(into, 0);
  return [...into];
}

describe('withInput', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssm-input-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads a file relative to the folder', async () => {
    writeFileSync(join(folder, 'a.sav'), Uint8Array.of(1, 2, 3));
    const got = await withInput(ioOf(folder), 'a.sav', 1, async (input) => [input.name, await contents(input)]);
    expect(got).to.deep.equal(['a.sav', [1, 2, 3]]);
  });

  it('reads stdin to its end, in whatever pieces it comes', async () => {
    const io = ioOf(folder, Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3));
    expect(await withInput(io, '-', 3, contents)).to.deep.equal([1, 2, 3]);
  });

  it('takes no more from stdin than allowed', async () => {
    const io = ioOf(folder, Uint8Array.of(1, 2), Uint8Array.of(3));
    expect(await statusOf(() => withInput(io, '-', 2, contents))).to.equal('VERR_TOO_MUCH_DATA');
  });

  it('closes the file whatever happens', async () => {
    writeFileSync(join(folder, 'a.sav'), Uint8Array.of(1));
    let kept: Input | undefined;
    const run = withInput(ioOf(folder), 'a.sav', 1, async (input) => {
      kept = input;
      throw new Error('over');
    });
    expect(await run.catch((error: Error) => error.message)).to.equal('over');
    expect(await statusOf(() => kept?.source.read(new Uint8Array(1), 0))).to.equal('VERR_INVALID_HANDLE');
  });

  it('says that there is no such file', async () => {
    expect(await statusOf(() => withInput(ioOf(folder), 'none.sav', 1, contents))).to.equal('VERR_FILE_NOT_FOUND');
  });

  it('says that a folder is no file', async () => {
    expect(await statusOf(() => withInput(ioOf(folder), '.', 1, contents))).to.equal('VERR_IO_GEN_FAILURE');
  });
});
