import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { newRequest, REQUEST_LIMIT, SERVICE_REQUEST_MAGIC, VMMR0_REQUEST_MAGIC } from './request.js';
import { newDriver, outcomeOf, settled } from './testing.js';
import { fastOperations } from './vmm-entry.js';

const payload = Uint8Array.of(1, 2, 3);

describe('requests', () => {
  it('begin with magic and size', () => {
    const request = newRequest(SERVICE_REQUEST_MAGIC, payload);
    expect([...request]).to.deep.equal([0x16, 0x04, 0x64, 0x19, 11, 0, 0, 0, 1, 2, 3]);
    expect([...newRequest(VMMR0_REQUEST_MAGIC, payload).slice(0, 4)]).to.deep.equal([0x11, 0x02, 0x73, 0x19]);
  });

  // Both kinds of calls check alike.
  const calls = {
    'a service': {
      magic: SERVICE_REQUEST_MAGIC,
      call: (d: Setup, request: Uint8Array) => d.driver.services.call(d.alice, 'echo', 1, 2n, request),
    },
    'the VMM': {
      magic: VMMR0_REQUEST_MAGIC,
      call: (d: Setup, request: Uint8Array) => d.driver.vmm.call(d.alice, undefined, 0, 1, 2n, request),
    },
  };
  type Setup = ReturnType<typeof setup>;
  function setup(serve: (request: Uint8Array | undefined) => void = () => {}) {
    const all = newDriver();
    const seen: unknown[] = [];
    all.driver.services.register('echo', (session, operation, arg, request) => {
      seen.push([session, operation, arg, request?.length]);
      serve(request);
      return undefined;
    });
    all.driver.vmm.set({
      ex: (vm, idCpu, operation, request, arg, session) => {
        seen.push([vm, idCpu, operation, arg, session, request?.length]);
        serve(request);
        return undefined;
      },
    });
    return { ...all, seen };
  }
  for (const [whom, { magic, call }] of Object.entries(calls)) {
    const bad: Record<string, [(request: Uint8Array) => Uint8Array, string]> = {
      'with the magic of the other kind': [
        () => newRequest(magic === SERVICE_REQUEST_MAGIC ? VMMR0_REQUEST_MAGIC : SERVICE_REQUEST_MAGIC, payload),
        'VERR_INVALID_MAGIC',
      ],
      'without room for a header': [(request) => request.subarray(0, 7), 'VERR_INVALID_PARAMETER'],
      'shorter than it says': [(request) => request.subarray(0, 10), 'VERR_INVALID_PARAMETER'],
      'that says it is larger than it is': [(request) => Object.assign(request, { 4: 12 }), 'VERR_INVALID_PARAMETER'],
      'as large as a page': [() => newRequest(magic, new Uint8Array(REQUEST_LIMIT - 8)), 'VERR_INVALID_PARAMETER'],
      'just below': [() => newRequest(magic, new Uint8Array(REQUEST_LIMIT - 9)), 'VINF_SUCCESS'],
    };
    for (const [name, [spoil, status]] of Object.entries(bad)) {
      it(`to ${whom}, ${name}: ${status}`, async () => {
        const all = setup();
        expect(await settled(call(all, spoil(newRequest(magic, payload))))).to.equal(status);
        expect(all.seen.length).to.equal(status === 'VINF_SUCCESS' ? 1 : 0);
      });
    }

    it(`to ${whom} are copied in and out, also when the call fails`, async () => {
      let kept: Uint8Array | undefined;
      const all = setup((request) => {
        kept = request;
        request![8] = 9;
        throw new SsmError('VERR_NO_DATA', 'no');
      });
      const request = newRequest(magic, payload);
      expect(await settled(call(all, request))).to.equal('VERR_NO_DATA');
      expect([...request.slice(8)]).to.deep.equal([9, 2, 3]);
      kept![8] = 10;
      expect(request[8], 'it was a copy').to.equal(9);
    });
  }
});

