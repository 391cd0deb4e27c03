import { PASS_FINAL } from '@ssmkit/runtime';
import { normalForm } from '../support/normal-form.js';

/**
 * What a saved state holds, in words: `SSM a@0 SSMLiveControl@0=1822 a | END | SSM a`.
 *
 * In front are the headers in the order of the file, live passes with their number, of "SSMLiveControl" with what it
 * tells; at the end is the directory, `a@0` where it leads to a live pass.
 */
export function pictureOf(bytes: Uint8Array): string {
  const { units, hasEnd, directory } = normalForm(bytes);
  const headers = units.map(({ header, records }) => {
    const [name, , instance, pass] = header as [string, number, number, number];
    const plain = name.replace(/\0$/, '');
    const told = plain === 'SSMLiveControl' ? records.flatMap(({ data }) => [...data]) : undefined;
    const value = told === undefined ? '' : `=${(told[0] as number) + (told[1] as number) * 256}`;
    return { value, text: `${plain}${instance ? `#${instance}` : ''}${pass === PASS_FINAL ? '' : `@${pass}`}` };
  });
  const listed = directory.map(([at]) => headers[at as number]?.text ?? '?');
  const parts = [headers.map(({ text, value }) => text + value), hasEnd ? ['END'] : ['no END'], listed];
  return parts.map((part) => part.join(' ')).join(' | ');
}

/** The data of every header of a unit, in the order of the file. */
export function dataOf(bytes: Uint8Array, name: string): number[][] {
  return normalForm(bytes)
    .units.filter(({ header }) => header[0] === `${name}\0` || header[0] === name)
    .map(({ records }) => records.flatMap(({ data }) => [...data]));
}
