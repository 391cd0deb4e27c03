import { SsmError } from '@ssmkit/runtime';
import type { IoPortHandlers } from '../pdm/device.js';
import { Counter } from '../stam/index.js';

/** Ports there are. */
export const PORT_COUNT = 0x1_0000;

/** A range of I/O ports. */
export interface IoPortOptions {
  /** The device or driver. */
  readonly owner?: object;
  /** `PIT` */
  readonly description: string;
  /** How many ports; 1…65536. */
  readonly count: number;
  readonly handlers: IoPortHandlers;
}

/** Where ranges are put. */
export interface PortSpace {
  /** @throws SsmError VERR_ALREADY_EXISTS. */
  map(range: IoPortRange, first: number): void;
  unmap(range: IoPortRange, first: number): void;
}

/** Ports of a device, which the guest reaches once they are mapped. */
export class IoPortRange {
  readonly owner: object | undefined;
  readonly description: string;
  readonly count: number;
  readonly handlers: IoPortHandlers;
  /** Accesses of the guest; counted only where the ports were made to be. */
  readonly reads = new Counter();
  readonly writes = new Counter();
  readonly #space: PortSpace;
  #first: number | undefined;

  /** @throws SsmError VERR_INVALID_PARAMETER for a number of ports that there is not. */
  constructor(space: PortSpace, { owner, description, count, handlers }: IoPortOptions) {
    if (!(Number.isInteger(count) && count >= 1 && count <= PORT_COUNT)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${description}' cannot have ${count} ports`);
    }
    this.owner = owner;
    this.description = description;
    this.count = count;
    this.handlers = handlers;
    this.#space = space;
  }

  /** The first port; `undefined` where they are not mapped. */
  get first(): number | undefined {
    return this.#first;
  }

  /**
   * Lets the guest reach the ports.
   *
   * @throws SsmError VERR_WRONG_ORDER where they are mapped already, VERR_INVALID_PARAMETER for what is no port,
   * VERR_OUT_OF_RANGE behind the last one, VERR_ALREADY_EXISTS where others are.
   */
  map(first: number): this {
    const { description, count } = this;
    if (this.#first !== undefined) {
      throw new SsmError('VERR_WRONG_ORDER', `the ports '${description}' are at ${portText(this.#first)} already`);
    }
    if (!(Number.isInteger(first) && first >= 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `the ports '${description}' cannot be at ${first}`);
    }
    if (first + count > PORT_COUNT) {
      throw new SsmError(
        'VERR_OUT_OF_RANGE',
        `${count} ports '${description}' at ${portText(first)} end behind the last`,
      );
    }
    this.#space.map(this, first);
    this.#first = first;
    return this;
  }

  /** Takes them from the guest; nothing happens where they are not mapped. */
  unmap(): void {
    if (this.#first === undefined) return;
    this.#space.unmap(this, this.#first);
    this.#first = undefined;
  }
}

/** `0x03f8` */
export const portText = (port: number): string => `0x${port.toString(16).padStart(4, '0')}`;
