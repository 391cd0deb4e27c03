import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { CyclesReport } from './cycles.js';

const WARM_UP = 100;
const MIB = 1 << 20;

/** Scripts, how often they do what they do, and MiB that may be in use afterwards. */
const rows = [
  { what: 'machines that are created, run, saved and destroyed', script: 'cycles.js', cycles: 900, limit: 0.5 },
  { what: 'sessions of the support library', script: 'session-cycles.js', cycles: 1000, limit: 0.1 },
];

for (const { what, script, cycles, limit } of rows) {
  describe(what, function () {
    this.timeout(300_000);
    let report: CyclesReport;

    before(async () => {
      // Without optimised code, which comes and goes by megabytes.
      const path = fileURLToPath(new URL(script, import.meta.url));
      const args = ['--expose-gc', '--no-opt', path, String(WARM_UP), String(cycles)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      report = JSON.parse(stdout) as CyclesReport;
    });

    it(`take no memory with them, ${cycles} times`, () => {
      expect(report.heap / MIB).to.be.lessThan(limit);
      expect(report.buffers / MIB).to.be.lessThan(limit);
    });

    it('are garbage afterwards', () => expect(report.alive).to.equal(0));

    it('leave nothing: no timer, queue, unit, task, object, page …', () => {
      expect(Object.keys(report.most)).to.have.length.greaterThan(10);
      for (const [part, count] of Object.entries(report.most)) expect(count, part).to.equal(0);
    });

    it('leave no timer of the host', () => expect(report.hostTimers).to.equal(0));
  });
}
