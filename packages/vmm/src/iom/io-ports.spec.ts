import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { TestVm } from '../vm/testing.js';
import { cpuIo } from './cpu-io.js';
import type { IoPortRange } from './io-port-range.js';
import { IoPortManager, type PortAccess } from './io-ports.js';
import { iom } from './subsystem.js';

/** Ports that answer some sizes, and note everything; a read gives the offset in every byte. */
function noting(log: string[], sizes: readonly PortAccess[] = [1, 2, 4]) {
  return {
    read: (offset: number, size: PortAccess) => {
      if (!sizes.includes(size)) return undefined;
      log.push(`r${offset}/${size}`);
      return Array.from({ length: size }, (_, i) => offset + i).reduceRight((sum, byte) => sum * 256 + byte, 0);
    },
    write: (offset: number, value: number, size: PortAccess) => {
      const answers = sizes.includes(size);
      if (answers) log.push(`w${offset}/${size}=${value.toString(16)}`);
      return answers;
    },
  };
}

describe('I/O ports', () => {
  const rows: readonly (readonly [
    what: string,
    sizes: readonly PortAccess[],
    access: (ports: IoPortManager) => unknown,
    result: unknown,
    log: string,
  ])[] = [
    ['a byte', [1, 2, 4], (p) => p.read(0x41, 1), 1, 'r1/1'],
    ['a word', [1, 2, 4], (p) => p.read(0x41, 2), 0x0201, 'r1/2'],
    ['a double word', [1, 2, 4], (p) => p.read(0x40, 4), 0x03020100, 'r0/4'],
    ['a double word of a device that knows bytes', [1], (p) => p.read(0x40, 4), 0x03020100, 'r0/1 r1/1 r2/1 r3/1'],
    ['a double word of a device that knows words', [1, 2], (p) => p.read(0x40, 4), 0x03020100, 'r0/2 r2/2'],
    ['a byte of a device that knows words', [2], (p) => p.read(0x40, 1), 0xff, ''],
    ['a word over the end', [1, 2, 4], (p) => p.read(0x43, 2), 0xff03, 'r3/1'],
    ['a double word over the end', [1, 2, 4], (p) => p.read(0x42, 4), 0xffff0302, 'r2/2'],
    ['a word from before the beginning', [1, 2, 4], (p) => p.read(0x3f, 2), 0x00ff, 'r0/1'],
    ['a byte of nobody', [1], (p) => p.read(0x44, 1), 0xff, ''],
    ['a double word of nobody', [1], (p) => p.read(0x44, 4), 0xffff_ffff, ''],
    ['a byte written', [1, 2, 4], (p) => p.write(0x41, 0x1ab, 1), undefined, 'w1/1=ab'],
    ['a word written', [1, 2, 4], (p) => p.write(0x41, 0x2_1234, 2), undefined, 'w1/2=1234'],
    ['a double word written', [1, 2, 4], (p) => p.write(0x40, 0x8765_4321, 4), undefined, 'w0/4=87654321'],
    [
      'a double word written in bytes',
      [1],
      (p) => p.write(0x40, 0x8765_4321, 4),
      undefined,
      'w0/1=21 w1/1=43 w2/1=65 w3/1=87',
    ],
    ['a word written over the end', [1, 2], (p) => p.write(0x43, 0x1234, 2), undefined, 'w3/1=34'],
    ['a byte written of nobody', [1], (p) => p.write(0x44, 1, 1), undefined, ''],
  ];
  for (const [what, sizes, access, result, log] of rows) {
    it(what, () => {
      const noted: string[] = [];
      const ports = new IoPortManager();
      ports.register(0x40, { description: 'PIT', count: 4, handlers: noting(noted, sizes) });
      expect(access(ports)).to.equal(result);
      expect(noted.join(' ')).to.equal(log);
    });
  }

  it('halves may be of two devices', () => {
    const log: string[] = [];
    const ports = new IoPortManager();
    ports.register(0x3ce, { description: 'index', count: 1, handlers: noting(log) });
    ports.register(0x3cf, { description: 'data', count: 1, handlers: noting(log) });
    ports.write(0x3ce, 0x0a05, 2);
    expect(log).to.deep.equal(['w0/1=5', 'w0/1=a']);
  });

  it('behind the last one comes the first', () => {
    const log: string[] = [];
    const ports = new IoPortManager();
    ports.register(0xffff, { description: 'last', count: 1, handlers: noting(log) });
    ports.register(0, { description: 'first', count: 8, handlers: noting(log) });
    expect([ports.read(0xffff, 2), ports.read(0xfffe, 4)]).to.deep.equal([0, 0x010000ff]);
    expect(ports.rangeAt(0xffff)?.description).to.equal('last');
  });

  it('without handlers read as ones', () => {
    const ports = new IoPortManager();
    ports.register(0x80, { description: 'POST', count: 1, handlers: {} });
    ports.write(0x80, 1, 1);
    expect(ports.read(0x80, 1)).to.equal(0xff);
  });

  it('a read of too many bits gives what fits', () => {
    const ports = new IoPortManager();
    ports.register(0x80, { description: 'x', count: 4, handlers: { read: () => -1 } });
    expect([1, 2, 4].map((size) => ports.read(0x80, size as PortAccess))).to.deep.equal([0xff, 0xffff, 0xffff_ffff]);
  });

  it('strings are as many accesses', async () => {
    const log: string[] = [];
    const ports = new IoPortManager();
    ports.register(0x1f0, { description: 'IDE', count: 1, handlers: noting(log) });
    ports.register(0x2f0, { description: 'IDE 2', count: 4, handlers: noting(log) });
    const into = new Uint8Array(4);
    ports.readString(0x2f0, 2, into);
    expect([...into]).to.deep.equal([0, 1, 0, 1]);
    ports.writeString(0x2f0, 4, Uint8Array.of(1, 2, 3, 0x84, 5, 6, 7, 8));
    ports.writeString(0x1f0, 1, Uint8Array.of(9));
    expect(log.join(' ')).to.equal('r0/2 r0/2 w0/4=84030201 w0/4=8070605 w0/1=9');
    expect(await statusOf(() => ports.readString(0x2f0, 4, new Uint8Array(6)))).to.equal('VERR_INVALID_PARAMETER');
  });

  it('an 8086 has them as bytes and words', () => {
    const log: string[] = [];
    const ports = new IoPortManager();
    ports.register(0x40, { description: 'PIT', count: 4, handlers: noting(log) });
    const io = cpuIo(ports);
    expect([io.readByte(0x41), io.readWord?.(0x42)]).to.deep.equal([1, 0x0302]);
    io.writeByte(0x40, 0x12);
    io.writeWord?.(0x42, 0x3456);
    expect(log.join(' ')).to.equal('r1/1 r2/2 w0/1=12 w2/2=3456');
  });
});

