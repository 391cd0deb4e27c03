import { expect } from 'chai';
import { SupportLibrary } from './library.js';
import { newDriver, outcomeOf, settled } from './testing.js';

describe('sessions', () => {
  it('open and close, and know their owner', () => {
    const { driver, alice, bob } = newDriver();
    expect(driver.sessions).to.deep.equal([alice, bob]);
    expect(alice.owner).to.deep.equal({ process: 1100, uid: 1000, gid: 1000 });
    alice.close();
    expect([alice.isOpen, driver.sessions]).to.deep.equal([false, [bob]]);
    alice.close();
    expect(outcomeOf(() => alice.mustBeOpen())).to.equal('VERR_INVALID_HANDLE');
  });

  it('take everything with them that was made through them', async () => {
    const { driver, timers, alice } = newDriver({ loggers: { groups: ['pit'] } });
    const before = driver.physical.free;
    const gone: string[] = [];
    driver.objects.register(alice, 'VM', () => gone.push('object'));
    const event = alice.events.create();
    const multi = alice.multiEvents.create();
    const waits = [settled(alice.events.wait(event, 1000)), settled(alice.multiEvents.waitNsRelIntr(multi, 1000n))];
    alice.memory.pageAllocEx(3, 0, { kernel: true });
    alice.memory.contAlloc(2);
    alice.memory.lockMem(new Uint8Array(8192));
    driver.gip.map(alice);
    await driver.modules.load(alice, 'm', { ModuleTerm: () => gone.push('module') });
    driver.components.register(alice, { name: 'f', queryFactoryInterface: () => undefined });
    driver.services.register('s', () => undefined, alice);
    driver.loggers.create(alice, 'DEBUG');
    driver.tracer.registerDriver(alice, { name: 'p', probes: [{ name: 'x' }] }, 'drv');
    alice.close();
    expect(await Promise.all(waits)).to.deep.equal(['VERR_SEM_DESTROYED', 'VERR_SEM_DESTROYED']);
    expect(gone).to.deep.equal(['object', 'module']);
    expect(driver.physical.free).to.deep.equal(before);
    expect(driver.userSpace.size, 'mappings of the process').to.equal(0);
    expect(driver.kernelSpace.size, 'mappings of the kernel: the page of the driver itself').to.equal(1);
    expect([driver.objects.size, driver.lockedPages.size, timers.waiting]).to.deep.equal([0, 0, 0]);
    expect([driver.modules.names, driver.components.names, driver.services.names]).to.deep.equal([[], [], []]);
    expect([driver.loggers.get('DEBUG'), driver.tracer.providers]).to.deep.equal([undefined, []]);
  });

  it('leave nothing behind when something fails on the way', () => {
    const { driver, alice } = newDriver();
    const gone: number[] = [];
    for (const i of [1, 2, 3]) {
      driver.objects.register(alice, 'VM', () => {
        gone.push(i);
        if (i !== 2) throw new Error(`destructor ${i}`);
      });
    }
    alice.memory.pageAlloc(1);
    expect(() => alice.close())
      .to.throw(AggregateError)
      .with.property('errors')
      .that.satisfies((errors: Error[]) => errors.map(({ message }) => message).join() === 'destructor 3,destructor 1');
    expect(gone, 'the youngest first').to.deep.equal([3, 2, 1]);
    expect([driver.objects.size, driver.userSpace.size]).to.deep.equal([0, 0]);
  });

  it('a session that is closed can make nothing', async () => {
    const { driver, alice } = newDriver();
    alice.close();
    const calls: Record<string, () => unknown> = {
      object: () => driver.objects.register(alice, 'VM', () => {}),
      event: () => alice.events.create(),
      page: () => alice.memory.pageAlloc(1),
      lock: () => alice.memory.lockMem(new Uint8Array(4096)),
      gip: () => driver.gip.map(alice),
      factory: () => driver.components.register(alice, { name: 'f', queryFactoryInterface: () => undefined }),
      logger: () => driver.loggers.create(alice, 'DEBUG'),
      provider: () => driver.tracer.registerDriver(alice, { name: 'p', probes: [{ name: 'x' }] }, 'd'),
      fast: () => driver.vmm.callFast(alice, {}, 2, 0),
    };
    for (const [name, call] of Object.entries(calls)) expect(outcomeOf(call), name).to.equal('VERR_INVALID_HANDLE');
    expect(await settled(driver.services.call(alice, 's', 0))).to.equal('VERR_INVALID_HANDLE');
    expect(await settled(driver.modules.load(alice, 'm', {}))).to.equal('VERR_INVALID_HANDLE');
  });

  it('print to the host', () => {
    const printed: string[] = [];
    newDriver({ print: (text) => printed.push(text) }).driver.print('hello');
    expect(printed).to.deep.equal(['hello']);
  });
});

describe('the library of a process', () => {
  it('has one session for as many inits as there are terms', () => {
    const { driver } = newDriver();
    const library = new SupportLibrary(driver, { process: 7, uid: 1, gid: 1 });
    const session = library.init();
    expect(library.init()).to.equal(session);
    expect(session.owner.process).to.equal(7);
    expect(driver.gip.page, 'the page is there as long as the session').to.not.equal(undefined);
    library.term();
    expect(session.isOpen).to.equal(true);
    library.term();
    expect([session.isOpen, library.session, driver.gip.page]).to.deep.equal([false, undefined, undefined]);
    library.term();
    const next = library.init();
    expect(next).to.not.equal(session);
    library.init();
    library.term();
    expect(next.isOpen, 'a term too many does not count').to.equal(true);
  });

  it('ends at once when forced', () => {
    const library = new SupportLibrary(newDriver().driver);
    const session = library.init();
    library.init();
    library.term({ forced: true });
    expect([session.isOpen, library.session]).to.deep.equal([false, undefined]);
  });
});
