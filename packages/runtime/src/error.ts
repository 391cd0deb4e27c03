import { isStatus, type SsmFailure, statusCodes } from './status.js';

/** Where in a saved state something went wrong. Every part is present only where it is known. */
export interface SsmWhere {
  /** Offset in the file or stream, in bytes. */
  readonly offset?: number;
  /** Name of the unit. */
  readonly unit?: string;
  /** Instance number of the unit. */
  readonly instance?: number;
  /** Live pass, or `PASS_FINAL` (0xFFFFFFFF). */
  readonly pass?: number;
  /** Path of the field inside the unit's state, such as `Pit.channels[2].mode`. */
  readonly field?: string;
}

/**
 * A failure of the Saved State Manager.
 *
 * `status` is the name VirtualBox gives it, `rc` its number, `where` the place as far as it is known.
 */
export class SsmError extends Error {
  override readonly name = 'SsmError';
  readonly status: SsmFailure;
  readonly rc: number;
  /** What happened, without status and place. */
  readonly detail: string;
  readonly where: SsmWhere;

  constructor(status: SsmFailure, detail: string, where: SsmWhere = {}, options?: ErrorOptions) {
    const place = formatWhere(where);
    super(`${status}: ${detail}${place && ` (${place})`}`, options);
    this.status = status;
    this.rc = statusCodes[status];
    this.detail = detail;
    this.where = where;
  }

  /** The same failure with what is known of the place added; places already known are kept. */
  at(where: SsmWhere): SsmError {
    const merged = { ...where, ...this.where };
    const more = (Object.keys(where) as (keyof SsmWhere)[]).some((key) => this.where[key] === undefined);
    return more ? new SsmError(this.status, this.detail, merged, { cause: this.cause ?? this }) : this;
  }
}

/** The pass number of the final (non-live) pass. */
export const PASS_FINAL = 0xffffffff;

/** Whether something thrown is an {@link SsmError}, also one of another copy of this package. */
export function isSsmError(error: unknown): error is SsmError {
  return error instanceof Error && error.name === 'SsmError' && 'status' in error && isStatus(String(error.status));
}

/** `unit 'pit'#0, pass 2, field Pit.mode, offset 0x1f0 (496)`; empty where nothing is known. */
export function formatWhere(where: SsmWhere): string {
  const parts: string[] = [];
  if (where.unit !== undefined)
    parts.push(`unit '${where.unit}'${where.instance === undefined ? '' : `#${where.instance}`}`);
  if (where.pass !== undefined) parts.push(where.pass === PASS_FINAL ? 'final pass' : `pass ${where.pass}`);
  if (where.field !== undefined) parts.push(`field ${where.field}`);
  if (where.offset !== undefined) parts.push(`offset 0x${where.offset.toString(16)} (${where.offset})`);
  return parts.join(', ');
}
