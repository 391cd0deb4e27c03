import { expect } from 'chai';
import { MemorySource } from '../io/memory.js';
import { AwkwardSource, sav, statusOf } from '../testing.js';
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
