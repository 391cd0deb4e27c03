import '@ssmkit/runtime';
import { hostProfile, hosts, type StateClass } from '@ssmkit/schema';
import { checkRoundTrip, type RoundTripOptions } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import { BeforeWidened, Widened } from '../classes/every-struct.js';
import { testClasses } from '../support/classes.js';

/** Classes that need more than their decorators say. */
const options = new Map<StateClass, RoundTripOptions>([
  [Widened as StateClass, { writer: BeforeWidened as StateClass }],
]);

/** Hosts of the V1.x era, whose guest addresses had 4 bytes. */
const narrow = [
  hosts['linux.amd64']!,
  hostProfile('linux.x86', { gcPhysBytes: 4, gcPtrBytes: 4 }),
  hostProfile('linux.amd64', { gcPtrBytes: 4 }),
];

describe('every kind, on every pair of hosts, with every set of flags', () => {
  for (const { target } of testClasses) {
    it(`${target.name}: all engines put the same bytes, and get what was saved`, function () {
      this.timeout(120_000);
      checkRoundTrip(target, { numRuns: 6, ...options.get(target) });
    });
  }

  for (const { target } of testClasses) {
    it(`${target.name}: also where guest addresses have 4 bytes`, function () {
      this.timeout(120_000);
      checkRoundTrip(target, { numRuns: 3, hosts: narrow, ...options.get(target) });
    });
  }

  it('a class that can only be loaded needs one that saves', () => {
    expect(() => checkRoundTrip(Widened as StateClass)).to.throw(/writer/);
  });
});
