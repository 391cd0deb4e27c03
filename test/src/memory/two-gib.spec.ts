import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const script = fileURLToPath(new URL('./two-gib.js', import.meta.url));
const MIB = 1 << 20;

describe('memory', function () {
  this.timeout(300_000);

  it('a unit of 2 GiB saved and loaded through a stream takes less than 96 MiB', async () => {
    const size = 2048 * MIB;
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(size)]);
    const { loaded, differences, above } = JSON.parse(stdout) as Record<string, number>;
    expect(loaded).to.equal(size);
    expect(differences).to.equal(0);
    expect((above as number) / MIB).to.be.lessThan(96);
  });
});
