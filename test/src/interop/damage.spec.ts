import { isSsmError, loadState, MemorySource, openState, Registry, type Source, verifyState } from '@ssmkit/runtime';
import { AwkwardSource, randomNumbers, sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { corpusBytes, corpusPath } from '../support/corpus.js';
import { sha256 } from '../support/manifest.js';

/** What a load came to: every unit with its hash, or the status it failed with. */
async function outcomeOf(source: Source): Promise<string> {
  const units: string[] = [];
  try {
    await loadState(new Registry(), source, {
      async onUnknownUnit(_stream, unit, handle) {
        const pieces: Uint8Array[] = [];
        await handle.readToEndOfUnit((piece) => void pieces.push(piece.slice()));
        units.push(`${unit.name}#${unit.instance} v${unit.version} p${unit.pass} ${sha256(Buffer.concat(pieces))}`);
      },
    });
    return units.join('\n');
  } catch (error) {
    // Anything else is a bug.
    if (!isSsmError(error)) throw error;
    return error.status;
  }
}

/** Goes through a file in every other way; only failures of the format may come out. */
async function goThrough(bytes: Uint8Array): Promise<void> {
  try {
    const state = await openState(new MemorySource(bytes));
    for (const { instance } of (await state.directory()).entries) {
      for (const name of ['u', 'ram', 'prims']) await state.seek(name, instance).catch(ignoreDamage);
    }
    for await (const unit of state.units()) await unit.stream.ensure(10_000);
  } catch (error) {
    ignoreDamage(error);
  }
}

function ignoreDamage(error: unknown): void {
  if (!isSsmError(error)) throw error;
}

const small = [
  '00-empty',
  '01-prims',
  '02-struct',
  '02b-struct-vermismatch',
  '03b-structex-ver4',
  '03c-zx',
  '05-many-units',
  '06-live-1pass',
  '07-open-for-writing',
];
const large = [
  '01b-strz-limits',
  '03-structex-all-flags',
  '04-mem-mixed',
  '09-v20-genuine-4.0.0-host32',
  'real-vm/vm16-1-live',
];

/** A file with every kind of record, and small enough to be damaged in every way. */
const everything = (checksum = true) =>
  sav({ self: true, live: true, checksum })
    .unit('ram', 0, { pass: 0 })
    .zero(4)
    .lzf(1, [0, 0x61, 0xe0, 0xff, 0, 0xe0, 0xff, 0, 0xe0, 0xff, 0, 0xe0, 222, 0])
    .unit('SSMLiveControl', 0, { pass: 0 })
    .u16(50)
    .unit('prims', 7)
    .u32(1)
    .raw(Array.from({ length: 200 }, (_, i) => i))
    .strZ('hello')
    .unit('empty')
    .unit('ram')
    .u8(1)
    .bytes();

describe('a saved state that is cut off', () => {
  for (const name of small) {
    it(`${name}, anywhere: is refused, as a file and as a stream`, async function () {
      const bytes = corpusBytes(this, `${name}.sav`);
      for (let length = 0; length < bytes.length; length++) {
        const part = bytes.subarray(0, length);
        const file = await outcomeOf(new MemorySource(part));
        const stream = await outcomeOf(new AwkwardSource(part, { stream: true }));
        expect([file, stream], `${length} bytes`).to.satisfy((both: string[]) =>
          both.every((each) => /^VERR_/.test(each)),
        );
        // A file shows at once that its end is missing.
        const atOnce = length < 64 ? 'VERR_EOF' : 'VERR_SSM_INTEGRITY_FOOTER';
        expect(file, `${length} bytes`).to.equal(atOnce);
      }
    });
  }

  for (const name of large) {
    it(`${name}, at many places: is refused, as a file and as a stream`, async function () {
      const bytes = corpusBytes(this, `${name}.sav`);
      const random = randomNumbers(1);
      for (let i = 0; i < 60; i++) {
        const part = bytes.subarray(0, Math.floor(random() * bytes.length));
        expect(await outcomeOf(new MemorySource(part))).to.match(/^VERR_/);
        expect(await outcomeOf(new AwkwardSource(part, { stream: true, shortReads: true }))).to.match(/^VERR_/);
      }
    });
  }

  it('in the middle of a unit is VERR_SSM_LOADED_TOO_MUCH, between units VERR_EOF', async () => {
    const bytes = sav().unit('u').u32(1).u32(2).bytes();
    const cut = (length: number) => outcomeOf(new AwkwardSource(bytes.subarray(0, length), { stream: true }));
    expect(await cut(64 + 40)).to.equal('VERR_EOF');
    expect(await cut(64 + 46 + 1)).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    expect(await cut(64 + 46 + 5)).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    expect(await cut(64 + 46 + 10 + 8)).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    expect(await cut(64 + 46 + 10 + 16)).to.equal('VERR_EOF');
  });
});

describe('a saved state with a wrong bit', () => {
  it('is refused, whichever bit it is, as a file and as a stream', async () => {
    const bytes = everything();
    const sound = await outcomeOf(new MemorySource(bytes));
    expect(sound).to.contain('ram#0');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(await outcomeOf(new MemorySource(damaged)), `bit ${bit}`).to.match(/^VERR_/);
      expect(await outcomeOf(new AwkwardSource(damaged, { stream: true })), `bit ${bit}, stream`).to.match(/^VERR_/);
      await goThrough(damaged);
    }
  });

  for (const name of ['01-prims', '06-live-1pass', '04-mem-mixed', 'real-vm/vm16-1-live']) {
    it(`${name}: is refused, at many places`, async function () {
      const bytes = corpusBytes(this, `${name}.sav`);
      const random = randomNumbers(2);
      const deadline = performance.now() + 1500;
      for (let i = 0; i < 300 && performance.now() < deadline; i++) {
        const damaged = bytes.slice();
        const at = Math.floor(random() * bytes.length);
        damaged[at] = (damaged[at] as number) ^ (1 << Math.floor(random() * 8));
        expect(await outcomeOf(new MemorySource(damaged)), `byte ${at}`).to.match(/^VERR_/);
      }
    });
  }
});

