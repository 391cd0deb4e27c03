import { type SsmField, type StateClass, StructFlags } from '@ssmkit/schema';
import { SsmError } from '../error.js';
import { locate } from './put-object.js';
import { PutPrimitives } from './put-primitives.js';
import { putTable, type TableOptions } from './put-table.js';
import {
  checkFlags,
  checkStream,
  checkTable,
  hasLead,
  hasTail,
  STRUCT_BEGIN,
  STRUCT_END,
  type StructClass,
  structClassOf,
} from './struct-class.js';

/**
 * The put half of an SSM handle: what a save callback writes its unit with.
 *
 * A failure is kept (`failure`) and every later put fails with it, as a handle's status does in VirtualBox. The one
 * exception is `putStrZ` with a string that is too long, which leaves the stream as it was.
 */
export class PutStream extends PutPrimitives {
  /**
   * A structure as SSMR3PutStruct writes it: its fields between the two markers. The class may only have kinds that
   * need no extended engine.
   *
   * @throws SsmError VERR_SSM_FIELD_COMPLEX for other kinds, VERR_SSM_FIELD_INVALID_SIZE for sizes that do not fit.
   */
  putStruct(object: object): void {
    const entry = structClassOf(object);
    if (!entry.fits.simple) checkTable(this, entry, 'simple');
    this.putU32(STRUCT_BEGIN);
    this.#putBody(entry, object, 0);
    this.putU32(STRUCT_END);
  }

  /**
   * A structure as SSMR3PutStructEx writes it.
   *
   * @param flags StructFlags.
   * @throws SsmError VERR_INVALID_PARAMETER for unknown flags, VERR_SSM_FIELD_* for a table that does not fit the
   * structure on the stream's host, or a value that its kind cannot save.
   */
  putStructEx(object: object, flags = 0): void {
    const entry = structClassOf(object);
    if (flags !== 0) checkFlags(this, flags);
    const api = (flags & StructFlags.FULL_STRUCT) === 0 ? 'extended' : 'full';
    if (!entry.fits[api]) checkTable(this, entry, api);
    if (hasLead(flags)) this.putU32(STRUCT_BEGIN);
    this.#putBody(entry, object, flags);
    if (hasTail(flags)) this.putU32(STRUCT_END);
  }

  /** An object of a `@SsmStream` class: its values, without markers. */
  put(object: object): void {
    const entry = structClassOf(object);
    if (!entry.isStream) checkStream(this, entry);
    this.#putBody(entry, object, 0);
  }

  #putBody(entry: StructClass, object: object, flags: number): void {
    try {
      if (flags === 0 && this.canonical) {
        const { coldPut } = entry;
        if (coldPut === undefined) entry.put(this, object, 0);
        else coldPut(this, object, 0);
      } else entry.putAny(this, object, flags);
    } catch (error) {
      // A wrong type shows as a TypeError of the engine's own.
      throw this.fail(error instanceof SsmError ? error : locate(error, entry.name));
    }
  }

  /** The fields of an object as a part of another one. For the engines and generated code. */
  putPart(target: StateClass, object: object, flags: number): void {
    structClassOf(target).of(object).putAny(this, object, flags);
  }

  /**
   * The bytes of a C structure in the memory of the stream's host, by its SSMFIELD table: what SSMR3PutStructEx does
   * in C (or SSMR3PutStruct, with the option `simple`).
   */
  putTable(memory: Uint8Array, table: readonly SsmField[], options: TableOptions = {}): void {
    putTable(this, memory, table, options);
  }
}
