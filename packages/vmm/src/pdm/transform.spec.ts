import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import { chain, createMachine, creationFailure, driversOf, managerOf, notingDevice, notingDriver } from './testing.js';

const names = ['A', 'B', 'C', 'New', 'Other', 'Below'];

const machineOf = (lun0: ConfigLiteral | undefined, transformations: ConfigLiteral) => ({
  devices: [notingDevice('disk', [])],
  drivers: names.map((name) => notingDriver(name, [])),
  config: {
    Devices: { disk: { 0: lun0 === undefined ? {} : { 'LUN#0': lun0 } } },
    PDM: { DriverTransformations: transformations },
  },
});

const New = { AttachedDriver: { Driver: 'New' } };

describe('driver transformations', () => {
  const rows: readonly (readonly [
    what: string,
    before: ConfigLiteral,
    transformations: ConfigLiteral,
    after: string,
  ])[] = [
    ['put a driver on top of every place', chain('A', 'B'), { x: New }, 'New>A>New>B'],
    ['put one at the top', chain('A', 'B'), { x: { BelowDriver: '<top>', ...New } }, 'New>A>B'],
    ['put one below a driver', chain('A', 'B'), { x: { BelowDriver: 'A', ...New } }, 'A>New>B'],
    ['put one above a driver', chain('A', 'B', 'C'), { x: { AboveDriver: 'C', ...New } }, 'A>B>New>C'],
    ['know patterns', chain('A', 'B', 'C'), { x: { AboveDriver: 'X|B|?x', ...New } }, 'A>New>B>C'],
    ['are for devices', chain('A'), { x: { Device: 'd*', ...New } }, 'New>A'],
    ['are not for other devices', chain('A'), { x: { Device: 'disc|floppy', ...New } }, 'A'],
    ['are for LUNs', chain('A'), { x: { LUN: '1|0', ...New } }, 'New>A'],
    ['are not for other LUNs', chain('A'), { x: { LUN: '1', ...New } }, 'A'],
    [
      'are applied in order',
      chain('A'),
      {
        1: { AboveDriver: 'A', AttachedDriver: { Driver: 'New' } },
        2: { AboveDriver: 'New', AttachedDriver: { Driver: 'Other' } },
      },
      'Other>New>A',
    ],
    ['remove', chain('A', 'B', 'C'), { x: { Action: 'remove', AboveDriver: 'B' } }, 'A>C'],
    ['remove the last', chain('A', 'B'), { x: { Action: 'remove', AboveDriver: 'B' } }, 'A'],
    ['remove with all below', chain('A', 'B', 'C'), { x: { Action: 'removetree', AboveDriver: 'B' } }, 'A'],
    ['remove everything', chain('A'), { x: { Action: 'removetree' } }, ''],
    ['replace', chain('A', 'B', 'C'), { x: { Action: 'replace', AboveDriver: 'B', ...New } }, 'A>New>C'],
    [
      'replace by a driver alone, whatever is below it',
      chain('A', 'B'),
      { x: { Action: 'replace', AboveDriver: 'B', AttachedDriver: chain('New', 'Below') } },
      'A>New',
    ],
    [
      'replace with all below',
      chain('A', 'B', 'C'),
      { x: { Action: 'replacetree', AboveDriver: 'B', AttachedDriver: chain('New', 'Below') } },
      'A>New>Below',
    ],
    [
      'put something where all was removed',
      chain('A'),
      { 1: { Action: 'removetree' }, 2: { Action: 'replacetree', ...New } },
      'New',
    ],
    [
      'ask for no driver where all was removed',
      chain('A'),
      { 1: { Action: 'removetree' }, 2: { AboveDriver: '*', ...New } },
      '',
    ],
  ];
  for (const [what, before, transformations, after] of rows) {
    it(what, async () => {
      const vm = await createMachine(machineOf(before, transformations));
      expect(driversOf(vm, 'disk')).to.equal(after);
      await vm.end();
    });
  }

  it('merge settings: values are replaced, nodes completed', async () => {
    const seen: unknown[] = [];
    const machine = machineOf(
      { Driver: 'A', Config: { Path: 'old', Keep: 1, Sub: { a: 1 } } },
      { x: { Action: 'mergeconfig', Config: { Path: 'new', More: 2, Sub: { b: 2 } } } },
    );
    const driver = notingDriver('A', [], {}, () => ({
      construct: (config) => {
        const values = (node: typeof config | undefined) => node?.values.map(({ name, data }) => `${name}=${data}`);
        seen.push(values(config), values(config.child('Sub')));
      },
    }));
    const vm = await createMachine({ ...machine, drivers: [driver] });
    expect(seen).to.deep.equal([
      ['Keep=1', 'More=2', 'Path=new'],
      ['a=1', 'b=2'],
    ]);
    await vm.end();
  });

  it('put a driver in once, however often the chain is attached', async () => {
    const vm = await createMachine(machineOf(chain('A', 'B'), { x: { AboveDriver: 'B', ...New } }));
    for (let i = 0; i < 3; i++) {
      await managerOf(vm).deviceDetach('disk', 0, 0);
      await managerOf(vm).deviceAttach('disk', 0, 0);
      expect(driversOf(vm, 'disk')).to.equal('A>New>B');
      await managerOf(vm).driverDetach('disk', 0, 0, 'New');
      await managerOf(vm).driverAttach('disk', 0, 0);
      expect(driversOf(vm, 'disk')).to.equal('A>New>B');
    }
    await vm.end();
  });

  it('mark what they put in', async () => {
    const vm = await createMachine(machineOf(chain('A'), { first: New }));
    const node = vm.vm.config?.child('Devices/disk/0/LUN#0');
    expect(node?.values.map(({ name, data }) => `${name}=${data}`)).to.deep.equal([
      'Driver=New',
      'InjectTransformationNm=first',
      'InjectTransformationPtr=1',
    ]);
    await vm.end();
  });

  it('attach nothing where nothing is configured', async () => {
    const vm = await createMachine(machineOf(undefined, { x: New }));
    expect(driversOf(vm, 'disk')).to.equal('');
    await vm.end();
  });

  const refused: readonly (readonly [what: string, status: string, transformations: ConfigLiteral])[] = [
    ['inject without a driver', 'VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION', { x: {} }],
    ['replace without', 'VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION', { x: { Action: 'replace' } }],
    ['replacetree without', 'VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION', { x: { Action: 'replacetree' } }],
    ['mergeconfig without settings', 'VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION', { x: { Action: 'mergeconfig' } }],
    ['an action that there is not', 'VERR_PDM_MISCONFIGURED_DRV_TRANSFORMATION', { x: { Action: 'Inject', ...New } }],
    [
      'mergeconfig of what was removed',
      'VERR_PDM_CANNOT_TRANSFORM_REMOVED_DRIVER',
      { 1: { Action: 'removetree' }, 2: { Action: 'mergeconfig', Config: {} } },
    ],
    ['a pattern that is a number', 'VERR_CFGM_NOT_STRING', { x: { Device: 1, ...New } }],
  ];
  for (const [what, status, transformations] of refused) {
    it(`refuse ${what}`, async () => {
      expect(await creationFailure(machineOf(chain('A'), transformations))).to.equal(status);
    });
  }
});
