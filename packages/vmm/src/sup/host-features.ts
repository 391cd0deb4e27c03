import { SsmError } from '@ssmkit/runtime';

/** SUPPAGINGMODE. */
export const pagingModes = {
  INVALID: 0,
  '32_BIT': 1,
  '32_BIT_GLOBAL': 2,
  PAE: 3,
  PAE_GLOBAL: 4,
  PAE_NX: 5,
  PAE_GLOBAL_NX: 6,
  AMD64: 7,
  AMD64_GLOBAL: 8,
  AMD64_NX: 9,
  AMD64_GLOBAL_NX: 10,
} as const;

export type PagingMode = keyof typeof pagingModes;

/** What a paging mode has: bits of addresses' width, global pages, no-execute. */
export function pagingFeatures(mode: PagingMode): {
  readonly structure: '32_BIT' | 'PAE' | 'AMD64' | undefined;
  readonly hasGlobalPages: boolean;
  readonly hasNoExecute: boolean;
} {
  const structure = (['32_BIT', 'PAE', 'AMD64'] as const).find((name) => mode.startsWith(name));
  return { structure, hasGlobalPages: mode.includes('_GLOBAL'), hasNoExecute: mode.endsWith('_NX') };
}

/** SUPVTCAPS_*. */
export const vtCaps = { AMD_V: 1, VT_X: 2, NESTED_PAGING: 4 } as const;

/** What the host's CPU and kernel are like. */
export interface HostFeatures {
  /** AMD64_GLOBAL_NX where not given. */
  readonly pagingMode: PagingMode;
  /** Of {@link vtCaps}; none where not given. */
  readonly vtCaps: number;
  /** Whether the kernel lets others enter VMX root mode. */
  readonly kernelAllowsVtx: boolean;
  /** Whether the kernel enters VMX root mode on behalf of others. */
  readonly kernelEnablesVtx: boolean;
}

/** Questions about the host, answered from configuration. */
export class HostQueries {
  readonly #features: HostFeatures;
  #vtxUsers = 0;

  constructor(features: Partial<HostFeatures> = {}) {
    this.#features = {
      pagingMode: 'AMD64_GLOBAL_NX',
      vtCaps: 0,
      kernelAllowsVtx: true,
      kernelEnablesVtx: false,
      ...features,
    };
    const { vtCaps: caps, pagingMode } = this.#features;
    const vendors = caps & (vtCaps.AMD_V | vtCaps.VT_X);
    const isPossible = vendors !== 3 && (caps & ~7) === 0 && (vendors !== 0 || caps === 0);
    if (!isPossible || !Object.hasOwn(pagingModes, pagingMode)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `no CPU has capabilities ${caps}, or paging mode '${pagingMode}'`);
    }
  }

  /** The paging mode of the host (`SUPR3GetPagingMode`). */
  get pagingMode(): PagingMode {
    return this.#features.pagingMode;
  }

  /** VT-x and AMD-V capabilities, of {@link vtCaps} (`SUPR3QueryVTCaps`). @throws SsmError VERR_UNSUPPORTED_CPU when there are none. */
  queryVtCaps(): number {
    const { vtCaps: caps } = this.#features;
    if (caps === 0) throw new SsmError('VERR_UNSUPPORTED_CPU', 'the CPU has neither VT-x nor AMD-V');
    return caps;
  }

  /** Checks that the kernel lets others use VT-x. @throws SsmError VERR_SUPDRV_KERNEL_TOO_OLD_FOR_VTX. */
  queryVtxSupported(): void {
    if (!this.#features.kernelAllowsVtx) {
      throw new SsmError('VERR_SUPDRV_KERNEL_TOO_OLD_FOR_VTX', 'the kernel does not let others enter VMX root mode');
    }
  }

  /**
   * Has the kernel enter, or leave, VMX root mode; calls are counted.
   *
   * @throws SsmError VERR_NOT_SUPPORTED where the kernel does no such thing, VERR_UNSUPPORTED_CPU without VT-x,
   * VERR_WRONG_ORDER for leaving without entering.
   */
  enableVtx(enable: boolean): void {
    if (!this.#features.kernelEnablesVtx) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'the kernel leaves VMX root mode to those who need it');
    }
    if ((this.#features.vtCaps & vtCaps.VT_X) === 0) throw new SsmError('VERR_UNSUPPORTED_CPU', 'the CPU has no VT-x');
    if (!enable && this.#vtxUsers === 0) throw new SsmError('VERR_WRONG_ORDER', 'VT-x is not enabled');
    this.#vtxUsers += enable ? 1 : -1;
  }

  /** Whether the kernel is in VMX root mode for somebody. */
  get isVtxEnabled(): boolean {
    return this.#vtxUsers > 0;
  }
}
