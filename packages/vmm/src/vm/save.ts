import { type LiveSave, liveSave, type SaveOptions, type Sink, SsmError, saveState } from '@ssmkit/runtime';
import type { EmtContext, InfoStatus } from '../emt/index.js';
import { failureOf } from '../emt/outcome.js';
import { afterStep1, cleanUpStep1, type Saving } from './live-steps.js';
import { requireVm, type Uvm } from './uvm.js';
import type { Vm } from './vm.js';

/** How a machine is saved; what is not said here is said by the options of `saveState`. */
export interface VmSaveOptions extends Omit<SaveOptions, 'after'> {
  /** Whether the machine will go on afterwards, or be destroyed. The units are told. Default true. */
  continueAfterwards?: boolean;
  /** See {@link LiveSaveOptions}. */
  liveControl?: boolean;
}

/** How a machine is teleported. */
export interface VmTeleportOptions extends Omit<SaveOptions, 'after'> {
  /** Longest time in milliseconds that the machine may be stopped; default 250. */
  maxDowntime?: number;
}

/** How a save has ended that did not fail. */
export interface VmSaveResult {
  /**
   * `VINF_SUCCESS`; `VINF_SSM_LIVE_SUSPENDED` when somebody else has suspended the machine while it was saved live, or
   * had before it was teleported.
   */
  readonly status: InfoStatus;
  /** Whether the save has suspended the machine, which was running: it is for the caller to resume it. */
  readonly suspended: boolean;
  /** Size of the saved state. */
  readonly bytes: number;
}

/** A save that has failed. */
export class VmSaveError extends SsmError {
  /** Whether the save has suspended the machine, which was running: it is for the caller to resume it. */
  readonly suspended: boolean;

  constructor(failure: SsmError, suspended: boolean) {
    super(failure.status, failure.detail, failure.where, { cause: failure });
    this.suspended = suspended;
  }
}

/** Most milliseconds that a machine may be stopped while it is saved live. */
const SAVE_DOWNTIME = 250;

/**
 * Saves the machine. One that is suspended is saved at once; one that is running is saved live, is suspended for the last
 * part, and stays so.
 *
 * @param sink is closed in any case.
 * @throws VmSaveError VERR_VM_INVALID_VM_STATE for a machine that is neither; VERR_SSM_CANCELLED;
 * VERR_SSM_LIVE_POWERED_OFF, VERR_SSM_LIVE_GURU_MEDITATION, VERR_SSM_LIVE_FATAL_ERROR when that has ended a live save;
 * what the save has failed with. VERR_VM_THREAD_IS_EMT on an EMT.
 */
export function save(uvm: Uvm, sink: Sink, options: VmSaveOptions = {}): Promise<VmSaveResult> {
  const { continueAfterwards = true, ...rest } = options;
  const after = continueAfterwards ? 'CONTINUE' : 'DESTROY';
  return saveOrTeleport(uvm, sink, { ...rest, after, maxDowntime: SAVE_DOWNTIME });
}

/**
 * Saves the machine live for another host to go on with it; a machine that is suspended likewise, in one pass.
 *
 * @throws VmSaveError like {@link save}.
 */
export function teleport(uvm: Uvm, sink: Sink, options: VmTeleportOptions = {}): Promise<VmSaveResult> {
  return saveOrTeleport(uvm, sink, { maxDowntime: SAVE_DOWNTIME, ...options, after: 'TELEPORT' });
}

type Options = Parameters<typeof liveSave>[2] & { after: 'CONTINUE' | 'DESTROY' | 'TELEPORT' };

async function saveOrTeleport(uvm: Uvm, sink: Sink, options: Options): Promise<VmSaveResult> {
  const saving: Saving = { suspended: false };
  /** From then on SSM closes the sink. */
  let taken = false;
  try {
    const vm = requireVm(uvm);
    if (uvm.emts.here !== undefined) throw new SsmError('VERR_VM_THREAD_IS_EMT', 'an EMT cannot wait for a save');
    let live: LiveSave | undefined;
    let bytes = 0;
    await uvm.emts.requests.callWait(0, async (context) => {
      const index = vm.trySet(context, 'VMR3Save', [
        ['SAVING', 'SUSPENDED'],
        ['RUNNING_LS', 'RUNNING'],
      ]);
      taken = true;
      if (index === 1 && options.after !== 'TELEPORT') bytes = await saveSuspended(vm, context, sink, options);
      else live = await beginLive(vm, context, sink, options, saving);
    });
    if (live === undefined) return { status: 'VINF_SUCCESS', suspended: false, bytes };
    return { ...(await afterStep1(vm, live, saving)), suspended: saving.suspended };
  } catch (error) {
    const failure = failureOf('the save', error);
    if (!taken) await closeUnused(sink, failure);
    throw new VmSaveError(failure, saving.suspended);
  }
}

async function saveSuspended(vm: Vm, context: EmtContext, sink: Sink, options: Options): Promise<number> {
  const { maxDowntime: _, liveControl: __, ...rest } = options;
  try {
    return (await saveState(vm.registry, sink, rest)).bytes;
  } finally {
    vm.set(context, 'SUSPENDED', 'SAVING');
  }
}

/**
 * Begins a live save. When that fails the VM goes back to where it was; VirtualBox's would stay RUNNING_LS, or SAVING, for
 * ever.
 */
async function beginLive(vm: Vm, context: EmtContext, sink: Sink, options: Options, saving: Saving): Promise<LiveSave> {
  if (options.after === 'TELEPORT') vm.teleportedAndNotFullyResumed = true;
  try {
    return await liveSave(vm.registry, sink, options);
  } catch (error) {
    cleanUpStep1(vm, context, saving);
    throw error;
  }
}

/** Closes a sink that was not written to. What that may fail with is less than `failure`, and not told. */
async function closeUnused(sink: Sink, failure: SsmError): Promise<void> {
  try {
    await sink.close(true, failure);
  } catch {
    // As above.
  }
}