describe('services', () => {
  it('are called by name, with the session, an operation and an argument', async () => {
    const { driver, alice } = newDriver();
    driver.services.register('net', async (session, operation, arg, request) => {
      expect([session, operation, arg, request]).to.deep.equal([alice, 7, 9n, undefined]);
      return 'VINF_NO_CHANGE' as const;
    });
    expect(driver.services.names).to.deep.equal(['net']);
    expect(await driver.services.call(alice, 'net', 7, 9n)).to.equal('VINF_NO_CHANGE');
  });

  it('that say nothing have succeeded', async () => {
    const { driver, alice } = newDriver();
    driver.services.register('net', () => undefined);
    expect(await driver.services.call(alice, 'net', 0)).to.equal('VINF_SUCCESS');
  });

  it('that do not exist: VERR_SUPDRV_SERVICE_NOT_FOUND', async () => {
    const { driver, alice } = newDriver();
    expect(await settled(driver.services.call(alice, 'net', 0))).to.equal('VERR_SUPDRV_SERVICE_NOT_FOUND');
    expect(outcomeOf(() => driver.services.deregister('net'))).to.equal('VERR_SUPDRV_SERVICE_NOT_FOUND');
  });

  it('have names of 1 to 31 characters, each its own', async () => {
    const { driver, alice } = newDriver();
    for (const name of ['', 'a b', 'ä', 'x'.repeat(32)]) {
      expect(
        outcomeOf(() => driver.services.register(name, () => undefined)),
        name,
      ).to.equal('VERR_INVALID_NAME');
      expect(await settled(driver.services.call(alice, name, 0)), name).to.equal('VERR_INVALID_NAME');
    }
    driver.services.register('x'.repeat(31), () => undefined);
    expect(outcomeOf(() => driver.services.register('x'.repeat(31), () => undefined))).to.equal('VERR_ALREADY_EXISTS');
  });

  for (const [operation, arg] of [
    [-1, 0n],
    [2 ** 32, 0n],
    [0.5, 0n],
    [0, -1n],
    [0, 1n << 64n],
  ] as const) {
    it(`operation ${operation}, argument ${arg}: VERR_INVALID_PARAMETER`, async () => {
      const { driver, alice } = newDriver();
      driver.services.register('net', () => undefined);
      expect(await settled(driver.services.call(alice, 'net', operation, arg))).to.equal('VERR_INVALID_PARAMETER');
    });
  }
});

describe('calls of the VMM', () => {
  const vm = {};

  it('need one: VERR_WRONG_ORDER', async () => {
    const { driver, alice } = newDriver();
    expect(await settled(driver.vmm.call(alice, vm, 0, 0))).to.equal('VERR_WRONG_ORDER');
    driver.vmm.setVmForFastCalls(alice, vm);
    expect(outcomeOf(() => driver.vmm.callFast(alice, vm, fastOperations.NOP, 0))).to.equal('VERR_WRONG_ORDER');
  });

  it('pass the VM, the CPU, the operation and the argument', async () => {
    const { driver, alice } = newDriver();
    const seen: unknown[] = [];
    driver.vmm.set({ ex: async (...args) => void seen.push(args) as undefined });
    expect(await driver.vmm.call(alice, vm, 3, 9, 11n)).to.equal('VINF_SUCCESS');
    expect(seen).to.deep.equal([[vm, 3, 9, undefined, 11n, alice]]);
    expect(outcomeOf(() => driver.vmm.set({}))).to.equal('VERR_WRONG_ORDER');
    driver.vmm.unset();
    expect(outcomeOf(() => driver.vmm.set({}))).to.equal('VINF_SUCCESS');
  });

  it('have the numbers of SUP_VMMR0_DO_* on the fast path', () => {
    expect(fastOperations).to.deep.equal({ RAW_RUN: 0, HWACC_RUN: 1, NOP: 2 });
  });

  it('take the fast path for the VM that was set for the session, and for few operations', () => {
    const { driver, alice, bob } = newDriver();
    driver.vmm.set({ fast: (_, idCpu, operation) => (idCpu === 2 && operation === 1 ? 'VINF_EM_HALT' : undefined) });
    driver.vmm.setVmForFastCalls(alice, vm);
    expect(driver.vmm.callFast(alice, vm, fastOperations.HWACC_RUN, 2)).to.equal('VINF_EM_HALT');
    expect(driver.vmm.callFast(alice, vm, fastOperations.NOP, 2)).to.equal('VINF_SUCCESS');
    expect(outcomeOf(() => driver.vmm.callFast(alice, vm, 3, 2))).to.equal('VERR_INVALID_PARAMETER');
    for (const [session, other] of [
      [alice, {}],
      [bob, vm],
    ] as const) {
      expect(outcomeOf(() => driver.vmm.callFast(session, other, 1, 2))).to.equal('VERR_INVALID_VM_HANDLE');
    }
    driver.vmm.setVmForFastCalls(alice, undefined);
    expect(outcomeOf(() => driver.vmm.callFast(alice, vm, 1, 2))).to.equal('VERR_INVALID_VM_HANDLE');
  });
});
