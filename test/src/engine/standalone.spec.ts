import { MemorySource, openForWriting, openState, type StandaloneWriter } from '@ssmkit/runtime';
import { expect } from 'chai';
import { endOf, expectNoStrayRejections } from './deadline.js';
import { FaultySink } from './faulty.js';
import { pictureOf } from './picture.js';
import { failureOf } from './script.js';
import { NotingSink } from './sinks.js';

/** The calls of the writer, as words. */
const calls: Readonly<Record<string, (writer: StandaloneWriter) => unknown>> = {
  header: (writer) => writer.writeFileHeader(1),
  'header(0)': (writer) => writer.writeFileHeader(0),
  'header(4095)': (writer) => writer.writeFileHeader(4095),
  'header(4096)': (writer) => writer.writeFileHeader(4096),
  'header(1.5)': (writer) => writer.writeFileHeader(1.5),
  begin: (writer) => writer.beginUnit('a', 1).putU8(1),
  'begin(b)': (writer) => writer.beginUnit('b', 1),
  'begin()': (writer) => writer.beginUnit('', 1),
  'begin(47)': (writer) => writer.beginUnit('n'.repeat(47), 1),
  'begin(48)': (writer) => writer.beginUnit('n'.repeat(48), 1),
  'begin(instance -1)': (writer) => writer.beginUnit('a', 1, -1),
  complete: (writer) => writer.completeUnit(),
  footer: (writer) => writer.writeFileFooter(),
  settle: (writer) => writer.settle(),
  close: (writer) => writer.close(),
};

/** Calls in turn; after `!` what the call fails with. */
const rules: readonly (readonly [rule: string, source: string, calls: string])[] = [
  ['header, units, footer, close', 'SSMR3Open', 'header begin complete begin(b) complete footer close'],
  ['a file may be empty', 'SSMR3WriteFileFooter', 'header footer close'],
  ['a unit may be empty', 'SSMR3WriteUnitComplete', 'header begin(b) complete footer close'],
  ['at least one unit is announced', 'SSMR3WriteFileHeader', 'header(0)!VERR_INVALID_PARAMETER header footer close'],
  ['at most 4095 units are', 'SSMR3WriteFileHeader', 'header(4096)!VERR_INVALID_PARAMETER header(4095) footer close'],
  ['their number is whole', 'SSMR3WriteFileHeader', 'header(1.5)!VERR_INVALID_PARAMETER header footer close'],
  ['there is one header', 'ssmkit', 'header header!VERR_INVALID_STATE footer close'],
  ['no unit before the header', 'ssmkit', 'begin!VERR_INVALID_STATE header footer close'],
  ['a unit has a name', 'SSMR3WriteUnitBegin', 'header begin()!VERR_INVALID_NAME footer close'],
  ['of 47 bytes at most', 'SSMR3WriteUnitBegin', 'header begin(48)!VERR_INVALID_NAME begin(47) complete footer close'],
  ['and an instance', 'SSMR3WriteUnitBegin', 'header begin(instance|-1)!VERR_INVALID_PARAMETER footer close'],
  [
    'a unit that is begun while another is open spoils the file',
    'SSMR3WriteUnitBegin',
    'header begin begin(b)!VERR_INVALID_STATE complete!VERR_INVALID_STATE close!VERR_INVALID_STATE',
  ],
  [
    'a unit that is not open is not completed',
    'SSMR3WriteUnitComplete',
    'header complete!VERR_INVALID_STATE footer close',
  ],
  ['no footer inside of a unit', 'ssmkit', 'header begin footer!VERR_INVALID_STATE complete footer close'],
  ['no footer before the header', 'ssmkit', 'footer!VERR_INVALID_STATE header footer close'],
  ['nothing after the footer', 'ssmkit', 'header footer begin!VERR_INVALID_STATE footer!VERR_INVALID_STATE close'],
  ['a file without a footer is no file', 'ssmkit', 'header begin complete close!VERR_INVALID_STATE'],
  ['a file without anything is none', 'ssmkit', 'close!VERR_INVALID_STATE'],
  ['it is closed once', 'SSMR3Close', 'header footer close close!VERR_INVALID_STATE'],
  [
    'nothing after closing',
    'SSMR3Close',
    'header footer close header!VERR_INVALID_STATE begin!VERR_INVALID_STATE settle!VERR_INVALID_STATE',
  ],
];

