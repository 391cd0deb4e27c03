import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { newDriver, outcomeOf } from '../testing.js';
import type { ProviderDescription } from './provider.js';
import { TRACER_MAGIC, TRACER_VERSION, type TracerRegistration } from './tracer.js';
import type { Provider } from './tracer-host.js';

/** A tracer that keeps a diary. */
function newTracer(changes: Partial<TracerRegistration> = {}) {
  const lines: string[] = [];
  const registration: TracerRegistration = {
    magic: TRACER_MAGIC,
    version: TRACER_VERSION,
    endMagic: TRACER_MAGIC,
    probeFireKernel: (probe, args) => lines.push(`kernel ${probe.name}(${args.join()})`),
    probeFireUser: (session, probe, { args, bits }) =>
      lines.push(`user ${session.owner.uid} ${probe.name}(${args.join()}) ${bits}`),
    open: (session, cookie, arg) => {
      if (cookie !== 0x1234) throw new SsmError('VERR_INVALID_MAGIC', 'no');
      lines.push(`open ${arg}`);
      return `data of ${session.owner.uid}`;
    },
    ioCtl: (_, data, command, arg) => {
      lines.push(`${data}: ${command} ${arg}`);
      return 0xffff_ffff;
    },
    close: (_, data) => lines.push(`close ${data}`),
    providerRegister: ({ name }) => lines.push(`+${name}`),
    providerDeregister: ({ name }) => {
      lines.push(`-${name}`);
      return 'VINF_SUCCESS';
    },
    providerDeregisterZombie: ({ name }) => {
      lines.push(`zombie ${name}`);
      return 'VINF_SUCCESS';
    },
    ...changes,
  };
  return { lines, registration };
}

const vbox: ProviderDescription = {
  name: 'machine',
  probes: [{ name: 'cpu-state', args: [{ name: 'cpu', type: 'struct cpu *' }] }, { name: 'cpu_halt' }],
};

describe('providers', () => {
  const text = (length: number) => 'x'.repeat(length);
  const probe = { name: 'p' };
  const rows: readonly [string, ProviderDescription, string][] = [
    ['a good one', vbox, 'VINF_SUCCESS'],
    ['without a name', { name: '', probes: [probe] }, 'VERR_SUPDRV_VTG_BAD_PROVIDER'],
    ['with a dash in its name', { name: 'a-b', probes: [probe] }, 'VERR_SUPDRV_VTG_BAD_PROVIDER'],
    ['with a long name', { name: text(201), probes: [probe] }, 'VERR_SUPDRV_VTG_STRING_TOO_LONG'],
    ['with a name that is not ASCII', { name: 'ä', probes: [probe] }, 'VERR_SUPDRV_VTG_BAD_STRING'],
    ['without probes', { name: 'a', probes: [] }, 'VERR_SUPDRV_VTG_BAD_HDR_TOO_FEW'],
    [
      'with too many probes',
      { name: 'a', probes: Array.from({ length: 10_001 }, (_, i) => ({ name: `p${i}` })) },
      'VERR_SUPDRV_VTG_BAD_HDR_TOO_MUCH',
    ],
    ['with two probes of a name', { name: 'a', probes: [probe, probe] }, 'VERR_SUPDRV_VTG_BAD_PROBE'],
    ['with a probe without a name', { name: 'a', probes: [{ name: '' }] }, 'VERR_SUPDRV_VTG_BAD_PROBE'],
    [
      'with 11 arguments',
      { name: 'a', probes: [{ name: 'p', args: Array.from({ length: 11 }, () => ({ name: 'x', type: 'int' })) }] },
      'VERR_SUPDRV_VTG_BAD_ARGLIST',
    ],
    [
      'with an argument of a bad type',
      { name: 'a', probes: [{ name: 'p', args: [{ name: 'x', type: 'int;' }] }] },
      'VERR_SUPDRV_VTG_BAD_ARGLIST',
    ],
  ];
  for (const [name, description, status] of rows) {
    it(`${name}: ${status}`, () => {
      const { driver, alice } = newDriver();
      expect(outcomeOf(() => driver.tracer.registerDriver(alice, description, 'd'))).to.equal(status);
      expect(driver.tracer.providers.length).to.equal(status === 'VINF_SUCCESS' ? 1 : 0);
    });
  }

  it('of a driver: one per session', () => {
    const { driver, alice } = newDriver();
    driver.tracer.registerDriver(alice, vbox, 'd');
    expect(outcomeOf(() => driver.tracer.registerDriver(alice, { ...vbox }, 'd'))).to.equal(
      'VERR_SUPDRV_VTG_ONLY_ONCE_PER_SESSION',
    );
    driver.tracer.deregisterDriver(alice);
    driver.tracer.deregisterDriver(alice);
    expect(outcomeOf(() => driver.tracer.registerDriver(alice, vbox, 'd'))).to.equal('VINF_SUCCESS');
  });

  it('of a module in the kernel: each once', async () => {
    const { driver, alice } = newDriver();
    const image = await driver.modules.load(alice, 'VMMR0.x', {});
    const provider = driver.tracer.registerModule(image, vbox);
    expect([provider.module, provider.session]).to.deep.equal(['VMMR0.x', undefined]);
    expect(outcomeOf(() => driver.tracer.registerModule(image, vbox))).to.equal('VERR_SUPDRV_VTG_ALREADY_REGISTERED');
    driver.tracer.deregisterModule(image);
    expect([provider.isGone, driver.tracer.providers]).to.deep.equal([true, []]);
  });

  it('of a process: each once, 100 at most', () => {
    const { driver, alice, bob } = newDriver();
    driver.tracer.registerUserModule(alice, 'main', vbox);
    const register = (description: ProviderDescription) =>
      outcomeOf(() => driver.tracer.registerUserModule(alice, 'VBoxVMM', description));
    expect(register(vbox)).to.equal('VERR_SUPDRV_VTG_ALREADY_REGISTERED');
    for (let i = 1; i < 100; i++) register({ ...vbox });
    expect(register({ ...vbox })).to.equal('VERR_SUPDRV_TRACER_TOO_MANY_PROVIDERS');
    expect(outcomeOf(() => driver.tracer.deregisterUserModule(bob, vbox))).to.equal('VERR_INVALID_HANDLE');
    driver.tracer.deregisterUserModule(alice, vbox);
    expect(driver.tracer.providers.length).to.equal(99);
  });

  it('know their probes, whose numbers are unique', () => {
    const { driver, alice, bob } = newDriver();
    const [one, two] = [alice, bob].map((session) => driver.tracer.registerDriver(session, vbox, 'd'));
    expect(one!.probe('cpu_halt').name).to.equal('cpu_halt');
    expect(outcomeOf(() => one!.probe('cpu_hal'))).to.equal('VERR_SYMBOL_NOT_FOUND');
    const ids = [one!, two!].flatMap(({ probes }) => probes.map(({ id }) => id));
    expect(new Set(ids).size).to.equal(4);
  });
});

