import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { ManualTimers } from '../../emt/index.js';
import { deferred } from '../../emt/testing.js';
import { Statistics } from '../../stam/index.js';
import { Tasks } from './tasks.js';

function newTasks() {
  const log: string[] = [];
  const statistics = new Statistics();
  const timers = new ManualTimers();
  return { tasks: new Tasks(timers, statistics, (line) => log.push(line)), statistics, log, turn: () => timers.turn() };
}

const statusOf = (call: () => unknown): string => {
  try {
    call();
    return 'no failure';
  } catch (error) {
    return (error as SsmError).status;
  }
};

describe('a task', () => {
  it('is done soon, and not at once', async () => {
    const { tasks, turn } = newTasks();
    let runs = 0;
    const task = tasks.create('Drain', () => void runs++);
    task.trigger();
    expect(runs).to.equal(0);
    await turn();
    expect(runs).to.equal(1);
    await turn();
    expect(runs).to.equal(1);
  });

  it('is done once, however often it was triggered; and once more for what came meanwhile', async () => {
    const { tasks, statistics, turn } = newTasks();
    const held = deferred();
    let runs = 0;
    const task = tasks.create('Drain', async () => {
      if (++runs === 1) await held.promise;
    });
    for (let i = 0; i < 3; i++) task.trigger();
    await turn();
    for (let i = 0; i < 3; i++) task.trigger();
    await turn();
    expect(runs).to.equal(1);
    held.resolve();
    await turn();
    await turn();
    expect(runs).to.equal(2);
    const values = statistics.entries('/PDM/Task/*').map(({ sample }) => (sample as { value: number }).value);
    expect(values).to.deep.equal([4, 2]);
  });

  it('that fails is told of, and can be triggered again', async () => {
    const { tasks, log, turn } = newTasks();
    const task = tasks.create('Drain', () => {
      throw new Error('a bug');
    });
    task.trigger();
    await turn();
    task.trigger();
    await turn();
    expect(log).to.deep.equal(Array(2).fill("PDM: task 'Drain' failed: Error: a bug"));
  });

  it('that is gone is done no more', async () => {
    const { tasks, statistics, turn } = newTasks();
    let runs = 0;
    const task = tasks.create('Drain', () => void runs++);
    task.trigger();
    task.destroy();
    task.destroy();
    await turn();
    expect([runs, tasks.count, statistics.entries()]).to.deep.equal([0, 0, []]);
    expect(statusOf(() => task.trigger())).to.equal('VERR_INVALID_HANDLE');
  });

  const rows: readonly (readonly [what: string, status: string, name: string, run?: () => void])[] = [
    ['without a name', 'VERR_INVALID_NAME', '', () => {}],
    ['of 40 characters', 'VERR_INVALID_NAME', 'x'.repeat(40), () => {}],
    ['with a slash', 'VERR_INVALID_NAME', 'a/b', () => {}],
    ['of another’s name', 'VERR_DUPLICATE', 'Drain', () => {}],
    ['with nothing to do', 'VERR_INVALID_POINTER', 'x'],
    ['of 39 characters', 'no failure', 'x'.repeat(39), () => {}],
  ];
  for (const [what, status, name, run] of rows) {
    it(`${what}: ${status}`, () => {
      const { tasks } = newTasks();
      tasks.create('Drain', () => {});
      expect(statusOf(() => tasks.create(name, run as () => void))).to.equal(status);
    });
  }
});
