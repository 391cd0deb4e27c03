import { type LoadHandle, loadState, MemorySource, type SsmStatus } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine } from './script.js';

const file = (pass?: number) =>
  new MemorySource(
    sav()
      .unit('pit', 3, { version: 4, ...(pass !== undefined && { pass }) })
      .u8(1)
      .bytes(),
  );

interface LoadErrorRule {
  readonly rule: string;
  readonly does: Deeds[string];
  readonly pass?: number;
  readonly ends: SsmStatus;
  /** The message without status and place. */
  readonly detail?: string | RegExp;
}

const cfg = 'VERR_SSM_LOAD_CONFIG_MISMATCH';
const said = (handle: LoadHandle) => handle.setCfgError('two channels');

const rules: readonly LoadErrorRule[] = [
  {
    rule: 'while it loads: unit, version and pass',
    does: { loadExec: (_get, _version, _pass, handle) => handle.setLoadError('VERR_SSM_UNEXPECTED_DATA', 'mode 9') },
    ends: 'VERR_SSM_UNEXPECTED_DATA',
    detail: 'pit#3: mode 9 [ver=4 pass=final]',
  },
  {
    rule: 'of a live pass: its number',
    does: { loadExec: (_get, _version, _pass, handle) => said(handle) },
    pass: 2,
    ends: cfg,
    detail: 'pit#3: two channels [ver=4 pass=#2]',
  },
  {
    rule: 'in loadPrep: nobody’s',
    does: { loadPrep: said },
    ends: cfg,
    detail: 'unknown#0: two channels [prep]',
  },
  {
    rule: 'in loadDone: nobody’s',
    does: { loadExec: (get) => void get.getU8(), loadDone: said },
    ends: cfg,
    detail: 'unknown#0: two channels [done]',
  },
  {
    rule: 'the first text stays, the status is that of the failure',
    does: {
      loadExec(_get, _version, _pass, handle) {
        handle.setLoadError('VERR_TIMEOUT', 'first');
        handle.setLoadError('VERR_NO_MEMORY', 'second');
        return 'VERR_SSM_UNEXPECTED_DATA';
      },
    },
    ends: 'VERR_SSM_UNEXPECTED_DATA',
    detail: 'pit#3: first [ver=4 pass=final]',
  },
  {
    rule: 'by itself it fails nothing',
    does: {
      loadExec(get, _version, _pass, handle) {
        get.getU8();
        said(handle);
      },
    },
    ends: 'VINF_SUCCESS',
  },
  {
    rule: 'it does not change the status of the handle',
    does: {
      loadExec(get, _version, _pass, handle) {
        get.getU8();
        said(handle);
        if (handle.status !== 'VINF_SUCCESS') throw new Error(handle.status);
      },
    },
    ends: 'VINF_SUCCESS',
  },
  {
    rule: 'what fails later in another way is told in its words, too',
    does: {
      loadPrep: (handle) => void said(handle),
      loadExec: () => 'VERR_NO_MEMORY',
    },
    ends: 'VERR_NO_MEMORY',
    detail: 'unknown#0: two channels [prep]',
  },
  {
    rule: 'without it the load says which unit',
    does: { loadExec: () => cfg },
    ends: cfg,
    detail: /^Failed to load unit 'pit': /,
  },
];

describe('the words of a failed load (SSMR3SetLoadErrorV, SSMR3SetCfgError)', () => {
  for (const { rule, does, pass, ends, detail } of rules) {
    it(`${rule}: ${ends}`, async () => {
      const words = ['loadExec', ...Object.keys(does)].filter((each, i, all) => all.indexOf(each) === i);
      const registry = machine(`pit#3: ${words.join(' ')}`, new Journal(), { 'pit#3': does });
      const failure = await failureOf(() => loadState(registry, file(pass)));
      expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
      if (typeof detail === 'string') expect(failure?.detail).to.equal(detail);
      else if (detail !== undefined) expect(failure?.detail).to.match(detail);
    });
  }

  it('it returns the status it is given', async () => {
    let returned: unknown[] = [];
    const registry = machine('pit#3: loadExec', new Journal(), {
      'pit#3': {
        loadExec(get, _version, _pass, handle) {
          get.getU8();
          returned = [handle.setLoadError('VERR_TIMEOUT', ''), handle.setCfgError('')];
        },
      },
    });
    await loadState(registry, file());
    expect(returned).to.deep.equal(['VERR_TIMEOUT', cfg]);
  });

  it('once the load is over it is refused: VERR_SSM_INVALID_STATE', async () => {
    let kept: LoadHandle | undefined;
    const registry = machine('pit#3: loadPrep loadExec', new Journal(), {
      'pit#3': {
        loadPrep(handle) {
          kept = handle;
        },
      },
    });
    await loadState(registry, file());
    expect((await failureOf(() => kept?.setCfgError('late')))?.status).to.equal('VERR_SSM_INVALID_STATE');
  });

  it('what failed is the cause, and tells the place', async () => {
    const registry = machine('pit#3: loadExec', new Journal(), {
      'pit#3': { loadExec: (_get, _version, _pass, handle) => said(handle) },
    });
    const failure = await failureOf(() => loadState(registry, file()));
    expect(failure?.where).to.deep.include({ unit: 'pit', instance: 3, pass: 0xffffffff });
    expect((failure?.cause as Error | undefined)?.message).to.match(/Failed to load unit 'pit'/);
  });
});
