import { expect } from 'chai';
import type { ComponentFactory } from './components.js';
import { IDC_VERSION, idcRequests } from './idc.js';
import { newDriver, outcomeOf } from './testing.js';

const UUID = '10e8a5c0-4b2d-4c3e-9d6f-0123456789ab';

function factory(name: string, face: object = {}): ComponentFactory {
  return { name, queryFactoryInterface: (_, uuid) => (uuid === UUID ? face : undefined) };
}

describe('component factories', () => {
  it('are found by name and UUID', () => {
    const { driver, alice, bob } = newDriver();
    const face = {};
    driver.components.register(alice, factory('VBoxNetFlt', face));
    for (const uuid of [UUID, UUID.toUpperCase(), `{${UUID}}`]) {
      expect(driver.components.query(bob, 'VBoxNetFlt', uuid)).to.equal(face);
    }
  });

  const queries: readonly [string, string, string][] = [
    ['VBoxNetAdp', UUID, 'VERR_SUPDRV_COMPONENT_NOT_FOUND'],
    ['VBoxNetFlt', UUID.replace('1', '2'), 'VERR_SUPDRV_INTERFACE_NOT_SUPPORTED'],
    ['VBoxNetFlt', 'uuid', 'VERR_INVALID_PARAMETER'],
    ['VBoxNetFlt', `{${UUID}`, 'VERR_INVALID_PARAMETER'],
    ['VBoxNetFlt', `${UUID}0`, 'VERR_INVALID_PARAMETER'],
  ];
  for (const [name, uuid, status] of queries) {
    it(`${name}, ${uuid}: ${status}`, () => {
      const { driver, alice } = newDriver();
      driver.components.register(alice, factory('VBoxNetFlt'));
      expect(outcomeOf(() => driver.components.query(alice, name, uuid))).to.equal(status);
    });
  }

  it('are there once, each with a name of its own', () => {
    const { driver, alice, bob } = newDriver();
    const one = factory('a');
    driver.components.register(alice, one);
    expect(outcomeOf(() => driver.components.register(bob, one))).to.equal('VERR_ALREADY_EXISTS');
    expect(outcomeOf(() => driver.components.register(bob, factory('a')))).to.equal('VERR_ALREADY_EXISTS');
    driver.components.deregister(alice, one);
    expect(outcomeOf(() => driver.components.deregister(alice, one))).to.equal('VERR_SUPDRV_COMPONENT_NOT_FOUND');
    expect(outcomeOf(() => driver.components.register(bob, one))).to.equal('VINF_SUCCESS');
  });

  it('have names of 1 to 55 characters, and a function', () => {
    const { driver, alice } = newDriver();
    for (const name of ['', 'x'.repeat(56), 'ä']) {
      expect(outcomeOf(() => driver.components.register(alice, factory(name)))).to.equal('VERR_INVALID_PARAMETER');
    }
    expect(outcomeOf(() => driver.components.register(alice, { name: 'a' } as ComponentFactory))).to.equal(
      'VERR_INVALID_PARAMETER',
    );
    expect(outcomeOf(() => driver.components.register(alice, factory('x'.repeat(55))))).to.equal('VINF_SUCCESS');
  });

  it('go with the session that registered them, and no others', () => {
    const { driver, alice, bob } = newDriver();
    for (const [session, name] of [
      [alice, 'a'],
      [bob, 'b'],
      [alice, 'c'],
    ] as const) {
      driver.components.register(session, factory(name));
    }
    alice.close();
    expect(driver.components.names).to.deep.equal(['b']);
  });
});

