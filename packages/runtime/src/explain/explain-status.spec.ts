import { expect } from 'chai';
import { hasOwnNumber, type SsmStatus, statusCodes } from '../status.js';
import { explainStatus, statusNames } from './explain-status.js';
import { oldNumbers } from './old-statuses.js';
import { statusTexts } from './texts/index.js';

const names = (text: string) => explainStatus(text).map(({ status }) => status);
const all = Object.keys(statusCodes) as SsmStatus[];

/** Besides the statuses of saved states: what the manager, the zip streams and teleporting return. */
const generic: readonly SsmStatus[] = [
  'VINF_SUCCESS',
  'VERR_GENERAL_FAILURE',
  'VERR_INVALID_PARAMETER',
  'VERR_INVALID_MAGIC',
  'VERR_INVALID_HANDLE',
  'VERR_INVALID_POINTER',
  'VERR_NO_MEMORY',
  'VERR_NOT_IMPLEMENTED',
  'VERR_INVALID_FLAGS',
  'VERR_NO_TMP_MEMORY',
  'VERR_WRONG_ORDER',
  'VERR_NOT_SUPPORTED',
  'VERR_TIMEOUT',
  'VERR_BUFFER_OVERFLOW',
  'VERR_TOO_MUCH_DATA',
  'VERR_TRY_AGAIN',
  'VERR_OUT_OF_RANGE',
  'VERR_INVALID_STATE',
  'VERR_AUTHENTICATION_FAILURE',
  'VINF_NO_CHANGE',
  'VERR_FILE_NOT_FOUND',
  'VERR_INVALID_NAME',
  'VERR_EOF',
  'VINF_EOF',
  'VERR_FILE_LOCK_FAILED',
  'VERR_INTERNAL_ERROR',
  'VERR_INTERNAL_ERROR_3',
  'VERR_INTERNAL_ERROR_4',
  'VERR_INTERNAL_ERROR_5',
  'VERR_IPE_UNEXPECTED_INFO_STATUS',
  'VERR_IPE_NOT_REACHED_DEFAULT_CASE',
  'VERR_IO_GEN_FAILURE',
  'VERR_NO_DATA',
  'VERR_NET_ADDRESS_IN_USE',
  'VERR_TCP_SERVER_STOP',
  'VERR_TCP_SERVER_SHUTDOWN',
  'VERR_INVALID_VM_HANDLE',
  'VERR_ZIP_ERROR',
  'VERR_ZIP_CORRUPTED',
  'VERR_ZIP_NO_MEMORY',
  'VERR_ZIP_UNSUPPORTED_VERSION',
  'VERR_VM_INVALID_VM_STATE',
];

