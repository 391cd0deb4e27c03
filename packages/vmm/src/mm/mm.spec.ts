import { loadState, MemorySink, MemorySource, openState, Registry, saveState } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { Mm, MmV1 } from '@ssmkit/vbox';
import { expect } from 'chai';
import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import { GuestMemory } from '../pgm/index.js';
import { readRamConfig } from './config.js';
import { mmUnit } from './unit.js';

const MIB = 2 ** 20;

describe('how much RAM there is', () => {
  const rows: readonly (readonly [config: ConfigLiteral, expected: readonly [size: number, hole: number] | string])[] =
    [
      [{ RamSize: 16 * MIB, RamHoleSize: 512 * MIB }, [16 * MIB, 512 * MIB]],
      [{ RamSize: 5000 * MIB, RamHoleSize: 576 * MIB }, [5000 * MIB, 576 * MIB]],
      [{ RamSize: 4096 }, [4096, 512 * MIB]],
      [{ RamSize: 0 }, [0, 512 * MIB]],
      [{}, 'VERR_CFGM_VALUE_NOT_FOUND'],
      [{ RamSize: '16M' }, 'VERR_CFGM_NOT_INTEGER'],
      [{ RamSize: 100 }, 'VERR_INVALID_PARAMETER'],
      [{ RamSize: 2 ** 52 }, 'VERR_OUT_OF_RANGE'],
      [{ RamSize: MIB, RamHoleSize: 1 }, 'VERR_INVALID_PARAMETER'],
      [{ RamSize: MIB, RamHoleSize: 2 ** 32 }, 'VERR_CFGM_INTEGER_TOO_BIG'],
      [{ RamSize: MIB, RamHoleSize: 2 ** 32 - 4096 }, 'VERR_OUT_OF_RANGE'],
    ];
  for (const [config, expected] of rows) {
    it(`${JSON.stringify(config)}: ${expected}`, async () => {
      const root = configTree(config);
      if (typeof expected === 'string') expect(await statusOf(() => readRamConfig(root))).to.equal(expected);
      else expect(readRamConfig(root)).to.deep.equal({ size: expected[0], hole: expected[1] });
    });
  }

  it('without a configuration nobody knows', async () => {
    expect(await statusOf(() => readRamConfig(undefined))).to.equal('VERR_CFGM_NO_PARENT');
  });
});

describe('unit mm', () => {
  const memory = new GuestMemory({ size: 16 * MIB });
  memory.registerRom({ description: 'BIOS', address: 0xf0000, bytes: new Uint8Array(0x10000) });
  memory.registerRom({ description: 'Net', address: 0xe2000, bytes: new Uint8Array(0xe000), shadowed: true });

  async function saved(unit: object, version: number): Promise<Uint8Array> {
    const registry = new Registry();
    registry.register({ name: 'mm', instance: 1, version, saveExec: (stream) => stream.put(unit) });
    const sink = new MemorySink();
    await saveState(registry, sink);
    return sink.bytes();
  }

  function load(state: Uint8Array, after: 'RESUME' | 'DEBUG_IT' = 'RESUME') {
    const registry = new Registry();
    registry.register(mmUnit(() => memory));
    return loadState(registry, new MemorySource(state), { after });
  }

  it('counts pages of RAM, of ROM, and of RAM behind ROM', async () => {
    const registry = new Registry();
    registry.register(mmUnit(() => memory));
    const sink = new MemorySink();
    await saveState(registry, sink);
    const { stream } = await (await openState(new MemorySource(sink.bytes()))).seek('mm', 1);
    await stream.ensure(16);
    const { basePages, ramBytes } = stream.get(new Mm());
    expect([basePages, ramBytes]).to.deep.equal([4000n + 16n + 2n * 14n, BigInt(16 * MIB)]);
  });

  const rows: readonly (readonly [what: string, unit: object, version: number, status: string])[] = [
    ['as much RAM', Object.assign(new Mm(), { ramBytes: BigInt(16 * MIB) }), 2, 'VINF_SUCCESS'],
    ['more RAM', Object.assign(new Mm(), { ramBytes: BigInt(17 * MIB) }), 2, 'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH'],
    ['as much RAM, once', Object.assign(new MmV1(), { ramBytes: 16 * MIB }), 1, 'VINF_SUCCESS'],
    ['less RAM, once', Object.assign(new MmV1(), { ramBytes: 4096 }), 1, 'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH'],
    ['another version', new Mm(), 3, 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
  ];
  for (const [what, unit, version, status] of rows) {
    it(`${what}, version ${version}: ${status}`, async () => {
      const state = await saved(unit, version);
      expect(await statusOf(() => load(state))).to.equal(status);
      if (version < 3)
        expect(await statusOf(() => load(state, 'DEBUG_IT')), 'for the debugger').to.equal('VINF_SUCCESS');
    });
  }
});
