import { CurrentEmt, type EmtContext } from './context.js';
import { Emt, type EmtGuest, type EmtStep } from './emt.js';
import type { HostTimers } from './host-clock.js';
import { Rendezvous } from './rendezvous.js';
import { destinations } from './request.js';
import { Requests } from './requests.js';

/** What the EMTs of a VM look after beside rendezvous and requests. */
export interface EmtsOptions {
  cpuCount: number;
  timers: HostTimers;
  guest: EmtGuest;
  /** Whether all EMTs work on the shared queue, or only EMT(0), as it is before there is a VM. */
  servesShared(emt: Emt): boolean;
  /** What comes after the requests. */
  steps?: readonly EmtStep[];
  onInit?(emt: Emt): void;
  onTerm?(emt: Emt): void | Promise<void>;
}

/** The EMTs of a VM, their request queues and where they meet. */
export class Emts {
  readonly emts: readonly Emt[];
  readonly current = new CurrentEmt();
  readonly requests: Requests;
  readonly rendezvous: Rendezvous;

  constructor(options: EmtsOptions) {
    const { cpuCount, guest, servesShared, steps = [], timers } = options;
    const emts: Emt[] = [];
    this.emts = emts;
    this.rendezvous = new Rendezvous(emts, this.current, () => this.requests);
    this.requests = new Requests(
      cpuCount,
      {
        emts,
        current: this.current,
        serveWhile: async (emt, settled) => {
          await this.rendezvous.serveWhile(emt, settled);
        },
      },
      timers,
    );
    const duties = {
      guest,
      steps: [
        {
          name: 'rendezvous',
          pending: (emt: Emt) => this.rendezvous.expects(emt),
          serve: (emt: Emt) => this.rendezvous.attend(emt),
        },
        {
          name: 'shared requests',
          pending: (emt: Emt) => servesShared(emt) && this.requests.pending(destinations.ANY),
          serve: (emt: Emt) => this.requests.process(emt, destinations.ANY),
        },
        {
          name: 'own requests',
          pending: (emt: Emt) => this.requests.pending(emt.id),
          serve: (emt: Emt) => this.requests.process(emt, emt.id),
        },
        ...steps,
      ],
      onInit: (emt: Emt) => options.onInit?.(emt),
      onTerm: (emt: Emt) => options.onTerm?.(emt),
    };
    for (let id = 0; id < cpuCount; id++) {
      emts.push(new Emt(id, cpuCount === 1 ? 'EMT' : `EMT-${id}`, this.current, duties));
    }
  }

  /** The EMT that code runs on right now; `undefined` for code of anybody else. */
  get here(): EmtContext | undefined {
    return this.current.context;
  }

  /** Lets an EMT wait for something that nobody on an EMT settles. Meanwhile it goes to every rendezvous. */
  async waitFor<T>(context: EmtContext, promise: Promise<T>): Promise<T> {
    let done = false;
    const settled = () => {
      done = true;
      context.emt.poke();
    };
    promise.then(settled, settled);
    await this.rendezvous.serveWhile(context.emt, () => done);
    return promise;
  }

  /** There may be something new to do for everybody. */
  pokeAll(): void {
    for (const emt of this.emts) emt.poke();
  }

  /** Ends all loops, the last CPU's first, once they are through with what they do. */
  terminate(): void {
    for (const emt of [...this.emts].reverse()) emt.terminate();
  }
}
