import { GetStream, isSsmError } from '@ssmkit/runtime';
import {
  defaultHost,
  descriptorFor,
  fieldTable,
  hostProfile,
  readImage,
  type SsmField,
  type StateClass,
  writeImage,
} from '@ssmkit/schema';
import { expect } from 'chai';
import { Big } from '../classes/big.js';
import '../classes/big.ssm.js';
import '../classes/simple.ssm.js';
import { Simple } from '../classes/simple.js';
import { corpusJson } from '../support/corpus.js';
import { reading, written } from '../support/struct-stream.js';

interface Manifest {
  structs: { case: string; struct: { size: number }; putFields: ManifestField[]; getFields: ManifestField[] }[];
  units: ManifestUnit[];
}

interface ManifestField {
  transformer: SsmField['transformer'];
  off: number;
  cb: number;
  firstVer: number;
  name: string;
}

interface ManifestUnit {
  name: string;
  instance: number;
  version: number;
  api: string;
  flags: number;
  passes: { puts: { rc: string; beforeHex: string }[]; readBack?: { hex: string } }[];
  loads: { getRc: string; afterHex: string }[];
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** The test program writes this after each structure. */
const TAIL = 0x00ddba11;
const callbacks = {
  'BIG::u64Cb': (stream: never, member: Uint8Array, flags: number) => {
    const big = new Big();
    const view = new DataView(member.buffer, member.byteOffset);
    if ((stream as object) instanceof GetStream) {
      big.getCb(stream);
      view.setBigUint64(0, big.u64Cb, true);
    } else {
      big.u64Cb = view.getBigUint64(0, true);
      big.putCb(stream, flags);
    }
  },
};

const classes: Record<string, StateClass> = { BIG: Big, SIMPLE: Simple };

/** The files, and whether all their structures are those of classes of ours. */
const files = [
  '02-struct',
  '02b-struct-vermismatch',
  '03-structex-all-flags',
  '03b-structex-ver4',
  '03c-zx',
  '03e-00-E_HACK-0',
  '03e-01-E_HACK-4',
  '03e-02-E_ZXPUT-0',
  '03e-04-E_NOTCONSEC-0',
  '03e-05-E_SHORT-1',
  '03e-06-E_SHORT-0',
  '03e-08-E_BACKWARDS-1',
  '03e-09-E_OOB-0',
  '03e-10-E_SIZE-0',
  '03e-11-E_COMPLEX-0',
  '03e-12-SIMPLE-40',
];

/** Status that a callback ends with. */
function statusOf(run: () => void): string {
  try {
    run();
    return 'VINF_SUCCESS';
  } catch (error) {
    if (isSsmError(error)) return error.status;
    throw error;
  }
}

describe('structures that VirtualBox 7.2.22 wrote and read', () => {
  for (const file of files) {
    it(`${file}: the table engine writes the same bytes and fills the same memory`, function () {
      const manifest = corpusJson<Manifest>(this, `${file}.json`);
      const [{ putFields, getFields, struct }] = manifest.structs as [Manifest['structs'][0]];
      for (const unit of manifest.units) {
        const options = { flags: unit.flags, simple: unit.api.startsWith('PutStruct/'), callbacks };
        for (const pass of unit.passes) {
          const [put] = pass.puts as [{ rc: string; beforeHex: string }];
          let bytes = '';
          const status = statusOf(() => {
            bytes = hex(
              written(defaultHost, (stream) => {
                stream.putTable(unhex(put.beforeHex), putFields, options);
                stream.putU32(TAIL);
              }),
            );
          });
          expect(status, 'put').to.equal(put.rc);
          if (pass.readBack !== undefined) expect(bytes).to.equal(pass.readBack.hex);
        }
        for (const load of unit.loads) {
          const stream = reading(unhex(unit.passes[0]!.readBack!.hex), { version: unit.version });
          const memory = new Uint8Array(struct.size).fill(0xcc);
          expect(
            statusOf(() => stream.getTable(memory, getFields, options)),
            'get',
          ).to.equal(load.getRc);
          expect(hex(memory)).to.equal(load.afterHex);
        }
      }
    });
  }

  for (const file of files.slice(0, 4)) {
    it(`${file}: decorated classes do the same`, function () {
      const manifest = corpusJson<Manifest>(this, `${file}.json`);
      const target = classes[manifest.structs[0]!.case]!;
      const descriptor = descriptorFor(target);
      for (const unit of manifest.units) {
        const simple = unit.api.startsWith('PutStruct/');
        const before = new target();
        readImage(descriptor, defaultHost, before, unhex(unit.passes[0]!.puts[0]!.beforeHex));
        const bytes = written(defaultHost, (stream) => {
          if (simple) stream.putStruct(before);
          else stream.putStructEx(before, unit.flags);
          stream.putU32(TAIL);
        });
        expect(hex(bytes)).to.equal(unit.passes[0]!.readBack!.hex);

        const after = unhex(unit.loads[0]!.afterHex).fill(0xcc);
        const object = new target();
        readImage(descriptor, defaultHost, object, after);
        const stream = reading(bytes, { version: unit.version });
        const status = statusOf(() => (simple ? stream.getStruct(object) : stream.getStructEx(object, unit.flags)));
        expect(status).to.equal(unit.loads[0]!.getRc);
        writeImage(descriptor, defaultHost, object, after);
        if (status === 'VINF_SUCCESS') expect(hex(after)).to.equal(unit.loads[0]!.afterHex);
      }
    });
  }

  it('the table of a decorated class is the one that the C programmer wrote', function () {
    for (const file of ['02-struct', '03-structex-all-flags']) {
      const [{ case: name, putFields }] = corpusJson<Manifest>(this, `${file}.json`).structs as [
        Manifest['structs'][0],
      ];
      const table = fieldTable(descriptorFor(classes[name]!), hostProfile('linux.amd64'));
      const cName = (field: { name: string }) => field.name.replace(/^.*::/, '');
      expect(table.map(({ transformer, off, cb, firstVer }) => ({ transformer, off, cb, firstVer }))).to.deep.equal(
        putFields.map(({ transformer, off, cb, firstVer }) => ({ transformer, off, cb, firstVer })),
      );
      const named = putFields.filter(({ name }) => !name.startsWith('<'));
      expect(table.filter(({ name }) => !name.startsWith('<')).map(cName)).to.deep.equal(named.map(cName));
    }
  });
});
