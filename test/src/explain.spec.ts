import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explainStatus, isStatus } from '@ssmkit/runtime';
import { expect } from 'chai';

/** The compiled modules of a package, without its tests. */
function modulesOf(name: string): string[] {
  const folder = dirname(fileURLToPath(import.meta.resolve(name)));
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.js$/.test(path) && !/\.spec\.js$|^status\.js$|^explain\b/.test(path))
    .map((path) => join(folder, path));
}

describe('every status that the packages end with', () => {
  for (const name of ['@ssmkit/runtime', '@ssmkit/cli']) {
    it(`is explained: ${name}`, () => {
      const statuses = new Set(
        modulesOf(name).flatMap((path) =>
          [...readFileSync(path, 'utf8').matchAll(/'(V(?:ERR|INF)_[A-Z0-9_]*[A-Z0-9])'/g)]
            .map(([, status]) => status as string)
            // Beginnings of names occur, too.
            .filter(isStatus),
        ),
      );
      expect(statuses.size).to.be.above(name === '@ssmkit/runtime' ? 50 : 5);
      const unexplained = [...statuses].filter((status) => {
        const [explanation] = explainStatus(status);
        return explanation === undefined || explanation.meaning.includes('not about saved states');
      });
      expect(unexplained).to.deep.equal([]);
    });
  }
});
