import { expect } from 'chai';
import { majorVersion, majorVersionChanged, minorVersion } from './unit-version.js';

describe('the version of a unit in two halves', () => {
  const halves: readonly (readonly [version: number, major: number, minor: number])[] = [
    [0, 0, 0],
    [2, 0, 2],
    [0x00030002, 0x00030000, 2],
    [0x0001ffff, 0x00010000, 0xffff],
    [0xffff0001, 0xffff0000, 1],
    [0xffffffff, 0xffff0000, 0xffff],
  ];
  for (const [version, major, minor] of halves) {
    const hex = version.toString(16);
    it(`0x${hex}: the major half stays in its place`, () => expect(majorVersion(version)).to.equal(major));
    it(`0x${hex}: the minor half is the low one`, () => expect(minorVersion(version)).to.equal(minor));
  }

  const changes: readonly (readonly [one: number, other: number, changed: boolean])[] = [
    [0x00030002, 0x00030002, false],
    [0x00030002, 0x0003ffff, false],
    [0x00030002, 0x00040002, true],
    [0x80000000, 0, true],
    [0xffff0000, 0xffff0001, false],
  ];
  for (const [one, other, changed] of changes) {
    it(`from 0x${one.toString(16)} to 0x${other.toString(16)} the major half ${changed ? 'changes' : 'stays'}`, () => {
      expect(majorVersionChanged(one, other)).to.equal(changed);
      expect(majorVersionChanged(other, one)).to.equal(changed);
    });
  }
});
