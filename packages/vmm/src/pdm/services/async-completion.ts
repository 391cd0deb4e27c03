import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import { type Answer, hasFailed, type Outcome, settle } from '../../emt/outcome.js';

/*
 * Asynchronous completion: files that are read and written while the guest goes on (`VirtualBox 7.2 PDMAsyncCompletion.cpp`)
 *
 *     template   whose it is, and whom to tell
 *       └─ endpoint   a file
 *            └─ task   one read, write or flush ─────▶ completed(status, task user, template user)
 *
 * Tasks of an endpoint begin in the order of their making; a flush ends when all before it have. While the machine is
 * suspended none begins; those that have begun finish, and are told of.
 */

/** A file, however the host has it. */
export interface AsyncFile {
  readonly size: number;
  /** Fills all of the bytes. */
  read(offset: number, bytes: Uint8Array): Promise<void>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** Makes it longer or shorter. */
  truncate?(size: number): Promise<void>;
  close(): Promise<void>;
}

/** How files are opened. */
export interface FileAccess {
  open(path: string, options: { readonly readOnly: boolean; readonly create: boolean }): Promise<AsyncFile>;
}

/** Flags of an endpoint. */
export const endpointFlags = { READ_ONLY: 1, CREATE: 2 } as const;

/** Told of a task that has ended. A failure is given as `failure`, too. */
export type CompletionCallback<U> = (status: SsmStatus, taskUser: unknown, user: U, failure?: SsmError) => Answer;

type TaskKind = 'read' | 'write' | 'flush';

/** A read, write or flush. */
export class AsyncTask {
  readonly kind: TaskKind;
  readonly user: unknown;
  #outcome: Outcome | undefined;
  #isCancelled = false;
  #begun = false;

  constructor(kind: TaskKind, user: unknown) {
    this.kind = kind;
    this.user = user;
  }

