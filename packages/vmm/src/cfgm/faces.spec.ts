import { expect } from 'chai';
import { InfoRegistry } from '../dbgf/index.js';
import { outcome } from '../iprt/testing.js';
import {
  configToJson,
  configTree,
  defaultConfigTree,
  dumpConfig,
  insertLiteral,
  Password,
  query,
  readBaseConfig,
  readConfig,
  registerConfigInfo,
} from './index.js';

describe('trees as objects', () => {
  it('objects are nodes, everything else is a value', () => {
    const root = configTree({
      yes: true,
      no: false,
      number: 5,
      big: 2n ** 63n,
      text: '',
      bytes: new Uint8Array(2),
      secret: new Password(''),
      Devices: { pit: { 0: {} } },
    });
    expect(root.values.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      'big integer',
      'bytes bytes',
      'no integer',
      'number integer',
      'secret password',
      'text string',
      'yes integer',
    ]);
    expect([query(root, 'yes', 'u64'), query(root, 'no', 'u64')]).to.deep.equal([1n, 0n]);
    expect(root.child('Devices/pit/0')).not.to.equal(undefined);
  });

  it('are taken up by nodes that are there', () => {
    const root = configTree({ a: { x: 1 } });
    insertLiteral(root, { a: { y: 2 }, b: {} });
    expect(configToJson(root)).to.deep.equal({ nodes: { a: { values: { x: 1, y: 2 } }, b: {} } });
    expect(outcome(() => insertLiteral(root, { a: { x: 3 } }))).to.equal('VERR_CFGM_LEAF_EXISTS');
  });
});

describe('reading a configuration in one go', () => {
  const shape = {
    irq: ['Irq', 'u8', 0],
    base: ['IOBase', 'port'],
    name: ['Name', 'string', undefined],
    uuid: ['UUID', 'bytes', undefined],
    size: ['Size', 'u64', 1n],
  } as const;
  const reader = { who: 'pit', instance: 1 };

  it('gives typed settings, with defaults where they are missing', () => {
    const settings = readConfig(configTree({ IOBase: 0x40, UUID: Uint8Array.of(1) }), shape, reader);
    const typed: { irq: number; base: number; name: string | undefined; uuid: Uint8Array | undefined; size: bigint } =
      settings;
    expect(typed).to.deep.equal({ irq: 0, base: 0x40, name: undefined, uuid: Uint8Array.of(1), size: 1n });
  });

  const rows: readonly (readonly [rule: string, call: () => unknown, expected: unknown])[] = [
    [
      'a value without a default must be there',
      () => readConfig(configTree({}), shape, reader),
      'VERR_CFGM_VALUE_NOT_FOUND',
    ],
    ['also in no node', () => readConfig(undefined, shape, reader), 'VERR_CFGM_NO_PARENT'],
    ['no node is fine where all have defaults', () => readConfig(undefined, { irq: ['Irq', 'u8', 3] }, reader).irq, 3],
    [
      'a wrong type is no missing value',
      () => readConfig(configTree({ Irq: 'x' }), { irq: ['Irq', 'u8', 3] }),
      'VERR_CFGM_NOT_INTEGER',
    ],
    [
      'other values are refused',
      () => readConfig(configTree({ IOBase: 1, Irk: 2 }), shape, reader),
      'VERR_CFGM_CONFIG_UNKNOWN_VALUE',
    ],
    [
      'nodes are refused',
      () => readConfig(configTree({ IOBase: 1, a: {} }), shape, reader),
      'VERR_CFGM_CONFIG_UNKNOWN_NODE',
    ],
    [
      'but those that are known',
      () => readConfig(configTree({ IOBase: 1, 'LUN#0': {} }), shape, { ...reader, nodes: 'LUN#*' }).base,
      1,
    ],
    ['and more values', () => readConfig(configTree({ IOBase: 1, X1: 1 }), shape, { ...reader, values: 'X?' }).base, 1],
    ['without a reader everything may be there', () => readConfig(configTree({ IOBase: 1, Irk: 2 }), shape).base, 1],
  ];
  for (const [rule, call, expected] of rows) it(rule, () => expect(outcome(call)).to.equal(expected));
});

