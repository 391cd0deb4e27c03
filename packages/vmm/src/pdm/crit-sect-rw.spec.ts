import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { failureStatus } from '../emt/testing.js';
import { PdmCritSectRw } from './crit-sect-rw.js';

const [a, b, c, d] = [{}, {}, {}, {}];

const statusOf = (call: () => void): string => {
  try {
    call();
    return 'entered';
  } catch (error) {
    return (error as SsmError).status;
  }
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a critical section for readers and writers', () => {
  it('lets many read, or one write', async () => {
    const section = new PdmCritSectRw('x');
    await section.enterShared(a);
    await section.enterShared(b);
    expect(section.readers).to.equal(2);
    expect(statusOf(() => section.tryEnterExclusive(c))).to.equal('VERR_SEM_BUSY');
    section.leaveShared(a);
    section.leaveShared(b);
    await section.enterExclusive(c);
    expect([statusOf(() => section.tryEnterShared(a)), statusOf(() => section.tryEnterExclusive(b))]).to.deep.equal([
      'VERR_SEM_BUSY',
      'VERR_SEM_BUSY',
    ]);
    section.leaveExclusive(c);
    expect([statusOf(() => section.tryEnterShared(a)), section.isWritten]).to.deep.equal(['entered', false]);
  });

  it('lets in who asked first; readers do not overtake a writer that waits', async () => {
    const section = new PdmCritSectRw('x');
    const order: string[] = [];
    await section.enterShared(a);
    void section.enterExclusive(b).then(() => order.push('write'));
    void section.enterShared(c).then(() => order.push('read 1'));
    void section.enterShared(d).then(() => order.push('read 2'));
    expect(statusOf(() => section.tryEnterShared({}))).to.equal('VERR_SEM_BUSY');
    await turn();
    expect(order).to.deep.equal([]);
    section.leaveShared(a);
    await turn();
    expect(order).to.deep.equal(['write']);
    section.leaveExclusive(b);
    await turn();
    expect(order).to.deep.equal(['write', 'read 1', 'read 2']);
  });

  it('can be entered again by who is inside', async () => {
    const section = new PdmCritSectRw('x');
    await section.enterExclusive(a);
    await section.enterExclusive(a);
    await section.enterShared(a);
    section.leaveShared(a);
    section.leaveExclusive(a);
    expect(section.isWritten).to.equal(true);
    section.leaveExclusive(a);
    expect(section.isWritten).to.equal(false);
    await section.enterShared(b);
    void section.enterExclusive(c);
    await section.enterShared(b);
    section.leaveShared(b);
    expect(section.readers).to.equal(1);
  });

  it('refuses a reader that would wait for itself, and who is not inside', async () => {
    const section = new PdmCritSectRw('x');
    await section.enterShared(a);
    expect(await failureStatus(section.enterExclusive(a))).to.equal('VERR_DEADLOCK');
    expect(statusOf(() => section.leaveShared(b))).to.equal('VERR_WRONG_ORDER');
    expect(statusOf(() => section.leaveExclusive(a))).to.equal('VERR_WRONG_ORDER');
  });

  it('that is destroyed lets nobody in, and nobody wait', async () => {
    const section = new PdmCritSectRw('x');
    await section.enterExclusive(a);
    const waiting = [failureStatus(section.enterShared(b)), failureStatus(section.enterExclusive(c))];
    section.destroy();
    expect(await Promise.all(waiting)).to.deep.equal(['VERR_SEM_DESTROYED', 'VERR_SEM_DESTROYED']);
    expect(statusOf(() => section.tryEnterShared(a))).to.equal('VERR_SEM_DESTROYED');
    section.leaveExclusive(a);
    section.leaveShared(b);
  });

  it('never has a writer beside anybody, and keeps nobody waiting for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), async (kinds) => {
        const section = new PdmCritSectRw('x');
        let readers = 0;
        let writers = 0;
        let done = 0;
        await Promise.all(
          kinds.map(async (isExclusive, i) => {
            const holder = {};
            await (isExclusive ? section.enterExclusive(holder) : section.enterShared(holder));
            if (isExclusive) writers++;
            else readers++;
            for (let turns = 0; turns <= i % 3; turns++) {
              expect(writers).to.be.at.most(1);
              if (writers === 1) expect(readers).to.equal(0);
              await Promise.resolve();
            }
            if (isExclusive) {
              writers--;
              section.leaveExclusive(holder);
            } else {
              readers--;
              section.leaveShared(holder);
            }
            done++;
          }),
        );
        expect(done).to.equal(kinds.length);
      }),
    );
  });
});
