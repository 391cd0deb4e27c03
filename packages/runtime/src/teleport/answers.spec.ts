import { expect } from 'chai';
import fc from 'fast-check';
import { ANSWER_MAX, encodeNack, failureOf, parseAnswer } from './answers.js';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('the answers of a target', () => {
  const sent: readonly [rc: number, text: string | undefined, line: string][] = [
    [-89, undefined, 'NACK=-89\n'],
    [-89, '', 'NACK=-89\n'],
    [-12, 'no such command', 'NACK=-12;no such command\n'],
    [-1858, 'two\nlines\n', 'NACK=-1858;two\rlines\r\n'],
  ];
  for (const [rc, told, line] of sent) {
    it(`${JSON.stringify(line)} is sent for ${rc} and ${JSON.stringify(told)}`, () => {
      expect(text(encodeNack(rc, told))).to.equal(line);
    });
  }

  it('are cut off at 255 bytes, between two characters, and keep their newline', () => {
    const line = encodeNack(-1, 'x'.repeat(300));
    expect([line.length, line.at(-1)]).to.deep.equal([255, 0x0a]);
    // 8 bytes of NACK=-1; leave 246, which 82 characters of three bytes fill.
    expect(text(encodeNack(-1, '€'.repeat(300)))).to.equal(`NACK=-1;${'€'.repeat(82)}\n`);
    expect(text(encodeNack(-1, `x${'€'.repeat(300)}`))).to.equal(`NACK=-1;x${'€'.repeat(81)}\n`);
  });

  it('arrive as they were sent', () => {
    const anyText = fc.string({ unit: 'binary' }).filter((told) => !/[\r\0]/.test(told) && told.isWellFormed());
    fc.assert(
      fc.property(fc.integer({ min: -0x80000000, max: -1 }), anyText, (rc, told) => {
        const line = text(encodeNack(rc, told));
        fc.pre(line.length > 0 && new TextEncoder().encode(line).length < ANSWER_MAX);
        expect(parseAnswer(line.slice(0, -1))).to.deep.equal({ agreed: false, rc, text: told });
      }),
    );
  });

  const heard: readonly [line: string, message: string | undefined][] = [
    ['ACK', undefined],
    ['NACK=-1858;Failed to\rload', 'VERR_SSM_CANCELLED: the target refused: Failed to\nload'],
    // VirtualBox 3.1 has no more to say,
    ['NACK=-115', 'VERR_FILE_LOCK_FAILED: the target refused: NACK(load) - VERR_FILE_LOCK_FAILED (-115)'],
    // and four characters tell as little.
    ['NACK=-115;oops', 'VERR_FILE_LOCK_FAILED: the target refused: NACK(load) - VERR_FILE_LOCK_FAILED (-115)'],
    ['NACK=-115;oops!', 'VERR_FILE_LOCK_FAILED: the target refused: oops!'],
    ['NACK=-99999', 'VERR_GENERAL_FAILURE: the target refused: NACK(load) - unknown status (-99999)'],
    ['NACK=0', 'VERR_GENERAL_FAILURE: the target refused: NACK(load) - VINF_SUCCESS (0)'],
    ...[
      '',
      'ack',
      'ACK ',
      'ACKACK',
      'NACK',
      'NACK=',
      'NACK=;text',
      'NACK=1x',
      'NACK=-',
      'NACK= 1',
      'NACK=2147483648',
    ].map(
      (line) =>
        [line, `VERR_IO_GEN_FAILURE: expected ACK or NACK as the answer to 'load', got '${line}'`] as [string, string],
    ),
  ];
  for (const [line, message] of heard) {
    it(`${JSON.stringify(line)} is ${message === undefined ? 'agreement' : 'a failure'}`, () => {
      expect(failureOf(line, 'load')?.message).to.equal(message);
    });
  }
});