describe('ranges of I/O ports', () => {
  const handlers = { read: () => 1 };
  const rangeIn = (ports: IoPortManager, count = 4, owner?: object) =>
    ports.create({ description: 'x', count, handlers, ...(owner && { owner }) });

  it('come, move and go', async () => {
    const ports = new IoPortManager();
    const range = rangeIn(ports);
    expect(range.first).to.equal(undefined);
    range.map(0xd000);
    expect([range.first, ports.read(0xd003, 1), ports.read(0xd004, 1)]).to.deep.equal([0xd000, 1, 0xff]);
    expect(await statusOf(() => range.map(0xe000))).to.equal('VERR_WRONG_ORDER');
    range.unmap();
    range.unmap();
    expect([range.first, ports.read(0xd000, 1)]).to.deep.equal([undefined, 0xff]);
    range.map(0xe000);
    expect(ports.read(0xe000, 1)).to.equal(1);
    ports.remove(range);
    ports.remove(range);
    expect([ports.ranges.length, ports.read(0xe000, 1)]).to.deep.equal([0, 0xff]);
  });

  const refused: readonly (readonly [what: string, make: (ports: IoPortManager) => unknown, status: string])[] = [
    ['none', (p) => rangeIn(p, 0), 'VERR_INVALID_PARAMETER'],
    ['too many', (p) => rangeIn(p, 65537), 'VERR_INVALID_PARAMETER'],
    ['half ones', (p) => rangeIn(p, 1.5), 'VERR_INVALID_PARAMETER'],
    ['before the first', (p) => rangeIn(p).map(-1), 'VERR_INVALID_PARAMETER'],
    ['at no number', (p) => rangeIn(p).map(Number.NaN), 'VERR_INVALID_PARAMETER'],
    ['behind the last', (p) => rangeIn(p).map(0xfffd), 'VERR_OUT_OF_RANGE'],
    ['over others', (p) => rangeIn(p).map(0x5d), 'VERR_ALREADY_EXISTS'],
    ['within others', (p) => rangeIn(p, 1).map(0x61), 'VERR_ALREADY_EXISTS'],
    [
      'registered over others',
      (p) => p.register(0x63, { description: 'x', count: 4, handlers }),
      'VERR_ALREADY_EXISTS',
    ],
  ];
  for (const [what, make, status] of refused) {
    it(`${what}: ${status}`, async () => {
      const ports = new IoPortManager();
      const there = rangeIn(ports).map(0x60);
      expect(await statusOf(() => make(ports))).to.equal(status);
      expect([0x5d, 0x60, 0x64].map((port) => ports.rangeAt(port))).to.deep.equal([undefined, there, undefined]);
    });
  }

  it('a registration that is refused leaves no range', async () => {
    const ports = new IoPortManager();
    await statusOf(() => ports.register(0xffff, { description: 'x', count: 4, handlers }));
    expect(ports.ranges).to.have.length(0);
  });

  it('go with their owner', () => {
    const ports = new IoPortManager();
    const [owner, other] = [{}, {}];
    rangeIn(ports, 4, owner).map(0x100);
    rangeIn(ports, 4, owner);
    const left = rangeIn(ports, 4, other).map(0x200);
    ports.removeOwner(owner);
    expect([ports.ranges, ports.read(0x100, 1), ports.read(0x200, 1)]).to.deep.equal([[left], 0xff, 1]);
  });

  it('whatever is mapped and unmapped, every port is whose it should be', () => {
    const step = fc.record({ range: fc.nat(7), first: fc.integer({ min: 0, max: 40 }), map: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ports = new IoPortManager();
        const ranges = Array.from({ length: 8 }, (_, i) => rangeIn(ports, i + 1));
        const owners = new Map<number, IoPortRange>();
        for (const { range: index, first, map } of steps) {
          const range = ranges[index]!;
          const wanted = Array.from({ length: range.count }, (_, i) => first + i);
          if (!map) {
            range.unmap();
            for (const [port, owner] of owners) if (owner === range) owners.delete(port);
          } else if (range.first === undefined && !wanted.some((port) => owners.has(port))) {
            range.map(first);
            for (const port of wanted) owners.set(port, range);
          } else expect(() => range.map(first)).to.throw(/WRONG_ORDER|ALREADY_EXISTS/);
          for (let port = 0; port < 50; port++) expect(ports.rangeAt(port)).to.equal(owners.get(port));
        }
      }),
    );
  });
});

