import { expect } from 'chai';
import { SsmError } from '../error.js';
import { later } from '../io/testing.js';
import { connectionPair, latin1, play } from './testing.js';
import { Wire } from './wire.js';

const wait = { what: 'a line', timeout: 1000 };

describe('a wire', () => {
  const lines: readonly [name: string, sent: string, most: number, outcome: string][] = [
    ['a line', 'load\nmore', 127, 'load'],
    ['a line that ends with a NUL', 'load\0more', 127, 'load'],
    ['an empty line', '\n', 127, ''],
    ['the longest line', `${'x'.repeat(127)}\n`, 127, 'x'.repeat(127)],
    ['a line that is longer', `${'x'.repeat(128)}\n`, 127, 'VERR_BUFFER_OVERFLOW'],
    ['a line without end', 'x'.repeat(1000), 127, 'VERR_BUFFER_OVERFLOW'],
    ['half a line', 'loa', 127, 'VERR_EOF'],
    ['nothing', '', 127, 'VERR_EOF'],
  ];
  for (const [name, sent, most, outcome] of lines) {
    for (const packet of [1, 1000]) {
      it(`reads ${name}, ${packet} bytes at a time`, async () => {
        const [here, there] = connectionPair({ most: () => packet });
        await play(there, { say: sent }, 'close');
        const line = await new Wire(here).readLine(most, wait).catch((error: SsmError) => error.status);
        expect(line).to.equal(outcome);
      });
    }
  }

  it('takes a refusal without its newline, but nothing else', async () => {
    for (const [sent, outcome] of [
      ['NACK=-1;xyz', 'NACK=-1;xyz'],
      ['ACK', 'VERR_EOF'],
    ]) {
      const [here, there] = connectionPair();
      await play(there, { say: sent as string }, 'close');
      const line = await new Wire(here).readLine(255, wait, 'NACK=').catch((error: SsmError) => error.status);
      expect(line).to.equal(outcome);
    }
  });

  it('gives what follows a line to whoever reads next', async () => {
    const [here, there] = connectionPair();
    const wire = new Wire(here);
    await play(there, { say: 'load\n12345678rest\n' });
    expect(await wire.readLine(127, wait)).to.equal('load');
    expect(latin1(await wire.readExactly(8, wait))).to.equal('12345678');
    const into = new Uint8Array(100);
    expect(await wire.read(into, wait)).to.equal(5);
    expect(latin1(into.subarray(0, 5))).to.equal('rest\n');
  });

  it('looks ahead without taking anything', async () => {
    const [here, there] = connectionPair();
    const wire = new Wire(here);
    wire.lookAhead();
    expect(wire.pending).to.equal(false);
    await play(there, { say: 'ACK\n' });
    await later();
    expect(wire.pending).to.equal(true);
    expect(await wire.readLine(255, wait)).to.equal('ACK');
    wire.lookAhead();
    await play(there, 'close');
    await later();
    expect(wire.pending).to.equal(true);
  });

  it('ends all waiting when one wait has taken too long', async () => {
    const [here] = connectionPair({ capacity: 1 });
    const wire = new Wire(here);
    await wire.write(new Uint8Array(10), wait);
    const writing = wire.write(new Uint8Array(10), { what: 'taking', timeout: 1000 });
    const reading = wire.readLine(10, { what: 'an answer', timeout: 20 });
    const [first, second] = await Promise.allSettled([reading, writing]);
    const message = 'VERR_TIMEOUT: waited 20 ms for an answer';
    expect([first, second].map((end) => end.status === 'rejected' && end.reason.message)).to.deep.equal([
      message,
      message,
    ]);
  });

  it('tells why the connection failed', async () => {
    const failing = {
      read: async () => {
        throw Object.assign(new Error('reset by peer'));
      },
      write: async () => {
        throw new SsmError('VERR_TIMEOUT', 'no route');
      },
      close: async () => {
        throw new Error('not even that');
      },
    };
    const wire = new Wire(failing);
    const read = await wire.readLine(10, wait).catch((error: SsmError) => error.message);
    const written = await wire.write(new Uint8Array(1), wait).catch((error: SsmError) => error.message);
    expect(read).to.equal('VERR_IO_GEN_FAILURE: the connection failed: reset by peer');
    expect(written).to.equal('VERR_TIMEOUT: the connection failed: no route');
    expect(wire.broken).to.equal(true);
    await wire.farewell(new Uint8Array(1));
    await wire.close();
  });
});
