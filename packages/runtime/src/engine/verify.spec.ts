import { expect } from 'chai';
import { MemorySource } from '../io/memory.js';
import { AwkwardSource, sav, savV1, statusOf } from '../testing.js';
import { validateState } from './validate.js';
import { verifyState } from './verify.js';

const OK = 'VINF_SUCCESS';
const whole = sav({ self: true }).unit('u').u32(1).zero(4).bytes();

describe('verifyState', () => {
  it('finds nothing wrong with a sound state, file or stream', async () => {
    for (const source of [new MemorySource(whole), new AwkwardSource(whole, { stream: true, asynchronous: true })]) {
      expect(await verifyState(source)).to.deep.equal({
        validate: { withoutChecksum: OK, withChecksum: OK },
        open: OK,
        load: OK,
      });
    }
  });

  it('tells place and message of the first failure', async () => {
    const term = (view: DataView) => view.setUint32(8, 3, true);
    const verdict = await verifyState(new MemorySource(sav().unit('u', 2, { term }).u32(1).bytes()));
    expect(verdict).to.deep.include({
      validate: { withoutChecksum: OK, withChecksum: OK },
      open: OK,
      load: 'VERR_SSM_INTEGRITY_REC_TERM',
      where: { offset: 64 + 46 + 6, unit: 'u', instance: 2, pass: 0xffffffff },
    });
    expect(verdict.message).to.contain("Failed to load unit 'u'");
  });

  it('sees by the CRC of a whole file what nothing else shows', async () => {
    const footer = (view: DataView) => view.setUint32(16, 1, true);
    const verdict = await verifyState(new MemorySource(sav({ footer }).bytes()));
    expect(verdict.validate).to.deep.equal({ withoutChecksum: OK, withChecksum: 'VERR_SSM_INTEGRITY_CRC' });
  });

  const ends: readonly [name: string, bytes: Uint8Array, load: string][] = [
    ['an empty record at the end of a unit', sav().unit('u').u8(1).raw([]).bytes(), 'VERR_SSM_LOADED_TOO_LITTLE'],
    [
      'an empty record in front of a damaged TERM',
      sav()
        .unit('u', 0, { term: (view) => view.setUint32(8, 1) })
        .u8(1)
        .raw([])
        .bytes(),
      'VERR_SSM_LOADED_TOO_LITTLE',
    ],
    [
      'an empty record in front of no record',
      sav().unit('u').u8(1).raw([]).record(0x90, 0).bytes(),
      'VERR_SSM_LOADED_TOO_LITTLE',
    ],
    ['no record', sav().unit('u').u8(1).record(0x90, 0).bytes(), 'VERR_SSM_INTEGRITY_REC_HDR'],
    ['an empty record in front of data', sav().unit('u').raw([]).u8(1).bytes(), OK],
  ];
  for (const [name, bytes, load] of ends) {
    it(`with ${name}: ${load}`, async () => expect((await verifyState(new MemorySource(bytes))).load).to.equal(load));
  }

  it('keeps to the limits, and can be cancelled', async () => {
    const all = (status: string) => ({
      validate: { withoutChecksum: status, withChecksum: status },
      open: status,
      load: status,
    });
    for (const bytes of [whole, savV1().unit('u').store([1, 2]).bytes()]) {
      const source = new MemorySource(bytes);
      expect(await verifyState(source, { limits: { fileBytes: bytes.length } })).to.deep.equal(all(OK));
      const small = await verifyState(source, { limits: { fileBytes: bytes.length - 1 } });
      expect(small).to.deep.include(all('VERR_TOO_MUCH_DATA'));
      const units = await verifyState(source, { limits: { decodedBytes: 1 } });
      expect(units).to.deep.include({ ...all(OK), load: 'VERR_TOO_MUCH_DATA' });
      const cancelled = await verifyState(source, { signal: AbortSignal.abort() });
      expect(cancelled).to.deep.include(all('VERR_SSM_CANCELLED'));
    }
    const never = new Promise<number>(() => {});
    const silent = { size: 200, read: () => never };
    const late = await statusOf(() => validateState(silent, { limits: { wallTime: 20 } }));
    expect(late).to.equal('VERR_TIMEOUT');
  });

  it('passes on what is no damage', async () => {
    const source = new MemorySource(whole);
    Object.defineProperty(source, 'size', {
      get: () => {
        throw new TypeError('a bug');
      },
    });
    let thrown: unknown;
    await statusOf(() => verifyState(source)).catch((error) => {
      thrown = error;
    });
    expect(thrown).to.be.instanceOf(TypeError);
  });
});
