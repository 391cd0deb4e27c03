import { Registry, type UnitRegistration, type UnitType } from '@ssmkit/runtime';
import { expect } from 'chai';
import { failureOf, Journal, machine } from './script.js';

const owner = { name: 'the device' };
const stranger = { name: 'another device' };

const unit = (name: string, more: Partial<UnitRegistration> = {}): UnitRegistration => ({ name, version: 1, ...more });

/** The units that a test has registered, in order. */
const listed = (registry: Registry) =>
  registry.units
    .slice(2)
    .map(({ name, instance }) => (instance === 0 ? name : `${name}#${instance}`))
    .join(' ');

interface RegistrationRule {
  readonly rule: string;
  readonly units: readonly UnitRegistration[];
  /** What becomes of the last one. */
  readonly ends?: string;
  readonly list: string;
}

const registrations: readonly RegistrationRule[] = [
  { rule: 'units are appended', units: [unit('b'), unit('a')], list: 'b a' },
  {
    rule: 'a unit is inserted in front of another',
    units: [unit('a'), unit('b'), unit('c', { before: 'b' })],
    list: 'a c b',
  },
  {
    rule: 'it is inserted in front of the first unit of the name, whatever its instance',
    units: [unit('a', { instance: 7 }), unit('a', { instance: 0 }), unit('b', { before: 'a' })],
    list: 'b a#7 a',
  },
  {
    rule: 'where nobody has the name it is appended',
    units: [unit('a'), unit('b', { before: 'nobody' })],
    list: 'a b',
  },
  { rule: 'it may come to stand in front of "SSM"', units: [unit('a', { before: 'SSM' })], list: 'SSMLiveControl' },
  { rule: 'a name is not empty', units: [unit('')], ends: 'VERR_INVALID_PARAMETER', list: '' },
  { rule: 'a name of 47 bytes is short enough', units: [unit('n'.repeat(47))], list: 'n'.repeat(47) },
  { rule: 'a name of 48 bytes is too long', units: [unit('n'.repeat(48))], ends: 'VERR_OUT_OF_RANGE', list: '' },
  { rule: 'bytes count, not characters', units: [unit('€'.repeat(16))], ends: 'VERR_OUT_OF_RANGE', list: '' },
  { rule: 'a name has no NUL', units: [unit('a\0b')], ends: 'VERR_INVALID_PARAMETER', list: '' },
  ...(['instance', 'version'] as const).flatMap((number) =>
    [-1, 0.5, 2 ** 32, Number.NaN].map((value) => ({
      rule: `${number} ${value} is no number of 32 bits`,
      units: [unit('a', { [number]: value })],
      ends: 'VERR_INVALID_PARAMETER',
      list: '',
    })),
  ),
  ...[-1, 0.5, 2 ** 53, Number.NaN].map((guess) => ({
    rule: `a guess of ${guess} is none`,
    units: [unit('a', { guess })],
    ends: 'VERR_INVALID_PARAMETER',
    list: '',
  })),
  { rule: 'a guess may be as large as numbers are whole', units: [unit('a', { guess: 2 ** 53 - 1 })], list: 'a' },
  {
    rule: 'the name to be in front of is not empty',
    units: [unit('a', { before: '' })],
    ends: 'VERR_INVALID_PARAMETER',
    list: '',
  },
  {
    rule: 'the name to be in front of is not too long',
    units: [unit('a', { before: 'n'.repeat(48) })],
    ends: 'VERR_OUT_OF_RANGE',
    list: '',
  },
  {
    rule: 'a name and an instance are there once, whatever the type',
    units: [unit('a', { type: 'device' }), unit('a', { type: 'external' })],
    ends: 'VERR_SSM_UNIT_EXISTS',
    list: 'a',
  },
  {
    rule: 'instances of a name differ',
    units: [unit('a'), unit('a', { instance: 1 }), unit('a', { instance: 0xffffffff })],
    list: 'a a#1 a#4294967295',
  },
  { rule: '"SSM" is there already', units: [unit('SSM')], ends: 'VERR_SSM_UNIT_EXISTS', list: '' },
  { rule: 'so is "SSMLiveControl"', units: [unit('SSMLiveControl')], ends: 'VERR_SSM_UNIT_EXISTS', list: '' },
  { rule: 'other instances of "SSM" are free', units: [unit('SSM', { instance: 1 })], list: 'SSM#1' },
];