describe('the tracer', () => {
  const bad: readonly [Partial<TracerRegistration>, string][] = [
    [{ magic: 1 }, 'VERR_INVALID_MAGIC'],
    [{ version: 2 }, 'VERR_VERSION_MISMATCH'],
    [{ endMagic: 1 }, 'VERR_VERSION_MISMATCH'],
    [{}, 'VINF_SUCCESS'],
  ];
  for (const [changes, status] of bad) {
    it(`with ${JSON.stringify(changes)}: ${status}`, () => {
      const { driver, alice } = newDriver();
      const { registration } = newTracer(changes);
      expect(outcomeOf(() => driver.tracer.registerTracer(alice, registration))).to.equal(status);
    });
  }

  it('has the numbers of SUPDRVTRACERREG', () => expect([TRACER_MAGIC, TRACER_VERSION]).to.deep.equal([0x19601009, 1]));

  it('is one, and is told of all providers whenever it comes', () => {
    const { driver, alice, bob } = newDriver();
    const { lines, registration } = newTracer();
    driver.tracer.registerDriver(alice, vbox, 'd');
    driver.tracer.registerTracer(alice, registration);
    expect(outcomeOf(() => driver.tracer.registerTracer(bob, newTracer().registration))).to.equal(
      'VERR_SUPDRV_TRACER_ALREADY_REGISTERED',
    );
    driver.tracer.registerDriver(bob, { ...vbox, name: 'later' }, 'd');
    expect(outcomeOf(() => driver.tracer.deregisterTracer(bob))).to.equal('VERR_SUPDRV_TRACER_NOT_REGISTERED');
    driver.tracer.deregisterTracer(alice);
    expect(lines).to.deep.equal(['+machine', '+later', '-machine', '-later']);
    expect(outcomeOf(() => driver.tracer.deregisterTracer(alice))).to.equal('VERR_SUPDRV_TRACER_NOT_REGISTERED');
    expect(driver.tracer.providers.length, 'they stay, for the next one').to.equal(2);
  });

  it('that does not want a provider is not registered, and let go of those it knew', () => {
    const { driver, alice, bob } = newDriver();
    const { lines, registration } = newTracer();
    driver.tracer.registerDriver(alice, vbox, 'd');
    driver.tracer.registerDriver(bob, { ...vbox, name: 'unwanted' }, 'd');
    const picky = {
      ...registration,
      providerRegister: (provider: Provider) => {
        if (provider.name === 'unwanted') throw new SsmError('VERR_NOT_SUPPORTED', 'no');
        registration.providerRegister(provider);
      },
    };
    expect(outcomeOf(() => driver.tracer.registerTracer(alice, picky))).to.equal('VERR_NOT_SUPPORTED');
    expect(lines).to.deep.equal(['+machine', '-machine']);
    expect(outcomeOf(() => driver.tracer.registerTracer(alice, registration))).to.equal('VINF_SUCCESS');
  });

  it('that still holds a provider is asked again', () => {
    const { driver, alice, bob } = newDriver();
    let busy = 2;
    const { lines, registration } = newTracer({
      providerDeregister: () => 'VERR_TRY_AGAIN',
      providerDeregisterZombie: () => (--busy > 0 ? 'VERR_TRY_AGAIN' : 'VINF_SUCCESS'),
    });
    driver.tracer.registerTracer(alice, registration);
    const probe = driver.tracer.registerDriver(bob, vbox, 'd').probe('cpu_halt');
    probe.enable();
    driver.tracer.deregisterDriver(bob);
    expect(driver.tracer.zombies).to.equal(1);
    probe.fire(1);
    expect(lines, 'it fires no more').to.deep.equal(['+machine']);
    expect(outcomeOf(() => driver.tracer.deregisterTracer(alice))).to.equal('VERR_TRY_AGAIN');
    expect(outcomeOf(() => driver.tracer.open(bob, 0x1234))).to.equal('VERR_SUPDRV_TRACER_UNLOADING');
    expect(outcomeOf(() => driver.tracer.deregisterTracer(alice))).to.equal('VINF_SUCCESS');
    expect(driver.tracer.zombies).to.equal(0);
  });

  it('is opened, asked and closed by sessions', () => {
    const { driver, alice, bob } = newDriver();
    const { lines, registration } = newTracer();
    expect(outcomeOf(() => driver.tracer.open(bob, 0x1234))).to.equal('VERR_SUPDRV_TRACER_NOT_PRESENT');
    driver.tracer.registerTracer(alice, registration);
    expect(outcomeOf(() => driver.tracer.open(alice, 0x1234))).to.equal('VERR_SUPDRV_TRACER_CANNOT_OPEN_SELF');
    expect(
      outcomeOf(() => driver.tracer.open(bob, 1)),
      'another cookie',
    ).to.equal('VERR_INVALID_MAGIC');
    for (const call of [() => driver.tracer.ioCtl(bob, 1n), () => driver.tracer.close(bob)]) {
      expect(outcomeOf(call)).to.equal('VERR_SUPDRV_TRACER_NOT_OPENED');
    }
    driver.tracer.open(bob, 0x1234, 5n);
    expect(outcomeOf(() => driver.tracer.open(bob, 0x1234))).to.equal('VERR_SUPDRV_TRACER_ALREADY_OPENED');
    expect(driver.tracer.ioCtl(bob, 7n, 8n), '32 bits with a sign').to.equal(-1);
    driver.tracer.close(bob);
    driver.tracer.open(bob, 0x1234);
    bob.close();
    expect(lines).to.deep.equal(['open 5', 'data of 1001: 7 8', 'close data of 1001', 'open 0', 'close data of 1001']);
  });

  it('goes with its session, whatever it still holds', () => {
    const { driver, alice, bob } = newDriver();
    const { registration } = newTracer({
      providerDeregister: () => 'VERR_TRY_AGAIN',
      providerDeregisterZombie: () => 'VERR_TRY_AGAIN',
    });
    driver.tracer.registerTracer(alice, registration);
    driver.tracer.registerDriver(bob, vbox, 'd');
    expect(outcomeOf(() => alice.close())).to.equal('VERR_TRY_AGAIN');
    expect(driver.tracer.zombies).to.equal(0);
    expect(outcomeOf(() => driver.tracer.registerTracer(bob, newTracer().registration))).to.equal('VINF_SUCCESS');
  });
});

