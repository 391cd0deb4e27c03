import { expect } from 'chai';
import { statusOf } from '../testing.js';
import { Registry } from './registry.js';
import type { UnitRegistration } from './unit.js';

const names = (registry: Registry) => registry.units.map(({ name, instance }) => `${name}#${instance}`);
const unit = (name: string, instance = 0, more: Partial<UnitRegistration> = {}) => ({
  name,
  instance,
  version: 1,
  ...more,
});

function registryOf(...units: UnitRegistration[]): Registry {
  const registry = new Registry();
  for (const each of units) registry.register(each);
  return registry;
}

describe('Registry', () => {
  it('has the units of SSM itself first', () => {
    const registry = registryOf(unit('pit'));
    expect(names(registry)).to.deep.equal(['SSM#0', 'SSMLiveControl#0', 'pit#0']);
    expect(registry.units.map(({ version, guess }) => [version, guess])).to.deep.equal([
      [1, 64],
      [1, 1],
      [1, 0],
    ]);
  });

  it('keeps the order of registration, or puts a unit in front of the first of a name', () => {
    const registry = registryOf(
      unit('a', 1),
      unit('b', 2),
      unit('b', 1),
      unit('c', 0, { before: 'b' }),
      unit('d', 0, { before: 'nobody' }),
    );
    expect(names(registry).slice(2)).to.deep.equal(['a#1', 'c#0', 'b#2', 'b#1', 'd#0']);
  });

  const refused: readonly [name: string, unit: UnitRegistration, status: string][] = [
    ['an empty name', unit(''), 'VERR_INVALID_PARAMETER'],
    ['a name with a NUL', unit('a\0'), 'VERR_INVALID_PARAMETER'],
    ['a name of 48 bytes', unit('n'.repeat(48)), 'VERR_OUT_OF_RANGE'],
    ['a name of 48 bytes in 24 characters', unit('ü'.repeat(24)), 'VERR_OUT_OF_RANGE'],
    ['an empty name to be in front of', unit('a', 0, { before: '' }), 'VERR_INVALID_PARAMETER'],
    ['a long name to be in front of', unit('a', 0, { before: 'n'.repeat(48) }), 'VERR_OUT_OF_RANGE'],
    ['an instance that is no u32', unit('a', -1), 'VERR_INVALID_PARAMETER'],
    ['a version that is no u32', unit('a', 0, { version: 2 ** 32 }), 'VERR_INVALID_PARAMETER'],
    ['a unit that is there, of whatever type', unit('pit', 0, { type: 'driver' }), 'VERR_SSM_UNIT_EXISTS'],
    ['a unit of SSM itself', unit('SSM'), 'VERR_SSM_UNIT_EXISTS'],
  ];
  for (const [name, registration, status] of refused) {
    it(`refuses ${name}: ${status}`, async () => {
      const registry = registryOf(unit('pit'));
      expect(await statusOf(() => registry.register(registration))).to.equal(status);
      expect(names(registry)).to.have.length(3);
    });
  }

  it('takes a name of 47 bytes, another instance, and the largest numbers', () => {
    const registry = registryOf(unit('pit'), unit('pit', 0xffffffff, { version: 0xffffffff }), unit('n'.repeat(47)));
    expect(registry.find('pit', 0xffffffff)?.version).to.equal(0xffffffff);
    expect(registry.find('pit', 1)).to.equal(undefined);
  });

  it('keeps callbacks bound to the object they were given with', () => {
    class Pit implements UnitRegistration {
      name = 'pit';
      version = 1;
      saved = 0;
      savePrep() {
        this.saved++;
      }
    }
    const pit = new Pit();
    registryOf(pit)
      .find('pit', 0)
      ?.savePrep?.(undefined as never);
    expect(pit.saved).to.equal(1);
  });

  describe('deregisters', () => {
    const mine = { of: 'me' };
    const theirs = { of: 'them' };
    const registry = () =>
      registryOf(
        unit('dev', 0, { type: 'device', owner: mine }),
        unit('dev', 1, { type: 'device', owner: mine }),
        unit('dev2', 0, { type: 'device', owner: mine }),
        unit('dev3', 0, { type: 'device', owner: theirs }),
        unit('drv', 0, { type: 'driver', owner: mine }),
        unit('drv', 1, { type: 'driver', owner: mine }),
        unit('int', 5),
        unit('int', 6),
      );
    const cases: readonly [
      name: string,
      which: Parameters<Registry['deregister']>[0],
      gone: string[],
      status: string,
    ][] = [
      [
        'a device by name and instance',
        { type: 'device', name: 'dev', instance: 1, owner: mine },
        ['dev#1'],
        'VINF_SUCCESS',
      ],
      ['all units of a device instance', { type: 'device', owner: mine }, ['dev#0', 'dev2#0'], 'VINF_SUCCESS'],
      ['nothing without a name is no error', { type: 'device', instance: 9, owner: mine }, [], 'VINF_SUCCESS'],
      ['all units of a driver', { type: 'driver', owner: mine }, ['drv#0', 'drv#1'], 'VINF_SUCCESS'],
      [
        'a driver by name and instance',
        { type: 'driver', name: 'drv', instance: 1, owner: mine },
        ['drv#1'],
        'VINF_SUCCESS',
      ],
      ['the first internal unit of a name', { type: 'internal', name: 'int' }, ['int#5'], 'VINF_SUCCESS'],
      ['no unit that is not there', { type: 'device', name: 'nobody', owner: mine }, [], 'VERR_SSM_UNIT_NOT_FOUND'],
      ['no unit of another type', { type: 'usb', name: 'dev', owner: mine }, [], 'VERR_SSM_UNIT_NOT_FOUND'],
      ['no internal unit that is not there', { type: 'internal', name: 'dev' }, [], 'VERR_SSM_UNIT_NOT_FOUND'],
      ['no unit of another owner', { type: 'device', name: 'dev3', owner: mine }, [], 'VERR_SSM_UNIT_NOT_OWNER'],
      ['no device without an owner', { type: 'device', name: 'dev' }, [], 'VERR_INVALID_PARAMETER'],
      ['no USB device without an owner', { type: 'usb', name: 'dev' }, [], 'VERR_INVALID_POINTER'],
      ['no internal unit without a name', { type: 'internal' }, [], 'VERR_INVALID_PARAMETER'],
    ];
    for (const [name, which, gone, status] of cases) {
      it(`${name}: ${status}`, async () => {
        const units = registry();
        const before = names(units);
        expect(await statusOf(() => units.deregister(which))).to.equal(status);
        expect(before.filter((each) => !names(units).includes(each))).to.deep.equal(gone);
      });
    }
  });
});
