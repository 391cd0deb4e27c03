import { SsmError } from '../error.js';
import { isFailure, type SsmFailure, statusName } from '../status.js';

/*
 * What the target answers: `ACK`, or `NACK=<status>;<text>`
 *
 * The status is a decimal number. VirtualBox 3.1 knows no text. Newlines in the text are sent as carriage returns
 * (`VirtualBox 7.2 ConsoleImplTeleporter.cpp`, teleporterTcpWriteNACK and teleporterTcpReadACK).
 */

/** Characters of an answer, without the newline. */
export const ANSWER_MAX = 255;

/** Bytes of an answer that we send, with the newline. */
const LINE_MAX = 255;

/** Up to so many characters a text says nothing, and the status is told instead. */
const TEXT_MIN = 4;

const utf8 = new TextEncoder();

/** The line by which the target agrees. */
export const ACK: Uint8Array = utf8.encode('ACK\n');

/** The line by which the target refuses; text that does not fit is cut off. */
export function encodeNack(rc: number, text = ''): Uint8Array {
  const start = `NACK=${rc}`;
  if (text === '') return utf8.encode(`${start}\n`);
  const line = new Uint8Array(LINE_MAX);
  // A character that does not fit whole is left out.
  const { written } = utf8.encodeInto(`${start};${text.replaceAll('\n', '\r')}`, line.subarray(0, -1));
  line[written] = 0x0a;
  return line.subarray(0, written + 1);
}

/** What an answer says. */
export type Answer = { readonly agreed: true } | { readonly agreed: false; readonly rc: number; readonly text: string };

/** Reads an answer; `undefined` where the line is none. */
export function parseAnswer(line: string): Answer | undefined {
  if (line === 'ACK') return { agreed: true };
  const [, number, , text = ''] = /^NACK=([+-]?\d+)(;(.*))?$/s.exec(line) ?? [];
  const rc = Number(number);
  if ((rc | 0) !== rc) return undefined;
  return { agreed: false, rc, text: text.replaceAll('\r', '\n') };
}

/**
 * The failure that an answer stands for; `undefined` where the target has agreed.
 *
 * @param step what was answered.
 */
export function failureOf(line: string, step: string): SsmError | undefined {
  const answer = parseAnswer(line);
  if (answer === undefined) {
    return new SsmError('VERR_IO_GEN_FAILURE', `expected ACK or NACK as the answer to '${step}', got '${line}'`);
  }
  if (answer.agreed) return undefined;
  const { rc, text } = answer;
  const name = statusName(rc);
  const status: SsmFailure = name !== undefined && isFailure(name) ? name : 'VERR_GENERAL_FAILURE';
  const told = text.length > TEXT_MIN ? text : `NACK(${step}) - ${name ?? 'unknown status'} (${rc})`;
  return new SsmError(status, `the target refused: ${told}`);
}
