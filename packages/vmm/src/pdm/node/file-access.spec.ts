import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { failureStatus } from '../../emt/testing.js';
import { nodeFiles } from './file-access.js';

describe('files of the host', () => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'ssmkit-files-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('are read and written at any place, and grow', async () => {
    const path = join(home, 'a.img');
    writeFileSync(path, 'hello, world');
    const file = await nodeFiles.open(path, { readOnly: false, create: false });
    const bytes = new Uint8Array(5);
    await file.read(7, bytes);
    expect([new TextDecoder().decode(bytes), file.size]).to.deep.equal(['world', 12]);
    await file.write(14, new TextEncoder().encode('!'));
    await file.flush();
    expect(file.size).to.equal(15);
    await file.truncate?.(5);
    expect(file.size).to.equal(5);
    expect(await failureStatus(file.read(3, bytes))).to.equal('VERR_EOF');
    await file.close();
    expect(readFileSync(path, 'utf8')).to.equal('hello');
  });

  it('are made where that is wanted', async () => {
    const path = join(home, 'new.img');
    expect(await failureStatus(nodeFiles.open(path, { readOnly: false, create: false }))).to.equal(
      'VERR_FILE_NOT_FOUND',
    );
    const file = await nodeFiles.open(path, { readOnly: false, create: true });
    expect(file.size).to.equal(0);
    await file.close();
  });

  it('are not written when they are only to be read', async () => {
    const path = join(home, 'ro.img');
    writeFileSync(path, 'x');
    chmodSync(path, 0o444);
    const file = await nodeFiles.open(path, { readOnly: true, create: false });
    expect(await failureStatus(file.write(0, new Uint8Array(1)))).to.match(/^VERR_/);
    await file.close();
    expect(readFileSync(path, 'utf8')).to.equal('x');
  });

  for (const [what, name, status] of [
    ['directories', '', 'VERR_IO_GEN_FAILURE'],
    ['of long names', 'x'.repeat(300), 'VERR_FILENAME_TOO_LONG'],
  ] as const) {
    it(`are no ${what}`, async () => {
      const open = nodeFiles.open(join(home, name), { readOnly: false, create: false });
      expect(await failureStatus(open)).to.equal(status);
    });
  }
});
