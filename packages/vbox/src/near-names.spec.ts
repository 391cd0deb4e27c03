import { expect } from 'chai';
import { nearNames } from './near-names.js';

const names = ['SSM', 'cpum', 'pgm', 'pit', 'pic', 'i8254', 'apic', 'ioapic', 'DisplayScreenshot', 'pit'];

describe('nearNames', () => {
  for (const [wanted, near] of [
    ['pti', ['pit']],
    ['CPUM', ['cpum']],
    ['apic', ['apic', 'pic', 'ioapic']],
    ['displayscreen', ['DisplayScreenshot']],
    ['something-else', []],
  ] as const) {
    it(`${wanted}: ${near.join(', ') || 'none'}`, () => {
      expect(nearNames(wanted, names)).to.deep.equal(near);
    });
  }

  it('gives each name once, and no more than asked for', () => {
    expect(nearNames('pit', names)[0]).to.equal('pit');
    expect(nearNames('pit', names).filter((name) => name === 'pit')).to.have.length(1);
    expect(nearNames('p', names, 2)).to.have.length(2);
  });
});
