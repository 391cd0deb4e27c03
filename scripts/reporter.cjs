// A mocha reporter: dots while the tests run, then failures, then what was skipped, and last one plain line of counts.

const { reporters, Runner } = require('mocha');

module.exports = class Plain extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const skipped = new Map();
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const suite = test.parent.fullTitle();
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
    });
    // After the reports of the base class.
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      if (skipped.size > 0) {
        console.log('skipped:');
        for (const [suite, count] of skipped) console.log(`  ${count} of "${suite}"`);
        console.log();
      }
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
    });
  }
};
