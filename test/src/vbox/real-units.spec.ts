import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenUnit, openState, PASS_FINAL } from '@ssmkit/runtime';
import { FileSource } from '@ssmkit/runtime/node';
import { catalog, contextOf, type UnitContext } from '@ssmkit/vbox';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

/** States of real machines, which lie beside the project and are not part of it. */
const folders = ['real-vm', 'resume'];

/** Guest memory is no object: it has a reader of its own. */
const withoutClass = new Set(['pgm']);

async function dataOf({ stream }: OpenUnit): Promise<Uint8Array> {
  await stream.ensure(1 << 28);
  return stream.getMem(new Uint8Array(stream.buffered));
}

function shown({ name, instance, version, pass }: OpenUnit): string {
  return `${name}#${instance} version ${version}${pass === PASS_FINAL ? '' : ` pass ${pass}`}`;
}

describe('the units of real machines', function () {
  this.timeout(120_000);
  for (const folder of folders) {
    const path = corpusPath(folder);
    const states = path === undefined ? [] : readdirSync(path).filter((name) => name.endsWith('.sav'));
    if (path === undefined) {
      it(`in ${folder} are understood to the last byte, and written again as they were`, function () {
        this.skip();
      });
    }
    for (const name of states) {
      it(`in ${name} are understood to the last byte, and written again as they were`, async () => {
        const source = new FileSource(join(path as string, name));
        try {
          const state = await openState(source);
          const context: UnitContext = await contextOf(state);
          const raw: string[] = [];
          const changed: string[] = [];
          for await (const unit of state.units()) {
            if (withoutClass.has(unit.name)) continue;
            const data = await dataOf(unit);
            const ofUnit = { ...context, pass: unit.pass, size: data.length, saved: unit.stream.saved };
            const decoded = catalog.decode(unit, data, ofUnit);
            if (decoded.kind === 'raw') raw.push(`${shown(unit)}: ${decoded.reason}`);
            else if (Buffer.compare(catalog.encode(unit, decoded, ofUnit), data) !== 0) changed.push(shown(unit));
          }
          expect(raw, 'not understood').to.deep.equal([]);
          expect(changed, 'written otherwise').to.deep.equal([]);
        } finally {
          source.close();
        }
      });
    }
  }
});
