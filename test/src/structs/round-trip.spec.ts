import '@ssmkit/runtime';
import { hostProfile, hosts, type StateClass } from '@ssmkit/schema';
import { checkRoundTrip, type RoundTripOptions } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import { Widened } from '../classes/every-struct.js';
import { savers, testClasses } from '../support/classes.js';

/** What a class needs beside what its decorators say. */
function optionsFor(target: StateClass): RoundTripOptions {
  const writer = savers.get(target);
  return writer === undefined ? {} : { writer };
}

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
      checkRoundTrip(target, { numRuns: 6, ...optionsFor(target) });
    });
  }

  for (const { target } of testClasses) {
    it(`${target.name}: also where guest addresses have 4 bytes`, function () {
      this.timeout(120_000);
      checkRoundTrip(target, { numRuns: 3, hosts: narrow, ...optionsFor(target) });
    });
  }

  it('a class that can only be loaded needs one that saves', () => {
    expect(() => checkRoundTrip(Widened as StateClass)).to.throw(/writer/);
  });
});
