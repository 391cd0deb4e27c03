/*
 * EMT: emulation tasks, request queues, rendezvous
 *
 * Everything that touches the state of a VM happens on one of its EMTs, one per virtual CPU. In VirtualBox these are
 * threads; here each is an asynchronous loop in the one event loop there is. What that leaves of VirtualBox's design, and
 * what it changes:
 *
 *     anybody ──request──▶ queues (one shared, one per CPU; priority before normal) ──▶ EMT(n) runs the function
 *     EMT(n) ──rendezvous──▶ every EMT comes, and runs a callback in a given order
 *     EMT(n), nothing to do ──▶ a slice of the guest, if it is to run, else wait to be poked
 *
 * Nothing runs at the same time as anything else, but at every await somebody else may have their turn. An EMT that awaits
 * in a callback is busy: it does nothing else until the callback has settled. So what VirtualBox protects by having it
 * done on an EMT, or in a rendezvous, is protected here, too, and locks that are never held across an await are not needed.
 *
 * To be on an EMT matters: a request to the EMT one is on must be called, not queued, since it would wait for itself.
 * Threads know which they are. Here the EMT sets `Emts.current` while a callback of it runs up to its first await; what
 * runs later passes through the `EmtContext` that every callback gets (`context.run(…)`).
 *
 * An EMT that waits for a request of its own, for its turn or for the lock of a rendezvous still goes to every rendezvous:
 * else two EMTs could wait for each other for ever.
 */
export * from './context.js';
export * from './emt.js';
export * from './emts.js';
export * from './executor.js';
export * from './host-clock.js';
export { type RendezvousCallback, type RendezvousType, rendezvousTypes } from './meeting.js';
export type { Answer, InfoStatus, Outcome } from './outcome.js';
export { Rendezvous, type RendezvousOptions } from './rendezvous.js';
export * from './request.js';
export { INDEFINITE_WAIT, type RequestStatistics, Requests } from './requests.js';
