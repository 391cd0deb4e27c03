import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

/** Bytes of a record that is neither buffered nor compressed, and has a header of three bytes. */
const PIECE = 2047;

/** Bytes of the headers of so many bytes of data, the last record of which is not short. */
const headersOf = (bytes: number) => 3 * Math.ceil(bytes / PIECE);

/** Puts as many bytes as it is told. */
function fill(put: { putMem(data: Uint8Array): void }, bytes: number): void {
  const piece = new Uint8Array(PIECE).fill(1);
  for (let left = bytes; left > 0; left -= piece.length) put.putMem(piece.subarray(0, Math.min(left, piece.length)));
}

describe('how far a live save goes (ssmR3DoLiveExecVoteLoop)', () => {
  const gib = 2 ** 30;
  /** Saves that much in pass 0, of units that guess that much. */
  const grow = async (bytes: number, guess: number, isFile: boolean) => {
    const registry = machine(`a(${guess}): liveExec liveVote=again,ready`, new Journal(), {
      a: { liveExec: (put, pass) => (pass === 0 ? fill(put, bytes) : undefined) },
    });
    const sink = {
      isFile,
      write() {},
      close() {},
    };
    return (await saveLive(registry, sink, { checksum: false })).failure;
  };

  it('a state may grow to 1 GiB to the byte, however little the units guess', async () => {
    const tooBig = await grow(gib, 0, true);
    expect(tooBig?.status).to.equal('VERR_SSM_STATE_GREW_TOO_BIG');
    const rest = Number.parseInt(tooBig?.detail ?? '', 10) - gib - headersOf(gib);
    let exact = gib - rest;
    while (rest + exact + headersOf(exact) > gib) exact--;
    expect(rest + exact + headersOf(exact)).to.equal(gib);
    expect(await grow(exact, 0, true)).to.equal(undefined);
    expect((await grow(exact + 1, 0, true))?.status).to.equal('VERR_SSM_STATE_GREW_TOO_BIG');
  });

  // 10965 bytes with those of SSM itself: 110 MB in a file, 1.10 GB in a stream.
  it('in a stream it may grow to a hundred thousand times the guess', async () => {
    expect(await grow(1.08e9, 10_900, false)).to.equal(undefined);
  });

  it('in a file to ten thousand times', async () => {
    expect((await grow(1.08e9, 10_900, true))?.status).to.equal('VERR_SSM_STATE_GREW_TOO_BIG');
    expect(await grow(1.08e9, 109_000, true)).to.equal(undefined);
  });

  it('guesses add up to what a number of 64 bits holds', async () => {
    const guess = Number.MAX_SAFE_INTEGER;
    const journal = new Journal();
    const run = await saveLive(machine(`a(${guess}): liveExec saveDone`, journal), new NotingSink());
    expect(run.steps).to.equal('step1 VERR_OUT_OF_RANGE, done VERR_OUT_OF_RANGE');
    expect(journal.text).to.equal('saveDone a');
    expect(await grow(0, 184_467_440_737_030, false)).to.equal(undefined);
  });

  it('there are at most 1048576 passes', async () => {
    let passes = 0;
    const registry = machine('', new Journal());
    registry.register({
      name: 'a',
      version: 1,
      liveVote: () => {
        passes++;
        return 'VINF_SSM_VOTE_FOR_ANOTHER_PASS';
      },
    });
    const { failure } = await saveLive(registry, new NotingSink());
    expect([failure?.status, passes]).to.deep.equal(['VERR_SSM_TOO_MANY_PASSES', 1_048_576]);
  });
});
