import { SsmError } from '@ssmkit/runtime';
import { splitArguments } from '../iprt/argv.js';
import { compareNames, sortedIndex } from '../iprt/name-order.js';
import { matchesPatterns } from '../iprt/simple-pattern.js';
import { type InfoOutput, InfoText } from './output.js';

/** Where a handler runs: on any emulation task, on each of them, or on that of one CPU. */
export type InfoDestination = 'any' | 'all' | number;

/** Flags of an info item (RUN_ON_EMT and ALL_EMTS in `DBGFR3Info.cpp`). */
export const infoFlags = { runOnEmt: 1, allEmts: 2 } as const;

const FLAGS_MASK = infoFlags.runOnEmt | infoFlags.allEmts;

/** Who owns an info item. Internal ones belong to the VM, external ones to whoever registers them. */
export type InfoOwnerKind = 'device' | 'driver' | 'usb' | 'internal' | 'external';

/**
 * Writes an info item. The owner is the device, driver or USB device instance, for internal items the VM, for external
 * ones what was registered with them. The text of the arguments is empty where none are given.
 */
export type InfoHandler<O> = (owner: O, output: InfoOutput, args: string) => void | Promise<void>;

/** The same with the arguments split as a shell does. */
export type InfoArgvHandler<O> = (owner: O, output: InfoOutput, argv: readonly string[]) => void | Promise<void>;

/** What is registered; one of the two kinds of handlers. */
export type InfoItem<O> = {
  readonly name: string;
  /** What the item shows and which arguments it takes. */
  readonly description: string;
  /** Sum of {@link infoFlags}; default 0. */
  readonly flags?: number;
} & ({ readonly handler: InfoHandler<O> } | { readonly argvHandler: InfoArgvHandler<O> });

/** An info item as a list shows it. */
export interface InfoEntry {
  readonly name: string;
  readonly description: string;
  readonly kind: InfoOwnerKind;
  readonly flags: number;
}

/** What the info items need of a VM. */
export interface InfoHost {
  /** The VM: the owner of internal items. Nothing once it is destroyed. */
  readonly vm?: () => object | undefined;
  /** Runs something on emulation tasks and waits for it; by default it is just called. */
  readonly runOn?: (destination: InfoDestination, call: () => Promise<void>) => Promise<void>;
}

/** Options of a query. */
export interface InfoQuery {
  /** Arguments as one text. */
  readonly args?: string;
  /** The CPU on whose emulation task the handler is to run, or any; by default no task is troubled without need. */
  readonly cpu?: number | 'any';
}

/** Options of asking several. */
export interface InfoQueryAll {
  /** Simple patterns between `|` of items that are left out all the same. */
  readonly except?: string;
}

interface Registered extends InfoEntry {
  readonly owner: unknown;
  readonly call: (owner: never, output: InfoOutput, args: string) => void | Promise<void>;
}

/** The info items of a VM, by name. */
export class InfoRegistry {
  readonly #items: Registered[] = [];
  readonly #host: InfoHost;

  constructor(host: InfoHost = {}) {
    this.#host = host;
  }

  /** All items in the order of their names' bytes; those of one name in the order of registration. */
  get items(): readonly InfoEntry[] {
    return this.#items.map(({ name, description, kind, flags }) => ({ name, description, kind, flags }));
  }

  /** @throws SsmError VERR_INVALID_PARAMETER for an empty name, VERR_INVALID_FLAGS, VERR_INVALID_POINTER without owner or handler. */
  registerDevice<O extends object>(device: O, item: InfoItem<O>): void {
    this.#register('device', device, item);
  }

  /** @throws as {@link registerDevice}. */
  registerDriver<O extends object>(driver: O, item: InfoItem<O>): void {
    this.#register('driver', driver, item);
  }

  /** @throws as {@link registerDevice}. */
  registerUsb<O extends object>(usb: O, item: InfoItem<O>): void {
    this.#register('usb', usb, item);
  }

  /** An item of the VM itself, whose handlers get the VM. @throws as {@link registerDevice}. */
  registerInternal<V extends object = object>(item: InfoItem<V | undefined>): void {
    this.#register('internal', undefined, item);
  }

  /** An item of the program around the VM. @throws as {@link registerDevice}. */
  registerExternal<O>(owner: O, item: InfoItem<O>): void {
    this.#register('external', owner, item);
  }

