import { hosts } from '@ssmkit/schema';
import { expect } from 'chai';
import { MemorySink, MemorySource } from '../io/memory.js';
import { sav, statusOf } from '../testing.js';
import { loadState } from './load.js';
import { openState } from './open.js';
import { Registry } from './registry.js';
import { openForWriting, type StandaloneWriter } from './standalone.js';

describe('openForWriting', () => {
  it('writes units without END unit and without "SSM"', async () => {
    const sink = new MemorySink();
    const writer = openForWriting(sink);
    writer.writeFileHeader(2);
    writer.beginUnit('b', 3, 1).putU32(7);
    writer.completeUnit();
    writer.beginUnit('a', 1);
    writer.completeUnit();
    writer.writeFileFooter();
    expect(await writer.close()).to.deep.equal({ bytes: sink.bytes().length });

    const expected = sav({ end: false }).unit('b', 1, { version: 3 }).u32(7).unit('a');
    expect(sink.bytes()).to.deep.equal(expected.bytes());
  });

  it('is read by seeking, and does not load', async () => {
    const sink = new MemorySink();
    const writer = openForWriting(sink, { host: hosts['linux.x86']!, checksum: false });
    writer.writeFileHeader(1);
    writer.beginUnit('a', 1).putStrZ('kept');
    writer.completeUnit();
    writer.writeFileFooter();
    await writer.close();

    const state = await openState(new MemorySource(sink.bytes()));
    expect(state.header.hostBits).to.equal(32);
    expect((await state.seek('a')).stream.getStrZ(10)).to.equal('kept');
    const load = () =>
      loadState(new Registry(), new MemorySource(sink.bytes()), { onUnknownUnit: (get) => get.skip(8) });
    expect(await statusOf(load)).to.equal('VERR_SSM_INTEGRITY_UNIT_MAGIC');
  });

  const begun = (writer: StandaloneWriter) => writer.writeFileHeader(1);
  const rules: readonly [rule: string, status: string, steps: ((writer: StandaloneWriter) => unknown)[]][] = [
    ['0 units are too few', 'VERR_INVALID_PARAMETER', [(w) => w.writeFileHeader(0)]],
    ['4096 units are too many', 'VERR_INVALID_PARAMETER', [(w) => w.writeFileHeader(4096)]],
    ['4095 units are not', 'VINF_SUCCESS', [(w) => w.writeFileHeader(4095)]],
    ['one file header', 'VERR_INVALID_STATE', [begun, begun]],
    ['no unit before the header', 'VERR_INVALID_STATE', [(w) => w.beginUnit('a', 1)]],
    ['no footer before the header', 'VERR_INVALID_STATE', [(w) => w.writeFileFooter()]],
    ['a name', 'VERR_INVALID_NAME', [begun, (w) => w.beginUnit('', 1)]],
    ['a name of 48 bytes is too long', 'VERR_INVALID_NAME', [begun, (w) => w.beginUnit('x'.repeat(48), 1)]],
    ['a name of 47 bytes is not', 'VINF_SUCCESS', [begun, (w) => w.beginUnit('x'.repeat(47), 1)]],
    ['a version is a u32', 'VERR_INVALID_PARAMETER', [begun, (w) => w.beginUnit('a', -1)]],
    ['one unit at a time', 'VERR_INVALID_STATE', [begun, (w) => w.beginUnit('a', 1), (w) => w.beginUnit('b', 1)]],
    ['a unit to complete', 'VERR_INVALID_STATE', [begun, (w) => w.completeUnit()]],
    ['no footer inside a unit', 'VERR_INVALID_STATE', [begun, (w) => w.beginUnit('a', 1), (w) => w.writeFileFooter()]],
    ['no unit after the footer', 'VERR_INVALID_STATE', [begun, (w) => w.writeFileFooter(), (w) => w.beginUnit('a', 1)]],
    [
      'what a put fails with',
      'VERR_SSM_GCPHYS_OVERFLOW',
      [
        begun,
        (w) => {
          try {
            w.beginUnit('a', 1).putGCPhys(2n ** 32n);
          } catch {
            // Stored all the same.
          }
        },
        (w) => w.completeUnit(),
      ],
    ],
  ];
  for (const [rule, status, steps] of rules) {
    it(`${rule}: ${status}`, async () => {
      const host = { ...hosts['linux.x86']!, gcPhysBytes: 4 as const };
      const writer = openForWriting(new MemorySink(), { host });
      const last = steps.pop() as (writer: StandaloneWriter) => unknown;
      for (const step of steps) step(writer);
      expect(await statusOf(() => last(writer))).to.equal(status);
    });
  }

  const endings: readonly [name: string, steps: ((writer: StandaloneWriter) => unknown)[], status: string][] = [
    ['nothing was written', [], 'VERR_INVALID_STATE'],
    ['the footer is missing', [begun], 'VERR_INVALID_STATE'],
    ['a unit is open', [begun, (w) => w.beginUnit('a', 1)], 'VERR_INVALID_STATE'],
    ['a failure is stored', [begun, (w) => w.beginUnit('a', 1).refuse('VERR_NO_DATA', '')], 'VERR_NO_DATA'],
  ];
  for (const [name, steps, status] of endings) {
    it(`leaves nothing behind when ${name}: ${status}`, async () => {
      const closed: unknown[] = [];
      const sink = { write: () => {}, close: (...how: unknown[]) => void closed.push(how[0]) };
      const writer = openForWriting(sink);
      for (const step of steps) step(writer);
      expect(await statusOf(() => writer.close())).to.equal(status);
      expect(closed).to.deep.equal([true]);
      expect(await statusOf(() => writer.close())).to.equal('VERR_INVALID_STATE');
      expect(closed).to.deep.equal([true]);
    });
  }

  it('ends when it is cancelled', async () => {
    const controller = new AbortController();
    const writer = openForWriting(new MemorySink(), { signal: controller.signal });
    writer.writeFileHeader(1);
    const put = writer.beginUnit('a', 1);
    controller.abort();
    expect(await statusOf(() => put.putU8(1))).to.equal('VERR_SSM_CANCELLED');
    expect(await statusOf(() => writer.close())).to.equal('VERR_SSM_CANCELLED');
  });
});
