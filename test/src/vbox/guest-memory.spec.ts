import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describeSave, MemorySink, MemorySource, openState, PASS_FINAL, V2Writer } from '@ssmkit/runtime';
import {
  copyPgm,
  GuestMemory,
  getPgmHeader,
  PAGE_SIZE,
  PageReader,
  PageWriter,
  PGM,
  pageTypes,
  putPgmHeader,
} from '@ssmkit/vbox';
import { expect } from 'chai';
import { corpusJson, corpusPath } from '../support/corpus.js';

/** States of real machines, which lie beside the project and are not part of it. */
const states = ['real-vm', 'resume'].flatMap((folder) => {
  const path = corpusPath(folder);
  const names = path === undefined ? [] : readdirSync(path).filter((name) => name.endsWith('.sav'));
  return names.map((name) => `${folder}/${name}`);
});

const bytesOf = (name: string) => new Uint8Array(readFileSync(corpusPath(name) as string));
const memoryOf = async (name: string) => GuestMemory.open(await openState(new MemorySource(bytesOf(name))));
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

/** What VirtualBox's own dump of the machine's memory had. */
interface MemoryManifest {
  readonly segments: readonly {
    readonly address: string;
    readonly bytes: number;
    readonly present: boolean;
    readonly sha256?: string;
  }[];
}

/** The vector that the BIOS sets for the reset: a far jump to F000:E05B. */
const RESET = { address: 0xffff0, jump: [0xea, 0x5b, 0xe0, 0x00, 0xf0] };

describe('the memory of real machines', function () {
  this.timeout(60_000);
  if (states.length === 0) {
    it('is read and written again', function () {
      this.skip();
    });
    return;
  }

  it("c1.sav: all of it equals VirtualBox's own dump", async function () {
    const { segments } = corpusJson<MemoryManifest>(this, 'real-vm/c1.memory.json');
    const memory = await memoryOf('real-vm/c1.sav');
    const seen = new Map(memory.segments().map(({ address, size }) => [address, size]));
    for (const { address, bytes, present, sha256: hash } of segments) {
      const at = Number(address);
      if (!present) {
        expect(memory.segmentAt(at), address).to.equal(undefined);
        continue;
      }
      // Memory of devices has no address in the state: they are told by their sizes, which differ.
      const region = memory.mmio2Regions().find(({ size }) => size === bytes);
      const isDevice = !seen.has(at);
      expect(isDevice ? region?.size : seen.get(at), address).to.equal(bytes);
      seen.delete(at);
      const data = new Uint8Array(bytes);
      await (isDevice ? region?.space.read(0, data) : memory.read(at, data));
      expect(sha256(data), address).to.equal(hash);
    }
    expect([...seen.keys()], 'segments that the dump has not').to.deep.equal([]);
  });

  for (const name of states) {
    it(`${name}: every pass is written again as it was`, async () => {
      const original = bytesOf(name);
      for (const copy of [copyPgm, copyWithOwnAddresses]) {
        const written = await rewritten(original, copy);
        const expected = await passesOf(original);
        expect(expected.length).to.be.greaterThan(0);
        expect(await passesOf(written)).to.deep.equal(expected);
      }
    });
  }

  for (const name of states) {
    it(`${name}: pages in any order are those that were saved last`, async () => {
      const last = new Map<number, Uint8Array | undefined>();
      let afterLive = false;
      for await (const unit of (await openState(new MemorySource(bytesOf(name)))).units()) {
        if (unit.name !== PGM.name) continue;
        const { stream, version, pass } = unit;
        await getPgmHeader(stream, version, afterLive);
        afterLive ||= pass !== PASS_FINAL;
        const pages = new PageReader(stream);
        while (await pages.next()) {
          const { type, page, hasData } = pages;
          const data = hasData ? await pages.read(new Uint8Array(PAGE_SIZE)) : undefined;
          if (pageTypes[type]?.memory === 'ram') last.set(page, data);
        }
      }
      const memory = await memoryOf(name);
      // All that have data, and some of the others.
      const numbers = [...last].filter(([, data], i) => data !== undefined || i % 61 === 0).map(([page]) => page);
      numbers.sort((a, b) => Math.imul(a, 0x9e3779b1) - Math.imul(b, 0x9e3779b1));
      const into = new Uint8Array(PAGE_SIZE);
      const zero = Buffer.alloc(PAGE_SIZE);
      for (const page of numbers) {
        await memory.read(page * PAGE_SIZE, into);
        if (Buffer.compare(into, last.get(page) ?? zero) !== 0) expect.fail(`page ${page} differs`);
      }
      expect(numbers.length).to.be.greaterThan(50);
    });
  }

  for (const name of states.filter((each) => !each.includes('0-poweron'))) {
    it(`${name}: what the BIOS has set up is there`, async () => {
      const memory = await memoryOf(name);
      const read = (address: number, size: number) => memory.read(address, new Uint8Array(size));
      expect([...(await read(RESET.address, RESET.jump.length))]).to.deep.equal(RESET.jump);
      // The same ROM at the end of the address space, where the CPU begins.
      expect(sha256(await read(0xffff0000, 0x10000))).to.equal(sha256(await read(0xf0000, 0x10000)));
    });
  }

  it('vm16-2-afterbios.sav: interrupt vectors and BIOS data fit the log', async () => {
    const memory = await memoryOf('real-vm/vm16-2-afterbios.sav');
    const vectors = new DataView((await memory.read(0, new Uint8Array(0x400))).buffer);
    // Video: to the ROM of the graphics adapter; disk and keyboard: to the BIOS.
    for (const [vector, segment] of [
      [0x10, 0xc000],
      [0x13, 0xf000],
      [0x16, 0xf000],
    ] as const) {
      expect(vectors.getUint16(vector * 4 + 2, true), `vector ${vector}`).to.equal(segment);
    }
    const bda = new DataView((await memory.read(0x400, new Uint8Array(0x100))).buffer);
    expect(bda.getUint16(0x13, true), 'KiB of conventional memory').to.equal(639);
    expect(bda.getUint8(0x49), 'video mode').to.equal(3);
    expect(bda.getUint16(0x4a, true), 'columns').to.equal(80);
  });

  it('a live state has the memory of its last instant: the machine went on to what the next state has', async () => {
    // RAM that the BIOS leaves alone once it has set it up: ROM, and the interrupt vectors of the video BIOS.
    const [live, after] = await Promise.all(
      ['vm16-1-live', 'vm16-2-afterbios'].map((name) => memoryOf(`real-vm/${name}.sav`)),
    );
    expect(live?.livePasses).to.be.greaterThan(1);
    expect(after?.livePasses).to.equal(0);
    const shapes = [live, after].map((memory) => memory?.segments().map(({ address, size }) => [address, size]));
    expect(shapes[0]).to.deep.equal(shapes[1]);
    for (const address of [0xc0000, 0xe1000, 0xf0000, 0xffff0000]) {
      const data = await Promise.all([live, after].map((memory) => memory?.read(address, new Uint8Array(0x1000))));
      expect(sha256(data[0] as Uint8Array), address.toString(16)).to.equal(sha256(data[1] as Uint8Array));
    }
    for (const { description, space } of live?.segments() ?? []) {
      expect(space.count().missing, description).to.equal(0);
    }
  });
});

