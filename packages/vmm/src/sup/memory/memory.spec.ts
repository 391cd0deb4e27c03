import { expect } from 'chai';
import fc from 'fast-check';
import type { Session } from '../session.js';
import { newDriver, outcomeOf } from '../testing.js';
import { protections } from './mapping.js';
import { PAGE_SIZE, PhysicalMemory } from './physical.js';
import type { Allocation } from './session-memory.js';

const { NONE, READ, WRITE, EXEC } = protections;
const GIB4 = 1n << 32n;
const physicalOf = ({ pages }: Allocation) => pages.map(({ physical }) => physical);

describe('memory of sessions', () => {
  interface Row {
    readonly alloc: (session: Session, pages: number) => Allocation;
    readonly free: (session: Session, address: bigint, pages: number) => void;
    readonly most: number;
    readonly isLow: boolean;
    readonly isContiguous: boolean;
    readonly hasKernel: boolean;
    readonly firstByte: number;
  }
  const page = { most: 0x1_0000, isLow: false, isContiguous: false, firstByte: 0xcc };
  const rows: Record<string, Row> = {
    pageAlloc: {
      ...page,
      alloc: (s, pages) => s.memory.pageAlloc(pages),
      free: (s, at, pages) => s.memory.pageFree(at, pages),
      hasKernel: false,
      firstByte: 0,
    },
    pageAllocEx: {
      ...page,
      alloc: (s, pages) => s.memory.pageAllocEx(pages),
      free: (s, at, pages) => s.memory.pageFree(at, pages),
      hasKernel: false,
    },
    'pageAllocEx, also for the kernel': {
      ...page,
      alloc: (s, pages) => s.memory.pageAllocEx(pages, 0, { kernel: true }),
      free: (s, at, pages) => s.memory.pageFree(at, pages),
      hasKernel: true,
    },
    contAlloc: {
      alloc: (s, pages) => s.memory.contAlloc(pages),
      free: (s, at, pages) => s.memory.contFree(at, pages),
      most: 512,
      isLow: true,
      isContiguous: true,
      hasKernel: true,
      firstByte: 0xcc,
    },
    lowAlloc: {
      alloc: (s, pages) => s.memory.lowAlloc(pages),
      free: (s, at, pages) => s.memory.lowFree(at, pages),
      most: 512,
      isLow: true,
      isContiguous: false,
      hasKernel: true,
      firstByte: 0xcc,
    },
    memAlloc: {
      ...page,
      alloc: (s, pages) => s.memory.memAlloc(pages * PAGE_SIZE),
      free: (s, at) => s.memory.memFree(at),
      hasKernel: true,
    },
  };

  for (const [name, row] of Object.entries(rows)) {
    describe(name, () => {
      it('gives pages with addresses, and contents as promised', () => {
        const { alice } = newDriver();
        const allocation = row.alloc(alice, 3);
        expect(allocation.r3.size).to.equal(3 * PAGE_SIZE);
        expect(allocation.r0 !== undefined).to.equal(row.hasKernel);
        expect(allocation.r3.address % BigInt(PAGE_SIZE)).to.equal(0n);
        const physical = physicalOf(allocation);
        expect(physical.length).to.equal(3);
        for (const [i, address] of physical.entries()) {
          expect(address % BigInt(PAGE_SIZE)).to.equal(0n);
          expect(address < GIB4).to.equal(row.isLow);
          if (row.isContiguous) expect(address).to.equal(physical[0]! + BigInt(i * PAGE_SIZE));
        }
        expect(new Set(allocation.r3.read(0, 3 * PAGE_SIZE))).to.deep.equal(new Set([row.firstByte]));
      });

      it('gives the same addresses every time', () => {
        const addresses = () => {
          const { alice } = newDriver();
          const { r3, r0, ...rest } = row.alloc(alice, 2);
          return [r3.address, r0?.address, physicalOf({ r3, r0, ...rest })];
        };
        expect(addresses()).to.deep.equal(addresses());
      });

      it(`gives 1 to ${row.most} pages`, () => {
        const { alice } = newDriver({ memory: { highPages: 0x4_0000 } });
        const least = name === 'memAlloc' ? 'VERR_INVALID_PARAMETER' : 'VERR_OUT_OF_RANGE';
        expect(outcomeOf(() => row.alloc(alice, 0))).to.equal(least);
        expect(outcomeOf(() => row.alloc(alice, row.most + 1))).to.equal('VERR_OUT_OF_RANGE');
        if (row.most < 1000) expect(row.alloc(alice, row.most).pages.length).to.equal(row.most);
      });

      it('is freed once, by its address', () => {
        const { driver, alice, bob } = newDriver();
        const before = driver.physical.free;
        const allocation = row.alloc(alice, 2);
        const { address } = allocation.r3;
        expect(
          outcomeOf(() => row.free(bob, address, 2)),
          'by another session',
        ).to.equal('VERR_INVALID_PARAMETER');
        expect(
          outcomeOf(() => row.free(alice, address + 4096n, 2)),
          'elsewhere',
        ).to.equal('VERR_INVALID_PARAMETER');
        row.free(alice, address, 2);
        expect(
          outcomeOf(() => row.free(alice, address, 2)),
          'twice',
        ).to.equal('VERR_INVALID_PARAMETER');
        expect(driver.physical.free).to.deep.equal(before);
        expect(
          outcomeOf(() => allocation.r3.read(0, 1)),
          'afterwards',
        ).to.equal('VERR_INVALID_POINTER');
        if (allocation.r0 !== undefined) {
          expect(outcomeOf(() => allocation.r0!.write(0, new Uint8Array(1)))).to.equal('VERR_INVALID_POINTER');
        }
        expect(alice.memory.allocations).to.deep.equal([]);
      });
    });
  }

  const frees: Record<string, [(s: Session) => void, string]> = {
    'pages by a wrong count': [(s) => s.memory.pageFree(s.memory.pageAlloc(2).r3.address, 1), 'VERR_INVALID_PARAMETER'],
    'pages by where the kernel sees them': [
      (s) => s.memory.pageFree(s.memory.pageAllocEx(1, 0, { kernel: true }).r0!.address, 1),
      'VERR_INVALID_PARAMETER',
    ],
    'contiguous memory by where the kernel sees it': [
      (s) => s.memory.contFree(s.memory.contAlloc(1).r0!.address),
      'VINF_SUCCESS',
    ],
    'contiguous memory as low memory': [
      (s) => s.memory.lowFree(s.memory.contAlloc(1).r3.address),
      'VERR_INVALID_PARAMETER',
    ],
    'low memory as pages': [(s) => s.memory.pageFree(s.memory.lowAlloc(1).r3.address, 1), 'VERR_INVALID_PARAMETER'],
    'memory by a wrong count of pages': [
      (s) => s.memory.lowFree(s.memory.lowAlloc(1).r3.address, 2),
      'VERR_INVALID_PARAMETER',
    ],
  };
  for (const [name, [call, status]] of Object.entries(frees)) {
    it(`freeing ${name}: ${status}`, () => expect(outcomeOf(() => call(newDriver().alice))).to.equal(status));
  }

  it('flags are reserved', () => {
    const { alice } = newDriver();
    expect(outcomeOf(() => alice.memory.pageAllocEx(1, 1))).to.equal('VERR_INVALID_PARAMETER');
    const { r3 } = alice.memory.pageAlloc(1);
    expect(outcomeOf(() => alice.memory.pageMapKernel(r3.address, 0, PAGE_SIZE, 1))).to.equal('VERR_INVALID_PARAMETER');
  });

  it('the process and the kernel see the same bytes', () => {
    const { alice } = newDriver();
    const { r3, r0 } = alice.memory.pageAllocEx(2, 0, { kernel: true });
    r3.write(4095, Uint8Array.of(1, 2));
    expect([...r0!.read(4094, 4)]).to.deep.equal([0xcc, 1, 2, 0xcc]);
  });

  it('accesses end where the memory does', () => {
    const { r3 } = newDriver().alice.memory.pageAlloc(1);
    for (const [offset, length] of [
      [0, 4097],
      [4096, 1],
      [-1, 1],
      [0.5, 1],
      [0, -1],
    ] as const) {
      expect(
        outcomeOf(() => r3.read(offset, length)),
        `${length} at ${offset}`,
      ).to.equal('VERR_OUT_OF_RANGE');
    }
    expect(r3.read(4096, 0).length).to.equal(0);
  });

  it('part of it can be mapped into the kernel, for as long as it is there', () => {
    const { driver, alice } = newDriver();
    const { r3 } = alice.memory.pageAlloc(4);
    const part = alice.memory.pageMapKernel(r3.address, PAGE_SIZE, 2 * PAGE_SIZE);
    part.write(0, Uint8Array.of(7));
    expect(r3.read(PAGE_SIZE, 1)[0]).to.equal(7);
    expect(driver.kernelSpace.at(part.address)).to.equal(part);
    alice.memory.pageFree(r3.address, 4);
    expect(part.isMapped).to.equal(false);
  });

  for (const [offset, size] of [
    [1, 4096],
    [0, 100],
    [0, 0],
    [4096, 8192],
    [-4096, 4096],
  ] as const) {
    it(`${size} bytes at ${offset} of two pages are no pages`, () => {
      const { alice } = newDriver();
      const { r3 } = alice.memory.pageAlloc(2);
      const { memory } = alice;
      expect(outcomeOf(() => memory.pageMapKernel(r3.address, offset, size))).to.equal('VERR_INVALID_PARAMETER');
      expect(outcomeOf(() => memory.pageProtect(r3.address, 0n, offset, size, READ))).to.equal(
        'VERR_INVALID_PARAMETER',
      );
    });
  }

  for (let protection = NONE; protection <= (READ | WRITE | EXEC); protection++) {
    it(`protection ${protection} allows what it says, and only on its pages`, () => {
      const { alice } = newDriver();
      const { r3, r0 } = alice.memory.pageAllocEx(3, 0, { kernel: true });
      alice.memory.pageProtect(r3.address, 0n, PAGE_SIZE, PAGE_SIZE, protection);
      const may = (flag: number) => ((protection & flag) !== 0 ? 'VINF_SUCCESS' : 'VERR_ACCESS_DENIED');
      expect(r3.protectionAt(PAGE_SIZE)).to.equal(protection);
      expect(outcomeOf(() => r3.read(PAGE_SIZE, 1))).to.equal(may(READ));
      expect(outcomeOf(() => r3.write(PAGE_SIZE, new Uint8Array(1)))).to.equal(may(WRITE));
      expect(outcomeOf(() => r3.fetch(PAGE_SIZE, 1))).to.equal(may(EXEC));
      expect(
        outcomeOf(() => r3.read(PAGE_SIZE - 1, 2)),
        'across the border',
      ).to.equal(may(READ));
      expect(outcomeOf(() => r3.read(0, PAGE_SIZE))).to.equal('VINF_SUCCESS');
      expect(outcomeOf(() => r3.read(2 * PAGE_SIZE, 1))).to.equal('VINF_SUCCESS');
      expect(
        outcomeOf(() => r0!.read(PAGE_SIZE, 1)),
        'the kernel',
      ).to.equal('VINF_SUCCESS');
      alice.memory.pageProtect(r3.address, r0!.address, PAGE_SIZE, PAGE_SIZE, protection);
      expect(
        outcomeOf(() => r0!.read(PAGE_SIZE, 1)),
        'the kernel, where it was named',
      ).to.equal(may(READ));
    });
  }

  it('a write that is refused changes nothing', () => {
    const { alice } = newDriver();
    const { r3 } = alice.memory.pageAlloc(2);
    alice.memory.pageProtect(r3.address, 0n, PAGE_SIZE, PAGE_SIZE, READ);
    expect(outcomeOf(() => r3.write(PAGE_SIZE - 1, Uint8Array.of(1, 2)))).to.equal('VERR_ACCESS_DENIED');
    expect([...r3.read(PAGE_SIZE - 1, 2)]).to.deep.equal([0, 0]);
  });

  it('protections are checked', () => {
    const { alice } = newDriver();
    const { r3 } = alice.memory.pageAlloc(1);
    const protect = (r0: bigint, value: number) => () => alice.memory.pageProtect(r3.address, r0, 0, PAGE_SIZE, value);
    expect(outcomeOf(protect(0n, 8))).to.equal('VERR_INVALID_PARAMETER');
    expect(outcomeOf(protect(0n, 0.5))).to.equal('VERR_INVALID_PARAMETER');
    expect(outcomeOf(protect(4096n, READ)), 'the kernel does not see it').to.equal('VERR_INVALID_PARAMETER');
  });

  it('memGetPhys tells the pages by either address', () => {
    const { alice } = newDriver();
    const { r3, r0, pages } = alice.memory.memAlloc(PAGE_SIZE + 1);
    expect(pages.length).to.equal(2);
    expect(alice.memory.memGetPhys(r3.address)).to.deep.equal(pages);
    expect(alice.memory.memGetPhys(r0!.address)).to.deep.equal(pages);
    expect(outcomeOf(() => alice.memory.memGetPhys(1n))).to.equal('VERR_INVALID_PARAMETER');
  });
});