  /**
   * Removes an owner's item of a name, or all of its items. Internal and external items have no owner to tell.
   *
   * @throws SsmError VERR_FILE_NOT_FOUND where there is no such item, VERR_INVALID_POINTER without an owner.
   */
  deregister(kind: 'internal' | 'external', owner: undefined, name?: string): void;
  deregister(kind: 'device' | 'driver' | 'usb', owner: object, name?: string): void;
  deregister(kind: InfoOwnerKind, owner: object | undefined, name?: string): void {
    const isOwned = kind !== 'internal' && kind !== 'external';
    if (isOwned && owner === undefined) throw new SsmError('VERR_INVALID_POINTER', `a ${kind}'s item needs its owner`);
    const isMeant = (item: Registered) => item.kind === kind && (!isOwned || item.owner === owner);
    if (name === undefined) {
      const kept = this.#items.filter((item) => !isMeant(item));
      this.#items.splice(0, this.#items.length, ...kept);
      return;
    }
    const at = this.#items.findIndex((item) => isMeant(item) && item.name === name);
    if (at < 0) throw new SsmError('VERR_FILE_NOT_FOUND', `no info item '${name}' of this ${kind}`);
    this.#items.splice(at, 1);
  }

  /**
   * Lets the handler of a name write. Where several are registered for it, it is the first one's turn.
   *
   * @throws SsmError VERR_FILE_NOT_FOUND for a name that nobody registered, VERR_INVALID_VM_HANDLE for an internal item
   * of a VM that is gone; and what the handler throws.
   */
  async query(name: string, output: InfoOutput, { args = '', cpu }: InfoQuery = {}): Promise<void> {
    // Looked up where it is called: on the task, if one is asked for.
    const run = () => this.#run(this.#find(name), output, args, cpu !== undefined);
    if (cpu === undefined) await run();
    else await this.#runOn(cpu, run);
  }

  /** The text that {@link query} writes. */
  async text(name: string, options?: InfoQuery): Promise<string> {
    const output = new InfoText();
    await this.query(name, output, options);
    return output.text;
  }

  /** The text that {@link query} writes, as part of a JSON value, with the handler's data where it gives any. */
  async json(name: string, options?: InfoQuery): Promise<{ name: string; text: string; data?: unknown }> {
    const output = new InfoText();
    await this.query(name, output, options);
    const data = output.lastData;
    return { name, text: output.text, ...(data !== undefined && { data }) };
  }

  /**
   * Lets every handler write whose name matches, without arguments, each under a line with its name.
   *
   * @param names simple patterns between `|`.
   * @returns names of the items that were asked, in order.
   * @throws as {@link query}; the handlers after one that fails are not called.
   */
  async queryAll(names: string, output: InfoOutput, { except = '' }: InfoQueryAll = {}): Promise<string[]> {
    const items = this.#items.filter(({ name }) => matchesPatterns(names, name) && !matchesPatterns(except, name));
    for (const item of items) {
      output.line(`== ${item.name} ==`);
      await this.#run(item, output, '', false);
    }
    return items.map(({ name }) => name);
  }

  #register<O>(kind: InfoOwnerKind, owner: unknown, item: InfoItem<O>): void {
    const { name, description, flags = 0 } = item;
    if (name === '') throw new SsmError('VERR_INVALID_PARAMETER', 'an info item needs a name');
    if ((flags & ~FLAGS_MASK) !== 0) {
      throw new SsmError('VERR_INVALID_FLAGS', `info item '${name}': no such flags: 0x${(flags >>> 0).toString(16)}`);
    }
    const call =
      'argvHandler' in item
        ? (who: O, output: InfoOutput, args: string) => item.argvHandler(who, output, splitArguments(args))
        : item.handler;
    if (typeof call !== 'function') throw new SsmError('VERR_INVALID_POINTER', `info item '${name}' has no handler`);
    if (kind !== 'internal' && kind !== 'external' && (owner === undefined || owner === null)) {
      throw new SsmError('VERR_INVALID_POINTER', `info item '${name}' of a ${kind} needs its owner`);
    }
    const at = sortedIndex(this.#items, (other) => compareNames(other.name, name) > 0);
    this.#items.splice(at, 0, { name, description, kind, flags, owner, call: call as Registered['call'] });
  }

  #find(name: string): Registered {
    const item = this.#items.find((other) => other.name === name);
    if (item === undefined) throw new SsmError('VERR_FILE_NOT_FOUND', `no info item '${name}'`);
    return item;
  }

  async #run(item: Registered, output: InfoOutput, args: string, isOnTask: boolean): Promise<void> {
    const owner = item.kind === 'internal' ? this.#vm() : item.owner;
    const call = async () => {
      // It may have gone while its turn on a task was waited for.
      if (!this.#items.includes(item))
        throw new SsmError('VERR_FILE_NOT_FOUND', `the info item '${item.name}' is gone`);
      await item.call(owner as never, output, args);
    };
    if (item.flags === 0 || isOnTask) await call();
    else await this.#runOn(item.flags & infoFlags.allEmts ? 'all' : 'any', call);
  }

  #vm(): object | undefined {
    if (this.#host.vm === undefined) return undefined;
    const vm = this.#host.vm();
    if (vm === undefined) throw new SsmError('VERR_INVALID_VM_HANDLE', 'the VM is gone');
    return vm;
  }

  #runOn(destination: InfoDestination, call: () => Promise<void>): Promise<void> {
    return this.#host.runOn === undefined ? call() : this.#host.runOn(destination, call);
  }
}
