import { expect } from 'chai';
import fc from 'fast-check';
import { type AccessPolicy, everybody, sameUser, sameUserOrRoot } from './access-policy.js';
import { objectTypes, type SupObjectType } from './objects.js';
import { newDriver, outcomeOf } from './testing.js';

describe('objects', () => {
  it('types have the numbers of SUPDRVOBJTYPE', () => {
    expect(objectTypes).to.deep.equal({
      VM: 1,
      INTERNAL_NETWORK: 2,
      INTERNAL_NETWORK_INTERFACE: 3,
      SEM_EVENT: 4,
      SEM_EVENT_MULTI: 5,
      RAW_PCI_DEVICE: 6,
    });
  });

  it('are destroyed with the last reference of all sessions', () => {
    const { driver, alice, bob } = newDriver();
    const calls: unknown[][] = [];
    const object = driver.objects.register(alice, 'INTERNAL_NETWORK', (...args) => calls.push(args), 'one', 'two');
    driver.objects.addRef(object, bob);
    driver.objects.addRef(object, bob);
    expect(driver.objects.references(object)).to.equal(3);
    expect(driver.objects.release(object, alice)).to.equal('VINF_SUCCESS');
    expect(driver.objects.release(object, bob)).to.equal('VINF_SUCCESS');
    expect(calls).to.deep.equal([]);
    expect(driver.objects.release(object, bob)).to.equal('VINF_OBJECT_DESTROYED');
    expect(calls).to.deep.equal([[object, 'one', 'two']]);
    expect(driver.objects.references(object)).to.equal(0);
  });

  const misuse: Record<string, (o: ReturnType<typeof newDriver>) => unknown> = {
    'VERR_INVALID_PARAMETER of an unknown type': ({ driver, alice }) =>
      driver.objects.register(alice, 'toString' as SupObjectType, () => {}),
    'VERR_INVALID_PARAMETER without a destructor': ({ driver, alice }) =>
      driver.objects.register(alice, 'VM', undefined as never),
    'VERR_INVALID_PARAMETER when another session releases': ({ driver, alice, bob }) =>
      driver.objects.release(
        driver.objects.register(alice, 'VM', () => {}),
        bob,
      ),
    'VERR_INVALID_HANDLE for a reference to what is destroyed': ({ driver, alice }) => {
      const object = driver.objects.register(alice, 'VM', () => {});
      driver.objects.release(object, alice);
      driver.objects.addRef(object, alice);
    },
    'VERR_INVALID_HANDLE for access to what is destroyed': ({ driver, alice }) => {
      const object = driver.objects.register(alice, 'VM', () => {});
      driver.objects.release(object, alice);
      driver.objects.verifyAccess(object, alice);
    },
  };
  for (const [name, call] of Object.entries(misuse)) {
    it(name, () => expect(outcomeOf(() => call(newDriver()))).to.equal(name.split(' ')[0]));
  }

  const policies: readonly [string, AccessPolicy | undefined, number, boolean][] = [
    ['the same user', sameUser, 1000, true],
    ['another user', sameUser, 1001, false],
    ['root where root is just another user', sameUser, 0, false],
    ['root where nobody says anything', undefined, 0, true],
    ['another user where nobody says anything', undefined, 1001, false],
    ['root where root may', sameUserOrRoot, 0, true],
    ['another user where root may', sameUserOrRoot, 1001, false],
    ['anybody where everybody may', everybody, 1001, true],
  ];
  for (const [who, accessPolicy, uid, may] of policies) {
    it(`${who} may ${may ? '' : 'not '}use an object`, () => {
      const { driver, alice } = newDriver(accessPolicy && { accessPolicy });
      const object = driver.objects.register(alice, 'VM', () => {});
      const session = driver.openSession({ process: 1, uid, gid: uid });
      expect(outcomeOf(() => driver.objects.verifyAccess(object, session, 'vm'))).to.equal(
        may ? 'VINF_SUCCESS' : 'VERR_ACCESS_DENIED',
      );
    });
  }

  it('a policy is told what the object is called', () => {
    const names: unknown[] = [];
    const { driver, alice } = newDriver({ accessPolicy: (_, __, name) => names.push(name) > 0 });
    driver.objects.verifyAccess(
      driver.objects.register(alice, 'VM', () => {}),
      alice,
      'net0',
    );
    expect(names).to.deep.equal(['net0']);
  });

  it('count as many references as were added and not released, in any order', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'release', 'close'), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (list) => {
        const { driver, alice, bob } = newDriver();
        let destroyed = 0;
        const object = driver.objects.register(alice, 'VM', () => destroyed++);
        const counts = new Map([
          [alice, 1],
          [bob, 0],
        ]);
        for (const [step, isAlice] of list) {
          const session = isAlice ? alice : bob;
          const total = counts.get(alice)! + counts.get(bob)!;
          const count = counts.get(session)!;
          if (step === 'close') {
            session.close();
            counts.set(session, 0);
          } else if (step === 'add') {
            const done = outcomeOf(() => driver.objects.addRef(object, session)) === 'VINF_SUCCESS';
            expect(done).to.equal(session.isOpen && total > 0);
            if (done) counts.set(session, count + 1);
          } else {
            const done = outcomeOf(() => driver.objects.release(object, session)) === 'VINF_SUCCESS';
            expect(done).to.equal(count > 0);
            if (done) counts.set(session, count - 1);
          }
          const left = counts.get(alice)! + counts.get(bob)!;
          expect(driver.objects.references(object)).to.equal(left);
          expect(destroyed).to.equal(left === 0 ? 1 : 0);
        }
      }),
    );
  });
});
