import { type SsmField, type StateClass, StructFlags } from '@ssmkit/schema';
import { SsmError } from '../error.js';
import { GetPrimitives } from './get-primitives.js';
import { getTable } from './get-table.js';
import { locate } from './put-object.js';
import type { TableOptions } from './put-table.js';
import {
  checkFlags,
  checkStream,
  checkTable,
  getMarker,
  hasLead,
  hasTail,
  STRUCT_BEGIN,
  STRUCT_END,
  type StructClass,
  structClassOf,
} from './struct-class.js';

/**
 * The get half of an SSM handle: what a load callback reads its unit with.
 *
 * A failure is kept (`failure`) and every later get fails with it. Exceptions, as in VirtualBox: a string longer than
 * its limit, and an address too wide for its member; both leave the stream usable.
 */
export class GetStream extends GetPrimitives {
  /**
   * Fills an object from a structure that SSMR3PutStruct wrote.
   *
   * @throws SsmError VERR_SSM_STRUCTURE_MAGIC where a marker is missing, VERR_SSM_FIELD_COMPLEX for a class with kinds
   * that need {@link getStructEx}.
   */
  getStruct<T extends object>(object: T): T {
    const entry = structClassOf(object);
    if (!entry.fits.simple) checkTable(this, entry, 'simple');
    getMarker(this, STRUCT_BEGIN);
    this.#getBody(entry, object, 0);
    getMarker(this, STRUCT_END);
    return object;
  }

  /**
   * Fills an object from a structure that SSMR3PutStructEx wrote with the same flags.
   *
   * @param flags StructFlags.
   * @throws SsmError VERR_SSM_STRUCTURE_MAGIC, VERR_SSM_FIELD_*, VERR_INVALID_PARAMETER; a value outside its field's
   * domain is VERR_OUT_OF_RANGE or VERR_SSM_ENUM_VALUE_OUT_OF_RANGE.
   */
  getStructEx<T extends object>(object: T, flags = 0): T {
    const entry = structClassOf(object);
    if (flags !== 0) checkFlags(this, flags);
    const api = (flags & StructFlags.FULL_STRUCT) === 0 ? 'extended' : 'full';
    if (!entry.fits[api]) checkTable(this, entry, api);
    if (hasLead(flags)) getMarker(this, STRUCT_BEGIN);
    this.#getBody(entry, object, flags);
    if (hasTail(flags)) getMarker(this, STRUCT_END);
    return object;
  }

  /** Fills an object of a `@SsmStream` class. */
  get<T extends object>(object: T): T {
    const entry = structClassOf(object);
    if (!entry.isStream) checkStream(this, entry);
    this.#getBody(entry, object, 0);
    return object;
  }

  #getBody(entry: StructClass, object: object, flags: number): void {
    try {
      if (flags === 0 && this.canonical) {
        const { coldGet } = entry;
        if (coldGet === undefined) entry.get(this, object, 0);
        else coldGet(this, object, 0);
      } else entry.getAny(this, object, flags);
    } catch (error) {
      throw this.fail(error instanceof SsmError ? error : locate(error, entry.name));
    }
  }

  /** The fields of an object as a part of another one. For the engines and generated code. */
  getPart(target: StateClass, object: object, flags: number): void {
    structClassOf(target).of(object).getAny(this, object, flags);
  }

  /**
   * Fills the bytes of a C structure in the memory of the stream's host, by its SSMFIELD table: what SSMR3GetStructEx
   * does in C (or SSMR3GetStruct, with the option `simple`).
   */
  getTable(memory: Uint8Array, table: readonly SsmField[], options: TableOptions = {}): void {
    getTable(this, memory, table, options);
  }
}
