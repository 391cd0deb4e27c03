import { expect } from 'chai';
import { loadState } from '../engine/load.js';
import { saveState } from '../engine/save.js';
import { later, TestMachine } from '../io/testing.js';
import { receiveOver } from './receive.js';
import { teleportOver } from './send.js';
import { StreamConnection } from './stream-connection.js';

/** Both ends of a connection of web streams. */
function streams(): [StreamConnection, StreamConnection] {
  const to = new TransformStream<Uint8Array, Uint8Array>();
  const from = new TransformStream<Uint8Array, Uint8Array>();
  return [
    new StreamConnection({ readable: from.readable, writable: to.writable }, 'there'),
    new StreamConnection({ readable: to.readable, writable: from.writable }, 'here'),
  ];
}

describe('a connection of web streams', () => {
  it('carries a teleport', async () => {
    const [here, there] = streams();
    const source = new TestMachine(500_000, 3);
    const target = new TestMachine(500_000);
    const [sent, received] = await Promise.all([
      teleportOver(here, { password: 'foobar', save: (sink) => saveState(source.registry, sink) }),
      receiveOver(there, { password: 'foobar', load: (stream) => loadState(target.registry, stream) }),
    ]);
    expect(target.equals(source)).to.equal(true);
    expect(sent).to.deep.equal(received);
  });

  it('is closed at once, also while it is stalled', async () => {
    const [here, there] = streams();
    const ends = Promise.allSettled([
      here.read(new Uint8Array(1)),
      // The first one may lie in a buffer.
      here.write(new Uint8Array(10)).then(() => here.write(new Uint8Array(10))),
    ]);
    await later();
    await here.close();
    expect((await ends).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    // The other side sees it, too.
    const other = await Promise.allSettled([there.read(new Uint8Array(1)), there.write(new Uint8Array(1))]);
    expect(other[1]?.status).to.equal('rejected');
    await there.close();
  });
});
