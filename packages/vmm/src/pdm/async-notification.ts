import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import { destinations, type EmtContext, NS_PER_MS } from '../emt/index.js';
import type { VmState } from '../vm/index.js';
import type { Vm } from '../vm/vm.js';
import type { Owner } from './owner.js';

/*
 * Notifications that take their time (`VirtualBox 7.2 PDMR3.cpp, pdmR3NotifyAsync…`)
 *
 * A disk that has writes under way when the machine is suspended cannot wait for them inside of its callback: EMT(0) would
 * do nothing else. It leaves a function instead, which is asked, round after round, whether it is done:
 *
 *     suspend() {
 *       if (this.writes > 0) this.instance.setAsyncNotification(() => this.writes === 0);
 *     }
 *     written() {
 *       if (--this.writes === 0) this.instance.asyncNotificationCompleted();
 *     }
 *
 * Between two rounds EMT(0) works on priority requests, since what is waited for may need one.
 */

/** States in which a notification may take its time. */
const states: readonly VmState[] = [
  'SUSPENDING',
  'SUSPENDING_LS',
  'SUSPENDING_EXT_LS',
  'RESETTING',
  'RESETTING_LS',
  'POWERING_OFF',
  'POWERING_OFF_LS',
];

/**
 * {@link OwnerHelpers.setAsyncNotification}
 *
 * @throws SsmError VERR_INVALID_PARAMETER without a function; VERR_WRONG_ORDER when there is one already, or no
 * notification is under way; VERR_INVALID_STATE. The last of these that applies.
 */
export function setAsyncNotification(owner: Owner, done: () => boolean): void {
  const { state } = owner.vm;
  const problems: readonly (readonly [boolean, SsmFailure, string])[] = [
    [typeof done !== 'function', 'VERR_INVALID_PARAMETER', 'gives no function'],
    [
      owner.asyncDone !== undefined || !owner.isNotified,
      'VERR_WRONG_ORDER',
      'is not in a notification, or not any more',
    ],
    [!states.includes(state), 'VERR_INVALID_STATE', `asks for time while the VM is ${state}`],
  ];
  const problem = problems.findLast(([applies]) => applies);
  if (problem !== undefined) throw new SsmError(problem[1], `${owner.title} ${problem[2]}`);
  owner.asyncDone = done;
}

/** Where EMT(0) waits between two rounds. */
export class AsyncWait {
  #isWoken = false;
  #wake: (() => void) | undefined;

  /** Somebody is done. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Waits to be woken, for a request of priority, or until a time has passed. */
  async wait(vm: Vm, context: EmtContext, delay: bigint): Promise<void> {
    const { emts, timers } = vm.uvm;
    const { emt } = context;
    const hasRequests = () => [destinations.ANY, emt.id].some((where) => emts.requests.pending(where, true));
    this.#wake = () => emt.poke();
    const cancel = timers.after(delay, () => this.wake());
    await emts.rendezvous.serveWhile(emt, () => this.#isWoken || hasRequests());
    cancel();
    this.#wake = undefined;
    this.#isWoken = false;
    for (const where of [destinations.ANY, emt.id]) {
      while (emts.requests.pending(where, true)) await emts.requests.process(emt, where, true);
    }
  }
}

/** Nanoseconds after which the log tells who is waited for, the first time and at most. */
const LOG_FIRST = 1000n * NS_PER_MS;
const LOG_MAX = 60_000n * NS_PER_MS;

/** Does round after round until nobody is left. @param round @returns who is. */
export async function asyncRounds(
  vm: Vm,
  context: EmtContext,
  what: string,
  wait: AsyncWait,
  round: () => Promise<readonly Owner[]>,
): Promise<void> {
  const { log, timers } = vm.uvm;
  const began = timers.now();
  let interval = LOG_FIRST;
  let logAt = began + interval;
  for (;;) {
    const pending = await round();
    const now = timers.now();
    if (pending.length === 0) {
      if (now - began >= LOG_FIRST) log(`PDM: ${what} took ${(now - began) / NS_PER_MS} ms`);
      return;
    }
    if (now >= logAt) {
      const who = pending.map(({ kind, title }) => `${kind} ${title}`).join(', ');
      log(`PDM: ${what} after ${(now - began) / NS_PER_MS} ms waits for ${pending.length}: ${who}`);
      interval = interval * 2n < LOG_MAX ? interval * 2n : LOG_MAX;
      logAt = now + interval;
    }
    await wait.wait(vm, context, logAt - now);
  }
}
