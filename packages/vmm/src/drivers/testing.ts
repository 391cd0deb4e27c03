import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import { settle } from '../emt/outcome.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import type { BaseInterface } from '../pdm/interface-ids.js';

/*
 * Chains of drivers for a bench
 *
 *     const chain = new BenchChain([char, {}], [memoryStream, { Limit: 16 }]);
 *     const bench = new DeviceBench({ drivers: { 'serial/0': chain.attach } });
 *
 * As below a LUN in a machine, without PDM: the first driver is made by the device, each other by the one above it.
 */

type Link = readonly [registration: DriverRegistration, config?: ConfigLiteral];

/** A chain below one LUN. */
export class BenchChain {
  /** From the top. */
  readonly drivers: Driver[] = [];
  /** What drivers have told the user. */
  readonly errors: string[] = [];
  readonly #links: readonly Link[];

  constructor(...links: readonly Link[]) {
    this.#links = links;
  }

  /** What a device's LUN wants. */
  readonly attach = (device: BaseInterface): Promise<BaseInterface> => this.#make(0, device);

  /** Base of the lowest driver. */
  get bottom(): BaseInterface {
    return this.drivers.at(-1)!.base;
  }

  /** Tells all drivers, from the top. */
  async notify(what: 'powerOn' | 'suspend' | 'resume' | 'reset' | 'powerOff'): Promise<void> {
    for (const driver of this.drivers) await must(what, () => driver[what]?.());
  }

  /** Ends them, from the bottom. */
  async destruct(): Promise<void> {
    for (const driver of [...this.drivers].reverse()) await must('destruct', () => driver.destruct?.());
  }

  async #make(i: number, upBase: BaseInterface): Promise<BaseInterface> {
    const link = this.#links[i];
    if (link === undefined) throw new SsmError('VERR_PDM_NO_ATTACHED_DRIVER', 'the chain ends here');
    const [registration, literal = {}] = link;
    const config = configTree(literal);
    const known = {
      name: registration.name,
      instance: 0,
      config,
      upBase,
      attach: async (): Promise<BaseInterface> => this.#make(i + 1, driver.base),
      vmSetError: (status: SsmFailure, detail: string): SsmError => {
        this.errors.push(detail);
        return new SsmError(status, detail);
      },
      vmSetRuntimeError: async (_flags: number, id: string, message: string) => {
        this.errors.push(`${id}: ${message}`);
        return 'VINF_SUCCESS' as const;
      },
    };
    // Drivers that need more of a machine are tried in one.
    const driver = registration.create(known as unknown as DriverInstance);
    this.drivers[i] = driver;
    await must('construct', () => driver.construct(config, 0));
    return driver.base;
  }
}

async function must(what: string, call: Parameters<typeof settle>[1]): Promise<void> {
  const outcome = await settle(what, call);
  if (typeof outcome !== 'string') throw outcome;
}
