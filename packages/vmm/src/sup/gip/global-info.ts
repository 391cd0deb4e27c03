import { SsmError } from '@ssmkit/runtime';
import { defaultHost, descriptorFor, writeImage } from '@ssmkit/schema';
import type { SupportDriver } from '../driver.js';
import { Mapping, protections } from '../memory/mapping.js';
import { PAGE_SIZE } from '../memory/physical.js';
import type { Session } from '../session.js';
import {
  CPU_SET_BITS,
  type GipCpuState,
  type GipMode,
  gipCpuStates,
  gipModes,
  NO_CPU,
  SupGipCpu,
  SupGlobalInfoPage,
} from './layout.js';
import { gipCpuOffset, gipOffset } from './reader.js';

const NS_PER_S = 1_000_000_000n;
const U32_MAX = 0xffff_ffff;
/** Intervals that a CPU's entry remembers. */
const HISTORY_LENGTH = 8;
/*
 * How the page is kept up to date: sup.h says what its members are, and that the interval of a CPU is the average of the
 * last 2, 4 or 8 updates with a little slack. Which of these, how little, and when a rate is believed, is decided here.
 */

/** Updates that are averaged: the fewest that cover this time, or the most there are. */
const AVERAGED = [2, 4, 8] as const;
const AVERAGED_MS = 40;
/** The slack is this part of the interval, as a shift. */
const SLACK_SHIFT = 8;
/** The rate of updates is measured over so many of them. */
const MEASURED_UPDATES = 1000;
/** A rate that is measured counts when it is at most so many times more, or less, than it should be. */
const RATE_FACTOR = 2;

/** A CPU of the host. */
export interface GipCpuOptions {
  /** 0 to 255; its number in the table where not given. */
  readonly apicId?: number;
  /** ONLINE where not given. */
  readonly state?: GipCpuState;
  /** Ticks of its TSC per second; 1 GHz where not given. */
  readonly hz?: bigint;
  /** By how many ticks its TSC is ahead. */
  readonly tscDelta?: bigint;
  /** Its TSC at a time; by default it follows from `hz` and `tscDelta`. */
  readonly tsc?: (nanoTs: bigint) => bigint;
}

export interface GlobalInfoOptions {
  /** Updates per second, 1 to 10000; 100 where not given. */
  readonly updateHz?: number;
  /** SYNC_TSC where not given. */
  readonly mode?: GipMode;
  /** 1 to 256; one CPU where not given. */
  readonly cpus?: readonly GipCpuOptions[];
}

interface Cpu {
  readonly tsc: (nanoTs: bigint) => bigint;
}

/** The driver's side of the global information page: makes it, and keeps it up to date while a session has it mapped. */
export class GlobalInfo {
  readonly #driver: SupportDriver;
  readonly #cpus: readonly Cpu[];
  readonly #mode: GipMode;
  /** Updates per second, as configured. */
  readonly #updateHz: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #physical: readonly bigint[];
  readonly #kernel: Mapping;
  readonly #users = new Map<Session, Mapping>();
  #stop: (() => void) | undefined;
  #updates = 0;

