import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { below, INPUT_MAX, mutate, type Random } from './mutate.js';
import { composedSeeds } from './seeds.js';
import { targets } from './targets.js';

/*
 * A fuzzer that knows the structure of what it mutates, and keeps what leads somewhere new
 *
 * Inputs are mutated from a corpus. What a target answers (statuses, messages, how much of what was read) is split into
 * features; an input with a feature that no other has had joins the corpus. Seeds are the small files that VirtualBox
 * wrote, and what earlier runs have found.
 */

/** An input that was worth keeping. */
interface Entry {
  readonly data: Uint8Array;
  readonly found: boolean;
}

/** What a run amounts to. */
export interface FuzzReport {
  readonly executions: number;
  readonly corpus: Readonly<Record<string, number>>;
  readonly found: number;
}

/** An input that a target fails on. */
export class FuzzFailure extends Error {
  constructor(
    readonly target: string,
    readonly input: Uint8Array,
    cause: unknown,
  ) {
    super(`${target} fails on ${Buffer.from(input).toString('base64')}: ${(cause as Error)?.stack ?? cause}`, {
      cause,
    });
  }
}

export class Fuzzer {
  readonly #corpus = new Map<string, Entry[]>();
  readonly #features = new Set<string>();
  readonly #random: Random;
  /** Told of every input before it runs. */
  onInput: ((target: string, input: Uint8Array) => void) | undefined;

  constructor(random: Random) {
    this.#random = random;
    for (const name of Object.keys(targets)) this.#corpus.set(name, []);
  }

  /** Runs one input. @returns whether it answers as none before. @throws FuzzFailure */
  async run(target: string, data: Uint8Array, found = true): Promise<boolean> {
    this.onInput?.(target, data);
    let answer: string;
    try {
      answer = await (targets[target] as (typeof targets)[string])(data);
    } catch (error) {
      throw new FuzzFailure(target, data, error);
    }
    let fresh = false;
    for (const part of answer.split(/ \|\|? /)) {
      const feature = `${target} ${part}`;
      if (this.#features.has(feature)) continue;
      this.#features.add(feature);
      fresh = true;
    }
    if (fresh) this.#corpus.get(target)?.push({ data: data.slice(), found });
    return fresh;
  }

  /** Takes the files of a folder as inputs of the targets that they are for. */
  async seed(folder: string, of: readonly string[] = Object.keys(targets), found = false): Promise<void> {
    const inputs: Uint8Array[] = [];
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { name } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (name.endsWith('.json') || name.endsWith('.md')) continue;
      inputs.push(new Uint8Array(readFileSync(join(folder, name))));
    }
    // Small ones first: of two that show the same the smaller one is kept.
    inputs.sort((a, b) => a.length - b.length);
    for (const data of inputs) {
      if (data.length > 0 && data.length <= INPUT_MAX) for (const target of of) await this.run(target, data, found);
    }
  }

  /** Takes states that have everything. */
  async seedComposed(): Promise<void> {
    for (const data of await composedSeeds()) {
      for (const target of ['state', 'stream']) await this.run(target, data.slice(0, INPUT_MAX), false);
    }
  }

  /** Takes what earlier runs have found, kept in a folder for each target. */
  async seedFound(folder: string): Promise<void> {
    for (const target of Object.keys(targets)) {
      if (existsSync(join(folder, target))) await this.seed(join(folder, target), [target], true);
    }
  }

  /** Mutates and runs a number of inputs. */
  async fuzz(executions: number): Promise<void> {
    const names = Object.keys(targets);
    for (let i = 0; i < executions; i++) {
      // Whole states are where most of the code is.
      const target = this.#random() < 0.6 ? 'state' : (names[below(this.#random, names.length)] as string);
      const entries = this.#corpus.get(target) as Entry[];
      const from = entries.length === 0 ? new Uint8Array(16) : this.#pick(entries);
      const other = entries.length === 0 ? from : this.#pick(entries);
      await this.run(target, mutate(from, other, this.#random));
    }
  }

  #pick(entries: readonly Entry[]): Uint8Array {
    // Late entries have come furthest.
    const at = Math.floor(Math.max(this.#random(), this.#random()) * entries.length);
    return (entries[at] as Entry).data;
  }

  /** Writes what was found into a folder for each target; what shows nothing that others do not goes. */
  keep(folder: string): void {
    for (const [target, entries] of this.#corpus) {
      const into = join(folder, target);
      rmSync(into, { recursive: true, force: true });
      mkdirSync(into, { recursive: true });
      for (const { data, found } of entries) {
        const name = createHash('sha256').update(data).digest('hex').slice(0, 16);
        if (found) writeFileSync(join(into, name), data);
      }
    }
  }

  report(executions: number): FuzzReport {
    const corpus = Object.fromEntries([...this.#corpus].map(([name, entries]) => [name, entries.length]));
    const found = [...this.#corpus.values()].flat().filter((entry) => entry.found).length;
    return { executions, corpus, found };
  }
}
