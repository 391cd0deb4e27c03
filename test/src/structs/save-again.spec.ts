import { readFileSync } from 'node:fs';
import { MemorySink, MemorySource, openState, Registry, saveState } from '@ssmkit/runtime';
import { defaultHost, descriptorFor, hostProfile, readImage } from '@ssmkit/schema';
import { expect } from 'chai';
import { Big } from '../classes/big.js';
import '../classes/big.ssm.js';
import { Simple } from '../classes/simple.js';
import '../classes/simple.ssm.js';
import { corpusBytes, corpusJson, corpusPath } from '../support/corpus.js';
import { written } from '../support/struct-stream.js';

interface Manifest {
  units: {
    name: string;
    instance: number;
    version: number;
    api: string;
    flags: number;
    structCase: string;
    passes: { puts: { beforeHex: string }[] }[];
  }[];
}

const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const classes = { BIG: Big, SIMPLE: Simple };

/** The test program writes this after each structure. */
const TAIL = 0x00ddba11;

describe('structures saved again', () => {
  for (const name of ['02-struct', '02b-struct-vermismatch', '03-structex-all-flags', '03b-structex-ver4']) {
    it(`${name}: decorated classes give VirtualBox's file, byte for byte`, async function () {
      const registry = new Registry();
      for (const unit of corpusJson<Manifest>(this, `${name}.json`).units) {
        const object = new classes[unit.structCase as keyof typeof classes]();
        readImage(
          descriptorFor(object.constructor as typeof Big),
          defaultHost,
          object,
          unhex(unit.passes[0]!.puts[0]!.beforeHex),
        );
        registry.register({
          name: unit.name,
          instance: unit.instance,
          version: unit.version,
          saveExec(stream) {
            if (unit.api.startsWith('PutStruct/')) stream.putStruct(object);
            else stream.putStructEx(object, unit.flags);
            stream.putU32(TAIL);
          },
        });
      }
      const sink = new MemorySink();
      await saveState(registry, sink);
      expect(hex(sink.bytes())).to.equal(hex(corpusBytes(this, `${name}.sav`)));
    });
  }

  for (const [bits, host] of [
    [32, hostProfile('linux.x86')],
    [64, hostProfile('linux.amd64')],
  ] as const) {
    it(`as a ${bits}-bit host, a decorated class puts what VirtualBox 4.0.0 put on one`, async function () {
      const name = `09-v20-genuine-4.0.0-host${bits}`;
      const state = await openState(new MemorySource(corpusBytes(this, `${name}.sav`)));
      // A structure's memory before saving for each set of flags, a line each.
      const lines = readFileSync(corpusPath(`${name}.txt`)!, 'utf8')
        .trim()
        .split('\n');
      const saves = lines.map((line) => JSON.parse(line) as { flags?: number; before?: string });
      for (const { flags, before } of saves) {
        if (flags === undefined || before === undefined) continue;
        const big = new Big();
        readImage(descriptorFor(Big), host, big, unhex(before));
        const ours = written(host, (stream) => {
          stream.putStructEx(big, flags);
          stream.putU32(TAIL);
        });
        const { stream } = await state.seek('structex', flags);
        expect(hex(stream.getMem(new Uint8Array(ours.length))), `flags ${flags}`).to.equal(hex(ours));
      }
      expect(saves.filter(({ before }) => before !== undefined)).to.have.length(8);
    });
  }
});