/** Hashes of the data of all passes. */
async function passesOf(state: Uint8Array): Promise<string[]> {
  const passes: string[] = [];
  for await (const { name, version, pass, stream } of (await openState(new MemorySource(state))).units()) {
    if (name !== PGM.name) continue;
    await stream.ensure(2 ** 28);
    passes.push(`version ${version} pass ${pass} ${sha256(stream.getMem(new Uint8Array(stream.buffered)))}`);
  }
  return passes;
}

/** The guest's memory of a state in a state of its own, with every pass copied. */
async function rewritten(state: Uint8Array, copy: typeof copyPgm): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new V2Writer(sink, describeSave({}, 1, true).header);
  let afterLive = false;
  for await (const { name, instance, version, pass, stream } of (await openState(new MemorySource(state))).units()) {
    if (name !== PGM.name) continue;
    await copy(stream, writer.beginUnit({ name, instance, version, pass }), version, afterLive);
    writer.endUnit();
    if (pass !== PASS_FINAL) afterLive = true;
  }
  writer.writeEnd();
  writer.writeDirectory();
  writer.writeFooter();
  await writer.close(false);
  return sink.bytes();
}

/** {@link copyPgm} that leaves it to the writer which records have addresses. */
async function copyWithOwnAddresses(...[from, to, version, afterLive]: Parameters<typeof copyPgm>): Promise<void> {
  putPgmHeader(to, await getPgmHeader(from, version, afterLive));
  const reader = new PageReader(from);
  const writer = new PageWriter(to);
  while (await reader.next()) {
    const { type, range, page, protection, hasData } = reader;
    writer.put({ type, range, page, protection }, hasData ? await reader.read(new Uint8Array(PAGE_SIZE)) : undefined);
  }
  writer.end();
}