describe('registering (ssmR3Register)', () => {
  for (const { rule, units, ends = 'VINF_SUCCESS', list } of registrations) {
    it(`${rule}: ${ends}`, async () => {
      const registry = new Registry();
      for (const each of units.slice(0, -1)) registry.register(each);
      const failure = await failureOf(() => registry.register(units.at(-1) as UnitRegistration));
      expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
      expect(listed(registry)).to.equal(list);
      if (failure === undefined)
        for (const { name, instance } of units) expect(registry.find(name, instance ?? 0)).not.to.equal(undefined);
    });
  }

  it('the units of SSM come first, with their guesses and versions (ssmR3LazyInit)', () => {
    const first = new Registry().units.map(({ name, instance, version, guess }) => [name, instance, version, guess]);
    expect(first).to.deep.equal([
      ['SSM', 0, 1, 64],
      ['SSMLiveControl', 0, 1, 1],
    ]);
  });

  it('a stub is an internal unit of the version 0xFFFFFFFF that only loads (SSMR3RegisterStub)', () => {
    const { type, version, guess, loadExec, loadPrep, loadDone, saveExec } = new Registry().registerStub('old', 3);
    expect([type, version, guess]).to.deep.equal(['internal', 0xffffffff, 0]);
    expect([loadPrep, loadDone, saveExec]).to.deep.equal([undefined, undefined, undefined]);
    expect(loadExec).to.be.a('function');
  });

  it('a callback keeps its object', async () => {
    const registry = new Registry();
    const device = {
      ...unit('pit'),
      saved: 0,
      saveExec(): void {
        this.saved++;
      },
    };
    registry.register(device);
    const { saveState, MemorySink } = await import('@ssmkit/runtime');
    await saveState(registry, new MemorySink());
    expect(device.saved).to.equal(1);
  });
});

interface DeregistrationRule {
  readonly rule: string;
  readonly which: Parameters<Registry['deregister']>[0];
  readonly ends?: string;
  /** What is left of the units below. */
  readonly list: string;
}

/** One of each: two devices of the name, in this order, and one of another; drivers; a USB device; the ownerless. */
function everything(): Registry {
  const registry = new Registry();
  const register = (type: UnitType, name: string, instance: number, of: unknown = owner) =>
    registry.register(unit(name, { type, instance, owner: of }));
  register('device', 'pit', 1);
  register('device', 'pit', 0);
  register('device', 'pic', 0);
  register('device', 'hpet', 0, stranger);
  register('driver', 'disk', 0);
  register('driver', 'disk', 1);
  register('driver', 'mouse', 5);
  register('usb', 'hub', 0);
  register('internal', 'cpum', 2);
  register('internal', 'cpum', 1);
  register('external', 'console', 9);
  return registry;
}

const all = listed(everything());
const without = (...names: string[]) =>
  all
    .split(' ')
    .filter((name) => !names.includes(name))
    .join(' ');

