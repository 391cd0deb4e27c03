import '@ssmkit/runtime';
import { PASS_FINAL } from '@ssmkit/runtime';
import { decodeJson, encodeJson, hostProfile } from '@ssmkit/schema';
import { arbitraryOf } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import type { UnitContext, UnitDefinition } from '../catalog.js';
import { catalog } from './index.js';

function contextFor({ pass }: UnitDefinition): UnitContext {
  return {
    pass: pass === 'live' ? 0 : PASS_FINAL,
    size: undefined,
    saved: hostProfile('linux.amd64'),
    product: { major: 7, minor: 2, build: 22 },
    revision: 175245,
    cpuCount: 1,
  };
}

/** Objects drawn for each layout, of its versions in turn: at least one of each. */
const NUM_RUNS = 3;

/** Numbers that count elsewhere than where they are saved, and are to be small. */
const small: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  nvme: {
    'config.submissionQueues': fc.integer({ max: 3, min: 0 }),
    'config.completionQueues': fc.integer({ max: 3, min: 0 }),
  },
};

describe('every layout of the catalog', function () {
  this.timeout(20_000);
  for (const definition of catalog.definitions) {
    const { name, versions, pass, target } = definition;
    if (versions === 'any') continue;
    it(`${name} ${versions.join(', ')}${pass === undefined ? '' : ` (${pass})`} survives writing, reading and JSON`, () => {
      for (const version of versions) {
        const property = fc.property(
          arbitraryOf(target, { version, maxLength: 3, fields: pass === 'live' ? {} : (small[name] ?? {}) }),
          (value) => {
            const context = contextFor(definition);
            const data = catalog.encode({ version }, { kind: 'known', definition, value }, context);
            const known = catalog.decode({ name, version }, data, context);
            // A MAC address that cannot be one tells another layout of the version.
            fc.pre(catalog.find({ name, version, pass: context.pass }, data) === definition);
            if (known.kind === 'raw') throw new Error(`version ${version}: ${known.reason}`);
            expect(catalog.encode({ version }, known, context)).to.deep.equal(data);
            const json: unknown = JSON.parse(JSON.stringify(encodeJson(known.definition.target, known.value)));
            const back = { ...known, value: decodeJson(known.definition.target, json) };
            expect(catalog.encode({ version }, back, context)).to.deep.equal(data);
          },
        );
        fc.assert(property, { numRuns: Math.max(1, Math.floor(NUM_RUNS / versions.length)) });
      }
    });
  }
});
