import { isSsmError, MemorySource, openState, type Source } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { contextOf } from '../context.js';
import { PAGE_SIZE } from '../pgm/records.js';
import { guestState, page } from '../testing.js';
import { Mm } from '../units/vmm/ssm.js';
import '../units/vmm/ssm.ssm.js';
import { type MachineInfo, machineInfo } from './machine-info.js';

/** What is told, what is wrong, and how many bytes of the source were read. */
async function told(source: Source) {
  let read = 0;
  const counting: Source = {
    ...(source.size !== undefined && { size: source.size }),
    read: (into, position) => {
      const count = source.read(into, position);
      read += into.length;
      return count;
    },
  };
  let info: MachineInfo | undefined;
  let failure: string | undefined;
  const state = await openState(counting);
  try {
    await machineInfo(state, await contextOf(state), {
      onInfo: (begun) => {
        info = begun;
      },
    });
  } catch (error) {
    if (!isSsmError(error)) throw error;
    failure = `${error.status} ${error.where.unit}`;
  }
  return { info: info as MachineInfo, failure, read };
}

/** The same bytes as a pipe gives them, which has no directory. */
function streamOf(bytes: Uint8Array): Source {
  const source = new MemorySource(bytes);
  return { read: (into, position) => source.read(into, position) };
}

const MIB = 2 ** 20;
const pages = {
  pages: (put: { putRam(page: number, data?: Uint8Array): void }) => {
    for (let i = 0; i < (4 * MIB) / PAGE_SIZE; i++) put.putRam(i, page(i));
  },
};
const mm = { name: 'mm', version: 2, object: Object.assign(new Mm(), { basePages: 1n, ramBytes: BigInt(4 * MIB) }) };

/** A unit with the devices of a machine. */
const devices = (state: ReturnType<typeof sav>, names: readonly string[], options = {}) => {
  state.unit('pdm', 0, { version: 5, ...options });
  for (let i = 0; i < 5; i++) state.u32(0);
  for (const [i, name] of names.entries()) state.u32(i).strZ(name).u32(0);
  return state.u32(0xffffffff);
};
const namesOf = (info: MachineInfo) => info.devices.map(({ name }) => name);
const badCrc = { term: (view: DataView) => view.setUint32(4, 0, true) };

describe('machineInfo', () => {
  it('finds the units by the directory, and reads of guest memory only the front', async () => {
    const bytes = await guestState([pages], { ram: 4 * MIB });
    expect(bytes.length).to.be.greaterThan(MIB);
    const { info, failure, read } = await told(new MemorySource(bytes));
    expect(failure).to.equal(undefined);
    expect(info).to.deep.include({ ramBytes: 4 * MIB, ranges: [{ address: 0, size: 4 * MIB, what: 'RAM' }] });
    expect(read).to.be.lessThan(bytes.length / 2);
  });

  const states: readonly (readonly [what: string, make: () => Promise<Uint8Array> | Uint8Array])[] = [
    ['guest memory', () => guestState([pages], { ram: 4 * MIB, units: [mm] })],
    ['guest memory of version 6', () => guestState([], { version: 6 })],
    ['a live save', () => guestState([{ pass: 0, ...pages }, {}], { ram: 4 * MIB })],
    ['devices', () => devices(sav({ self: true }), ['pcarch', 'e1000']).bytes()],
    ['devices by their being there', () => sav().unit('ich9pci').unit('efi').bytes()],
    ['several of a name', () => devices(devices(sav().unit('pcbios', 1), ['a']).unit('x'), ['b']).bytes()],
    ['no units', () => sav().bytes()],
    ['a unit of an unknown version', () => sav().unit('vga', 0, { version: 999 }).u32(1).unit('pci').bytes()],
  ];
  for (const [what, make] of states) {
    it(`tells the same of a file and of a stream, which is gone through: ${what}`, async () => {
      const bytes = await make();
      const [file, stream] = [await told(new MemorySource(bytes)), await told(streamOf(bytes))];
      // A stream does not tell these before it is read.
      const { host: _, openSource: __, cpuCount: ___, ...ofStream } = stream.info;
      expect(file.info).to.deep.include(ofStream);
      expect({ file: file.failure, stream: stream.failure }).to.deep.equal({ file: undefined, stream: undefined });
    });
  }

  it('needs no END unit, which files that were written unit by unit have not', async () => {
    const { info, failure } = await told(new MemorySource(devices(sav({ end: false }), ['pcarch']).bytes()));
    expect(failure).to.equal(undefined);
    expect(namesOf(info)).to.deep.equal(['pcarch']);
  });

  it('tells of a unit that it reads that it is damaged, and what the others say all the same', async () => {
    const bytes = devices(sav(), ['pcarch'], badCrc).unit('pci').bytes();
    const { info, failure } = await told(new MemorySource(bytes));
    expect(failure).to.equal('VERR_SSM_INTEGRITY_REC_TERM_CRC pdm');
    expect(info.chipset).to.equal('PIIX3');
  });

  it('tells of a unit whose header is damaged', async () => {
    const options = { header: (view: DataView) => view.setBigUint64(8, 1n, true) };
    const bytes = devices(sav().unit('pci'), ['pcarch'], options).bytes();
    const { info, failure } = await told(new MemorySource(bytes));
    expect(failure).to.match(/^VERR_SSM_INTEGRITY/);
    expect(info.chipset).to.equal('PIIX3');
  });

  it('does not look for damage in what tells nothing', async () => {
    const bytes = devices(sav().unit('x', 0, badCrc).u32(1), ['pcarch']).bytes();
    const { info, failure } = await told(new MemorySource(bytes));
    expect(failure).to.equal(undefined);
    expect(namesOf(info)).to.deep.equal(['pcarch']);
  });

  it('goes through the file where the front of guest memory is not understood, which tells damage', async () => {
    const bytes = sav()
      .unit('pgm', 1, { version: 14, ...badCrc })
      .u32(1)
      .unit('pci')
      .bytes();
    expect((await told(new MemorySource(bytes))).failure).to.equal('VERR_SSM_INTEGRITY_REC_TERM_CRC pgm');
  });

  it('goes through a file whose directory is damaged', async () => {
    const bytes = devices(sav({ directory: (view) => view.setUint8(0, 0) }), ['pcarch'])
      .unit('x', 0, badCrc)
      .bytes();
    const { info, failure } = await told(new MemorySource(bytes));
    expect(failure).to.match(/^VERR_SSM_INTEGRITY_REC_TERM_CRC x/);
    expect(namesOf(info)).to.deep.equal(['pcarch']);
  });

  it('goes through a live save, whose directory leads to the last passes only', async () => {
    const bytes = await guestState([{ pass: 0, ...pages }, {}], { ram: 4 * MIB });
    const { info, read } = await told(new MemorySource(bytes));
    expect(info.ramBytes).to.equal(4 * MIB);
    expect(read).to.be.greaterThan(bytes.length);
  });
});