describe('the I/O ports of a VM', () => {
  const options = { description: 'COM1/a', count: 8, handlers: { read: () => 1 } };

  it('are there while the VM is, with an info item', async () => {
    const vm = await TestVm.create({ subsystems: [iom()] });
    const ports = vm.vm.iom!;
    ports.register(0x3f8, options);
    ports.create({ ...options, description: 'COM2' });
    ports.read(0x3f8, 1);
    expect(await vm.uvm.info.text('ioport')).to.equal(
      'From        To      What\n0x03f8      0x03ff  COM1/a\nnot mapped          COM2\n',
    );
    expect((await vm.uvm.info.json('ioport')).data).to.deep.equal([
      { first: 0x3f8, count: 8, description: 'COM1/a' },
      { count: 8, description: 'COM2' },
    ]);
    expect(vm.uvm.statistics.entries('/IOM/*')).to.have.length(0);
    const inner = vm.vm;
    await vm.end();
    expect(inner.iom).to.equal(undefined);
  });

  it('are counted where they are to be, as long as they are mapped', async () => {
    const vm = await TestVm.create({ subsystems: [iom({ counts: true })] });
    const ports = vm.vm.iom!;
    const range = ports.register(0x3f8, options);
    ports.read(0x3f8, 1);
    ports.read(0x3f9, 2);
    ports.write(0x3f8, 1, 1);
    const { statistics } = vm.uvm;
    expect(
      statistics.entries('/IOM/*').map(({ name, sample }) => [name, (sample as { value: number }).value]),
    ).to.deep.equal([
      ['/IOM/IoPorts/03f8-03ff COM1-a/Read', 2],
      ['/IOM/IoPorts/03f8-03ff COM1-a/Write', 0],
    ]);
    expect(await vm.uvm.info.text('ioport')).to.contain('0x03f8  0x03ff  COM1/a      2       0');
    range.unmap();
    expect(statistics.entries('/IOM/*')).to.have.length(0);
    await vm.end();
  });
});
