import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import { createMachine } from '../pdm/testing.js';
import { bootRom } from './boot-rom.js';

const create = (config: ConfigLiteral) =>
  createMachine({ devices: [bootRom], config: { Devices: { bootrom: { 0: { Config: config } } } } });

describe('bootrom', () => {
  it('has the CPU jump to the program, which it puts into RAM', async () => {
    const machine = await create({ Image: Uint8Array.of(1, 2, 3), LoadAddress: 0x1234 });
    const memory = machine.vm.pgm!;
    expect([...memory.read(0xffff0, 5)]).to.deep.equal([0xea, 0x34, 0x12, 0x00, 0x00]);
    expect([...memory.read(0x1234, 3)]).to.deep.equal([1, 2, 3]);
    memory.writeU8(0xffff0, 0);
    expect(memory.readU8(0xffff0), 'it is a ROM').to.equal(0xea);
    await machine.end();
  });

  it('puts the program there again when the machine is reset', async () => {
    const machine = await create({ Image: Uint8Array.of(1, 2, 3) });
    const memory = machine.vm.pgm!;
    await machine.uvm.powerOn();
    memory.write(0x7c00, new Uint8Array(3));
    await machine.uvm.reset();
    expect([...memory.read(0x7c00, 4)]).to.deep.equal([1, 2, 3, 0]);
    await machine.end();
  });

  it('needs no program in a machine that is going to be loaded', async () => {
    const machine = await create({});
    expect(machine.vm.pgm!.readU8(0xffff0)).to.equal(0xea);
    await machine.end();
  });

  for (const [what, config, status] of [
    ['a program that does not fit', { Image: new Uint8Array(0x8401) }, 'VERR_OUT_OF_RANGE'],
    ['settings that there are not', { Imgae: new Uint8Array(1) }, 'VERR_CFGM_CONFIG_UNKNOWN_VALUE'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const created = await create(config).then(
        () => 'created',
        (error) => error.status,
      );
      expect(created).to.equal(status);
    });
  }
});
