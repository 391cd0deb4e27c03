import type { GetStream, PutStream, StructView } from '@ssmkit/runtime';
import { Cpu } from '../structs/classes/cpu.js';
import { CpuView, getCpu, putCpu } from '../structs/classes/cpu.ssm.js';
import { CpuPackedPairs } from '../structs/classes/cpu-packed-pairs.js';
import { CpuPackedPairsView, getCpuPackedPairs, putCpuPackedPairs } from '../structs/classes/cpu-packed-pairs.ssm.js';
import { CpuPairs } from '../structs/classes/cpu-pairs.js';
import { CpuPairsView, getCpuPairs, putCpuPairs } from '../structs/classes/cpu-pairs.ssm.js';
import { NetworkPairs } from '../structs/classes/network-pairs.js';
import { getNetworkPairs, NetworkPairsView, putNetworkPairs } from '../structs/classes/network-pairs.ssm.js';
import { TimerPairs } from '../structs/classes/timer-pairs.js';
import { getTimerPairs, putTimerPairs, TimerPairsView } from '../structs/classes/timer-pairs.ssm.js';

/** Functions that put and get objects of a class. */
interface Functions<T> {
  readonly put: (stream: PutStream, object: T, flags: number) => void;
  readonly get: (stream: GetStream, object: T, flags: number) => void;
}

/** The class of views, with its functions. */
interface Views<T extends object, V extends StructView<T>> extends Functions<V> {
  new (bytes?: Uint8Array): V;
  from(plain: T): V;
}

/** A structure of which objects and views are measured. */
export interface ViewSubject<T extends object = object, V extends StructView<T> = StructView<T>> {
  readonly name: string;
  readonly create: new () => T;
  readonly plain: Functions<T>;
  readonly view: Views<T, V>;
  /** The property that is read and written. */
  readonly scalar: string;
  /** The most that putting a view may take, relative to an object. */
  readonly target?: number;
}

const subject = <T extends object, V extends StructView<T>>(value: ViewSubject<T, V>): ViewSubject =>
  value as unknown as ViewSubject;

/** The most that putting a view of the CPU context may take. */
const target = 0.3;

export const viewSubjects: readonly ViewSubject[] = [
  subject({
    name: 'cpu, bigint',
    create: Cpu,
    plain: { put: putCpu, get: getCpu },
    view: CpuView,
    scalar: 'rip',
    target,
  }),
  subject({
    name: 'cpu, pairs',
    create: CpuPairs,
    plain: { put: putCpuPairs, get: getCpuPairs },
    view: CpuPairsView,
    scalar: 'rip',
    target,
  }),
  subject({
    name: 'cpu without gaps, pairs',
    create: CpuPackedPairs,
    plain: { put: putCpuPackedPairs, get: getCpuPackedPairs },
    view: CpuPackedPairsView,
    scalar: 'rip',
    target,
  }),
  subject({
    name: 'network, pairs',
    create: NetworkPairs,
    plain: { put: putNetworkPairs, get: getNetworkPairs },
    view: NetworkPairsView,
    scalar: 'eecd',
  }),
  subject({
    name: 'timer, pairs',
    create: TimerPairs,
    plain: { put: putTimerPairs, get: getTimerPairs },
    view: TimerPairsView,
    scalar: 'counter',
  }),
];
