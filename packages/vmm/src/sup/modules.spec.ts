import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { VMM_MODULE } from './modules.js';
import { newDriver, outcomeOf, settled } from './testing.js';

describe('modules', () => {
  /** A module that keeps a diary. */
  function diary() {
    const lines: string[] = [];
    const exports = {
      ModuleInit: () => void lines.push('init'),
      ModuleTerm: () => void lines.push('term'),
      answer: 42,
    };
    return { lines, exports };
  }

  it('are loaded once, however often, and go with the last reference', async () => {
    const { driver, alice, bob } = newDriver();
    const { lines, exports } = diary();
    const image = await driver.modules.load(alice, 'VBoxDDR0.r0', exports);
    expect(await driver.modules.load(alice, 'VBoxDDR0.r0', exports)).to.equal(image);
    expect(await driver.modules.load(bob, 'VBoxDDR0.r0', exports)).to.equal(image);
    expect([driver.modules.names, driver.modules.references('VBoxDDR0.r0')]).to.deep.equal([['VBoxDDR0.r0'], 3]);
    driver.modules.free(alice, image);
    driver.modules.free(bob, image);
    expect(lines).to.deep.equal(['init']);
    driver.modules.free(alice, image);
    expect(lines).to.deep.equal(['init', 'term']);
    expect([driver.modules.names, driver.modules.references('VBoxDDR0.r0')]).to.deep.equal([[], 0]);
    expect(outcomeOf(() => driver.modules.free(alice, image))).to.equal('VERR_INVALID_HANDLE');
  });

  it('two loads at once wait for the same entry point', async () => {
    const { driver, alice, bob } = newDriver();
    let count = 0;
    const exports = { ModuleInit: async () => void (await Promise.resolve(count++)) };
    const [a, b] = await Promise.all([
      driver.modules.load(alice, 'm', exports),
      driver.modules.load(bob, 'm', exports),
    ]);
    expect([a === b, count, driver.modules.references('m')]).to.deep.equal([true, 1, 2]);
  });

  it('are there already while their entry point runs', async () => {
    const { driver, alice } = newDriver();
    let names: readonly string[] = [];
    await driver.modules.load(alice, 'm', {
      ModuleInit: (image) => {
        names = image.driver.modules.names;
      },
    });
    expect(names).to.deep.equal(['m']);
  });

  it('whose entry point fails are not loaded, for anybody', async () => {
    const { driver, alice, bob } = newDriver();
    const exports = {
      ModuleInit: () => {
        throw new SsmError('VERR_VERSION_MISMATCH', 'too old');
      },
      serve: () => undefined,
    };
    const both = [driver.modules.loadService(alice, 'm', exports, 'serve'), driver.modules.load(bob, 'm', exports)];
    expect(await Promise.all(both.map(settled))).to.deep.equal(['VERR_VERSION_MISMATCH', 'VERR_VERSION_MISMATCH']);
    expect([driver.modules.names, driver.services.names]).to.deep.equal([[], []]);
    expect(await settled(driver.modules.load(alice, 'm', {}))).to.equal('VINF_SUCCESS');
  });

  it('whose session closes while they begin are ended', async () => {
    const { driver, alice } = newDriver();
    const { lines, exports } = diary();
    const load = driver.modules.load(alice, 'm', exports);
    alice.close();
    expect(await settled(load)).to.equal('VERR_INVALID_HANDLE');
    expect([lines, driver.modules.names]).to.deep.equal([['init', 'term'], []]);
  });

  it('whose termination fails are gone nonetheless', async () => {
    const { driver, alice } = newDriver();
    const image = await driver.modules.loadService(
      alice,
      'm',
      {
        ModuleTerm: () => {
          throw new Error('no');
        },
        serve: () => undefined,
      } as object,
      'serve',
    );
    expect(() => driver.modules.free(alice, image)).to.throw('no');
    expect([driver.modules.names, driver.services.names]).to.deep.equal([[], []]);
  });

  const names: readonly [string, string][] = [
    ['VBoxDD-R0_2.r0', 'VINF_SUCCESS'],
    ['x'.repeat(31), 'VINF_SUCCESS'],
    ['x'.repeat(32), 'VERR_FILENAME_TOO_LONG'],
    ['', 'VERR_INVALID_NAME'],
    ['a/b', 'VERR_INVALID_NAME'],
    ['a b', 'VERR_INVALID_NAME'],
  ];
  for (const [name, status] of names) {
    it(`'${name}' as a name: ${status}`, async () => {
      const { driver, alice } = newDriver();
      expect(await settled(driver.modules.load(alice, name, {}))).to.equal(status);
    });
  }

  it('another module under a name that is taken: VERR_PDM_MODULE_NAME_CLASH', async () => {
    const { driver, alice } = newDriver();
    await driver.modules.load(alice, 'm', {});
    expect(await settled(driver.modules.load(alice, 'm', {}))).to.equal('VERR_PDM_MODULE_NAME_CLASH');
  });

  it('have their own exports as symbols, for who has loaded them', async () => {
    const { driver, alice, bob } = newDriver();
    const image = await driver.modules.load(alice, 'm', diary().exports);
    expect(driver.modules.symbol(alice, image, 'answer')).to.equal(42);
    for (const name of ['question', 'toString']) {
      expect(outcomeOf(() => driver.modules.symbol(alice, image, name))).to.equal('VERR_SYMBOL_NOT_FOUND');
    }
    expect(outcomeOf(() => driver.modules.symbol(bob, image, 'answer'))).to.equal('VERR_INVALID_HANDLE');
    expect(outcomeOf(() => driver.modules.free(bob, image))).to.equal('VERR_INVALID_HANDLE');
  });

  it('an ES module itself can be handed in', async () => {
    const { driver, alice } = newDriver();
    const image = await driver.modules.load(alice, 'm', await import('./access-policy.js'));
    expect(driver.modules.symbol(alice, image, 'everybody')).to.be.a('function');
  });

  it('do not go while there are objects of theirs: VERR_WRONG_ORDER', async () => {
    const { driver, alice } = newDriver();
    const image = await driver.modules.load(alice, 'm', diary().exports);
    const object = image.registerObject(alice, 'INTERNAL_NETWORK', () => {});
    expect(outcomeOf(() => driver.modules.free(alice, image))).to.equal('VERR_WRONG_ORDER');
    expect(driver.modules.names).to.deep.equal(['m']);
    driver.objects.release(object, alice);
    expect(outcomeOf(() => driver.modules.free(alice, image))).to.equal('VINF_SUCCESS');
  });

  it('a closing session releases its objects before the modules they are of', async () => {
    const { driver, alice } = newDriver();
    const { lines, exports } = diary();
    const image = await driver.modules.load(alice, 'm', exports);
    image.registerObject(alice, 'VM', () => lines.push('object'));
    alice.close();
    expect(lines).to.deep.equal(['init', 'object', 'term']);
  });

  it('that are services serve under their name', async () => {
    const { driver, alice } = newDriver();
    const exports = { IntNetR0: (_: unknown, operation: number) => (operation === 1 ? 'VINF_NO_CHANGE' : undefined) };
    const image = await driver.modules.loadService(alice, 'net', exports, 'IntNetR0');
    expect(await driver.services.call(alice, 'net', 1)).to.equal('VINF_NO_CHANGE');
    driver.modules.free(alice, image);
    expect(await settled(driver.services.call(alice, 'net', 1))).to.equal('VERR_SUPDRV_SERVICE_NOT_FOUND');
  });

  it('that are services are so until they have ended', async () => {
    const { driver, alice } = newDriver();
    let names: readonly string[] = [];
    const exports = {
      serve: () => undefined,
      ModuleTerm: () => {
        names = driver.services.names;
      },
    };
    driver.modules.free(alice, await driver.modules.loadService(alice, 'net', exports, 'serve'));
    expect([names, driver.services.names]).to.deep.equal([['net'], []]);
  });

  for (const handler of ['missing', 'number']) {
    it(`a service handler that is ${handler}: VERR_SYMBOL_NOT_FOUND`, async () => {
      const { driver, alice } = newDriver();
      const load = driver.modules.loadService(alice, 'net', { number: 1 } as object, handler);
      expect(await settled(load)).to.equal('VERR_SYMBOL_NOT_FOUND');
      expect(driver.modules.names).to.deep.equal([]);
    });
  }

  it('VMMR0.r0 is the VMM', async () => {
    const { driver, alice } = newDriver();
    expect(await settled(driver.modules.load(alice, VMM_MODULE, {}))).to.equal('VERR_SYMBOL_NOT_FOUND');
    const exports = { VMMR0Entry: () => 'VINF_EM_HALT' as const, VMMR0Fast: () => undefined };
    const image = await driver.modules.load(alice, VMM_MODULE, exports);
    expect(await driver.vmm.call(alice, undefined, 0, 0)).to.equal('VINF_EM_HALT');
    driver.modules.free(alice, image);
    expect(await settled(driver.vmm.call(alice, undefined, 0, 0))).to.equal('VERR_WRONG_ORDER');
  });
});
