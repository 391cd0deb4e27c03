import { SsmError } from '@ssmkit/runtime';
import type { CurrentEmt, EmtContext } from './context.js';
import type { Emt } from './emt.js';
import { checkInfo, Meeting, type RendezvousCallback, type RendezvousType, rendezvousTypes } from './meeting.js';
import { combine, conclude, hasFailed, type InfoStatus, type Outcome } from './outcome.js';
import { destinations } from './request.js';
import type { Requests } from './requests.js';

/** How deep meetings may be within the outermost one. */
const NESTED_MAX = 3;

export interface RendezvousOptions {
  type: RendezvousType;
  /**
   * Once a callback has failed, the EMTs that have not had their turn pass (`STOP_ON_ERROR`). Not for the types in which
   * there is nobody to pass. Default false.
   */
  stopOnError?: boolean;
  /** Called from elsewhere than an EMT: before all other requests (`PRIORITY`). Default false. */
  priority?: boolean;
}

/**
 * Rendezvous: all EMTs leave what they do, meet, and run a callback in a given order. What must not be seen half done,
 * above all changes of the VM's state, is done this way.
 *
 * EMTs arrive on their own, since a meeting is the most urgent step of their loops; an EMT that waits for something in a
 * callback serves meetings meanwhile. Meetings can nest: a callback may call for another one, which those come to who
 * wait for their turn, or for the end, of the outer one (`VirtualBox 7.2 VMMR3/VMM.cpp, VMMR3EmtRendezvous`).
 */
export class Rendezvous {
  readonly #emts: readonly Emt[];
  readonly #current: CurrentEmt;
  readonly #requests: () => Requests;
  /** The meetings under way, the innermost last. */
  readonly #meetings: Meeting[] = [];
  /** Whether some EMTs have ended, so that there is nobody to meet any more. */
  #alone = false;

  constructor(emts: readonly Emt[], current: CurrentEmt, requests: () => Requests) {
    this.#emts = emts;
    this.#current = current;
    this.#requests = requests;
  }

  /** From now on callbacks are called on the caller's EMT only: the others are ending. */
  standAlone(): void {
    this.#alone = true;
  }

  /** Whether an EMT is expected at a meeting. */
  expects(emt: Emt): boolean {
    const meeting = this.#meetings.at(-1);
    return meeting !== undefined && !meeting.has(emt);
  }

  /** Goes to the meeting. @returns what concerns the EMT of what came of it: failures are the caller's. */
  async attend(emt: Emt): Promise<Outcome> {
    const meeting = this.#meetings.at(-1);
    if (meeting === undefined || meeting.has(emt)) return 'VINF_SUCCESS';
    await this.#join(meeting, emt);
    return hasFailed(meeting.outcome) ? 'VINF_SUCCESS' : meeting.outcome;
  }

  /** Waits on an EMT until `settled()` (poke it then). Meanwhile it goes to every meeting. @returns what came of these. */
  async serveWhile(emt: Emt, settled: () => boolean): Promise<Outcome> {
    let outcome: Outcome = 'VINF_SUCCESS';
    while (!settled()) {
      if (this.expects(emt)) outcome = combine(outcome, await this.attend(emt));
      else await emt.sleep();
    }
    return outcome;
  }

  /**
   * Has all EMTs meet and run `callback`.
   *
   * @returns what the callbacks have come to together: see {@link combine}.
   * @throws SsmError the first failure of a callback; VERR_IPE_UNEXPECTED_INFO_STATUS for informational statuses that
   * are not for the execution manager; VERR_INVALID_PARAMETER for types and flags that do not go together; VERR_DEADLOCK
   * inside an ALL_AT_ONCE callback and more than three deep; VERR_INVALID_VM_HANDLE when the VM is gone.
   */
  async call(callback: RendezvousCallback, options: RendezvousOptions): Promise<InfoStatus> {
    const { type, stopOnError = false, priority = false } = options;
    if (rendezvousTypes[type] === undefined) throw new SsmError('VERR_INVALID_PARAMETER', `there is no type ${type}`);
    if (stopOnError && (type === 'ALL_AT_ONCE' || type === 'ONCE')) {
      throw new SsmError('VERR_INVALID_PARAMETER', `nobody is left to stop on an error of ${type}`);
    }
    const here = this.#current.context;
    if (here === undefined) {
      const requests = this.#requests();
      const again = (context: EmtContext) => context.run(() => this.call(callback, options));
      return priority ? requests.priorityCallWait(destinations.ANY, again) : requests.callWait(destinations.ANY, again);
    }
    const { emt } = here;
    const outer = this.#meetings.at(-1);
    const inside = outer?.isInCallback(emt) === true;
    if (inside && outer.type === 'ALL_AT_ONCE') {
      throw new SsmError('VERR_DEADLOCK', 'a rendezvous within one of all EMTs at once');
    }
    if (this.#emts.length === 1 || this.#alone) {
      return conclude(checkInfo(await emt.perform('the callback of a rendezvous', callback)));
    }
    let served: Outcome = 'VINF_SUCCESS';
    // Somebody else who waited, too, may be quicker: hence again and again.
    while (!inside && this.#meetings.length > 0) {
      served = combine(served, await this.serveWhile(emt, () => this.#meetings.length === 0));
    }
    if (this.#meetings.length > NESTED_MAX) {
      throw new SsmError('VERR_DEADLOCK', `a rendezvous more than ${NESTED_MAX} deep within others`);
    }
    const meeting = new Meeting(type, this.#emts.length, stopOnError, callback);
    this.#meetings.push(meeting);
    for (const other of this.#emts) if (other !== emt) other.poke();
    await this.#join(meeting, emt);
    return conclude(combine(meeting.outcome, served));
  }

  async #join(meeting: Meeting, emt: Emt): Promise<void> {
    meeting.arrive(emt);
    this.#pokeAll();
    await this.serveWhile(emt, () => meeting.isTurnOf(emt) || meeting.over);
    if (meeting.isTurnOf(emt)) {
      await meeting.run(emt);
      if (meeting.over) this.#meetings.splice(this.#meetings.indexOf(meeting), 1);
      this.#pokeAll();
    }
    await this.serveWhile(emt, () => meeting.over);
  }

  #pokeAll(): void {
    for (const emt of this.#emts) emt.poke();
  }
}
