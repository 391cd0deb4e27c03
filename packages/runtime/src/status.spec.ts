import { expect } from 'chai';
import { formatWhere, isSsmError, PASS_FINAL, SsmError } from './error.js';
import { hasOwnNumber, isStatus, type SsmStatus, statusCodes, statusName } from './status.js';

describe('status codes', () => {
  it('failures are negative, successes zero or positive', () => {
    for (const [name, rc] of Object.entries(statusCodes)) {
      expect(rc < 0, name).to.equal(name.startsWith('VERR_'));
    }
  });

  const numbers: readonly [string, number][] = [
    ['VINF_SUCCESS', 0],
    ['VERR_EOF', -110],
    ['VERR_SSM_UNIT_EXISTS', -1800],
    ['VERR_SSM_INTEGRITY_CRC', -1814],
    ['VERR_SMM_INTEGRITY_MACHINE', -1815],
    ['VERR_SSM_STRUCTURE_MAGIC', -1847],
    ['VINF_SSM_VOTE_FOR_ANOTHER_PASS', 1851],
    ['VERR_SSM_FIELD_COMPLEX', -1864],
    ['VINF_SSM_LIVE_SUSPENDED', 1864],
    ['VERR_SSM_ENUM_VALUE_OUT_OF_RANGE', -1880],
  ];
  for (const [name, rc] of numbers) {
    it(`${name} is ${rc}`, () => {
      expect((statusCodes as Record<string, number>)[name]).to.equal(rc);
      expect(statusName(rc)).to.equal(name);
    });
  }

  it('statuses whose number is not known go by that of VERR_GENERAL_FAILURE', () => {
    const unnumbered = (Object.keys(statusCodes) as SsmStatus[]).filter((name) => !hasOwnNumber(name));
    expect(unnumbered).to.include.members(['VERR_ACCESS_DENIED', 'VERR_DEADLOCK', 'VERR_INTERRUPTED']);
    for (const name of unnumbered) expect(new SsmError(name as 'VERR_DEADLOCK', '').rc, name).to.equal(-1);
    expect(statusName(-1)).to.equal('VERR_GENERAL_FAILURE');
    expect(hasOwnNumber('VERR_GENERAL_FAILURE')).to.equal(true);
  });

  it('a number that no status has is no status', () => {
    expect(statusName(-1_000_000)).to.equal(undefined);
    expect(isStatus('VERR_NO_SUCH_STATUS')).to.equal(false);
    expect(isStatus('toString')).to.equal(false);
  });
});

describe('SsmError', () => {
  const where = { unit: 'pit', instance: 0, pass: 2, field: 'Pit.mode', offset: 496 };

  it('says what happened and where', () => {
    const error = new SsmError('VERR_SSM_UNEXPECTED_DATA', 'mode 9', where);
    expect(error.message).to.equal(
      "VERR_SSM_UNEXPECTED_DATA: mode 9 (unit 'pit'#0, pass 2, field Pit.mode, offset 0x1f0 (496))",
    );
    expect([error.rc, error.detail, error.where]).to.deep.equal([-1848, 'mode 9', where]);
  });

  it('names the final pass', () => {
    expect(formatWhere({ unit: 'pit', pass: PASS_FINAL })).to.equal("unit 'pit', final pass");
    expect(formatWhere({})).to.equal('');
  });

  it('gains what becomes known of the place, and keeps what was known', () => {
    const inner = new SsmError('VERR_SSM_UNEXPECTED_DATA', 'mode 9', { field: 'Pit.mode' });
    const outer = inner.at({ unit: 'pit', field: 'elsewhere' });
    expect(outer.where).to.deep.equal({ unit: 'pit', field: 'Pit.mode' });
    expect(outer.cause).to.equal(inner);
    expect(outer.at({ unit: 'other' })).to.equal(outer);
  });

  it('is told from other errors, also across copies of the package', () => {
    expect(isSsmError(new SsmError('VERR_EOF', 'end'))).to.equal(true);
    expect(isSsmError(Object.assign(new Error('end'), { name: 'SsmError', status: 'VERR_EOF' }))).to.equal(true);
    for (const other of [new Error('end'), { name: 'SsmError', status: 'VERR_EOF' }, undefined, 'VERR_EOF']) {
      expect(isSsmError(other)).to.equal(false);
    }
  });
});