describe('locked memory', () => {
  it('keeps its physical addresses until the last lock is gone', () => {
    const { driver, alice, bob } = newDriver();
    const before = driver.physical.free;
    const memory = new Uint8Array(3 * PAGE_SIZE);
    const first = alice.memory.lockMem(memory);
    expect(bob.memory.lockMem(memory.subarray(PAGE_SIZE))).to.deep.equal(first.slice(1));
    alice.memory.unlockMem(memory);
    expect(driver.lockedPages.size).to.equal(2);
    bob.memory.unlockMem(memory.subarray(PAGE_SIZE));
    expect([driver.lockedPages.size, driver.physical.free]).to.deep.equal([0, before]);
  });

  it('is whole pages', () => {
    const { alice } = newDriver();
    const memory = new Uint8Array(2 * PAGE_SIZE);
    for (const part of [memory.subarray(1), memory.subarray(0, 100), memory.subarray(0, 0)]) {
      expect(outcomeOf(() => alice.memory.lockMem(part))).to.equal('VERR_INVALID_PARAMETER');
    }
  });

  it('is unlocked by the session that locked it', () => {
    const { alice, bob } = newDriver();
    const memory = new Uint8Array(PAGE_SIZE);
    alice.memory.lockMem(memory);
    expect(outcomeOf(() => bob.memory.unlockMem(memory))).to.equal('VERR_INVALID_PARAMETER');
    alice.memory.unlockMem(memory);
    expect(outcomeOf(() => alice.memory.unlockMem(memory))).to.equal('VERR_INVALID_PARAMETER');
  });
});

