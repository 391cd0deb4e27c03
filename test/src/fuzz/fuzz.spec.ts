import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { randomNumbers } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { Fuzzer } from './fuzzer.js';
import { mend } from './mutate.js';
import { targets } from './targets.js';

const folderOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Mutations in every run of the tests; millions have run by `npm run fuzz`. */
const EXECUTIONS = 15_000;

describe('hostile input', function () {
  this.timeout(120_000);
  const corpus = folderOf('fuzz-corpus');

  for (const target of Object.keys(targets)) {
    it(`what fuzzing ${target} has found gives an answer or an SsmError`, async () => {
      expect(existsSync(`${corpus}/${target}`), 'a corpus').to.equal(true);
      const fuzzer = new Fuzzer(randomNumbers(1));
      await fuzzer.seed(`${corpus}/${target}`, [target]);
      expect(readdirSync(`${corpus}/${target}`).length).to.be.greaterThan(20);
    });
  }

  it(`so do ${EXECUTIONS} mutations of it`, async () => {
    const seed = Date.now() >>> 0;
    const fuzzer = new Fuzzer(randomNumbers(seed));
    await fuzzer.seedComposed();
    await fuzzer.seed(folderOf('fixtures/variants'));
    await fuzzer.seedFound(corpus);
    try {
      await fuzzer.fuzz(EXECUTIONS);
    } catch (error) {
      throw new Error(`with seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  });

  it('mutated states get past the checks: mending makes a sound file of one whose checksums are gone', async () => {
    const fuzzer = new Fuzzer(randomNumbers(1));
    const { sav } = await import('@ssmkit/runtime/testing');
    const sound = sav({ self: true }).unit('a', 1).u32(1).zero(4).unit('b').lzf(1, [0, 0x61, 0xe0, 0xff, 0]).bytes();
    const broken = sound.slice();
    for (const at of [60, 61, 64 + 16, 64 + 20]) broken[at] = 0x55;
    const answer = (data: Uint8Array) => (targets['state'] as (typeof targets)[string])(data);
    expect(await answer(mend(broken))).to.equal(await answer(sound));
    expect(await answer(broken)).not.to.equal(await answer(sound));
    expect(await fuzzer.run('state', sound)).to.equal(true);
    expect(await fuzzer.run('state', sound)).to.equal(false);
  });
});