describe('a saved state in which anything is wrong', () => {
  /** Changes that leave a file to be read on: nothing here is protected by checksums but headers. */
  const change = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('delete' as const), at: fc.nat(), value: fc.nat(40) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('record' as const), at: fc.nat(), value: fc.nat(255) }),
  );

  function changed(bytes: Uint8Array, changes: readonly { kind: string; at: number; value: number }[]): Uint8Array {
    const list = [...bytes];
    for (const { kind, at, value } of changes) {
      // Behind the headers, in the records, there is more to get wrong.
      const place = at % list.length;
      if (kind === 'set') list[place] = value;
      else if (kind === 'delete') list.splice(place, value);
      else if (kind === 'insert') list.splice(place, 0, value, value);
      else list.splice(place, 2, 0x80 | (value & 0x1f), value);
    }
    return Uint8Array.from(list);
  }

  it('fails as an SsmError or gives units, in bounded time and memory', async function () {
    this.timeout(20_000);
    const bytes = everything(false);
    const before = process.memoryUsage().arrayBuffers;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const damaged = changed(bytes, changes);
        const stream = await outcomeOf(new AwkwardSource(damaged, { stream: true }));
        // A file is refused more often, because its end is looked at first.
        const file = await outcomeOf(new MemorySource(damaged));
        if (!/^VERR_/.test(file)) expect(file).to.equal(stream);
        await verifyState(new MemorySource(damaged));
        await goThrough(damaged);
        expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(128 << 20);
      }),
      { numRuns: 1500, seed: 42, interruptAfterTimeLimit: 4000 },
    );
  });

  it('fails as an SsmError, when it is made of anything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(), async (tail, cut) => {
        const bytes = everything(false);
        const start = bytes.subarray(0, cut % bytes.length);
        expect(await outcomeOf(new AwkwardSource(Buffer.concat([start, tail]), { stream: true }))).to.match(/^VERR_/);
      }),
      { numRuns: 1000, seed: 42, interruptAfterTimeLimit: 2000 },
    );
  });

  it('claims sizes that nobody believes', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const claims: readonly Uint8Array[] = [
      sav().unit('u').record(0x92, 0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf).bytes(),
      sav({ footer: (view) => view.setUint32(20, 65535, true) })
        .unit('u')
        .bytes(),
      sav({ directory: (view) => view.setUint32(12, 65535, true) })
        .unit('u')
        .bytes(),
      sav({ header: (view) => view.setUint32(48, 0xffffffff, true) })
        .unit('u')
        .u8(1)
        .bytes(),
      sav().unit('SSM').u32(0xffffffff).bytes(),
    ];
    for (const bytes of claims) {
      await outcomeOf(new MemorySource(bytes));
      await outcomeOf(new AwkwardSource(bytes, { stream: true }));
      await goThrough(bytes);
    }
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(32 << 20);
  });
});

describe('sources of every manner', () => {
  const manners = [
    { shortReads: true },
    { asynchronous: true },
    { asynchronous: true, shortReads: true },
    { asynchronous: true, shortReads: true, stream: true },
    { stream: true },
  ];

  for (const name of [...small, '03-structex-all-flags', '04-mem-mixed', 'real-vm/vm16-1-live']) {
    it(`give the same of ${name}`, async function () {
      if (corpusPath(`${name}.sav`) === undefined) this.skip();
      const bytes = corpusBytes(this, `${name}.sav`);
      const expected = await outcomeOf(new MemorySource(bytes));
      for (const [seed, manner] of manners.entries()) {
        expect(await outcomeOf(new AwkwardSource(bytes, { ...manner, seed })), JSON.stringify(manner)).to.equal(
          expected,
        );
      }
    });
  }

  it('give the same of what is damaged', async () => {
    const bytes = everything(false);
    const random = randomNumbers(5);
    for (let i = 0; i < 150; i++) {
      const damaged = bytes.slice();
      const at = 64 + Math.floor(random() * (bytes.length - 64));
      damaged[at] = Math.floor(random() * 256);
      const expected = await outcomeOf(new AwkwardSource(damaged, { stream: true }));
      const slow = new AwkwardSource(damaged, { stream: true, asynchronous: true, shortReads: true, seed: i });
      expect(await outcomeOf(slow), `byte ${at}`).to.equal(expected);
    }
  });
});