describe('physical memory', () => {
  const limits: readonly [string, (s: Session) => unknown, string][] = [
    ['pages', (s) => s.memory.pageAlloc(9), 'VERR_NO_MEMORY'],
    ['low pages', (s) => s.memory.lowAlloc(5), 'VERR_NO_MEMORY'],
    ['contiguous pages', (s) => s.memory.contAlloc(5), 'VERR_NO_MEMORY'],
    ['locked pages', (s) => s.memory.lockMem(new Uint8Array(9 * PAGE_SIZE)), 'VERR_NO_MEMORY'],
  ];
  for (const [name, call, status] of limits) {
    it(`comes to an end: ${name}: ${status}, and nothing is taken`, () => {
      // One page is the global information page's.
      const { driver, alice } = newDriver({ memory: { lowPages: 5, highPages: 4 } });
      expect(outcomeOf(() => call(alice))).to.equal(status);
      expect(driver.physical.free).to.deep.equal({ low: 4, high: 4 });
      expect(alice.memory.pageAlloc(8).pages.length).to.equal(8);
    });
  }

  it('what is contiguous needs a gap that is large enough', () => {
    const { alice } = newDriver({ memory: { lowPages: 6, highPages: 0 } });
    const parts = [1, 2, 3, 4, 5].map(() => alice.memory.contAlloc(1));
    for (const i of [0, 2, 3]) alice.memory.contFree(parts[i]!.r3.address);
    expect(outcomeOf(() => alice.memory.contAlloc(3))).to.equal('VERR_NO_MEMORY');
    expect(physicalOf(alice.memory.contAlloc(2))[0]).to.equal(physicalOf(parts[2]!)[0]);
    expect(physicalOf(alice.memory.lowAlloc(1))).to.deep.equal(physicalOf(parts[0]!));
  });

  for (const options of [{ lowPages: -1 }, { lowPages: 2 ** 20 }, { highPages: 0.5 }, { fill: 256 }]) {
    it(`${JSON.stringify(options)} is no machine`, () =>
      expect(outcomeOf(() => new PhysicalMemory(options))).to.equal('VERR_INVALID_PARAMETER'));
  }

  it('no page is given out twice, and all come back', () => {
    const step = fc.record({
      how: fc.constantFrom('takeAny', 'takeLow', 'takeContiguous', 'give'),
      count: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const memory = new PhysicalMemory({ lowPages: 16, highPages: 8 });
        const taken: bigint[][] = [];
        for (const { how, count } of steps) {
          if (how === 'give') memory.give(taken.splice(count % Math.max(taken.length, 1), 1).flat());
          else outcomeOf(() => taken.push(memory[how as 'takeAny'](count)));
          const all = taken.flat();
          expect(new Set(all).size).to.equal(all.length);
          expect(memory.free.low + memory.free.high).to.equal(24 - all.length);
        }
        memory.give(taken.flat());
        expect(memory.takeContiguous(16).length, 'gaps have closed').to.equal(16);
      }),
    );
  });
});
