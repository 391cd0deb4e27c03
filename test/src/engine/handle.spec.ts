import {
  type LoadHandle,
  type LoadOptions,
  loadState,
  MemorySource,
  type SaveHandle,
  type SaveOptions,
  saveState,
} from '@ssmkit/runtime';
import { type SavOptions, sav } from '@ssmkit/runtime/testing';
import { hosts } from '@ssmkit/schema';
import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

const UNKNOWN = 0xffffffff;

/** What a callback asks, and is told. */
type Query<H> = readonly [query: string, ask: (handle: H) => unknown, answer: unknown];

/** Asks in every callback of a save. */
async function askSave(query: (handle: SaveHandle) => unknown, options: SaveOptions = {}): Promise<unknown[]> {
  const told: unknown[] = [];
  const ask = (handle: SaveHandle) => void told.push(query(handle));
  const registry = machine('a: savePrep saveExec saveDone', new Journal(), {
    a: { savePrep: ask, saveExec: (_put, handle) => ask(handle), saveDone: ask },
  });
  await saveState(registry, new NotingSink(), options);
  return told;
}

/** Asks in every callback of a load. */
async function askLoad(query: (handle: LoadHandle) => unknown, state: SavOptions, options: LoadOptions = {}) {
  const told: unknown[] = [];
  const ask = (handle: LoadHandle) => void told.push(query(handle));
  const registry = machine('a: loadPrep loadExec loadDone', new Journal(), {
    a: { loadPrep: ask, loadExec: (_get, _version, _pass, handle) => ask(handle), loadDone: ask },
  });
  await loadState(registry, new MemorySource(sav(state).unit('a').bytes()), options);
  return told;
}

