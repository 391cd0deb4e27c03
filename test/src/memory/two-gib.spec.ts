import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const script = fileURLToPath(new URL('./two-gib.js', import.meta.url));
const MIB = 1 << 20;
const LIMIT = 96 * MIB;
const RUNS = 3;

describe('memory', function () {
  this.timeout(300_000);

  it('a unit of 2 GiB saved and loaded through a stream takes less than 96 MiB', async () => {
    const size = 2048 * MIB;
    let needed = Number.POSITIVE_INFINITY;
    // What is garbage already counts in the process's peak, and lies there longer when the machine is busy: what is needed
    // is the least of some runs.
    for (let run = 0; run < RUNS && needed >= LIMIT; run++) {
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(size)]);
      const { loaded, differences, above } = JSON.parse(stdout) as Record<string, number>;
      expect(loaded).to.equal(size);
      expect(differences).to.equal(0);
      needed = Math.min(needed, above as number);
    }
    expect(needed / MIB).to.be.lessThan(LIMIT / MIB);
  });
});
