import { liveSave, MemorySink, openForWriting, Registry, type SaveOptions, saveState } from '@ssmkit/runtime';
import { sav, savV1 } from '@ssmkit/runtime/testing';
import { deflate, deflateRaw } from 'pako';

// Small states that have what the files of VirtualBox among the fixtures lack.

function registryOf(): Registry {
  const registry = new Registry();
  const text = new TextEncoder().encode('what repeats, repeats, and repeats '.repeat(130));
  registry.register({
    name: 'a',
    version: 2,
    liveExec: (put, pass) => put.putU32(pass),
    liveVote: (pass) => (pass < 1 ? 'VINF_SSM_VOTE_FOR_ANOTHER_PASS' : 'VINF_SUCCESS'),
    saveExec: (put) => {
      put.putStrZ('text');
      put.putMem(text);
      put.putMem(new Uint8Array(8192));
      put.putGCPtr(1n << 40n);
    },
  });
  registry.register({ name: 'b', instance: 3, version: 1, saveExec: (put) => put.putU8(9) });
  return registry;
}

async function saved(options: SaveOptions): Promise<Uint8Array> {
  const sink = new MemorySink();
  await saveState(registryOf(), sink, options);
  return sink.bytes().slice();
}

async function live(): Promise<Uint8Array> {
  const sink = new MemorySink();
  const save = await liveSave(registryOf(), sink);
  await save.step1();
  await save.step2();
  await save.done();
  return sink.bytes().slice();
}

async function standalone(): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = openForWriting(sink);
  writer.writeFileHeader(1);
  writer.beginUnit('only', 1).putStrZ('kept');
  writer.completeUnit();
  writer.writeFileFooter();
  await writer.close();
  return sink.bytes().slice();
}

function v1(format: '1.2' | '1.1' | '1.0' | '1.0/32'): Uint8Array {
  const data = Uint8Array.from({ length: 300 }, (_, i) => i % 7);
  return savV1({ format })
    .unit('zlib', 1, { version: 2 })
    .zlib(deflate(data))
    .unit('deflate', 1)
    .deflate(deflateRaw(data))
    .unit('lzf', 2)
    .lzf()
    .block(15, [0, 0x61, 0xe0, 5, 0])
    .block(3, [2, 0x61, 0x62, 0x63])
    .unit('store')
    .store(data.subarray(0, 40))
    .unit('nothing')
    .bytes();
}

/** The states. */
export async function composedSeeds(): Promise<Uint8Array[]> {
  return [
    await saved({}),
    await saved({ compression: 'lz4' }),
    await saved({ compression: 'lz4', checksum: false }),
    await saved({ compression: 'none' }),
    await saved({ format: '1.2' }),
    await live(),
    await standalone(),
    v1('1.2'),
    v1('1.1'),
    v1('1.0'),
    v1('1.0/32'),
    sav({ self: true, hostOs: 'win.x86' }).unit('a').raw([1]).zero(4).lzf(1, [0, 0x61, 0xe0, 0xff, 0]).raw([]).bytes(),
  ];
}
