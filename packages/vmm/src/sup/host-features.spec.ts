import { expect } from 'chai';
import { HostQueries, type PagingMode, pagingFeatures, pagingModes, vtCaps } from './host-features.js';
import { newDriver, outcomeOf } from './testing.js';

describe('the host', () => {
  // SUPPAGINGMODE: number, structure, global pages, no-execute.
  const modes: readonly [PagingMode, number, string | undefined, boolean, boolean][] = [
    ['INVALID', 0, undefined, false, false],
    ['32_BIT', 1, '32_BIT', false, false],
    ['32_BIT_GLOBAL', 2, '32_BIT', true, false],
    ['PAE', 3, 'PAE', false, false],
    ['PAE_GLOBAL', 4, 'PAE', true, false],
    ['PAE_NX', 5, 'PAE', false, true],
    ['PAE_GLOBAL_NX', 6, 'PAE', true, true],
    ['AMD64', 7, 'AMD64', false, false],
    ['AMD64_GLOBAL', 8, 'AMD64', true, false],
    ['AMD64_NX', 9, 'AMD64', false, true],
    ['AMD64_GLOBAL_NX', 10, 'AMD64', true, true],
  ];
  for (const [mode, number, structure, hasGlobalPages, hasNoExecute] of modes) {
    it(`can have paging mode ${mode}`, () => {
      expect(newDriver({ host: { pagingMode: mode } }).driver.host.pagingMode).to.equal(mode);
      expect(pagingModes[mode]).to.equal(number);
      expect(pagingFeatures(mode)).to.deep.equal({ structure, hasGlobalPages, hasNoExecute });
    });
  }

  it('there are no other paging modes', () => {
    expect(Object.keys(pagingModes)).to.deep.equal(modes.map(([mode]) => mode));
    expect(outcomeOf(() => new HostQueries({ pagingMode: 'toString' as PagingMode }))).to.equal(
      'VERR_INVALID_PARAMETER',
    );
  });

  const { AMD_V, VT_X, NESTED_PAGING } = vtCaps;
  const caps: readonly [number, string][] = [
    [0, 'VERR_UNSUPPORTED_CPU'],
    [AMD_V, 'VINF_SUCCESS'],
    [VT_X, 'VINF_SUCCESS'],
    [AMD_V | NESTED_PAGING, 'VINF_SUCCESS'],
    [VT_X | NESTED_PAGING, 'VINF_SUCCESS'],
    [AMD_V | VT_X, 'VERR_INVALID_PARAMETER'],
    [AMD_V | VT_X | NESTED_PAGING, 'VERR_INVALID_PARAMETER'],
    [NESTED_PAGING, 'VERR_INVALID_PARAMETER'],
    [8, 'VERR_INVALID_PARAMETER'],
  ];
  for (const [value, status] of caps) {
    it(`capabilities ${value}: ${status}`, () => {
      let answer: number | undefined;
      const call = () => {
        answer = new HostQueries({ vtCaps: value }).queryVtCaps();
      };
      expect(outcomeOf(call)).to.equal(status);
      if (status === 'VINF_SUCCESS') expect(answer).to.equal(value);
    });
  }

  it('its kernel lets others use VT-x, or not', () => {
    expect(outcomeOf(() => new HostQueries().queryVtxSupported())).to.equal('VINF_SUCCESS');
    expect(outcomeOf(() => new HostQueries({ kernelAllowsVtx: false }).queryVtxSupported())).to.equal(
      'VERR_SUPDRV_KERNEL_TOO_OLD_FOR_VTX',
    );
  });

  it('its kernel enters VMX root mode for others, and counts', () => {
    expect(outcomeOf(() => new HostQueries({ vtCaps: VT_X }).enableVtx(true))).to.equal('VERR_NOT_SUPPORTED');
    const amd = new HostQueries({ vtCaps: AMD_V, kernelEnablesVtx: true });
    expect(outcomeOf(() => amd.enableVtx(true))).to.equal('VERR_UNSUPPORTED_CPU');
    const host = new HostQueries({ vtCaps: VT_X, kernelEnablesVtx: true });
    host.enableVtx(true);
    host.enableVtx(true);
    host.enableVtx(false);
    expect(host.isVtxEnabled).to.equal(true);
    host.enableVtx(false);
    expect(host.isVtxEnabled).to.equal(false);
    expect(outcomeOf(() => host.enableVtx(false))).to.equal('VERR_WRONG_ORDER');
  });
});
