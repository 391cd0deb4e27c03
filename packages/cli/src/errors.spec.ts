import { SsmError } from '@ssmkit/runtime';
import { DescriptorError, JsonError } from '@ssmkit/schema';
import { expect } from 'chai';
import { toSsmError } from './errors.js';

describe('toSsmError', () => {
  it('keeps failures with a status', () => {
    const error = new SsmError('VERR_EOF', 'x');
    expect(toSsmError(error)).to.equal(error);
  });

  const rows: readonly (readonly [thrown: unknown, message: string])[] = [
    [new DescriptorError('Pit', 'mode', 'has no kind'), 'VERR_INVALID_PARAMETER: Pit.mode: has no kind'],
    [
      new JsonError([
        { path: 'A.b', problem: 'missing' },
        { path: 'A.c', problem: 'wrong' },
      ]),
      'VERR_INVALID_PARAMETER: A.b: missing; A.c: wrong',
    ],
    [
      Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open' }),
      'VERR_FILE_NOT_FOUND: ENOENT: no such file',
    ],
    [new TypeError('x is not a function'), 'VERR_GENERAL_FAILURE: TypeError: x is not a function'],
    ['thrown text', 'VERR_GENERAL_FAILURE: thrown text'],
  ];
  for (const [thrown, message] of rows) {
    it(message, () => {
      expect(toSsmError(thrown).message).to.equal(message);
    });
  }
});
