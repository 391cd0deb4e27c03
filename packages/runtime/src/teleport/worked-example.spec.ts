import { expect } from 'chai';
import { loadState } from '../engine/load.js';
import { Registry } from '../engine/registry.js';
import { saveState } from '../engine/save.js';
import { receiveOver } from './receive.js';
import { teleportOver } from './send.js';
import { connectionPair, hex, type Move, play } from './testing.js';

/** The smallest saved state that VirtualBox 7.2.22 writes: one unit that saves nothing beside its own two. */
const STATE = hex(`
  7f 56 69 72 74 75 61 6c 42 6f 78 20 53 61 76 65 64 53 74 61 74 65 20 56 32 2e 30 0a 00 00 00 00
  07 00 02 00 16 00 00 00 8d ac 02 00 40 08 08 00 03 00 00 00 01 00 00 00 00 10 00 00 d2 6a 11 7b
  0a 55 6e 69 74 0a 00 00 40 00 00 00 00 00 00 00 92 de 02 26 98 f8 51 c8 01 00 00 00 00 00 00 00
  ff ff ff ff 00 00 00 00 04 00 00 00 53 53 4d 00 92 4a 0a 00 00 00 42 75 69 6c 64 20 54 79 70 65
  07 00 00 00 72 65 6c 65 61 73 65 07 00 00 00 48 6f 73 74 20 4f 53 0b 00 00 00 6c 69 6e 75 78 2e
  61 6d 64 36 34 03 00 00 00 4f 53 45 04 00 00 00 74 72 75 65 00 00 00 00 00 00 00 00 91 0e 01 00
  45 e9 9e 11 5c 00 00 00 00 00 00 00 0a 54 68 65 45 6e 64 00 cc 00 00 00 00 00 00 00 a6 eb dc d8
  00 65 a5 4a 00 00 00 00 00 00 00 00 ff ff ff ff 00 00 00 00 00 00 00 00 0a 44 69 72 0a 00 00 00
  78 53 74 2a 01 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00 41 7a 40 08 0a 46 6f 6f 74 65 72 00
  18 01 00 00 00 00 00 00 45 40 b9 41 01 00 00 00 00 00 00 00 d4 d3 69 15`);

/** A teleport with an empty password, byte by byte: from whom, and what. */
const conversation: readonly (readonly [from: 'source' | 'target', bytes: Uint8Array])[] = [
  ['target', hex('56 69 72 74 75 61 6c 42 6f 78 2d 54 65 6c 65 70 6f 72 74 65 72 2d 31 2e 30 0a')],
  ['source', hex('0a')],
  ['target', hex('41 43 4b 0a')],
  ['source', hex('6c 6f 61 64 0a')],
  ['target', hex('41 43 4b 0a')],
  ['source', hex('05 12 47 19 38 01 00 00')],
  ['source', STATE],
  ['source', hex('05 12 47 19 00 00 00 00')],
  ['target', hex('41 43 4b 0a')],
  ['source', hex('6c 6f 63 6b 2d 6d 65 64 69 61 0a')],
  ['target', hex('41 43 4b 0a')],
  ['source', hex('68 61 6e 64 2d 6f 76 65 72 2d 72 65 73 75 6d 65 0a')],
  ['target', hex('41 43 4b 0a')],
];

/** The script of one side. */
const scriptOf = (side: 'source' | 'target'): Move[] =>
  conversation.map(([from, bytes]) => (from === side ? { say: bytes } : { hear: bytes }));

/** Every byte of one side. */
const saidBy = (side: 'source' | 'target') =>
  Uint8Array.from(conversation.flatMap(([from, bytes]) => (from === side ? [...bytes] : [])));

function machine(): Registry {
  const registry = new Registry();
  registry.register({ name: 'nothing to save', version: 1 });
  return registry;
}

describe('the worked example', () => {
  it('has a state of 312 bytes', () => expect(STATE.length).to.equal(312));

  it('is what a source says', async () => {
    const [here, there] = connectionPair();
    const save = (sink: Parameters<typeof saveState>[1]) => saveState(machine(), sink);
    const [result] = await Promise.all([teleportOver(here, { save }), play(there, ...scriptOf('target'))]);
    expect(here.written).to.deep.equal(saidBy('source'));
    expect(result).to.deep.equal({ bytes: 312, paused: false });
  });

  it('is what a target says', async () => {
    const [here, there] = connectionPair();
    const load = (source: Parameters<typeof loadState>[1]) => loadState(machine(), source);
    const [result] = await Promise.all([receiveOver(there, { load }), play(here, ...scriptOf('source'))]);
    expect(there.written).to.deep.equal(saidBy('target'));
    expect(result).to.deep.equal({ bytes: 312, paused: false });
  });

  it('is what both say to each other, whatever the packets', async () => {
    for (const packet of [1, 7, 1000]) {
      const [here, there] = connectionPair({ most: () => packet });
      await Promise.all([
        teleportOver(here, { save: (sink) => saveState(machine(), sink) }),
        receiveOver(there, { load: (source) => loadState(machine(), source) }),
      ]);
      expect(here.written).to.deep.equal(saidBy('source'));
      expect(there.written).to.deep.equal(saidBy('target'));
    }
  });
});
