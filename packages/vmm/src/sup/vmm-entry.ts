import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import { checkUnsigned, passRequest, VMMR0_REQUEST_MAGIC } from './request.js';
import type { Session } from './session.js';

/** Operations of the fast path: SUP_VMMR0_DO_*. */
export const fastOperations = { RAW_RUN: 0, HWACC_RUN: 1, NOP: 2 } as const;

/** A VM as the kernel knows it; what it is, only the entry points know. */
export type VmR0 = object;

type Result = SsmStatus | undefined;

/** Entry points of the VMM in the kernel. They return informational statuses, or nothing for VINF_SUCCESS, and throw failures. */
export interface VmmEntryPoints {
  /** For SUPR3CallVMMR0Fast: no argument, nothing to wait for. */
  readonly fast?: (vm: VmR0, idCpu: number, operation: number) => Result;
  /** VMMR0Entry, which SUPR3CallVMMR0 and SUPR3CallVMMR0Ex call. */
  readonly ex?: (
    vm: VmR0 | undefined,
    idCpu: number,
    operation: number,
    request: Uint8Array | undefined,
    arg: bigint,
    session: Session,
  ) => Result | Promise<Result>;
}

/** Calls into the VMM in the kernel. The module VMMR0.r0 sets the entry points. */
export class VmmEntry {
  #entryPoints: VmmEntryPoints | undefined;
  readonly #fastVms = new Map<Session, VmR0>();

  /** @throws SsmError VERR_WRONG_ORDER while others are set. */
  set(entryPoints: VmmEntryPoints): void {
    if (this.#entryPoints !== undefined) throw new SsmError('VERR_WRONG_ORDER', 'a VMM is loaded');
    this.#entryPoints = entryPoints;
  }

  unset(): void {
    this.#entryPoints = undefined;
  }

  /** Says which VM the fast calls of a session are for; `undefined` before it is destroyed (`SUPR3SetVMForFastIOCtl`). */
  setVmForFastCalls(session: Session, vm: VmR0 | undefined): void {
    session.mustBeOpen();
    if (vm === undefined) this.#fastVms.delete(session);
    else this.#fastVms.set(session, vm);
  }

  /**
   * Calls the VMM with as little around it as possible (`SUPR3CallVMMR0Fast`).
   *
   * @param operation of {@link fastOperations}.
   * @throws SsmError VERR_INVALID_PARAMETER for other operations, VERR_WRONG_ORDER without a VMM, VERR_INVALID_VM_HANDLE for a
   * VM that was not set.
   */
  callFast(session: Session, vm: VmR0, operation: number, idCpu: number): SsmStatus {
    session.mustBeOpen();
    if (!Object.values<number>(fastOperations).includes(operation)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `there is no fast operation ${operation}`);
    }
    const fast = this.#entryPoints?.fast;
    if (fast === undefined) throw new SsmError('VERR_WRONG_ORDER', 'no VMM is loaded');
    if (vm !== this.#fastVms.get(session)) throw new SsmError('VERR_INVALID_VM_HANDLE', 'the VM was not set');
    return fast(vm, idCpu, operation) ?? 'VINF_SUCCESS';
  }

  /**
   * Calls the VMM (`SUPR3CallVMMR0Ex`; without request and argument `SUPR3CallVMMR0`).
   *
   * @param request begins with a header of magic and size; copied in and out.
   * @throws SsmError VERR_WRONG_ORDER when no VMM is loaded, VERR_INVALID_MAGIC, VERR_INVALID_PARAMETER; what the VMM throws.
   */
  async call(
    session: Session,
    vm: VmR0 | undefined,
    idCpu: number,
    operation: number,
    arg = 0n,
    request?: Uint8Array,
  ): Promise<SsmStatus> {
    session.mustBeOpen();
    checkUnsigned(idCpu, 32, 'the CPU');
    checkUnsigned(operation, 32, 'the operation');
    checkUnsigned(arg, 64, 'the argument');
    return passRequest(request, VMMR0_REQUEST_MAGIC, async (copy) => {
      const ex = this.#entryPoints?.ex;
      if (ex === undefined) throw new SsmError('VERR_WRONG_ORDER', 'no VMM is loaded');
      return (await ex(vm, idCpu, operation, copy, arg, session)) ?? 'VINF_SUCCESS';
    });
  }

  /** For the driver. */
  sessionClosed(session: Session): void {
    this.#fastVms.delete(session);
  }
}