const deregistrations: readonly DeregistrationRule[] = [
  { rule: 'a device goes by name and instance', which: { type: 'device', name: 'pit', owner }, list: without('pit') },
  {
    rule: 'a device without a name: all of the owner of this instance',
    which: { type: 'device', owner },
    list: without('pit', 'pic'),
  },
  {
    rule: 'the instance counts also without a name',
    which: { type: 'device', instance: 1, owner },
    list: without('pit#1'),
  },
  { rule: 'no device of the instance is no failure', which: { type: 'device', instance: 8, owner }, list: all },
  {
    rule: 'no device of the name is one',
    which: { type: 'device', name: 'apic', owner },
    ends: 'VERR_SSM_UNIT_NOT_FOUND',
    list: all,
  },
  {
    rule: 'no device of the name in this instance is one',
    which: { type: 'device', name: 'pic', instance: 1, owner },
    ends: 'VERR_SSM_UNIT_NOT_FOUND',
    list: all,
  },
  {
    rule: 'a stranger’s device stays, by name',
    which: { type: 'device', name: 'hpet', owner },
    ends: 'VERR_SSM_UNIT_NOT_OWNER',
    list: all,
  },
  {
    rule: 'a device needs an owner',
    which: { type: 'device', name: 'pit' },
    ends: 'VERR_INVALID_PARAMETER',
    list: all,
  },
  {
    rule: 'the type counts',
    which: { type: 'driver', name: 'pit', owner },
    ends: 'VERR_SSM_UNIT_NOT_FOUND',
    list: all,
  },
  {
    rule: 'a driver goes by name and instance',
    which: { type: 'driver', name: 'disk', instance: 1, owner },
    list: without('disk#1'),
  },
  {
    rule: 'a driver without a name: all of the owner, of any instance',
    which: { type: 'driver', owner },
    list: without('disk', 'disk#1', 'mouse#5'),
  },
  { rule: 'of a stranger there are none', which: { type: 'driver', owner: stranger }, list: all },
  {
    rule: 'a driver needs an owner',
    which: { type: 'driver', owner: null },
    ends: 'VERR_INVALID_PARAMETER',
    list: all,
  },
  { rule: 'a USB device goes by name', which: { type: 'usb', name: 'hub', owner }, list: without('hub') },
  { rule: 'a USB device without a name', which: { type: 'usb', owner }, list: without('hub') },
  { rule: 'a USB device needs an owner', which: { type: 'usb', name: 'hub' }, ends: 'VERR_INVALID_POINTER', list: all },
  {
    rule: 'of internal units the first of the name goes, whatever the instance',
    which: { type: 'internal', name: 'cpum', instance: 1 },
    list: without('cpum#2'),
  },
  {
    rule: 'of external units the first of the name goes, whatever the instance',
    which: { type: 'external', name: 'console' },
    list: without('console#9'),
  },
  { rule: 'an internal unit needs a name', which: { type: 'internal' }, ends: 'VERR_INVALID_PARAMETER', list: all },
  { rule: 'an external unit needs a name', which: { type: 'external' }, ends: 'VERR_INVALID_PARAMETER', list: all },
  {
    rule: 'no internal unit of the name is a failure',
    which: { type: 'internal', name: 'console' },
    ends: 'VERR_SSM_UNIT_NOT_FOUND',
    list: all,
  },
];

describe('deregistering (SSMR3Deregister…)', () => {
  for (const { rule, which, ends = 'VINF_SUCCESS', list } of deregistrations) {
    it(`${rule}: ${ends}`, async () => {
      const registry = everything();
      const failure = await failureOf(() => registry.deregister(which));
      expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
      expect(listed(registry)).to.equal(list);
    });
  }

  it('what has gone can be registered again, at the end, and is not found meanwhile', () => {
    const registry = machine('a\n b');
    registry.deregister({ type: 'internal', name: 'a' });
    expect(registry.find('a', 0)).to.equal(undefined);
    registry.register(unit('a'));
    expect(listed(registry)).to.equal('b a');
  });

  it('an operation goes on with the units that it began with (SSMR3Save)', async () => {
    const { saveState, MemorySink } = await import('@ssmkit/runtime');
    const journal = new Journal();
    const registry = machine('a: savePrep\n b: saveExec', journal, {
      a: { savePrep: () => void registry.register(unit('late', { saveExec: () => journal.note('late') })) },
    });
    await saveState(registry, new MemorySink());
    expect(journal.text).to.equal('savePrep a, saveExec b');
  });
});
