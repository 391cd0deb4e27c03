import { MemorySource, openSalvaged } from '@ssmkit/runtime';
import { sav, savV1, statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { headerContext } from './context.js';
import { salvageUnit } from './salvage-unit.js';
import type { Mm } from './units/vmm/ssm.js';

const UNIT = { name: 'mm', instance: 0 };
const wrongChecksum = { term: (view: DataView) => view.setUint32(4, 0, true) };

const salvaged = async (bytes: Uint8Array) => {
  const { state } = await openSalvaged(new MemorySource(bytes));
  return salvageUnit(state, UNIT, headerContext(state.header));
};
/** A unit with so much RAM. */
const mm = (state: ReturnType<typeof sav>, ramBytes: bigint, options = {}) =>
  state
    .unit('mm', 0, { version: 2, ...options })
    .u64(1n)
    .u64(ramBytes);

describe('salvageUnit', () => {
  const rows: readonly (readonly [what: string, bytes: Uint8Array, ram: bigint, damage: string | undefined])[] = [
    ['is whole', mm(sav(), 7n).bytes(), 7n, undefined],
    ['is behind damage', mm(sav().unit('x', 0, wrongChecksum).u32(1), 7n).bytes(), 7n, undefined],
    ['is all that is left', mm(sav(), 7n).bytes().subarray(0, -50), 7n, undefined],
    ['has a wrong checksum', mm(sav(), 7n, wrongChecksum).bytes(), 7n, 'VERR_SSM_INTEGRITY_REC_TERM_CRC'],
    ['is there twice, once whole', mm(mm(sav(), 6n, wrongChecksum), 7n).bytes(), 7n, undefined],
    [
      'is damaged, in front of one that was saved live',
      mm(mm(sav(), 7n, wrongChecksum), 6n, { pass: 1 }).bytes(),
      7n,
      'VERR_SSM_INTEGRITY_REC_TERM_CRC',
    ],
    [
      'is in a state of format V1.2',
      savV1()
        .unit('mm', 0, { version: 2 })
        .store(new Uint8Array(new BigUint64Array([1n, 7n]).buffer))
        .bytes(),
      7n,
      undefined,
    ],
  ];
  for (const [what, bytes, ram, damage] of rows) {
    it(`reads a unit that ${what}`, async () => {
      const { value, version, damage: found } = await salvaged(bytes);
      expect((value as Mm).ramBytes).to.equal(ram);
      expect({ version, found: found?.status }).to.deep.equal({ version: 2, found: damage });
      if (found !== undefined) expect(found.where).to.include({ unit: 'mm', instance: 0 });
    });
  }

  const wrong: readonly (readonly [what: string, bytes: Uint8Array, status: string])[] = [
    ['is not there', sav().unit('x').bytes(), 'VERR_SSM_UNIT_NOT_FOUND'],
    ['is another instance', sav().unit('mm', 1, { version: 2 }).u64(1n).u64(7n).bytes(), 'VERR_SSM_UNIT_NOT_FOUND'],
    ['is of an unknown version', mm(sav(), 7n, { version: 99 }).bytes(), 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
    [
      'has been cut off',
      mm(sav(), 7n)
        .bytes()
        .subarray(0, 64 + 48 + 10),
      'VERR_SSM_LOADED_TOO_MUCH',
    ],
    [
      'has a record that cannot be read',
      sav().unit('mm', 0, { version: 2 }).u64(1n).record(0x9f, 1, 1).u64(7n).bytes(),
      'VERR_SSM_INTEGRITY_REC_HDR',
    ],
    [
      'has a wrong checksum and too little data',
      sav()
        .unit('mm', 0, { version: 2, ...wrongChecksum })
        .u64(1n)
        .bytes(),
      'VERR_SSM_LOADED_TOO_MUCH',
    ],
  ];
  for (const [what, bytes, status] of wrong) {
    it(`refuses a unit that ${what}: ${status}`, async () => {
      expect(await statusOf(() => salvaged(bytes))).to.equal(status);
    });
  }
});
