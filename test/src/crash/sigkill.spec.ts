import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openFile, saveFile, verifyFile } from '@ssmkit/runtime/node';
import { randomNumbers } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { MEMORY_SIZE, memoryOf, registryOf } from './generation.js';

/** Processes killed while they save. */
const KILLS = 200;
/** Processes at a time, each with a file of its own. */
const AT_ONCE = 2;
/** A process is killed at an instant up to this long after its first save, in milliseconds; a save takes about 10. */
const LONGEST_LIFE = 40;

const script = fileURLToPath(new URL('./save-forever.js', import.meta.url));

/** The generation that a file holds; it must be sound, and of one generation throughout. */
async function generationIn(path: string): Promise<number> {
  const verdict = await verifyFile(path);
  expect(verdict.load, verdict.message).to.equal('VINF_SUCCESS');
  expect(verdict.validate.withChecksum).to.equal('VINF_SUCCESS');
  const state = await openFile(path);
  try {
    const generation = (await state.seek('generation')).stream.getU32();
    const memory = (await state.seek('memory')).stream.getMem(new Uint8Array(MEMORY_SIZE));
    expect(Buffer.compare(memory, memoryOf(generation)), `memory of generation ${generation}`).to.equal(0);
    return generation;
  } finally {
    state.close();
  }
}

describe('a process that is killed while it saves over a file', function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-kill-'));
  after(() => rmSync(folder, { recursive: true }));

  it(`leaves the old file or the new one, ${KILLS} times out of ${KILLS}`, async () => {
    const random = randomNumbers(20);
    const lives = Array.from({ length: KILLS }, () => random() * LONGEST_LIFE);
    let between = 0;
    const worker = async (path: string) => {
      await saveFile(registryOf(0), path);
      let last = 0;
      for (let life = lives.pop(); life !== undefined; life = lives.pop()) {
        const child = spawn(process.execPath, [script, path, String(last + 1)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await once(child.stdout, 'data');
        await sleep(life);
        child.kill('SIGKILL');
        const [, signal] = (await once(child, 'exit')) as [number | null, string];
        expect(signal).to.equal('SIGKILL');
        const generation = await generationIn(path);
        expect(generation, 'a new file').to.be.greaterThan(last);
        last = generation;
        if (readdirSync(folder).some((name) => name.endsWith('.tmp'))) between++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => worker(join(folder, `machine-${i}.sav`))));
    // Otherwise nothing was shown: the kills would have hit processes that were not saving.
    expect(between, 'kills in the middle of a save').to.be.greaterThan(KILLS / 4);

    // What the killed ones have left behind, the next save removes.
    for (let i = 0; i < AT_ONCE; i++) await saveFile(registryOf(0), join(folder, `machine-${i}.sav`));
    expect(readdirSync(folder).sort()).to.deep.equal(Array.from({ length: AT_ONCE }, (_, i) => `machine-${i}.sav`));
  });
});
