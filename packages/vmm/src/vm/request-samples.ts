import type { RequestStatistics } from '../emt/index.js';
import { cellOf, type Statistics } from '../stam/index.js';

/** Samples of the request queues. Races for packets, which VirtualBox counts, too, there are none in one event loop. */
const samples: readonly (readonly [name: string, key: keyof RequestStatistics, description: string])[] = [
  ['/VM/Req/AllocNew', 'allocNew', 'Packets that had to be made.'],
  ['/VM/Req/AllocRecycled', 'allocRecycled', 'Packets that were used again.'],
  ['/VM/Req/Free', 'free', 'Packets that were given back.'],
  ['/VM/Req/FreeOverflow', 'freeOverflow', 'Packets that were given back and not kept.'],
  ['/VM/Req/Processed', 'processed', 'Packets that were worked on, of any queue.'],
  ['/VM/Req/MoreThan1', 'moreThanOne', 'How often there was more than one packet in a queue that was looked at.'],
];

/** Registers the samples of the request queues (seed `VM.cpp, vmR3InitRing3`). */
export function registerRequestSamples(statistics: Statistics, requests: RequestStatistics): void {
  for (const [name, key, description] of samples) {
    statistics.register({ name, type: 'u32', sample: cellOf(requests, key), unit: 'occurences', description });
  }
}