describe('the base configuration', () => {
  it('has defaults for everything', () => {
    expect(readBaseConfig(configTree({}), 1)).to.deep.equal({
      cpuCount: 1,
      cpuExecutionCap: 100,
      name: '<unknown>',
      uuid: new Uint8Array(16),
      powerOffInsteadOfReset: false,
      usePeriodicPreemptionTimers: true,
    });
  });

  it('is read from the root and VMM', () => {
    const uuid = Uint8Array.from({ length: 16 }, (_, i) => i);
    const root = configTree({
      NumCPUs: 4,
      CpuExecutionCap: 250,
      Name: 'vm',
      UUID: uuid,
      PowerOffInsteadOfReset: true,
      VMM: { UsePeriodicPreemptionTimers: false },
    });
    expect(readBaseConfig(root, 4)).to.deep.equal({
      cpuCount: 4,
      cpuExecutionCap: 250,
      name: 'vm',
      uuid,
      powerOffInsteadOfReset: true,
      usePeriodicPreemptionTimers: false,
    });
  });

  const rows: readonly (readonly [rule: string, call: () => unknown, status: string])[] = [
    ['NumCPUs must be the number given', () => readBaseConfig(configTree({ NumCPUs: 2 }), 1), 'VERR_INVALID_PARAMETER'],
    ['without NumCPUs there is one', () => readBaseConfig(configTree({}), 2), 'VERR_INVALID_PARAMETER'],
    ['NumCPUs is an integer', () => readBaseConfig(configTree({ NumCPUs: '1' }), 1), 'VERR_CFGM_NOT_INTEGER'],
    [
      'CpuExecutionCap is a u32',
      () => readBaseConfig(configTree({ CpuExecutionCap: -1 }), 1),
      'VERR_CFGM_INTEGER_TOO_BIG',
    ],
    ['Name is a string', () => readBaseConfig(configTree({ Name: 1 }), 1), 'VERR_CFGM_NOT_STRING'],
    ['UUID is bytes', () => readBaseConfig(configTree({ UUID: 'x' }), 1), 'VERR_CFGM_NOT_BYTES'],
    [
      'UUID is no more than 16',
      () => readBaseConfig(configTree({ UUID: new Uint8Array(17) }), 1),
      'VERR_CFGM_NOT_ENOUGH_SPACE',
    ],
  ];
  for (const [rule, call, status] of rows) it(rule, () => expect(outcome(call)).to.equal(status));
});

describe('the default tree', () => {
  it('is a PC of one CPU with the classic devices', () => {
    const root = defaultConfigTree();
    expect(readBaseConfig(root, 1).name).to.equal('machine');
    expect([query(root, 'RamSize', 'u64'), query(root, 'RamHoleSize', 'u64')]).to.deep.equal([64n << 20n, 512n << 20n]);
    expect(
      root
        .child('Devices')!
        .children.map(({ name }) => name)
        .join(' '),
    ).to.equal('8237A VMMDev i8254 i8259 mc146818 pckbd vga');
    for (const kind of ['Devices', 'Drivers'])
      expect(query(root.child(`PDM/${kind}`), 'LoadBuiltin', 'bool')).to.equal(true);
    for (const device of root.child('Devices')!.children) {
      expect(device.child('0/Config'), device.name).not.to.equal(undefined);
    }
  });

  it('is another each time', () => {
    defaultConfigTree().child('Devices')!.remove();
    expect(defaultConfigTree().child('Devices')).not.to.equal(undefined);
  });
});

describe('the info item cfgm', () => {
  const root = configTree({ a: { b: { x: 1 } } });
  const registry = new InfoRegistry();
  registerConfigInfo(registry, () => root);

  it('dumps the tree', async () => {
    expect(await registry.text('cfgm')).to.equal(dumpConfig(root));
  });

  it('dumps what is below a path', async () => {
    expect(await registry.json('cfgm', { args: '/a/b' })).to.deep.equal({
      name: 'cfgm',
      text: dumpConfig(root.child('a/b')!),
      data: { values: { x: 1 } },
    });
  });

  it('says so where a path leads nowhere', async () => {
    expect(await registry.text('cfgm', { args: '/a/c' })).to.equal("There is no node '/a/c'.\n");
  });
});
