import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Pdm } from './pdm.js';
import { attachIfAny, createMachine, driversOf, managerOf, notingDevice, testDriver } from './testing.js';

/*
 * Chains that are attached and detached at random, against a list of names
 *
 * Drivers note when they are made and destroyed, and some fail to be. Whatever happens: the chain is what the list says,
 * every instance is destroyed once, and what it has registered is gone with it.
 */

/** `Bad` fails once it has attached what is below it. */
const NAMES = ['A', 'B', 'C', 'Bad'] as const;

type Step =
  | { readonly do: 'configure'; readonly chain: readonly string[] }
  | { readonly do: 'attach' | 'attachBelow' | 'detach' }
  | { readonly do: 'detachDriver'; readonly name: string; readonly occurrence: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('configure' as const),
    chain: fc.array(fc.oneof({ arbitrary: fc.constantFrom('A', 'B', 'C'), weight: 6 }, fc.constantFrom(...NAMES)), {
      maxLength: 5,
    }),
  }),
  fc.record({ do: fc.constantFrom('attach' as const, 'attachBelow' as const, 'detach' as const) }),
  fc.record({
    do: fc.constant('detachDriver' as const),
    name: fc.constantFrom(...NAMES),
    occurrence: fc.nat(2),
  }),
);

/** What has to be there. */
class Model {
  attached: string[] = [];
  configured: string[] = [];

  /** @returns the status. */
  take(action: Step): string {
    switch (action.do) {
      case 'configure':
        this.configured = [...this.attached, ...action.chain.slice(this.attached.length)];
        return 'VINF_SUCCESS';
      case 'attach':
        if (this.attached.length > 0) return 'VERR_PDM_DRIVER_ALREADY_ATTACHED';
        return this.#attach(0);
      case 'attachBelow':
        return this.#attach(this.attached.length);
      case 'detach':
        return this.#cut(0, this.attached.length > 0);
      case 'detachDriver': {
        if (this.attached.length === 0) return 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN';
        const places = this.attached.flatMap((name, i) => (name === action.name ? [i] : []));
        const at = places[action.occurrence];
        return at === undefined ? 'VERR_PDM_DRIVER_INSTANCE_NOT_FOUND' : this.#cut(at, true);
      }
    }
  }

  /** Attaches what is configured from a place on; what is above need not be what is configured there. */
  #attach(at: number): string {
    const below = this.configured.slice(at);
    if (below.length === 0) return 'VERR_PDM_NO_ATTACHED_DRIVER';
    if (below.includes('Bad')) return 'VERR_NO_MEMORY';
    this.attached.push(...below);
    return 'VINF_SUCCESS';
  }

  #cut(at: number, isAny: boolean): string {
    this.attached.length = at;
    return isAny ? 'VINF_SUCCESS' : 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN';
  }
}

async function perform(pdm: Pdm, action: Step): Promise<string> {
  const status = (call: Promise<unknown>) =>
    call.then(
      (result) => (typeof result === 'string' ? result : 'VINF_SUCCESS'),
      (error: SsmError) => error.status,
    );
  switch (action.do) {
    case 'configure':
      configure(pdm, action.chain);
      return 'VINF_SUCCESS';
    case 'attach':
      return status(pdm.deviceAttach('disk', 0, 0));
    case 'attachBelow':
      return status(pdm.driverAttach('disk', 0, 0));
    case 'detach':
      return status(pdm.deviceDetach('disk', 0, 0));
    case 'detachDriver':
      return status(pdm.driverDetach('disk', 0, 0, action.name, action.occurrence));
  }
}

/** The nodes of drivers that are attached stay theirs; what is below the last of them is exchanged. */
function configure(pdm: Pdm, names: readonly string[]): void {
  const { node, luns } = pdm.deviceEntries[0]!;
  const attached = luns[0]!.drivers;
  let parent = attached.at(-1)?.node ?? node;
  parent.child(attached.length === 0 ? 'LUN#0' : 'AttachedDriver')?.remove();
  for (const [i, name] of names.slice(attached.length).entries()) {
    parent = parent.insertNode(attached.length === 0 && i === 0 ? 'LUN#0' : 'AttachedDriver').insert('Driver', name);
  }
}

describe('chains of drivers', () => {
  it('are what was attached and not detached, whoever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const alive = new Set<object>();
        const drivers = NAMES.map((name) =>
          testDriver(name, (instance) => ({
            construct: async () => {
              alive.add(instance);
              instance.statRegister({ name: 'x', type: 'u32', sample: { value: 1 } });
              instance.timerCreate({ clock: 'REAL', name: 'Timer', callback: () => {} });
              instance.ssmRegister({ version: 1, saveExec: (stream) => void stream.putU8(1) });
              instance.infoRegister({ name: 'x', description: 'x', handler: () => {} });
              instance.queueCreate({
                name: `${name}${instance.instance}`,
                items: 1,
                create: () => 0,
                callback: () => true,
              });
              await attachIfAny(instance.attach());
              if (name === 'Bad') throw new SsmError('VERR_NO_MEMORY', 'Bad was to fail');
            },
            attach: async () => void (await instance.attach()),
            detach: () => {},
            destruct: () => {
              expect(alive.delete(instance), 'destroyed once').to.equal(true);
            },
          })),
        );
        const vm = await createMachine({
          devices: [notingDevice('disk', [])],
          drivers,
          config: { Devices: { disk: { 0: {} } } },
        });
        const pdm = managerOf(vm);
        const count = () => [
          vm.vm.tm!.timers.length,
          vm.vm.registry.units.length,
          pdm.queues.all.length,
          vm.uvm.info.items.length,
          vm.uvm.statistics.entries('/Drivers/*').length,
        ];
        const before = count();
        const model = new Model();
        for (const action of steps) {
          const wanted = model.take(action);
          expect(await perform(pdm, action), JSON.stringify(action)).to.equal(wanted);
          expect(driversOf(vm, 'disk')).to.equal(model.attached.join('>'));
          const each = model.attached.length;
          expect(alive.size).to.equal(each);
          expect(count()).to.deep.equal(before.map((number) => number + each));
          expect(pdm.drivers.entries.reduce((sum, { instances }) => sum + instances, 0)).to.equal(each);
        }
        await vm.end();
        expect(alive.size).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });
});
