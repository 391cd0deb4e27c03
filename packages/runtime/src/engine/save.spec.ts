import { hosts } from '@ssmkit/schema';
import { expect } from 'chai';
import { SsmError } from '../error.js';
import { MemorySink, MemorySource } from '../io/memory.js';
import type { Sink } from '../io/sink-source.js';
import { SlowSink, sav, statusOf } from '../testing.js';
import { openState } from './open.js';
import { Registry } from './registry.js';
import { type SaveOptions, saveState } from './save.js';
import type { UnitCallbacks } from './unit.js';
import { verifyState } from './verify.js';

/** Units that note which of their callbacks are called. */
function noting(units: Record<string, UnitCallbacks>, log: string[]): Registry {
  const registry = new Registry();
  for (const [name, callbacks] of Object.entries(units)) {
    const noted = Object.fromEntries(
      Object.entries(callbacks).map(([key, callback]) => [
        key,
        (...args: unknown[]) => {
          log.push(`${name}.${key}`);
          return (callback as (...args: unknown[]) => unknown)(...args);
        },
      ]),
    );
    registry.register({ name, version: 1, ...noted });
  }
  return registry;
}

const nothing = () => {};
const fail = () => {
  throw new SsmError('VERR_NO_MEMORY', 'no more');
};

describe('saveState', () => {
  it('writes the registered units in order, "SSM" first', async () => {
    const registry = new Registry();
    registry.register({ name: 'pit', version: 3, saveExec: (put) => put.putU32(7) });
    registry.register({ name: 'loads only', version: 1 });
    registry.register({ name: 'pic', instance: 2, version: 1, saveExec: async (put) => put.putU8(1) });
    const sink = new MemorySink();
    const { bytes } = await saveState(registry, sink);
    expect(bytes).to.equal(sink.bytes().length);

    const expected = sav({ header: (view) => view.setUint32(48, 5, true) })
      .unit('SSM')
      .strZ('Build Type')
      .strZ('release')
      .strZ('Host OS')
      .strZ('linux.amd64')
      .strZ('OSE')
      .strZ('true')
      .strZ('')
      .strZ('')
      .unit('pit', 0, { version: 3 })
      .u32(7)
      .unit('pic', 2)
      .u8(1);
    expect(sink.bytes()).to.deep.equal(expected.bytes());
  });

  it('writes who saves as the options say', async () => {
    const options: SaveOptions = {
      host: hosts['win.x86']!,
      product: { major: 4, minor: 3, build: 30 },
      revision: 101610,
      buildType: 'debug',
      ose: false,
      checksum: false,
    };
    const sink = new MemorySink();
    await saveState(new Registry(), sink, options);
    const header = (view: DataView) => {
      view.setUint16(32, 4, true);
      view.setUint16(34, 3, true);
      view.setUint32(36, 30, true);
      view.setUint32(40, 101610, true);
      view.setUint8(44, 32);
      view.setUint32(48, 2, true);
    };
    const expected = sav({ checksum: false, header })
      .unit('SSM')
      .strZ('Build Type')
      .strZ('debug')
      .strZ('Host OS')
      .strZ('win.x86')
      .strZ('')
      .strZ('');
    expect(sink.bytes()).to.deep.equal(expected.bytes());
    expect((await verifyState(new MemorySource(sink.bytes()))).load).to.equal('VINF_SUCCESS');
  });

  it('tells callbacks about the operation', async () => {
    const registry = new Registry();
    let told: unknown[] = [];
    registry.register({
      name: 'u',
      version: 9,
      saveExec: (put, handle) => {
        const { live, hostBits, hostName, revision, product, status } = handle;
        told = [put.version, live, hostBits, hostName, revision, product?.minor, status];
      },
    });
    await saveState(registry, new MemorySink());
    expect(told).to.deep.equal([9, false, 64, 'linux.amd64', 175245, 2, 'VINF_SUCCESS']);
  });

  const all = { savePrep: nothing, saveExec: nothing, saveDone: nothing };
  const runs: readonly [name: string, units: Record<string, UnitCallbacks>, calls: string, status: string][] = [
    [
      'three runs',
      { a: all, b: all },
      'a.savePrep b.savePrep a.saveExec b.saveExec a.saveDone b.saveDone',
      'VINF_SUCCESS',
    ],
    ['a failing prep', { a: { ...all, savePrep: fail }, b: all }, 'a.savePrep a.saveDone', 'VERR_NO_MEMORY'],
    [
      'a failing exec',
      { a: { ...all, saveExec: fail }, b: all },
      'a.savePrep b.savePrep a.saveExec a.saveDone b.saveDone',
      'VERR_NO_MEMORY',
    ],
    // What has not been called and could have been is not told that it is over.
    [
      'a failing exec in front of a unit without prep',
      { a: { saveExec: fail }, b: { saveExec: nothing, saveDone: nothing } },
      'a.saveExec',
      'VERR_NO_MEMORY',
    ],
    [
      'a failing exec in front of a unit with done only',
      { a: { saveExec: fail }, b: { saveDone: nothing } },
      'a.saveExec b.saveDone',
      'VERR_NO_MEMORY',
    ],
    ['a unit without exec', { a: { savePrep: nothing, saveDone: nothing } }, 'a.savePrep a.saveDone', 'VINF_SUCCESS'],
    [
      'a failing done',
      { a: { ...all, saveDone: fail }, b: all },
      'a.savePrep b.savePrep a.saveExec b.saveExec a.saveDone b.saveDone',
      'VERR_NO_MEMORY',
    ],
    [
      'a failing done after a failing exec',
      { a: { saveExec: () => 'VERR_TIMEOUT', saveDone: fail } },
      'a.saveExec a.saveDone',
      'VERR_TIMEOUT',
    ],
    ['an informational status', { a: { saveExec: () => 'VINF_SSM_DONT_CALL_AGAIN' } }, 'a.saveExec', 'VINF_SUCCESS'],
    ['a failure returned', { a: { saveExec: () => 'VERR_TIMEOUT' } }, 'a.saveExec', 'VERR_TIMEOUT'],
    ['a promise rejected', { a: { saveExec: async () => fail() } }, 'a.saveExec', 'VERR_NO_MEMORY'],
    [
      'an exception',
      {
        a: {
          saveExec: () => {
            throw new TypeError('oops');
          },
        },
      },
      'a.saveExec',
      'VERR_GENERAL_FAILURE',
    ],
    [
      'a failure that a callback keeps quiet about',
      {
        a: {
          saveExec: (put) => {
            put.refuse('VERR_SSM_FIELD_INVALID_VALUE', 'bad');
          },
        },
      },
      'a.saveExec',
      'VERR_SSM_FIELD_INVALID_VALUE',
    ],
    [
      'a string that is too long, and nobody minds',
      {
        a: {
          saveExec: (put) => {
            try {
              put.putStrZ('x'.repeat(1_048_577));
            } catch {}
          },
        },
      },
      'a.saveExec',
      'VINF_SUCCESS',
    ],
  ];
  for (const [name, units, calls, status] of runs) {
    it(`with ${name}: ${calls}: ${status}`, async () => {
      const log: string[] = [];
      const closed: boolean[] = [];
      const sink: Sink = { write() {}, close: (aborted) => void closed.push(aborted) };
      expect(await statusOf(() => saveState(noting(units, log), sink))).to.equal(status);
      expect(log.join(' ')).to.equal(calls);
      expect(closed).to.deep.equal([status !== 'VINF_SUCCESS']);
    });
  }

  it('says where it failed', async () => {
    const registry = new Registry();
    registry.register({ name: 'pit', instance: 1, version: 1, saveExec: fail });
    const error = await saveState(registry, new MemorySink()).catch((thrown) => thrown);
    expect(error.message).to.match(
      /^VERR_NO_MEMORY: Execute save failed: no more \(unit 'pit'#1, final pass, offset 0x/,
    );
  });

  it('keeps the exception of a callback as the cause', async () => {
    const registry = new Registry();
    const bug = new TypeError('oops');
    registry.register({
      name: 'u',
      version: 1,
      saveExec: () => {
        throw bug;
      },
    });
    const error = await saveState(registry, new MemorySink()).catch((thrown) => thrown);
    expect(error.cause.cause).to.equal(bug);
  });

  it('closes the sink when the header cannot be written', async () => {
    const sink = new SlowSink();
    expect(await statusOf(() => saveState(new Registry(), sink, { revision: 0 }))).to.equal(
      'VERR_SSM_INTEGRITY_VBOX_VERSION',
    );
    expect(sink.closed).to.equal('aborted');
  });

  it('takes nothing more once it is over', async () => {
    const registry = new Registry();
    let kept: { putU8(value: number): void } | undefined;
    registry.register({
      name: 'u',
      version: 1,
      saveExec: (put) => {
        kept = put;
      },
    });
    await saveState(registry, new MemorySink());
    expect(await statusOf(() => kept?.putU8(1))).to.equal('VERR_SSM_INVALID_STATE');
  });

  describe('over an asynchronous sink', () => {
    const data = Uint8Array.from({ length: 3_000_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const saving = (saveExec: UnitCallbacks['saveExec']) => {
      const registry = new Registry();
      registry.register({ name: 'ram', version: 1, saveExec: saveExec! });
      registry.register({ name: 'after', version: 1, saveExec: (put) => put.putU8(1) });
      return registry;
    };

    it('writes the same as over a synchronous one', async () => {
      const registry = saving((put) => put.putMemAsync(data));
      const sink = new SlowSink();
      const memory = new MemorySink();
      await saveState(registry, sink);
      await saveState(registry, memory);
      expect(sink.closed).to.equal('whole');
      expect(Buffer.compare(sink.bytes(), memory.bytes())).to.equal(0);
    });

    it('refuses a callback that puts more than the buffer without waiting, for good', async () => {
      let again = '';
      const registry = saving(async (put) => {
        try {
          put.putMem(data);
        } catch {}
        again = await statusOf(() => put.putU8(1));
      });
      const sink = new SlowSink();
      expect(await statusOf(() => saveState(registry, sink))).to.equal('VERR_BUFFER_OVERFLOW');
      expect(again).to.equal('VERR_BUFFER_OVERFLOW');
      expect(sink.closed).to.equal('aborted');
    });

    it('lets a synchronous callback put as much as the buffer holds', async () => {
      const incompressible = Uint8Array.from(
        data.subarray(0, 900_000),
        (byte, i) => byte ^ (Math.imul(i, 40503) >>> 9),
      );
      const units = saving((put) => put.putMem(incompressible));
      expect(await statusOf(() => saveState(units, new SlowSink()))).to.equal('VINF_SUCCESS');
    });

    it('fails as the sink does', async () => {
      const sink: Sink = {
        write: async () => {
          throw new SsmError('VERR_SSM_LOW_ON_DISK_SPACE', 'full');
        },
        close: nothing,
      };
      const units = saving((put) => put.putMemAsync(data));
      expect(await statusOf(() => saveState(units, sink))).to.equal('VERR_SSM_LOW_ON_DISK_SPACE');
    });
  });

  it('writes what can be opened again', async () => {
    const registry = new Registry();
    registry.register({ name: 'u', instance: 4, version: 2, saveExec: (put) => put.putStrZ('hello') });
    const sink = new MemorySink();
    await saveState(registry, sink);
    const state = await openState(new MemorySource(sink.bytes()));
    expect((await state.seek('u', 4)).stream.getStrZ()).to.equal('hello');
  });
});
