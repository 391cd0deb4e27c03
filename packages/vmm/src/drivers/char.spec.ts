import { expect } from 'chai';
import { failureStatus } from '../emt/testing.js';
import { baseOf, offer, queryInterface } from '../pdm/interface-ids.js';
import { SerialConnector, SerialPort } from '../pdm/interfaces.js';
import { builtinDrivers, char, memoryStream, nullStream, StreamEnd } from './index.js';
import { BenchChain } from './testing.js';

/** A port that has bytes to send, and notes what it is told. */
function testPort(toSend: number[] = []) {
  const told: string[] = [];
  const port: SerialPort = {
    read: (max) => Uint8Array.from(toSend.splice(0, max)),
    dataAvailable: (available) => void told.push(`${available} bytes`),
    statusLinesChanged: () => void told.push('lines'),
    breakReceived: () => void told.push('break'),
  };
  return { base: baseOf(offer(SerialPort, port)), told, toSend };
}

async function chainOf(port: ReturnType<typeof testPort>, limit = 1000) {
  const chain = new BenchChain([char], [memoryStream, { Limit: limit }]);
  const connector = queryInterface(await chain.attach(port.base), SerialConnector)!;
  return { chain, connector, end: queryInterface(chain.bottom, StreamEnd)! };
}

describe('Char', () => {
  it('takes what the port has when it is told, and when there is room again', async () => {
    const port = testPort([1, 2, 3, 4, 5]);
    const { end, connector } = await chainOf(port, 2);
    connector.dataAvailable();
    // Two in the stream; the others wait here.
    expect(port.toSend).to.deep.equal([]);
    expect([...end.take()]).to.deep.equal([1, 2]);
    expect([...end.take()]).to.deep.equal([3, 4]);
    expect([...end.take()]).to.deep.equal([5]);
  });

  it('sends nothing twice to a program that takes while it is told', async () => {
    const port = testPort();
    const { end, connector } = await chainOf(port, 3);
    const got: number[] = [];
    end.onData = () => got.push(...end.take());
    for (let i = 0; i < 100; i++) port.toSend.push(i);
    connector.dataAvailable();
    expect(got).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
  });

  it('keeps 64 KiB, and takes no more then, except what the port cannot keep', async () => {
    const port = testPort(Array.from({ length: 70_000 }, (_, i) => i & 0xff));
    const { connector, end } = await chainOf(port, 1);
    connector.dataAvailable();
    expect(port.toSend.length).to.be.within(70_000 - 65_537 - 1, 70_000 - 65_536);
    connector.drain(Uint8Array.of(0xee));
    const got: number[] = [];
    for (let bytes = end.take(); bytes.length > 0; bytes = end.take()) got.push(...bytes);
    expect(got).to.have.length(70_001);
    expect(got.filter((byte) => byte === 0xee)).to.have.length(1 + Math.ceil((70_000 - 0xee) / 256));
  });

  it('leaves in the stream what the port has not taken', async () => {
    const port = testPort();
    const { end, connector } = await chainOf(port);
    end.send(Uint8Array.of(7, 8, 9));
    expect([port.told, connector.available, [...connector.read(2)], end.unread]).to.deep.equal([
      ['3 bytes'],
      3,
      [7, 8],
      1,
    ]);
    expect([...end.takeUnread()]).to.deep.equal([9]);
    expect(connector.available).to.equal(0);
  });

  it('flushes in both directions', async () => {
    const port = testPort([1, 2, 3]);
    const { end, connector } = await chainOf(port, 1);
    connector.dataAvailable();
    end.send(Uint8Array.of(1));
    connector.flush(true, true);
    expect([end.unread, [...end.take()], [...end.take()]]).to.deep.equal([0, [1], []]);
  });

  it('must be between a serial port and a stream', async () => {
    const chain = new BenchChain([char], [char]);
    expect(await failureStatus(chain.attach(baseOf()))).to.equal('VERR_PDM_MISSING_INTERFACE_ABOVE');
    expect(await failureStatus(new BenchChain([char], [char]).attach(testPort().base))).to.equal(
      'VERR_PDM_MISSING_INTERFACE_ABOVE',
    );
    expect(await failureStatus(new BenchChain([char]).attach(testPort().base))).to.equal('VERR_PDM_NO_ATTACHED_DRIVER');
  });

  it('lets the stream go with it', async () => {
    const port = testPort();
    const { chain, end, connector } = await chainOf(port);
    await chain.destruct();
    end.send(Uint8Array.of(1));
    expect([port.told, connector.available]).to.deep.equal([[], 0]);
  });
});

describe('MemoryStream', () => {
  it('gives text piece by piece, whole characters only', async () => {
    const port = testPort();
    const { end, connector } = await chainOf(port);
    const texts: string[] = [];
    for (const byte of new TextEncoder().encode('aä€😀')) {
      port.toSend.push(byte);
      connector.dataAvailable();
      texts.push(end.takeText());
    }
    expect(texts.filter((text) => text !== '')).to.deep.equal(['a', 'ä', '€', '😀']);
  });

  it('does not wait for the end of what is no UTF-8', async () => {
    const port = testPort([0x41, 0x80, 0x80, 0x80, 0x80]);
    const { end, connector } = await chainOf(port);
    connector.dataAvailable();
    expect(end.takeText()).to.equal('A\ufffd\ufffd\ufffd\ufffd');
  });
});

describe('NullStream', () => {
  it('takes everything, and has nothing', async () => {
    const port = testPort([1, 2, 3]);
    const chain = new BenchChain([char], [nullStream]);
    const connector = queryInterface(await chain.attach(port.base), SerialConnector)!;
    connector.dataAvailable();
    expect([port.toSend, connector.available, connector.read(5).length]).to.deep.equal([[], 0, 0]);
  });
});

describe('builtin drivers', () => {
  it('have names of their own', () => {
    const names: string[] = [];
    builtinDrivers({ register: ({ name }) => names.push(name) });
    expect(names).to.include.members(['Char', 'MemoryStream', 'NullStream']);
    expect(new Set(names).size).to.equal(names.length);
  });
});