describe('inter-driver communication', () => {
  it('has the version of sup.h', () => expect(IDC_VERSION).to.equal(0x00010000));

  it('gives a session of the kernel, and tells versions', () => {
    const { driver } = newDriver({ revision: 12345 });
    const handle = driver.idc.open();
    expect(handle).to.include({ sessionVersion: IDC_VERSION, driverVersion: IDC_VERSION, driverRevision: 12345 });
    expect(handle.session.owner.isKernel).to.equal(true);
    driver.idc.close(handle);
    expect(handle.session.isOpen).to.equal(false);
    driver.idc.close(handle);
  });

  // What is requested, what is the least, what comes of it.
  const versions: readonly [number, number, string][] = [
    [0, 0, 'VERR_VERSION_MISMATCH'],
    [0x0001_0000, 0x0001_0000, 'VINF_SUCCESS'],
    [0x0001_0005, 0x0001_0000, 'VINF_SUCCESS'],
    [0x0001_0005, 0x0001_0001, 'VERR_VERSION_MISMATCH'],
    [0x0002_0000, 0x0002_0000, 'VERR_VERSION_MISMATCH'],
    [0x0002_0000, 0x0001_0000, 'VERR_INVALID_PARAMETER'],
    [0x0001_0000, 0x0001_0001, 'VERR_INVALID_PARAMETER'],
    [2 ** 32, 0, 'VERR_INVALID_PARAMETER'],
  ];
  for (const [requested, least, status] of versions) {
    it(`version 0x${requested.toString(16)}, at least 0x${least.toString(16)}: ${status}`, () => {
      const { driver } = newDriver();
      const before = driver.sessions.length;
      expect(outcomeOf(() => driver.idc.open(requested, least))).to.equal(status);
      expect(driver.sessions.length - before).to.equal(status === 'VINF_SUCCESS' ? 1 : 0);
    });
  }

  it('a caller of another minor version is understood where nothing is said of the least', () => {
    const { driver } = newDriver();
    expect(outcomeOf(() => driver.idc.open(0x0001_0005))).to.equal('VINF_SUCCESS');
    expect(outcomeOf(() => driver.idc.open(0x0002_0005))).to.equal('VERR_VERSION_MISMATCH');
  });

  it('registers factories, which go with the connection', () => {
    const { driver } = newDriver();
    const handle = driver.idc.open();
    const [one, two] = [factory('a'), factory('b')];
    driver.idc.call(handle, idcRequests.COMPONENT_REGISTER_FACTORY, { factory: one });
    driver.idc.componentRegisterFactory(handle, two);
    expect(driver.components.names).to.deep.equal(['a', 'b']);
    driver.idc.call(handle, idcRequests.COMPONENT_DEREGISTER_FACTORY, { factory: one });
    expect(driver.components.names).to.deep.equal(['b']);
    driver.idc.componentDeregisterFactory(handle, two);
    driver.idc.componentRegisterFactory(handle, two);
    driver.idc.call(handle, idcRequests.DISCONNECT);
    expect(driver.components.names).to.deep.equal([]);
    expect(outcomeOf(() => driver.idc.call(handle, idcRequests.DISCONNECT))).to.equal('VERR_INVALID_HANDLE');
  });

  it('finds symbols of modules and of the driver', async () => {
    const { driver, alice } = newDriver();
    const handle = driver.idc.open();
    await driver.modules.load(alice, 'm', { answer: 42 } as object);
    const find = (symbol: string, module?: string) =>
      driver.idc.call(handle, idcRequests.GET_SYMBOL, module === undefined ? { symbol } : { symbol, module });
    expect(find('answer', 'm')).to.equal(42);
    expect(find('objects')).to.equal(driver.objects);
    expect(outcomeOf(() => find('question', 'm'))).to.equal('VERR_SYMBOL_NOT_FOUND');
    expect(outcomeOf(() => find('question'))).to.equal('VERR_SYMBOL_NOT_FOUND');
    expect(outcomeOf(() => find('answer', 'n'))).to.equal('VERR_SYMBOL_NOT_FOUND');
  });

  it('knows no other requests', () => {
    const { driver } = newDriver();
    const handle = driver.idc.open();
    for (const request of [0, 5]) {
      expect(outcomeOf(() => driver.idc.call(handle, request))).to.equal('VERR_NOT_SUPPORTED');
    }
  });
});
