import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { failureStatus } from '../../emt/testing.js';
import { baseOf, offer, queryInterface } from '../../pdm/interface-ids.js';
import { Media, SerialConnector, SerialPort, Stream } from '../../pdm/interfaces.js';
import { char } from '../index.js';
import { BenchChain } from '../testing.js';
import { nodeDrivers, rawFile, rawImage } from './index.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssmkit-drivers-'));
});
after(() => rm(folder, { recursive: true }));

describe('RawFile', () => {
  async function streamTo(name: string, append = false) {
    const path = join(folder, name);
    const chain = new BenchChain([rawFile, { Location: path, Append: append }]);
    return { path, chain, stream: queryInterface(await chain.attach(baseOf()), Stream)! };
  }

  it('has everything in the file when the machine is suspended', async () => {
    const { path, chain, stream } = await streamTo('out');
    for (let i = 0; i < 100; i++) stream.write(new TextEncoder().encode(`line ${i}\n`));
    await chain.notify('suspend');
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect([lines.length, lines[99]]).to.deep.equal([101, 'line 99']);
    await chain.destruct();
  });

  it('begins anew, or goes on', async () => {
    for (const [append, text] of [
      [false, 'a'],
      [true, 'aa'],
      [false, 'a'],
    ] as const) {
      const { path, chain, stream } = await streamTo('again', append);
      stream.write(Uint8Array.of(0x61));
      await chain.notify('powerOff');
      await chain.destruct();
      expect(await readFile(path, 'utf8')).to.equal(text);
    }
  });

  it('takes 1 MiB at once, and says when there is room again', async () => {
    const { path, chain, stream } = await streamTo('much');
    const much = new Uint8Array(3 << 20).map((_, i) => i);
    let done = 0;
    await new Promise<void>((resolve) => {
      const more = () => {
        done += stream.write(much.subarray(done));
        if (done === much.length) resolve();
      };
      stream.onWritable = more;
      more();
      expect(done).to.equal(1 << 20);
    });
    await chain.destruct();
    expect(Buffer.compare(await readFile(path), much)).to.equal(0);
  });

  it('tells the user when the disk is full, takes no more, and tries again when the machine is resumed', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const port = baseOf(
      offer(SerialPort, {
        read: () => new Uint8Array(0),
        dataAvailable: () => {},
        statusLinesChanged: () => {},
        breakReceived: () => {},
      }),
    );
    const chain = new BenchChain([char], [rawFile, { Location: '/dev/full' }]);
    const connector = queryInterface(await chain.attach(port), SerialConnector)!;
    const stream = queryInterface(chain.bottom, Stream)!;
    connector.drain(Uint8Array.of(1, 2, 3));
    await chain.notify('suspend');
    expect(chain.errors).to.have.length(1);
    expect(chain.errors[0]).to.match(/^RawFileWrite: RawFile#0: .*ENOSPC/);
    expect(stream.write(Uint8Array.of(4))).to.equal(0);
    await chain.notify('resume');
    await chain.notify('suspend');
    expect(chain.errors).to.have.length(2);
    await chain.destruct();
  });

  it('says what file it cannot open', async () => {
    const chain = new BenchChain([rawFile, { Location: join(folder, 'nowhere', 'x') }]);
    expect(await failureStatus(chain.attach(baseOf()))).to.equal('VERR_FILE_NOT_FOUND');
    expect(chain.errors[0]).to.include('nowhere');
    await chain.destruct();
  });
});

describe('RawImage', () => {
  async function imageOf(bytes: Uint8Array, config = {}) {
    const path = join(folder, 'image');
    await writeFile(path, bytes);
    const chain = new BenchChain([rawImage, { Path: path, ...config }]);
    return { path, chain, media: queryInterface(await chain.attach(baseOf()), Media)! };
  }

  it('is the sectors of a file', async () => {
    const { path, chain, media } = await imageOf(new Uint8Array(2100).map((_, i) => i));
    expect(media).to.include({ size: 2048, sectorSize: 512, isReadOnly: false });
    const sector = new Uint8Array(512);
    await media.read(512, sector);
    expect([sector[0], sector[1]]).to.deep.equal([0, 1]);
    await media.write(1024, new Uint8Array(512).fill(0xee));
    await media.flush();
    await chain.notify('suspend');
    const file = await readFile(path);
    expect([file.length, file[1023], file[1024], file[1535], file[1536]]).to.deep.equal([2100, 255, 0xee, 0xee, 0]);
    await chain.notify('powerOff');
    await chain.destruct();
  });

  it('refuses what it cannot do', async () => {
    const { path, chain, media } = await imageOf(new Uint8Array(2048), { ReadOnly: true });
    const sector = new Uint8Array(512);
    expect(await failureStatus(media.write(0, sector))).to.equal('VERR_ACCESS_DENIED');
    expect(await failureStatus(media.read(2048, sector))).to.equal('VERR_OUT_OF_RANGE');
    await truncate(path, 512);
    expect(await failureStatus(media.read(1024, sector))).to.equal('VERR_EOF');
    await chain.destruct();
    const missing = new BenchChain([rawImage, { Path: join(folder, 'missing') }]);
    expect(await failureStatus(missing.attach(baseOf()))).to.equal('VERR_FILE_NOT_FOUND');
  });
});

describe('drivers of files', () => {
  it('are registered', () => {
    const names: string[] = [];
    nodeDrivers({ register: ({ name }) => names.push(name) });
    expect(names).to.deep.equal(['RawFile', 'RawImage']);
  });
});
