import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import { failureStatus } from '../emt/testing.js';
import { baseOf, queryInterface } from '../pdm/interface-ids.js';
import { Media } from '../pdm/interfaces.js';
import { MediaEnd, memoryMedia } from './index.js';
import { BenchChain } from './testing.js';

async function mediaOf(config: ConfigLiteral) {
  const base = await new BenchChain([memoryMedia, config]).attach(baseOf());
  return { media: queryInterface(base, Media)!, end: queryInterface(base, MediaEnd)! };
}

describe('MemoryMedia', () => {
  it('keeps sectors', async () => {
    const { media, end } = await mediaOf({ Size: 4096 });
    expect(media).to.include({ size: 4096, sectorSize: 512, isReadOnly: false });
    await media.write(1024, new Uint8Array(512).fill(7));
    const read = new Uint8Array(1024);
    await media.read(1024, read);
    await media.flush();
    expect([read[0], read[511], read[512], end.bytes[1024], end.bytes[1023]]).to.deep.equal([7, 7, 0, 7, 0]);
  });

  it('refuses what is no sector, or is not there, or cannot be written', async () => {
    const { media } = await mediaOf({ Size: 4096, ReadOnly: true });
    const sector = new Uint8Array(512);
    for (const [access, status] of [
      [media.read(1, sector), 'VERR_INVALID_PARAMETER'],
      [media.read(-512, sector), 'VERR_INVALID_PARAMETER'],
      [media.read(0, new Uint8Array(100)), 'VERR_INVALID_PARAMETER'],
      [media.read(4096, sector), 'VERR_OUT_OF_RANGE'],
      [media.write(0, sector), 'VERR_ACCESS_DENIED'],
    ] as const) {
      expect(await failureStatus(access)).to.equal(status);
    }
  });

  it('refuses sizes that cannot be', async () => {
    for (const [config, status] of [
      [{}, 'VERR_CFGM_VALUE_NOT_FOUND'],
      [{ Size: 1000 }, 'VERR_INVALID_PARAMETER'],
      [{ Size: 1n << 40n }, 'VERR_INVALID_PARAMETER'],
      [{ Size: 4096, SectorSize: 1000 }, 'VERR_INVALID_PARAMETER'],
    ] as const) {
      expect(await failureStatus(mediaOf(config))).to.equal(status);
    }
  });
});