  constructor(driver: SupportDriver, options: GlobalInfoOptions = {}) {
    const { updateHz = 100, mode = 'SYNC_TSC', cpus = [{}] } = options;
    check(updateHz, cpus);
    this.#driver = driver;
    this.#mode = mode;
    this.#updateHz = updateHz;
    this.#cpus = cpus.map(({ hz = NS_PER_S, tscDelta = 0n, tsc }) => ({
      tsc: tsc ?? ((nanoTs) => (nanoTs * hz) / NS_PER_S + tscDelta),
    }));
    const pages = Math.ceil(gipCpuOffset(cpus.length) / PAGE_SIZE);
    this.#physical = driver.physical.takeContiguous(pages);
    this.#bytes = new Uint8Array(pages * PAGE_SIZE);
    this.#view = new DataView(this.#bytes.buffer);
    this.#kernel = new Mapping(driver.kernelSpace, this.#bytes);
    writeHead(this.#bytes, pages, updateHz, mode, cpus);
    for (const [index, options] of cpus.entries()) this.#initCpu(index, options);
  }

  /** Where the page is (`SUPR3GipGetPhys`). */
  get physical(): bigint {
    return this.#physical[0]!;
  }

  /** The page as the kernel sees it; it can be written, for tests of what readers make of a bad page. */
  get kernel(): Mapping {
    return this.#kernel;
  }

  /** The page as its readers see it while somebody has mapped it, else nothing (`SUPGetGIP`). */
  get page(): Uint8Array | undefined {
    return [...this.#users.values()][0]?.view();
  }

  /** Maps the page into a session, read-only, once however often it is asked for. With the first session the updates begin. */
  map(session: Session): { readonly r3: Mapping; readonly physical: bigint } {
    session.mustBeOpen();
    let r3 = this.#users.get(session);
    if (r3 === undefined) {
      r3 = new Mapping(this.#driver.userSpace, this.#bytes, protections.READ);
      this.#users.set(session, r3);
      if (this.#users.size === 1) this.#start();
    }
    return { r3, physical: this.physical };
  }

  /** Takes the page from a session. With the last one the updates end. */
  unmap(session: Session): void {
    this.#users.get(session)?.unmap();
    this.#users.delete(session);
    if (this.#users.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** For the driver. */
  sessionClosed(session: Session): void {
    this.unmap(session);
  }

  /** Brings the page up to date. A timer does it while the page is mapped. */
  update(): void {
    const now = this.#driver.timers.now();
    this.#updates++;
    if (this.#updates % MEASURED_UPDATES === 0) this.#measureHz(now);
    const cpus = this.#mode === 'ASYNC_TSC' ? this.#cpus.length : 1;
    for (let index = 0; index < cpus; index++) {
      if (this.#state(index) === gipCpuStates.ONLINE) {
        this.#transaction(index, () => this.#updateCpu(index, now));
      }
    }
  }

  /** A CPU of the host comes or goes. @throws SsmError VERR_INVALID_CPU_ID. */
  setCpuState(index: number, state: GipCpuState): void {
    if (this.#cpus[index] === undefined) throw new SsmError('VERR_INVALID_CPU_ID', `there is no CPU ${index}`);
    const before = this.#state(index);
    this.#transaction(index, () => this.#put(index, 'state', gipCpuStates[state]));
    for (const [set, count, states] of [
      ['onlineCpuSet', 'onlineCpus', [gipCpuStates.ONLINE]],
      ['presentCpuSet', 'presentCpus', [gipCpuStates.ONLINE, gipCpuStates.OFFLINE]],
    ] as const) {
      const [was, is] = [before, gipCpuStates[state]].map((value) => states.some((one) => one === value));
      if (was === is) continue;
      const at = gipOffset.page(set) + (index >> 3);
      this.#view.setUint8(at, this.#view.getUint8(at) ^ (1 << (index & 7)));
      const counter = gipOffset.page(count);
      this.#view.setUint16(counter, this.#view.getUint16(counter, true) + (is ? 1 : -1), true);
    }
  }

  /** Begins from now: what happened while nobody looked is no interval. */
  #start(): void {
    const now = this.#driver.timers.now();
    this.#updates = 0;
    this.#view.setBigUint64(gipOffset.page('nanoTsLastUpdateHz'), now, true);
    for (const [index, { tsc }] of this.#cpus.entries()) {
      this.#transaction(index, () => {
        this.#put64(index, 'nanoTs', now);
        this.#put64(index, 'tsc', tsc(now));
      });
    }
    const tick = () => {
      this.#stop = this.#driver.timers.after(BigInt(this.#intervalNs), () => {
        this.update();
        tick();
      });
    };
    tick();
  }

  #initCpu(index: number, { apicId = index, state = 'ONLINE', hz = NS_PER_S }: GipCpuOptions): void {
    const entry = new SupGipCpu();
    // Until it is known better, as if all intervals so far had been exact.
    entry.updateIntervalTsc = Number((hz * BigInt(this.#intervalNs)) / NS_PER_S);
    entry.tscHistory.fill(entry.updateIntervalTsc);
    entry.prevUpdateIntervalNs = this.#intervalNs;
    Object.assign(entry, { cpuHz: hz, state: gipCpuStates[state], cpuId: index, cpuSetIndex: index, apicId });
    writeImage(descriptorFor(SupGipCpu), defaultHost, entry, this.#bytes, gipCpuOffset(index));
  }

  #updateCpu(index: number, now: bigint): void {
    const tsc = this.#cpus[index]!.tsc(now);
    const delta = tsc - this.#get64(index, 'tsc');
    this.#put(index, 'prevUpdateIntervalNs', Number(BigInt.asUintN(32, now - this.#get64(index, 'nanoTs'))));
    this.#put64(index, 'nanoTs', now);
    this.#put64(index, 'tsc', tsc);
    const head = this.#get(index, 'tscHistoryHead');
    let ticks = Number(delta);
    if (delta < 0n || delta >> 32n !== 0n) {
      // No interval of a TSC that works: the one before is the better guess.
      ticks = this.#history(index, head);
      this.#put(index, 'errors', this.#get(index, 'errors') + 1);
    }
    const next = (head + 1) % HISTORY_LENGTH;
    this.#put(index, 'tscHistoryHead', next);
    this.#view.setUint32(gipCpuOffset(index) + gipOffset.cpu('tscHistory') + 4 * next, ticks, true);

    const hz = this.#view.getUint32(gipOffset.page('updateHz'), true);
    const count = AVERAGED.find((updates) => updates * 1000 >= AVERAGED_MS * hz) ?? HISTORY_LENGTH;
    const average = Math.floor(sum(count, (i) => this.#history(index, (next - i) & (HISTORY_LENGTH - 1))) / count);
    this.#put(index, 'updateIntervalTsc', Math.min(average + (average >>> SLACK_SHIFT), U32_MAX));
    this.#put64(index, 'cpuHz', (BigInt(average) * NS_PER_S) / BigInt(this.#intervalNs));
  }

  #measureHz(now: bigint): void {
    const at = gipOffset.page('nanoTsLastUpdateHz');
    const passed = now - this.#view.getBigUint64(at, true);
    this.#view.setBigUint64(at, now, true);
    if (passed <= 0n) return;
    const hz = Number((NS_PER_S * BigInt(MEASURED_UPDATES)) / passed);
    if (hz * RATE_FACTOR < this.#updateHz || hz > this.#updateHz * RATE_FACTOR) return;
    this.#view.setUint32(gipOffset.page('updateHz'), hz, true);
    this.#view.setUint32(gipOffset.page('updateIntervalNs'), Math.floor(Number(NS_PER_S) / hz), true);
  }

  get #intervalNs(): number {
    return this.#view.getUint32(gipOffset.page('updateIntervalNs'), true);
  }

  /** Lets readers know that what is there is not to be trusted, while `change` runs. */
  #transaction(index: number, change: () => void): void {
    const number = new Int32Array(this.#bytes.buffer, gipCpuOffset(index), 1);
    Atomics.add(number, 0, 1);
    try {
      change();
    } finally {
      Atomics.add(number, 0, 1);
    }
  }

  #state(index: number): number {
    return this.#get(index, 'state');
  }

  #history(index: number, i: number): number {
    return this.#view.getUint32(gipCpuOffset(index) + gipOffset.cpu('tscHistory') + 4 * i, true);
  }

  #get(index: number, name: keyof SupGipCpu): number {
    return this.#view.getUint32(gipCpuOffset(index) + gipOffset.cpu(name), true);
  }

  #put(index: number, name: keyof SupGipCpu, value: number): void {
    this.#view.setUint32(gipCpuOffset(index) + gipOffset.cpu(name), value, true);
  }

  #get64(index: number, name: keyof SupGipCpu): bigint {
    return this.#view.getBigUint64(gipCpuOffset(index) + gipOffset.cpu(name), true);
  }

  #put64(index: number, name: keyof SupGipCpu, value: bigint): void {
    this.#view.setBigUint64(gipCpuOffset(index) + gipOffset.cpu(name), value, true);
  }
}

