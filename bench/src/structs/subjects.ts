import type { GetStream, PutStream } from '@ssmkit/runtime';
import * as hand from './by-hand/index.js';
import { Cpu } from './classes/cpu.js';
import { getCpu, putCpu } from './classes/cpu.ssm.js';
import { CpuPairs } from './classes/cpu-pairs.js';
import { getCpuPairs, putCpuPairs } from './classes/cpu-pairs.ssm.js';
import { Network } from './classes/network.js';
import { getNetwork, putNetwork } from './classes/network.ssm.js';
import { NetworkArrayPairs } from './classes/network-array-pairs.js';
import { getNetworkArrayPairs, putNetworkArrayPairs } from './classes/network-array-pairs.ssm.js';
import { NetworkPairs } from './classes/network-pairs.js';
import { getNetworkPairs, putNetworkPairs } from './classes/network-pairs.ssm.js';
import { Timer } from './classes/timer.js';
import { getTimer, putTimer } from './classes/timer.ssm.js';
import { TimerPairs } from './classes/timer-pairs.js';
import { getTimerPairs, putTimerPairs } from './classes/timer-pairs.ssm.js';

type Put<T> = (stream: PutStream, object: T) => void;
type Get<T> = (stream: GetStream, object: T) => void;

/** A structure that is measured. */
export interface Subject<T extends object = object> {
  readonly name: string;
  readonly bytes: number;
  readonly wide: 'bigint' | 'pairs';
  /** What makes it one without a target against the peers: with arrays everybody copies memory. */
  readonly untargeted?: string;
  readonly create: new () => T;
  readonly generated: {
    readonly put: (s: PutStream, o: T, flags: number) => void;
    readonly get: (s: GetStream, o: T, flags: number) => void;
  };
  readonly byHand: { readonly put: Put<T>; readonly get: Get<T> };
}

const subject = <T extends object>(value: Subject<T>): Subject => value as unknown as Subject;

export const subjects: readonly Subject[] = [
  subject({
    name: 'timer',
    bytes: 66,
    wide: 'pairs',
    create: TimerPairs,
    generated: { put: putTimerPairs, get: getTimerPairs },
    byHand: { put: hand.putTimerPairs, get: hand.getTimerPairs },
  }),
  subject({
    name: 'network',
    bytes: 712,
    wide: 'pairs',
    create: NetworkPairs,
    generated: { put: putNetworkPairs, get: getNetworkPairs },
    byHand: { put: hand.putNetworkPairs, get: hand.getNetworkPairs },
  }),
  subject({
    name: 'cpu',
    bytes: 976,
    wide: 'pairs',
    create: CpuPairs,
    generated: { put: putCpuPairs, get: getCpuPairs },
    byHand: { put: hand.putCpuPairs, get: hand.getCpuPairs },
  }),
  subject({
    name: 'network-array',
    bytes: 712,
    wide: 'pairs',
    untargeted: 'registers as one array',
    create: NetworkArrayPairs,
    generated: { put: putNetworkArrayPairs, get: getNetworkArrayPairs },
    byHand: { put: hand.putNetworkArrayPairs, get: hand.getNetworkArrayPairs },
  }),
  subject({
    name: 'timer',
    bytes: 66,
    wide: 'bigint',
    create: Timer,
    generated: { put: putTimer, get: getTimer },
    byHand: { put: hand.putTimer, get: hand.getTimer },
  }),
  subject({
    name: 'network',
    bytes: 712,
    wide: 'bigint',
    create: Network,
    generated: { put: putNetwork, get: getNetwork },
    byHand: { put: hand.putNetwork, get: hand.getNetwork },
  }),
  subject({
    name: 'cpu',
    bytes: 976,
    wide: 'bigint',
    create: Cpu,
    generated: { put: putCpu, get: getCpu },
    byHand: { put: hand.putCpu, get: hand.getCpu },
  }),
];

/** An object whose values look like a device's: small and large, none zero. The same for the same class. */
export function filled<T extends object>(create: new () => T): T {
  const object = new create() as Record<string, unknown>;
  let seed = 0x1234_5678;
  const next = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 8;
  };
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === 'bigint')
      object[name] = (BigInt(next()) << 40n) | (BigInt(next()) << 16n) | BigInt(next() & 0xffff);
    else if (typeof value === 'number') object[name] = (next() & 0x7f) + 1;
    else if (value instanceof Uint8Array) object[name] = value.map(() => next() & 0xff);
    else if (value instanceof Uint32Array) object[name] = value.map(() => next());
  }
  return object as T;
}