describe('probes', () => {
  it('of the kernel fire as long as they are enabled as often as disabled', () => {
    const { driver, alice, bob } = newDriver();
    const { lines, registration } = newTracer();
    driver.tracer.registerTracer(alice, registration);
    const probe = driver.tracer.registerDriver(bob, vbox, 'd').probe('cpu-state');
    probe.fire(0);
    probe.enable();
    probe.enable();
    probe.fire(1, 2n);
    probe.disable();
    expect(probe.isEnabled).to.equal(true);
    probe.fire(3);
    probe.disable();
    expect(probe.isEnabled).to.equal(false);
    probe.fire(4);
    expect(outcomeOf(() => probe.disable())).to.equal('VERR_WRONG_ORDER');
    expect(lines.slice(1)).to.deep.equal(['kernel cpu-state(1,2)', 'kernel cpu-state(3)']);
  });

  it('of a process fire by number, and only its own', () => {
    const { driver, alice, bob } = newDriver();
    const { lines, registration } = newTracer();
    const tracer = driver.openSession();
    driver.tracer.registerTracer(tracer, registration);
    const probe = driver.tracer.registerUserModule(bob, 'main', vbox).probe('cpu_halt');
    const context = { probeId: probe.id, bits: 32, args: [5] } as const;
    driver.tracer.fireUser(bob, context);
    probe.enable();
    driver.tracer.fireUser(alice, context);
    driver.tracer.fireUser(bob, { ...context, probeId: 4711 });
    driver.tracer.fireUser(bob, context);
    probe.fire(6);
    expect(lines.slice(1)).to.deep.equal(['user 1001 cpu_halt(5) 32', 'user 1001 cpu_halt(6) 64']);
  });

  it('without a tracer go nowhere', () => {
    const { driver, alice } = newDriver();
    const probe = driver.tracer.registerDriver(alice, vbox, 'd').probe('cpu_halt');
    probe.enable();
    expect(outcomeOf(() => probe.fire(1))).to.equal('VINF_SUCCESS');
  });
});
