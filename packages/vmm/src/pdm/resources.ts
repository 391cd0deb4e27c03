import { failureOf } from '../emt/outcome.js';

/** What instances have of the VM, and what has to be given back when they go. */
export const resourceKinds = [
  'queue',
  'task',
  'timer',
  'unit',
  'thread',
  'info',
  'critSect',
  'cacheUser',
  'template',
  'poller',
  'filter',
  'hub',
  'chip',
  'guest',
  'statistics',
] as const;

export type ResourceKind = (typeof resourceKinds)[number];

/**
 * In which order the resources of an instance go (`VirtualBox 7.2 PDMR3Driver.cpp, pdmR3DrvDestroyChain`; `PDMR3.cpp,
 * PDMR3Term`). What is not listed there, or is our own, comes last.
 */
const firstOf: Readonly<Record<'driver' | 'device' | 'usb', readonly ResourceKind[]>> = {
  driver: ['queue', 'timer', 'unit', 'thread', 'info', 'critSect', 'cacheUser', 'template'],
  device: ['timer', 'unit', 'critSect', 'thread', 'queue', 'template', 'info'],
  usb: ['timer', 'unit', 'critSect', 'thread', 'queue', 'template', 'info'],
};

type Release = () => void | Promise<void>;

/** The resources of an instance. */
export class Resources {
  readonly #byKind = new Map<ResourceKind, Set<Release>>();

  /** Notes how a resource is given back. @returns what forgets it, for one that is given back before. */
  add(kind: ResourceKind, release: Release): () => void {
    let releases = this.#byKind.get(kind);
    if (releases === undefined) {
      releases = new Set();
      this.#byKind.set(kind, releases);
    }
    releases.add(release);
    return () => releases.delete(release);
  }

  /** Notes what gives back all of a kind at once, if it is not noted yet. */
  addOnce(kind: ResourceKind, release: Release): void {
    if (!this.#byKind.has(kind)) this.add(kind, release);
  }

  /** Gives everything back. What fails is told, and the rest goes on. */
  async release(owner: keyof typeof firstOf, failed: (kind: ResourceKind, message: string) => void): Promise<void> {
    const first = firstOf[owner];
    for (const kind of [...first, ...resourceKinds.filter((other) => !first.includes(other))]) {
      const releases = this.#byKind.get(kind);
      this.#byKind.delete(kind);
      for (const release of releases ?? []) {
        try {
          await release();
        } catch (error) {
          failed(kind, failureOf(`releasing a ${kind}`, error).message);
        }
      }
    }
  }
}