describe('explaining a status', () => {
  it('has a text for every status of saved states, and for those that come with them', () => {
    const wanted = [...all.filter((name) => /^[A-Z]+_S[SM]M_/.test(name)), ...generic];
    expect(wanted).to.have.length.above(100);
    expect(wanted.filter((name) => !(name in statusTexts))).to.deep.equal([]);
  });

  it('says what it means, why, and what to do, in whole sentences', () => {
    for (const [status, { meaning, causes, advice }] of Object.entries(statusTexts)) {
      expect(causes.length, status).to.be.above(0);
      expect(advice.length, status).to.be.above(0);
      for (const sentence of [meaning, ...causes, ...advice]) {
        expect(sentence, status).to.match(/^["'A-Z1-9].*[.)]$/);
        expect(sentence, status).not.to.match(/ {2}|undefined/);
      }
      expect(new Set(advice).size, `${status}: the same twice`).to.equal(advice.length);
    }
  });

  it('has the commands right that it names', () => {
    const sentences = Object.values(statusTexts).flatMap(({ causes, advice }) => [...causes, ...advice]);
    const commands = sentences.flatMap((sentence) => [...sentence.matchAll(/\bssm ([a-z]+)/g)].map(([, name]) => name));
    expect(new Set(commands)).to.deep.equal(new Set(['ls', 'cat', 'verify', 'explain', 'convert', 'dump']));
  });

  const asked: readonly [text: string, statuses: readonly string[]][] = [
    ['VERR_SSM_INTEGRITY_CRC', ['VERR_SSM_INTEGRITY_CRC']],
    ['verr_ssm_integrity_crc', ['VERR_SSM_INTEGRITY_CRC']],
    [' ssm integrity-crc ', ['VERR_SSM_INTEGRITY_CRC']],
    ['integrity_crc', ['VERR_SSM_INTEGRITY_CRC']],
    ['CRC', ['VERR_SSM_INTEGRITY_CRC']],
    ['unit_not_found', ['VERR_SSM_UNIT_NOT_FOUND']],
    ['eof', ['VERR_EOF', 'VINF_EOF']],
    ['dont call again', ['VINF_SSM_DONT_CALL_AGAIN']],
    ['VERR_SMM_INTEGRITY_MACHINE', ['VERR_SMM_INTEGRITY_MACHINE']],
    ['pdm_no_pic_instance', ['VERR_PDM_NO_PIC_INSTANCE']],
    ['-1814', ['VERR_SSM_INTEGRITY_CRC']],
    ['1814', ['VERR_SSM_INTEGRITY_CRC']],
    ['\u22121814', ['VERR_SSM_INTEGRITY_CRC']],
    ['0xfffff8ea', ['VERR_SSM_INTEGRITY_CRC']],
    ['0XFFFFF8EA', ['VERR_SSM_INTEGRITY_CRC']],
    ['0', ['VINF_SUCCESS']],
    ['1864', ['VINF_SSM_LIVE_SUSPENDED', 'VERR_SSM_FIELD_COMPLEX']],
    ['+1864', ['VINF_SSM_LIVE_SUSPENDED']],
    ['-1864', ['VERR_SSM_FIELD_COMPLEX']],
    ['0x748', ['VINF_SSM_LIVE_SUSPENDED']],
    ['1100', ['VINF_EM_TERMINATE']],
    ['-1823', ['VERR_SSM_INTEGRITY_REC_TERM', 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION']],
    ['-1', ['VERR_GENERAL_FAILURE']],
    ['-1828', ['VERR_SSM_VIRTUAL_CLOCK_HZ']],
    ['VERR_SSM_INTEGRITY_SIZES', ['VERR_SSM_INTEGRITY_HEADER']],
    ['sizes', ['VERR_SSM_INTEGRITY_HEADER']],
    ['-99999', []],
    ['0x123456789', []],
    ['VERR_SSM_NONSENSE', []],
    ['constructor', []],
    ['', []],
  ];
  for (const [text, statuses] of asked) {
    it(`finds '${text}': ${statuses.join(', ') || 'nothing'}`, () => expect(names(text)).to.deep.equal(statuses));
  }

  it('tells both meanings of the numbers that were others up to VirtualBox 3.0', () => {
    expect(oldNumbers.size).to.equal(18);
    for (const [number, status] of oldNumbers) {
      const last = explainStatus(String(number)).at(-1);
      expect(last?.status).to.equal(status);
      expect(last?.note).to.contain('3.0 and older').and.to.contain(String(statusCodes[status]));
      expect(statusCodes[status]).not.to.equal(number);
    }
    expect(explainStatus('-1814')[0]?.note).to.equal(undefined);
  });

  it('finds every status by its name and by its number', () => {
    for (const status of all) {
      expect(names(status)).to.deep.equal([status]);
      const isMeant = !/_(FIRST|LAST)$/.test(status) && hasOwnNumber(status);
      if (isMeant) expect(names(String(statusCodes[status]))).to.include(status);
    }
    expect(statusNames()).to.have.members(all);
  });

  it('says of others where they come from', () => {
    const [pic] = explainStatus('VERR_PDM_NO_PIC_INSTANCE');
    expect(pic?.meaning).to.contain('not about saved states').and.to.contain('devices and drivers');
    const origins = all.map((status) => explainStatus(status)[0]?.meaning ?? '');
    expect(origins.filter((meaning) => meaning.includes('VirtualBox in general')).length).to.be.below(20);
  });
});
