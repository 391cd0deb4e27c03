import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Registry } from '../engine/registry.js';
import { SsmError } from '../error.js';
import { sav, statusOf } from '../testing.js';
import {
  FileSink,
  FileSource,
  fromSystemError,
  loadFile,
  openFile,
  saveFile,
  validateFile,
  verifyFile,
} from './index.js';

describe('files', () => {
  let folder: string;
  const path = () => join(folder, 'state.sav');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmkit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function units(fails = false): { registry: Registry; loaded: number[] } {
    const loaded: number[] = [];
    const registry = new Registry();
    registry.register({
      name: 'u',
      version: 1,
      saveExec: (put) => {
        put.putU32(7);
        put.putMem(new Uint8Array(200_000).map((_, i) => Math.imul(i, 0x9e3779b1) >>> 24));
        if (fails) throw new SsmError('VERR_NO_MEMORY', 'no more');
      },
      loadExec: (get) => {
        loaded.push(get.getU32());
        get.skip(200_000);
      },
    });
    return { registry, loaded };
  }

  it('are the same where a sink writes while other things go on', async () => {
    const sink = new FileSink(path());
    const big = new Uint8Array(300_000).map((_, i) => i * 7);
    const writing = sink.writeBehind(big);
    sink.skip(3);
    await writing;
    await sink.writeBehind(Uint8Array.of(1, 2));
    sink.write(Uint8Array.of(3));
    sink.close(false);
    expect(Buffer.compare(readFileSync(path()), Buffer.from([...big, 0, 0, 0, 1, 2, 3]))).to.equal(0);
  });

  it('have zeros where a sink has skipped', () => {
    const sink = new FileSink(path());
    sink.skip(2);
    sink.write(Uint8Array.of(1, 2));
    sink.skip(100_000);
    sink.write(Uint8Array.of(3));
    sink.rewrite(Uint8Array.of(9), 0);
    sink.skip(5000);
    sink.close(false);
    const expected = Buffer.alloc(105_005);
    expected.set([9, 0, 1, 2]);
    expected[100_004] = 3;
    expect(Buffer.compare(readFileSync(path()), expected)).to.equal(0);
  });

  it('can be brought to the disk while they are written', async () => {
    const sink = new FileSink(path());
    sink.write(Uint8Array.of(1, 2));
    const syncing = sink.sync();
    sink.write(Uint8Array.of(3));
    await syncing;
    expect(readdirSync(folder), 'what is not complete').not.to.include('state.sav');
    sink.close(false);
    expect([...readFileSync(path())]).to.deep.equal([1, 2, 3]);
  });

  it('are saved, validated, verified, opened and loaded', async () => {
    const { registry, loaded } = units();
    const { bytes } = await saveFile(registry, path());
    expect(statSync(path()).size).to.equal(bytes);
    expect(readdirSync(folder)).to.deep.equal(['state.sav']);

    await loadFile(registry, path());
    expect(loaded).to.deep.equal([7]);
    expect((await validateFile(path(), { checksum: true })).hostBits).to.equal(64);
    expect((await verifyFile(path())).load).to.equal('VINF_SUCCESS');
    const state = await openFile(path());
    expect((await state.seek('u')).stream.getU32()).to.equal(7);
    const names: string[] = [];
    for await (const unit of state.units()) names.push(unit.name);
    expect(names).to.deep.equal(['SSM', 'u']);
    state.close();
  });

  it('give nothing any more once they are closed, however many others are open (SSMR3Close)', async () => {
    const { registry } = units();
    await saveFile(registry, path());
    const state = await openFile(path());
    const { stream } = await state.seek('u');
    state.close();
    state.close();
    // The system gives numbers of closed files to others.
    const others = Array.from({ length: 3 }, () => new FileSource(path()));
    expect(await statusOf(() => state.seek('u'))).to.equal('VERR_INVALID_HANDLE');
    expect(await statusOf(() => stream.getMemAsync(new Uint8Array(150_000)))).to.match(/^VERR_/);
    for (const other of others) {
      expect(other.read(new Uint8Array(8), 0)).to.equal(8);
      other.close();
    }
    expect(() => others[0]?.read(new Uint8Array(8), 0)).to.throw('VERR_INVALID_HANDLE');
  });

  it('keep what they had when a save fails, and nothing else is left behind', async () => {
    writeFileSync(path(), 'old');
    expect(await statusOf(() => saveFile(units(true).registry, path()))).to.equal('VERR_NO_MEMORY');
    expect(readFileSync(path(), 'utf8')).to.equal('old');
    expect(readdirSync(folder)).to.deep.equal(['state.sav']);
  });

  it('have what they had while a save is under way', async () => {
    writeFileSync(path(), 'old');
    let during = '';
    const registry = new Registry();
    registry.register({
      name: 'u',
      version: 1,
      saveExec: () => {
        during = readFileSync(path(), 'utf8');
      },
    });
    await saveFile(registry, path());
    expect(during).to.equal('old');
    expect(readFileSync(path()).subarray(1, 11).toString()).to.equal('VirtualBox');
  });

  it('are for their owner, or keep their permissions', async () => {
    await saveFile(new Registry(), path());
    expect(statSync(path()).mode & 0o777).to.equal(0o600);
    chmodSync(path(), 0o664);
    await saveFile(new Registry(), path());
    expect(statSync(path()).mode & 0o777).to.equal(0o664);
  });

  it('are replaced where a link leads, and the link stays', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    const target = join(folder, 'elsewhere', 'target.sav');
    writeFileSync(target, 'old');
    symlinkSync(target, path());
    await saveFile(new Registry(), path());
    expect(readlinkSync(path())).to.equal(target);
    expect((await verifyFile(target)).load).to.equal('VINF_SUCCESS');
  });

  it('are removed again when they cannot take their place', () => {
    const sink = new FileSink(path());
    sink.write(Uint8Array.of(1));
    mkdirSync(path());
    expect(() => sink.close(false)).to.throw(SsmError);
    expect(readdirSync(folder)).to.deep.equal(['state.sav']);
  });

  const failures: readonly [name: string, step: () => unknown, status: string][] = [
    ['loading no file', () => loadFile(new Registry(), path()), 'VERR_FILE_NOT_FOUND'],
    ['opening no file', () => openFile(path()), 'VERR_FILE_NOT_FOUND'],
    ['validating no file', () => validateFile(path()), 'VERR_FILE_NOT_FOUND'],
    ['verifying no file', () => verifyFile(path()), 'VERR_FILE_NOT_FOUND'],
    ['saving to no folder', () => saveFile(new Registry(), join(folder, 'no', 'x.sav')), 'VERR_FILE_NOT_FOUND'],
    ['saving to a folder', () => saveFile(new Registry(), folder), 'VERR_INVALID_NAME'],
    ['saving to a device', () => saveFile(new Registry(), '/dev/null'), 'VERR_INVALID_NAME'],
    [
      'saving to a name that is too long',
      () => saveFile(new Registry(), join(folder, 'n'.repeat(300))),
      'VERR_FILENAME_TOO_LONG',
    ],
    ['loading a folder', () => loadFile(new Registry(), folder), 'VERR_IO_GEN_FAILURE'],
    [
      'loading an empty file',
      () => {
        writeFileSync(path(), '');
        return loadFile(new Registry(), path());
      },
      'VERR_EOF',
    ],
    [
      'opening what is no state',
      () => {
        writeFileSync(path(), 'x'.repeat(1000));
        return openFile(path());
      },
      'VERR_SSM_INTEGRITY_MAGIC',
    ],
  ];
  for (const [name, step, status] of failures) {
    it(`fail with ${status} when ${name}`, async () => expect(await statusOf(step)).to.equal(status));
  }

  it('map system errors to statuses', () => {
    const withCode = (code: string) => fromSystemError(Object.assign(new Error(code), { code })).status;
    expect(['ENOENT', 'ENOSPC', 'EPERM'].map(withCode)).to.deep.equal([
      'VERR_FILE_NOT_FOUND',
      'VERR_SSM_LOW_ON_DISK_SPACE',
      'VERR_IO_GEN_FAILURE',
    ]);
  });

  it('that are not regular are read as streams', () => {
    const source = new FileSource('/dev/zero');
    expect([source.size, source.read(new Uint8Array(10), 0)]).to.deep.equal([undefined, 10]);
    source.close();
  });

  it('with something behind their footer are refused', async () => {
    writeFileSync(path(), Buffer.concat([sav().bytes(), Buffer.of(0)]));
    expect((await verifyFile(path())).open).to.equal('VERR_SSM_INTEGRITY_FOOTER');
  });
});
