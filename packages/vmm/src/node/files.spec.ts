import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { failureStatus, TestVm } from '../vm/testing.js';
import { loadFromFile, saveToFile } from './files.js';

describe('files of saved states', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmm-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const machine = async (values: number[]) => {
    const vm = await TestVm.create();
    vm.unit('counter', {
      saveExec: (stream) => void stream.putU32(values[0]!),
      loadExec: (stream) => {
        values[0] = stream.getU32();
      },
    });
    return vm;
  };

  it('are saved and loaded', async () => {
    const path = join(folder, 'vm.sav');
    const source = await machine([5]);
    await source.uvm.powerOn();
    const { bytes, suspended } = await saveToFile(source.uvm, path);
    expect([readFileSync(path).length, suspended]).to.deep.equal([bytes, true]);
    const values = [0];
    const target = await machine(values);
    await loadFromFile(target.uvm, path);
    expect([values, target.uvm.state]).to.deep.equal([[5], 'SUSPENDED']);
    await Promise.all([source.end(), target.end()]);
  });

  it('are not begun when the VM refuses', async () => {
    const vm = await TestVm.create();
    expect(await failureStatus(saveToFile(vm.uvm, join(folder, 'vm.sav')))).to.equal('VERR_VM_INVALID_VM_STATE');
    expect(readdirSync(folder)).to.deep.equal([]);
    await vm.end();
  });

  it('have a path', async () => {
    const vm = await TestVm.create();
    expect(await failureStatus(saveToFile(vm.uvm, ''))).to.equal('VERR_INVALID_PARAMETER');
    expect(await failureStatus(loadFromFile(vm.uvm, ''))).to.equal('VERR_INVALID_PARAMETER');
    expect(vm.uvm.state).to.equal('CREATED');
    await vm.end();
  });

  it('that are not there leave the VM as it was', async () => {
    const vm = await TestVm.create();
    expect(await failureStatus(loadFromFile(vm.uvm, join(folder, 'none.sav')))).to.equal('VERR_FILE_NOT_FOUND');
    expect(vm.uvm.state).to.equal('CREATED');
    await vm.end();
  });
});
