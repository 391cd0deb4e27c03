import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { newDriver, outcomeOf } from '../testing.js';
import {
  channelName,
  DIAGNOSTICS_COOKIE,
  DiagnosticsTracer,
  diagnosticsCommands,
  type ProbeMessage,
} from './diagnostics-tracer.js';

describe('the tracer of node:diagnostics_channel', () => {
  const description = { name: 'machine', probes: [{ name: 'cpu-halt' }, { name: 'cpu-state' }] };

  it('publishes what has subscribers, and enables nothing else', () => {
    const { driver, alice, bob } = newDriver();
    const provider = driver.tracer.registerDriver(bob, description, 'drv');
    driver.tracer.registerTracer(alice, new DiagnosticsTracer());
    driver.tracer.open(bob, DIAGNOSTICS_COOKIE);
    const halt = provider.probe('cpu-halt');
    const messages: unknown[] = [];
    const listener = (message: unknown) => messages.push(message);
    const name = channelName('machine', 'cpu-halt');
    expect([name, halt.isEnabled]).to.deep.equal(['ssmkit:machine:cpu-halt', false]);
    halt.fire(1);
    subscribe(name, listener);
    try {
      expect([halt.isEnabled, provider.probe('cpu-state').isEnabled]).to.deep.equal([true, false]);
      expect(driver.tracer.ioCtl(bob, diagnosticsCommands.LISTENING)).to.equal(1);
      halt.fire(2, 'x');
      provider.probe('cpu-state').fire(3);
    } finally {
      unsubscribe(name, listener);
    }
    halt.fire(4);
    const expected: ProbeMessage = { provider: 'machine', module: 'drv', probe: 'cpu-halt', args: [2, 'x'] };
    expect(messages).to.deep.equal([expected]);
    expect(driver.tracer.ioCtl(bob, diagnosticsCommands.PUBLISHED)).to.equal(1);
    expect(driver.tracer.ioCtl(bob, diagnosticsCommands.LISTENING)).to.equal(0);
    expect(outcomeOf(() => driver.tracer.ioCtl(bob, 99n))).to.equal('VERR_NOT_SUPPORTED');
  });

  it("tells whose process a probe is in, and lets go of a provider's channels", () => {
    const { driver, alice, bob } = newDriver();
    driver.tracer.registerTracer(alice, new DiagnosticsTracer());
    const probe = driver.tracer.registerUserModule(bob, 'VBoxVMM', description).probe('cpu-halt');
    const messages: ProbeMessage[] = [];
    const listener = (message: unknown) => messages.push(message as ProbeMessage);
    const name = channelName('machine', 'cpu-halt');
    subscribe(name, listener);
    try {
      probe.fire(1);
      bob.close();
      probe.fire(2);
    } finally {
      unsubscribe(name, listener);
    }
    expect(messages.map(({ session, args, context }) => [session, args, context?.bits])).to.deep.equal([
      [bob, [1], 64],
    ]);
  });

  it('is opened with its cookie', () => {
    const { driver, alice, bob } = newDriver();
    driver.tracer.registerTracer(alice, new DiagnosticsTracer());
    expect(outcomeOf(() => driver.tracer.open(bob, 1))).to.equal('VERR_INVALID_MAGIC');
  });
});