function check(updateHz: number, cpus: readonly GipCpuOptions[]): void {
  const isHz = Number.isInteger(updateHz) && updateHz >= 1 && updateHz <= 10_000;
  if (!isHz || cpus.length < 1 || cpus.length > CPU_SET_BITS) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${cpus.length} CPUs, ${updateHz} updates per second`);
  }
  const apicIds = cpus.map(({ apicId }, index) => apicId ?? index);
  if (new Set(apicIds).size < cpus.length || apicIds.some((id) => !Number.isInteger(id) || id < 0 || id > 255)) {
    throw new SsmError('VERR_INVALID_PARAMETER', 'every CPU has an APIC ID of its own between 0 and 255');
  }
}

function writeHead(
  bytes: Uint8Array,
  pages: number,
  updateHz: number,
  mode: GipMode,
  cpus: readonly GipCpuOptions[],
): void {
  const head = new SupGlobalInfoPage();
  Object.assign(head, { mode: gipModes[mode], cpus: cpus.length, pages, updateHz });
  head.updateIntervalNs = Math.floor(Number(NS_PER_S) / updateHz);
  head.possibleCpus = cpus.length;
  head.cpuIdMax = cpus.length - 1;
  head.cpuFromApicId.fill(NO_CPU);
  for (const [index, { apicId = index, state = 'ONLINE' }] of cpus.entries()) {
    const bit = 1 << (index & 7);
    head.possibleCpuSet[index >> 3]! |= bit;
    if (state !== 'ABSENT') head.presentCpuSet[index >> 3]! |= bit;
    if (state === 'ONLINE') head.onlineCpuSet[index >> 3]! |= bit;
    head.presentCpus += state === 'ABSENT' ? 0 : 1;
    head.onlineCpus += state === 'ONLINE' ? 1 : 0;
    head.cpuFromApicId[apicId] = index;
    head.cpuFromCpuSetIndex[index] = index;
  }
  writeImage(descriptorFor(SupGlobalInfoPage), defaultHost, head, bytes);
}

function sum(count: number, of: (i: number) => number): number {
  return Array.from({ length: count }, (_, i) => of(i)).reduce((a, b) => a + b, 0);
}