describe('writing files without a machine', () => {
  expectNoStrayRejections();

  for (const [rule, source, turns] of rules) {
    it(`${rule} (${source}): ${turns.replaceAll('|', ' ')}`, async () => {
      const sink = new NotingSink();
      const writer = openForWriting(sink);
      let closed = '';
      for (const turn of turns.split(' ')) {
        const [call = '', ends = 'VINF_SUCCESS'] = turn.replaceAll('|', ' ').split('!');
        expect((await failureOf(() => calls[call]?.(writer)))?.status ?? 'VINF_SUCCESS', turn).to.equal(ends);
        if (call === 'close' && closed === '') closed = ends === 'VINF_SUCCESS' ? 'whole' : 'aborted';
      }
      expect(sink.closed).to.deep.equal([closed]);
    });
  }

  it('the file has no END unit, and a directory in the order of writing (SSMR3WriteFileFooter)', async () => {
    const sink = new NotingSink();
    const writer = openForWriting(sink);
    writer.writeFileHeader(7);
    for (const [name, instance] of [
      ['b', 0],
      ['a', 2],
      ['a', 1],
    ] as const) {
      writer.beginUnit(name, 1, instance).putU8(instance);
      writer.completeUnit();
    }
    writer.writeFileFooter();
    await writer.close();
    expect(pictureOf(sink.bytes())).to.equal('b a#2 a#1 | no END | b a#2 a#1');
    expect(new DataView(sink.bytes().buffer).getUint32(48, true)).to.equal(7);
    const state = await openState(new MemorySource(sink.bytes()));
    expect((await state.seek('a', 1)).stream.getU8()).to.equal(1);
  });

  it('nothing can be put between units (SSM_ASSERT_WRITEABLE_RET): VERR_SSM_INVALID_STATE', async () => {
    const writer = openForWriting(new NotingSink());
    writer.writeFileHeader(1);
    const put = writer.beginUnit('a', 1);
    put.putU8(1);
    writer.completeUnit();
    expect((await failureOf(() => put.putU8(1)))?.status).to.equal('VERR_SSM_INVALID_STATE');
    writer.writeFileFooter();
    expect((await failureOf(() => put.putU8(1)))?.status).to.equal('VERR_SSM_INVALID_STATE');
    expect(await failureOf(() => writer.close())).to.equal(undefined);
  });

  for (const [fault, ends] of [
    ['throws', 'VERR_IO_GEN_FAILURE'],
    ['rejects', 'VERR_IO_GEN_FAILURE'],
    ['stalls', 'VERR_SSM_CANCELLED'],
  ] as const) {
    for (const call of ['write', 'isOk', 'close'] as const) {
      it(`a sink whose ${call} ${fault}: ${ends}`, async () => {
        const sink = new FaultySink({ takes: 0, fault, call });
        const abort = new AbortController();
        sink.onStall = () => abort.abort();
        const writer = openForWriting(sink, { signal: abort.signal });
        writer.writeFileHeader(1);
        writer.beginUnit('a', 1);
        writer.completeUnit();
        writer.writeFileFooter();
        expect((await endOf(writer.close()))?.status).to.equal(ends);
        expect(sink.closed.map(([aborted]) => aborted)).to.deep.equal([call !== 'close']);
        sink.failLate();
      });
    }
  }

  it('a signal that is aborted already lets nothing begin: VERR_SSM_CANCELLED', async () => {
    const sink = new NotingSink();
    const writer = openForWriting(sink, { signal: AbortSignal.abort() });
    for (const step of [() => writer.writeFileHeader(1), () => writer.close()]) {
      expect((await failureOf(step))?.status).to.equal('VERR_SSM_CANCELLED');
    }
    expect([sink.closed, sink.size]).to.deep.equal([['aborted'], 0]);
  });

  it('a failure that is stored stays, also when it is cancelled then', async () => {
    const abort = new AbortController();
    const writer = openForWriting(new NotingSink(), { signal: abort.signal });
    writer.writeFileHeader(1);
    writer.beginUnit('a', 1);
    expect((await failureOf(() => writer.beginUnit('b', 1)))?.status).to.equal('VERR_INVALID_STATE');
    abort.abort();
    expect((await failureOf(() => writer.close()))?.status).to.equal('VERR_INVALID_STATE');
  });

  it('a signal ends it: VERR_SSM_CANCELLED', async () => {
    const abort = new AbortController();
    const sink = new NotingSink();
    const writer = openForWriting(sink, { signal: abort.signal });
    writer.writeFileHeader(1);
    const put = writer.beginUnit('a', 1);
    abort.abort();
    for (const step of [() => put.putU8(1), () => writer.completeUnit(), () => writer.settle(), () => writer.close()]) {
      expect((await failureOf(step))?.status).to.equal('VERR_SSM_CANCELLED');
    }
    expect(sink.closed).to.deep.equal(['aborted']);
  });
});
