import { SsmError } from '@ssmkit/runtime';

/**
 * What an interface is asked for by: a UUID, which changes with the interface, and its type.
 *
 *     export const SerialPort = interfaceId<SerialPort>('PDMISERIALPORT', '44540323-06ca-44c1-8eb2-f5a387704dbd');
 */
export interface InterfaceId<T> {
  readonly name: string;
  /** In lower case. */
  readonly uuid: string;
  /** Only there for the compiler. */
  readonly type?: T;
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws SsmError VERR_INVALID_PARAMETER for what is no UUID. */
export function interfaceId<T>(name: string, uuid: string): InterfaceId<T> {
  const lower = uuid.toLowerCase();
  if (!uuidForm.test(lower)) throw new SsmError('VERR_INVALID_PARAMETER', `${name}: '${uuid}' is no UUID`);
  return { name, uuid: lower };
}

/** What everybody in a chain shows its neighbours (`PDMIBASE`). */
export interface BaseInterface {
  /** The interface of an id, if it is offered. Ids are compared by UUID. Everybody offers {@link Base}. */
  queryInterface(id: InterfaceId<unknown>): unknown;
}

export const Base = interfaceId<BaseInterface>('PDMIBASE', 'a2299c0d-b709-4551-aa5a-73f59ffbed74');

/** Asks for an interface. @returns nothing when it is not offered, or there is nobody to ask. */
export function queryInterface<T>(base: BaseInterface | undefined, id: InterfaceId<T>): T | undefined {
  return (base?.queryInterface(id) ?? undefined) as T | undefined;
}

/** An interface and what implements it. */
export type Offer<T = unknown> = readonly [id: InterfaceId<T>, implementation: T];

/** An offer whose implementation has the type that its id says. */
export const offer = <T>(id: InterfaceId<T>, implementation: T): Offer => [id, implementation];

/** A base that offers these interfaces, and itself. */
export function baseOf(...offers: readonly Offer[]): BaseInterface {
  const byUuid = new Map<string, unknown>(offers.map(([id, implementation]) => [id.uuid, implementation]));
  const base: BaseInterface = { queryInterface: (id) => (id.uuid === Base.uuid ? base : byUuid.get(id.uuid)) };
  return base;
}
