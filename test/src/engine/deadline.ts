import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';

/** Milliseconds that an operation may take which has been told to end. */
const DEADLINE = 5000;

/**
 * What an operation ends with.
 *
 * @throws Error when it ends with anything but an `SsmError`, or not at all.
 */
export async function endOf(operation: Promise<unknown>): Promise<SsmError | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the operation hangs')), DEADLINE);
  });
  try {
    await Promise.race([operation, late]);
    return undefined;
  } catch (error) {
    if (isSsmError(error)) return error;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Has the tests around it fail where a rejection was left for nobody. */
export function expectNoStrayRejections(): void {
  const stray: unknown[] = [];
  const note = (reason: unknown) => void stray.push(reason);
  let others: NodeJS.UnhandledRejectionListener[] = [];
  before(() => {
    others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    // They are told after the turn in which they came about.
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(stray.splice(0)).to.deep.equal([]);
  });
  after(() => {
    process.off('unhandledRejection', note);
    for (const listener of others) process.on('unhandledRejection', listener);
  });
}
