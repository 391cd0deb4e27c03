import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { CyclesReport } from './cycles.js';

const script = fileURLToPath(new URL('./cycles.js', import.meta.url));
const WARM_UP = 100;
const CYCLES = 900;
const MIB = 1 << 20;

describe('machines that are created, run, saved and destroyed', function () {
  this.timeout(300_000);
  let report: CyclesReport;

  before(async () => {
    // Without optimised code, which comes and goes by megabytes.
    const args = ['--expose-gc', '--no-opt', script, String(WARM_UP), String(CYCLES)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    report = JSON.parse(stdout) as CyclesReport;
  });

  it(`take no memory with them, ${CYCLES} times`, () => {
    expect(report.heap / MIB).to.be.lessThan(0.5);
    expect(report.buffers / MIB).to.be.lessThan(0.5);
  });

  it('are garbage afterwards', () => expect(report.alive).to.equal(0));

  it('leave nothing: no timer, queue, unit, task …', () => {
    expect(Object.keys(report.most)).to.have.length.greaterThan(10);
    for (const [what, count] of Object.entries(report.most)) expect(count, what).to.equal(0);
  });

  it('leave no timer of the host', () => expect(report.hostTimers).to.equal(0));
});
