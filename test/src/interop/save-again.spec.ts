import {
  describeSave,
  type FileHeader,
  MemorySink,
  MemorySource,
  openState,
  PASS_FINAL,
  Registry,
  saveState,
  V2Writer,
} from '@ssmkit/runtime';
import { expect } from 'chai';
import { corpusBytes, corpusJson, corpusPath, hasSharedCorpus } from '../support/corpus.js';
import { manifestOf, type Put, replayPuts, sha256 } from '../support/manifest.js';
import { expectSame, type NormalForm, type NormalRecord, normalForm } from '../support/normal-form.js';

const contentOf = (records: readonly NormalRecord[]): Uint8Array => Buffer.concat(records.map(({ data }) => data));

/** The data of every unit of a file, by name, instance and pass; of several the last. */
function dataOf(bytes: Uint8Array): Map<string, Uint8Array> {
  return new Map(
    normalForm(bytes).units.map(({ header: [name, , instance, pass], records }) => [
      `${String(name).slice(0, -1)}#${instance}#${pass}`,
      contentOf(records),
    ]),
  );
}

const saved = [
  '00-empty',
  '01-prims',
  '01b-strz-limits',
  '04-lzf-limits',
  '04-mem-blocks',
  '04-mem-mixed',
  '04-mem-random',
  '04-mem-text',
  '04-mem-zeros',
  '05-many-units',
];

describe('saving again what VirtualBox 7.2 has saved', () => {
  for (const name of saved) {
    it(`${name} gives the same file but for what LZF chooses`, async function () {
      const manifest = manifestOf(this, name);
      const theirs = corpusBytes(this, manifest.file);
      const data = dataOf(theirs);
      const registry = new Registry();
      for (const { name, instance, version, hasSaveExec, passes } of manifest.units) {
        registry.register({
          name,
          instance,
          version,
          ...(hasSaveExec && {
            saveExec: (stream) =>
              replayPuts(stream, passes[0]?.puts ?? [], data.get(`${name}#${instance}#${PASS_FINAL}`) as Uint8Array),
          }),
        });
      }
      const sink = new MemorySink();
      await saveState(registry, sink);
      expectSame(normalForm(sink.bytes()), normalForm(theirs));
    });
  }

  it('06-live-1pass, pass by pass, gives the same file but for what LZF chooses', async function () {
    const manifest = manifestOf(this, '06-live-1pass');
    const theirs = corpusBytes(this, manifest.file);
    const sink = new MemorySink();
    const { header } = describeSave({}, manifest.units.length + 2, true);
    const writer = new V2Writer(sink, header);
    for (const { header, records } of normalForm(theirs).units) {
      const [text, version, instance, pass] = header as [string, number, number, number];
      const name = text.slice(0, -1);
      const stream = writer.beginUnit({ name, version, instance, pass });
      const unit = manifest.units.find((each) => each.name === name && each.instance === instance);
      const puts = unit?.passes.find((each) => each.pass === pass)?.puts;
      const content = contentOf(records);
      // The units of SSM itself are not in the manifest.
      if (puts === undefined) stream.putMem(content);
      else await replayPuts(stream, puts, content);
      writer.endUnit();
    }
    writer.writeEnd();
    const order = [{ name: 'SSM', instance: 0 }, ...manifest.units];
    writer.writeDirectory(order.flatMap(({ name, instance }) => writer.entryOf(name, instance) ?? []));
    writer.writeFooter();
    await writer.close(false);
    expectSame(normalForm(sink.bytes()), normalForm(theirs));
  });

  it('07-open-for-writing, without an END unit, gives the same file but for what LZF chooses', async function () {
    const theirs = corpusBytes(this, '07-open-for-writing.sav');
    const data = dataOf(theirs);
    const sink = new MemorySink();
    const writer = new V2Writer(sink, describeSave({}, 2, false).header);
    const { puts } = corpusJson<{ puts: Put[] }>(this, '07-open-for-writing.json');
    const first = writer.beginUnit({ name: 'DisplayScreenshot', version: 65538 });
    await replayPuts(first, puts.slice(0, 3), data.get(`DisplayScreenshot#0#${PASS_FINAL}`) as Uint8Array);
    writer.endUnit();
    const second = writer.beginUnit({ name: 'second', version: 1, instance: 4 });
    await replayPuts(second, puts.slice(3), data.get(`second#4#${PASS_FINAL}`) as Uint8Array);
    writer.endUnit();
    writer.writeDirectory();
    writer.writeFooter();
    await writer.close(false);
    expectSame(normalForm(sink.bytes()), normalForm(theirs));
  });

  const machines = [
    'c1',
    'full-0-poweron',
    'full-1-live',
    'gimhv-1-live',
    'main-t3',
    'svga-2-afterbios',
    'vm16-1-live',
  ];
  for (const name of machines) {
    it(`the state of the machine ${name} keeps the data of every unit and pass`, async function () {
      if (!hasSharedCorpus || corpusPath(`real-vm/${name}.sav`) === undefined) this.skip();
      const theirs = corpusBytes(this, `real-vm/${name}.sav`);
      const state = await openState(new MemorySource(theirs));
      const sink = new MemorySink();
      const writer = new V2Writer(sink, state.header as FileHeader);
      for await (const unit of state.units()) {
        const put = writer.beginUnit(unit);
        for (await unit.stream.ensure(1); unit.stream.buffered > 0; await unit.stream.ensure(1)) {
          put.putMem(unit.stream.getMem(new Uint8Array(unit.stream.buffered)));
        }
        writer.endUnit();
      }
      writer.writeEnd();
      writer.writeDirectory();
      writer.writeFooter();
      await writer.close(false);
      const [ours, original] = [normalForm(sink.bytes()), normalForm(theirs)];
      expect(ours.fileHeader).to.deep.equal(original.fileHeader);
      expect(ours.units.map(({ header }) => header)).to.deep.equal(original.units.map(({ header }) => header));
      const hashes = ({ units }: NormalForm) => units.map(({ records }) => sha256(contentOf(records)));
      expect(hashes(ours)).to.deep.equal(hashes(original));
    });
  }
});
