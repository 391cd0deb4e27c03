import { hasOwnNumber, isStatus, type SsmStatus, statusCodes } from '../status.js';
import { oldNames, oldNumbers } from './old-statuses.js';
import { statusTexts, textOf } from './texts/index.js';
import type { StatusText } from './texts/text.js';

/** What a status means. */
export interface StatusExplanation extends StatusText {
  readonly status: SsmStatus;
  readonly rc: number;
  /** Where the number or the name meant is one of old versions. */
  readonly note?: string;
}

/**
 * What may stand in front of a name that was shortened. The first row in which there is such a status counts: a plain
 * `EOF` is all that end with it, but `CRC` is the one of saved states.
 */
const prefixes: readonly (readonly string[])[] = [
  [''],
  ['VERR_', 'VINF_', 'VWRN_'],
  ['VERR_SSM_', 'VINF_SSM_'],
  ['VERR_SSM_INTEGRITY_'],
];

/**
 * Explains a status by its name or number.
 *
 * Names may be in lower case, with blanks or hyphens, and without `VERR_`, `VERR_SSM_` or `VERR_SSM_INTEGRITY_`. Numbers
 * are decimal, `-1814`, or hexadecimal as logs have them, `0xfffff8ea`; without a sign they are taken both ways.
 *
 * @returns all statuses that are meant; none for a name or a number that there is not.
 */
export function explainStatus(text: string): StatusExplanation[] {
  const number = numberOf(text.trim());
  return number === undefined ? byName(text) : number.flatMap(byNumber);
}

/** What is known of a status. @param note where another number or name led to it. */
function explanationOf(status: SsmStatus, note?: string): StatusExplanation {
  return { status, rc: statusCodes[status], ...textOf(status), ...(note !== undefined && { note }) };
}

/** The numbers that a text may stand for; `undefined` where it is none. */
function numberOf(text: string): readonly number[] | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return [Number(text) | 0];
  if (!/^[-+\u2212]?\d{1,10}$/.test(text)) return undefined;
  const number = Number(text.replace('\u2212', '-'));
  return /^\d/.test(text) && number !== 0 ? [number, -number] : [number];
}

function byNumber(rc: number): StatusExplanation[] {
  const names = (Object.keys(statusCodes) as SsmStatus[]).filter((name) => statusCodes[name] === rc);
  // Several names may have one number; those that mark a range, or have none of their own, are not meant.
  const meant = names.filter((name) => !/_(?:FIRST|LAST)$/.test(name) && hasOwnNumber(name));
  const old = oldNumbers.get(rc);
  return [
    ...meant.map((name) => explanationOf(name)),
    ...(old === undefined
      ? []
      : [explanationOf(old, `This is what ${rc} meant in VirtualBox 3.0 and older. Today it is ${statusCodes[old]}.`)]),
  ];
}

function byName(text: string): StatusExplanation[] {
  const name = text
    .trim()
    .toUpperCase()
    .replace(/[\s-]+/g, '_');
  for (const row of prefixes) {
    const found = row.map((prefix) => prefix + name).filter(isStatus);
    if (found.length > 0) return found.map((status) => explanationOf(status));
    const old = row.map((prefix) => oldNames.get(prefix + name)).find((status) => status !== undefined);
    if (old !== undefined) return [explanationOf(old, `VirtualBox 3.0 and older called it so. Today it is ${old}.`)];
  }
  return [];
}

/** Names that may be asked for, those with an explanation of their own first. */
export function statusNames(): SsmStatus[] {
  const all = Object.keys(statusCodes) as SsmStatus[];
  return [...all.filter((name) => name in statusTexts), ...all.filter((name) => !(name in statusTexts))];
}