describe('what callbacks can ask', () => {
  const saving: readonly (readonly [...Query<SaveHandle>, options?: SaveOptions])[] = [
    ['after (SSMR3HandleGetAfter)', ({ after }) => after, 'CONTINUE'],
    ['after', ({ after }) => after, 'DESTROY', { after: 'DESTROY' }],
    ['live (SSMR3HandleIsLiveSave)', ({ live }) => live, false],
    ['maxDowntime (SSMR3HandleMaxDowntime)', ({ maxDowntime }) => maxDowntime, UNKNOWN],
    ['hostBits (SSMR3HandleHostBits)', ({ hostBits }) => hostBits, 64],
    ['hostBits', ({ hostBits }) => hostBits, 32, { host: hosts['win.x86']! }],
    ['hostName (SSMR3HandleHostOSAndArch)', ({ hostName }) => hostName, 'win.x86', { host: hosts['win.x86']! }],
    ['revision (SSMR3HandleRevision)', ({ revision }) => revision, 4711, { revision: 4711 }],
    ['version (SSMR3HandleVersion)', ({ version }) => version, 0x07020016],
    ['version', ({ version }) => version, 0x04032b67, { product: { major: 4, minor: 3, build: 0x2b67 } }],
    ['status (SSMR3HandleGetStatus)', ({ status }) => status, 'VINF_SUCCESS'],
    ['failure', ({ failure }) => failure, undefined],
    ['cancelled', ({ cancelled }) => cancelled, false],
  ];
  for (const [query, ask, answer, options] of saving) {
    it(`of a save: ${query}: ${answer}`, async () => {
      expect(await askSave(ask, options)).to.deep.equal([answer, answer, answer]);
    });
  }

  const x86 = (view: DataView) => {
    view.setUint8(44, 32);
    view.setUint8(45, 8);
    view.setUint8(46, 4);
  };
  const product = (major: number, minor: number, build: number) => (view: DataView) => {
    view.setUint16(32, major, true);
    view.setUint16(34, minor, true);
    view.setUint32(36, build, true);
  };
  const loading: readonly (readonly [...Query<LoadHandle>, state?: SavOptions, options?: LoadOptions])[] = [
    ['after (SSMR3HandleGetAfter)', ({ after }) => after, 'RESUME'],
    ['after', ({ after }) => after, 'TELEPORT', {}, { after: 'TELEPORT' }],
    ['live (SSMR3HandleIsLiveSave)', ({ live }) => live, true, { live: true }],
    ['live', ({ live }) => live, false],
    ['maxDowntime (SSMR3HandleMaxDowntime)', ({ maxDowntime }) => maxDowntime, UNKNOWN, { live: true }],
    ['hostBits (SSMR3HandleHostBits)', ({ hostBits }) => hostBits, 32, { header: x86 }],
    ['hostBits', ({ hostBits }) => hostBits, 64, {}, { host: hosts['win.x86']! }],
    [
      'revision (SSMR3HandleRevision)',
      ({ revision }) => revision,
      99,
      { header: (view) => view.setUint32(40, 99, true) },
    ],
    ['version (SSMR3HandleVersion)', ({ version }) => version, 0x0302000c, { header: product(3, 2, 12) }],
    ['version', ({ version }) => version, 0xff00ffff, { header: product(255, 0, 0xffff) }],
    ['version', ({ version }) => version, 0x07ff0001, { header: product(7, 255, 1) }],
    ['version that does not fit: major', ({ version }) => version, UNKNOWN, { header: product(256, 0, 1) }],
    ['version that does not fit: minor', ({ version }) => version, UNKNOWN, { header: product(7, 256, 1) }],
    ['version that does not fit: build', ({ version }) => version, UNKNOWN, { header: product(7, 0, 0x10000) }],
    ['status (SSMR3HandleGetStatus)', ({ status }) => status, 'VINF_SUCCESS'],
    ['hostName before "SSM" was read', ({ hostName }) => hostName, ''],
  ];
  for (const [query, ask, answer, state = {}, options] of loading) {
    it(`of a load: ${query}: ${answer}`, async () => {
      expect(await askLoad(ask, state, options)).to.deep.equal([answer, answer, answer]);
    });
  }

  it('of a load: hostName once "SSM" was read, its first 31 characters (SSMR3HandleHostOSAndArch)', async () => {
    const ask = ({ hostName }: LoadHandle) => hostName;
    expect(await askLoad(ask, { self: true, hostOs: 'win.x86' })).to.deep.equal(['', 'win.x86', 'win.x86']);
    const long = 'solaris.'.repeat(5);
    expect(await askLoad(ask, { self: true, hostOs: long })).to.deep.equal(['', long.slice(0, 31), long.slice(0, 31)]);
  });

  for (const [asked, told] of [
    [undefined, 250],
    [0, 0],
    [12_345, 12_345],
  ] as const) {
    it(`of a live save: maxDowntime ${asked ?? 'by default'} (SSMR3HandleMaxDowntime): ${told}, and live`, async () => {
      const answers: unknown[] = [];
      const registry = machine('a: liveVote saveExec', new Journal(), {
        a: {
          liveVote: (_pass, { maxDowntime, live }) => void answers.push(maxDowntime, live),
          saveExec: (_put, { maxDowntime, live }) => void answers.push(maxDowntime, live),
        },
      });
      await saveLive(registry, new NotingSink(), asked === undefined ? {} : { maxDowntime: asked });
      expect(answers).to.deep.equal([told, true, told, true]);
    });
  }

  it('setStatus takes failures only, keeps the first, and returns what counts (SSMR3HandleSetStatus)', async () => {
    let told: unknown[] = [];
    const registry = machine('a: saveExec', new Journal(), {
      a: {
        async saveExec(_put, handle) {
          const none = await failureOf(() => handle.setStatus('VINF_SUCCESS'));
          const info = await failureOf(() => handle.setStatus('VINF_EOF'));
          const before = handle.status;
          told = [
            none?.status,
            info?.status,
            before,
            handle.setStatus('VERR_TIMEOUT'),
            handle.setStatus('VERR_NO_DATA'),
          ];
          told.push(handle.status);
        },
      },
    });
    const failure = await failureOf(() => saveState(registry, new NotingSink()));
    expect(told).to.deep.equal([
      'VERR_INVALID_PARAMETER',
      'VERR_INVALID_PARAMETER',
      'VINF_SUCCESS',
      'VERR_TIMEOUT',
      'VERR_TIMEOUT',
      'VERR_TIMEOUT',
    ]);
    expect(failure?.status).to.equal('VERR_TIMEOUT');
  });

  it('setGCPtrSize has no effect where the header tells the size (SSMR3HandleSetGCPtrSize)', async () => {
    let read: bigint | undefined;
    const registry = machine('a: loadPrep loadExec', new Journal(), {
      a: {
        loadPrep: (handle) => handle.setGCPtrSize(4),
        loadExec(get, _version, _pass, handle) {
          handle.setGCPtrSize(4);
          read = get.getGCPtr();
        },
      },
    });
    await loadState(
      registry,
      new MemorySource(
        sav()
          .unit('a')
          .u64(1n << 40n)
          .bytes(),
      ),
    );
    expect(read).to.equal(1n << 40n);
  });

  for (const percent of [-1, 101, 0.5, Number.NaN]) {
    it(`reportLivePercent refuses ${percent} (SSMR3HandleReportLivePercent): VERR_INVALID_PARAMETER`, async () => {
      const registry = machine('a: liveVote', new Journal(), {
        a: { liveVote: (_pass, handle) => handle.reportLivePercent(percent) },
      });
      const { failure } = await saveLive(registry, new NotingSink());
      expect(failure?.status).to.equal('VERR_INVALID_PARAMETER');
    });
  }

  for (const callback of ['livePrep', 'liveExec', 'savePrep', 'saveExec', 'saveDone'] as const) {
    it(`reportLivePercent is for voting, not for ${callback} (SSMR3HandleReportLivePercent): VERR_SSM_INVALID_STATE`, async () => {
      const report = (...args: unknown[]) => (args.at(-1) as SaveHandle).reportLivePercent(1);
      const registry = machine(`a: ${callback}`, new Journal(), { a: { [callback]: report } });
      const { failure } = await saveLive(registry, new NotingSink());
      expect(failure?.status).to.equal('VERR_SSM_INVALID_STATE');
    });
  }
});
