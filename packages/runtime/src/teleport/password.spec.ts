import { expect } from 'chai';
import { statusOf } from '../testing.js';
import { passwordLine, passwordLineMax, sameBytes } from './password.js';
import { latin1 } from './testing.js';

/** SHA-512 of "foobar". */
const FOOBAR =
  '0a50261ebd1a390fed2bf326f2673c145582a6342d523204973d0219337f81616a8069b012587cf5635f6925f1b56c360230c19b273500ee013e030601bf2425';

describe('the password line', () => {
  const lines: readonly [password: string, plain: boolean, line: string][] = [
    ['', false, '\n'],
    ['', true, '\n'],
    ['foobar', false, `#SHA-512##${FOOBAR}\n`],
    ['foobar', true, 'foobar\n'],
    ['a b;#', true, 'a b;#\n'],
    ['#SHA-512##abc', true, '#SHA-512##abc\n'],
  ];
  for (const [password, plain, line] of lines) {
    it(`of ${JSON.stringify(password)}, ${plain ? 'plain' : 'hashed'}`, async () => {
      expect(latin1(await passwordLine(password, plain))).to.equal(line);
    });
  }

  it('is hashed from UTF-8', async () => {
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha512').update('Käse\n', 'utf8').digest('hex');
    expect(latin1(await passwordLine('Käse\n'))).to.equal(`#SHA-512##${hash}\n`);
  });

  const refused: readonly [password: string, plain: boolean][] = [
    [`#SHA-512##${FOOBAR}`, false],
    [`#SHA-512##${FOOBAR}`, true],
    [`#SHA-512#0123abcd#${FOOBAR.toUpperCase()}`, false],
    ['two\nlines', true],
    ['nul\0', true],
  ];
  for (const [password, plain] of refused) {
    it(`refuses ${JSON.stringify(password.slice(0, 24))}, ${plain ? 'plain' : 'hashed'}`, async () => {
      expect(await statusOf(() => passwordLine(password, plain))).to.equal('VERR_INVALID_PARAMETER');
    });
  }

  it('is compared whole', () => {
    const expected = Uint8Array.of(1, 2, 3);
    const given: readonly [number[], boolean][] = [
      [[1, 2, 3], true],
      [[1, 2, 4], false],
      [[0, 2, 3], false],
      [[1, 2], false],
      [[1, 2, 3, 4], false],
      [[], false],
    ];
    for (const [bytes, same] of given) expect(sameBytes(Uint8Array.from(bytes), expected), `${bytes}`).to.equal(same);
  });

  it('is read up to three times the length expected, and at least a KiB', () => {
    const max = (length: number) => passwordLineMax(new Uint8Array(length));
    expect([1, 139, 341, 342, 1000].map(max)).to.deep.equal([1024, 1024, 1024, 2048, 3072]);
  });
});