  get isDone(): boolean {
    return this.#outcome !== undefined;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Keeps the task from beginning; it is not told of then. @throws SsmError VERR_INVALID_STATE once it has begun. */
  cancel(): void {
    if (this.#begun) throw new SsmError('VERR_INVALID_STATE', `the ${this.kind} has begun`);
    this.#isCancelled = true;
  }

  /** For the endpoint. */
  begin(): void {
    this.#begun = true;
  }

  end(outcome: Outcome): void {
    this.#outcome = outcome;
  }
}

/** Does a task. @param before those that had begun. */
type Work = (before: readonly Promise<void>[]) => Promise<void>;

export class AsyncTemplate<U = unknown> {
  readonly description: string;
  readonly user: U;
  readonly completed: CompletionCallback<U>;
  readonly #endpoints = new Set<AsyncEndpoint<U>>();
  readonly #forget: () => void;

  /** For {@link AsyncCompletion.createTemplate}. */
  constructor(description: string, completed: CompletionCallback<U>, user: U, forget: () => void) {
    this.description = description;
    this.completed = completed;
    this.user = user;
    this.#forget = forget;
  }

  get endpoints(): ReadonlySet<AsyncEndpoint<U>> {
    return this.#endpoints;
  }

  add(endpoint: AsyncEndpoint<U>): void {
    this.#endpoints.add(endpoint);
  }

  remove(endpoint: AsyncEndpoint<U>): void {
    this.#endpoints.delete(endpoint);
  }

  /** @throws SsmError VERR_PDM_ASYNC_TEMPLATE_BUSY while it has endpoints. */
  destroy(): void {
    if (this.#endpoints.size > 0) {
      throw new SsmError('VERR_PDM_ASYNC_TEMPLATE_BUSY', `'${this.description}' has ${this.#endpoints.size} endpoints`);
    }
    this.#forget();
  }

  /** The owner goes: what is under way ends untold, and files are closed. */
  async abandon(): Promise<void> {
    for (const endpoint of [...this.#endpoints]) await endpoint.abandon();
    this.#forget();
  }
}

/** A file of a template. */
export class AsyncEndpoint<U = unknown> {
  readonly path: string;
  readonly isReadOnly: boolean;
  readonly #template: AsyncTemplate<U>;
  readonly #file: AsyncFile;
  readonly #class: AsyncCompletion;
  readonly #waiting: { readonly task: AsyncTask; readonly work: Work }[] = [];
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;
  #isAbandoned = false;

  constructor(owner: AsyncCompletion, template: AsyncTemplate<U>, path: string, file: AsyncFile, isReadOnly: boolean) {
    this.#class = owner;
    this.#template = template;
    this.path = path;
    this.#file = file;
    this.isReadOnly = isReadOnly;
    template.add(this);
  }

  /** Bytes. */
  get size(): number {
    return this.#file.size;
  }

  /** Tasks that were not told of yet. */
  get pending(): number {
    return this.#waiting.length + this.#running.size;
  }

  /** Reads into the bytes. @throws SsmError VERR_INVALID_PARAMETER, VERR_INVALID_HANDLE once it is closed. */
  read(offset: number, bytes: Uint8Array, user?: unknown): AsyncTask {
    this.#check(offset);
    return this.#add('read', user, () => this.#file.read(offset, bytes));
  }

  /** @throws as {@link read}; VERR_ACCESS_DENIED for a file that is only read. */
  write(offset: number, bytes: Uint8Array, user?: unknown): AsyncTask {
    this.#check(offset);
    this.#mayWrite();
    return this.#add('write', user, () => this.#file.write(offset, bytes));
  }

  flush(user?: unknown): AsyncTask {
    this.#check(0);
    return this.#add('flush', user, async (before) => {
      await Promise.all(before);
      await this.#file.flush();
    });
  }

  /** @throws as {@link write}; VERR_NOT_SUPPORTED. */
  async setSize(size: number): Promise<void> {
    this.#check(size);
    this.#mayWrite();
    if (this.#file.truncate === undefined) {
      throw new SsmError('VERR_NOT_SUPPORTED', `'${this.path}' keeps its size`);
    }
    await this.#file.truncate(size);
  }

  /** Waits for what is under way, and closes the file. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What may not begin now would never end.
    this.#class.leave(this);
    this.begin(true);
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#template.remove(this);
    await this.#file.close();
  }

  /** Ends it without telling anybody of anything any more. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#waiting.length = 0;
    await this.close();
  }

  /** Begins what waits, if it may. For {@link AsyncCompletion}. */
  begin(always = false): void {
    while (this.#waiting.length > 0 && (always || !this.#class.isSuspended)) {
      const { task, work } = this.#waiting.shift()!;
      if (task.isCancelled) continue;
      task.begin();
      const before = [...this.#running];
      const run = settle(`${task.kind} of '${this.path}'`, () => work(before)).then((outcome) => {
        this.#running.delete(run);
        this.#end(task, outcome);
      });
      this.#running.add(run);
    }
  }

  #add(kind: TaskKind, user: unknown, work: Work): AsyncTask {
    const task = new AsyncTask(kind, user);
    this.#waiting.push({ task, work });
    this.begin();
    return task;
  }

  #end(task: AsyncTask, outcome: Outcome): void {
    task.end(outcome);
    if (this.#isAbandoned) return;
    const failure = hasFailed(outcome) ? outcome : undefined;
    const status = hasFailed(outcome) ? outcome.status : outcome;
    try {
      this.#template.completed(status, task.user, this.#template.user, failure);
    } catch (error) {
      this.#class.log(`PDM: '${this.#template.description}' fails to take a ${task.kind}: ${String(error)}`);
    }
  }

  #check(offset: number): void {
    if (this.#isClosed) throw new SsmError('VERR_INVALID_HANDLE', `'${this.path}' is closed`);
    if (!(Number.isSafeInteger(offset) && offset >= 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${offset} is no offset in '${this.path}'`);
    }
  }

  #mayWrite(): void {
    if (this.isReadOnly) throw new SsmError('VERR_ACCESS_DENIED', `'${this.path}' is only read`);
  }
}

/** The endpoint class "file" of a VM. */
export class AsyncCompletion {
  readonly log: (line: string) => void;
  readonly #files: FileAccess | undefined;
  readonly #templates = new Set<AsyncTemplate<never>>();
  readonly #endpoints = new Set<Pick<AsyncEndpoint, 'begin'>>();
  #isSuspended = true;

  constructor(files: FileAccess | undefined, log: (line: string) => void) {
    this.#files = files;
    this.log = log;
  }

  /** Whether no task begins. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  get templates(): number {
    return this.#templates.size;
  }

  get endpoints(): number {
    return this.#endpoints.size;
  }

  /** @throws SsmError VERR_INVALID_POINTER without a callback, VERR_INVALID_PARAMETER without a description. */
  createTemplate<U>(description: string, completed: CompletionCallback<U>, user: U): AsyncTemplate<U> {
    if (typeof completed !== 'function') throw new SsmError('VERR_INVALID_POINTER', 'whom is a task to be told of to?');
    if (description === '') throw new SsmError('VERR_INVALID_PARAMETER', 'a template has a description');
    const template: AsyncTemplate<U> = new AsyncTemplate(description, completed, user, () =>
      this.#templates.delete(template as unknown as AsyncTemplate<never>),
    );
    this.#templates.add(template as unknown as AsyncTemplate<never>);
    return template;
  }

  /** Opens a file. @throws SsmError VERR_NOT_SUPPORTED where there are none; what opening fails with. */
  async openEndpoint<U>(template: AsyncTemplate<U>, path: string, flags = 0): Promise<AsyncEndpoint<U>> {
    if (this.#files === undefined) throw new SsmError('VERR_NOT_SUPPORTED', `no files here: '${path}'`);
    if ((flags & ~(endpointFlags.READ_ONLY | endpointFlags.CREATE)) !== 0) {
      throw new SsmError('VERR_INVALID_FLAGS', `0x${(flags >>> 0).toString(16)} are no flags of an endpoint`);
    }
    const readOnly = (flags & endpointFlags.READ_ONLY) !== 0;
    const file = await this.#files.open(path, { readOnly, create: (flags & endpointFlags.CREATE) !== 0 });
    const endpoint = new AsyncEndpoint(this, template, path, file, readOnly);
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  /** @throws SsmError VERR_PDM_ASYNC_COMPLETION_NOT_SUSPENDED. */
  resume(): void {
    if (!this.#isSuspended) throw new SsmError('VERR_PDM_ASYNC_COMPLETION_NOT_SUSPENDED', 'tasks do begin');
    this.#isSuspended = false;
    for (const endpoint of [...this.#endpoints]) endpoint.begin();
  }

  /** @throws SsmError VERR_PDM_ASYNC_COMPLETION_ALREADY_SUSPENDED. */
  suspend(): void {
    if (this.#isSuspended) throw new SsmError('VERR_PDM_ASYNC_COMPLETION_ALREADY_SUSPENDED', 'no tasks begin');
    this.#isSuspended = true;
  }

  /** An endpoint is closed. */
  leave(endpoint: Pick<AsyncEndpoint, 'begin'>): void {
    this.#endpoints.delete(endpoint);
  }
}
