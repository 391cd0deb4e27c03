import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { failureStatus } from '../emt/testing.js';
import { nopCritSect, PdmCritSect } from './crit-sect.js';

const [emt0, emt1, saver] = [{}, {}, {}];

const statusOf = (call: () => void): string => {
  try {
    call();
    return 'VINF_SUCCESS';
  } catch (error) {
    return (error as SsmError).status;
  }
};

describe('a critical section', () => {
  it('can be entered again, and is left as often', () => {
    const section = new PdmCritSect('pit#0Auto');
    section.enter();
    section.enter();
    section.leave();
    expect(section.isEntered).to.equal(true);
    section.leave();
    expect(section.isEntered).to.equal(false);
    expect(statusOf(() => section.leave())).to.equal('VERR_WRONG_ORDER');
  });

  it('is held across awaits by one holder at a time, in the order of asking', async () => {
    const section = new PdmCritSect('pit#0Auto');
    const order: string[] = [];
    const use = async (name: string, holder: object) => {
      await section.acquire(holder);
      order.push(`${name} in`);
      await Promise.resolve();
      order.push(`${name} out`);
      section.release(holder);
    };
    await Promise.all([use('a', emt0), use('b', emt1), use('c', saver)]);
    expect(order).to.deep.equal(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(section.isEntered).to.equal(false);
  });

  it('does not keep its holder from taking it again', async () => {
    const section = new PdmCritSect('x');
    await section.acquire(emt0);
    await section.acquire(emt0);
    section.release(emt0);
    expect(section.holder).to.equal(emt0);
    section.release(emt0);
    expect(section.holder).to.equal(undefined);
  });

  it('says whether somebody else is in it', async () => {
    const section = new PdmCritSect('x');
    await section.acquire(emt0);
    expect(statusOf(() => section.tryEnter(emt1))).to.equal('VERR_SEM_BUSY');
    expect(statusOf(() => section.tryEnter())).to.equal('VERR_SEM_BUSY');
    expect(statusOf(() => section.tryEnter(emt0))).to.equal('VINF_SUCCESS');
    expect(statusOf(() => section.release(emt1))).to.equal('VERR_WRONG_ORDER');
  });

  it('that is destroyed lets nobody in, and nobody wait', async () => {
    const section = new PdmCritSect('x');
    await section.acquire(emt0);
    const waiting = failureStatus(section.acquire(emt1));
    expect(section.hasWaiters).to.equal(true);
    section.destroy();
    expect(await waiting).to.equal('VERR_SEM_DESTROYED');
    expect(statusOf(() => section.enter())).to.equal('VERR_SEM_DESTROYED');
    expect(await failureStatus(section.acquire(emt0))).to.equal('VERR_SEM_DESTROYED');
    // Whoever was inside when it went leaves as usual.
    expect(statusOf(() => section.release(emt0))).to.equal('VINF_SUCCESS');
  });
});

describe('the section that does nothing', () => {
  it('is there for everybody, for ever', async () => {
    await nopCritSect.acquire(emt0);
    await nopCritSect.acquire(emt1);
    nopCritSect.enter();
    nopCritSect.tryEnter();
    nopCritSect.release(saver);
    nopCritSect.destroy();
    nopCritSect.enter();
    expect([nopCritSect.isEntered, nopCritSect.isDestroyed]).to.deep.equal([false, false]);
  });
});
