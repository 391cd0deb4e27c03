import type { SsmError, SsmStatus, SsmWhere } from '@ssmkit/runtime';
import { escapeJson } from './escape.js';

/** A place, as the JSON documents have it: every part is there, unknown ones are null. */
export interface WhereJson {
  readonly offset: number | null;
  readonly unit: string | null;
  readonly instance: number | null;
  readonly pass: number | null;
  readonly field: string | null;
}

/** Something wrong, as the JSON documents have it. */
export interface ErrorJson {
  readonly status: SsmStatus;
  /** What happened, without status and place. */
  readonly message: string;
  readonly where: WhereJson;
}

/** A unit, as the JSON documents have it. */
export interface UnitJson {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly pass: number;
  readonly offset: number;
}

export function whereJson({ offset, unit, instance, pass, field }: SsmWhere): WhereJson {
  return {
    offset: offset ?? null,
    unit: unit ?? null,
    instance: instance ?? null,
    pass: pass ?? null,
    field: field ?? null,
  };
}

export function errorJson({ status, detail, where }: SsmError): ErrorJson {
  return { status, message: detail, where: whereJson(where) };
}

export function unitJson({ name, instance, version, pass, offset }: UnitJson): UnitJson {
  return { name, instance, version, pass, offset };
}

/** A document as text, safe to show on a terminal. */
export function documentText(document: object): string {
  return `${escapeJson(JSON.stringify(document, null, 2))}\n`;
}
