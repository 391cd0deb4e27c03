import { dispose } from '@ssmkit/examples/guest';
import { MemorySink, MemorySource, type Sink, SsmError, StreamConnection } from '@ssmkit/runtime';
import { createPc, ManualTimers, receiveVmOver, teleportVmOver, type Uvm, type VmState } from '@ssmkit/vmm';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  FAILURE,
  holdingUnit,
  type Mood,
  Moods,
  type MoodyCallback,
  moodyCallbacks,
  moodyConfig,
  moodyModule,
} from './moody.js';

/*
 * Anything, at any time, to a whole machine
 *
 * Random operations on a PC that has a device and a driver with moods, and on a model of it. The model says for each
 * operation which states the VM goes through, how it ends, and whether the driver is there. Of what devices and drivers fail
 * at, VirtualBox's rules are: being told something never stops it; attaching, saving and loading fail.
 */

/** CLI; HLT: whatever happens, the guest does nothing about it. */
const image = Uint8Array.of(0xfa, 0xf4);

/** A PC, what it has told, and what should be true of it. */
class Machine {
  readonly moods = new Moods();
  readonly states: VmState[] = [];
  uvm!: Uvm;
  state: VmState = 'CREATED';
  hasDriver = true;

  static async create(): Promise<Machine> {
    const machine = new Machine();
    machine.uvm = await createPc({
      image,
      timers: new ManualTimers(),
      time: { utc: { now: () => 0n } },
      modules: { Moody: moodyModule(machine.moods) },
      config: moodyConfig,
      onState: (_, state) => machine.states.push(state),
    });
    machine.uvm.vm?.registry.register(holdingUnit(machine.moods));
    machine.takeStates();
    return machine;
  }

  takeStates(): string {
    return this.states.splice(0).join(' ');
  }

  /** Destroys it, wherever it is. Nothing of the device and the driver is left. */
  async end(): Promise<void> {
    this.moods.moods = {};
    await dispose(this.uvm);
    expect([this.moods.devices, this.moods.drivers]).to.deep.equal([0, 0]);
    expect((this.uvm.timers as ManualTimers).waiting).to.equal(0);
  }
}

/** A saved state, and what is in it. */
interface Saved {
  readonly bytes: Uint8Array;
  readonly value: number;
}

interface World {
  machine: Machine;
  saved: Saved | undefined;
  /** Values for units: each save has its own. */
  next: number;
}

/** What an operation should come to. */
interface Outcome {
  /** States it goes through; none where it is refused. */
  readonly states: string;
  /** What it fails with, or the status it ends with. Default VINF_SUCCESS. */
  readonly status?: string;
}

const REFUSED: Outcome = { states: '', status: 'VERR_VM_INVALID_VM_STATE' };

/** Something that happens to a machine, while its device and its driver are in some moods. */
interface Operation {
  readonly name: string;
  /** What it comes to; notes what it changes but the state. */
  predict(machine: Machine, world: World): Outcome;
  /** @returns the status. */
  run(machine: Machine, world: World): Promise<unknown>;
}

/** An operation that goes by the state alone, whatever devices say. */
const simple = (
  name: string,
  run: (uvm: Uvm) => Promise<unknown>,
  by: Partial<Record<VmState, Outcome>>,
): Operation => ({
  name,
  predict: ({ state }) => by[state] ?? REFUSED,
  run: ({ uvm }) => run(uvm),
});

const offFrom = (status: string) =>
  Object.fromEntries(
    (['CREATED', 'RUNNING', 'SUSPENDED', 'LOAD_FAILURE'] as const).map((state) => [
      state,
      { states: 'POWERING_OFF OFF', status },
    ]),
  );

const simples = [
  simple('powerOn', (uvm) => uvm.powerOn(), { CREATED: { states: 'POWERING_ON RUNNING' } }),
  simple('suspend', (uvm) => uvm.suspend('USER'), {
    RUNNING: { states: 'SUSPENDING SUSPENDED', status: 'VINF_EM_SUSPEND' },
  }),
  simple('resume', (uvm) => uvm.resume('USER'), {
    SUSPENDED: { states: 'RESUMING RUNNING', status: 'VINF_EM_RESUME' },
  }),
  simple('reset', (uvm) => uvm.reset(), {
    RUNNING: { states: 'RESETTING RUNNING', status: 'VINF_EM_RESET' },
    SUSPENDED: { states: 'RESETTING SUSPENDED', status: 'VINF_EM_RESET' },
  }),
  simple('powerOff', (uvm) => uvm.powerOff(), offFrom('VINF_EM_OFF')),
];

/** Sinks, and what a save into them fails with. */
class BrokenSink implements Sink {
  write(): void {
    throw new SsmError('VERR_IO_GEN_FAILURE', 'the disk is broken');
  }
  close(): void {}
}

/** A sink that takes nothing until it is told to give up. */
class StallingSink implements Sink {
  readonly begun: Promise<void>;
  #begin = () => {};
  #end = () => {};

  constructor() {
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  async write(): Promise<void> {
    this.#begin();
    await new Promise<void>((resolve) => {
      this.#end = resolve;
    });
  }

  close(): void {
    this.#end();
  }
}

/** How a machine that was saved live has gone on, by what has failed. */
const LIVE = 'RUNNING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED';

function predictSave({ state, moods }: Machine, failure?: string): Outcome {
  const isLive = state === 'RUNNING';
  if (!isLive && state !== 'SUSPENDED') return REFUSED;
  // What fails in the first pass leaves a machine running.
  if (isLive && moods.fails('liveExec')) return { states: 'RUNNING_LS RUNNING', status: FAILURE };
  const states = isLive ? LIVE : 'SAVING SUSPENDED';
  if (moods.fails('saveExec')) return { states, status: FAILURE };
  return failure === undefined ? { states } : { states, status: failure };
}

const save: Operation = {
  name: 'save',
  predict: (machine) => predictSave(machine),
  run: async ({ uvm, moods }, world) => {
    moods.value = world.next++;
    const sink = new MemorySink();
    const { status } = await uvm.save(sink);
    world.saved = { bytes: sink.bytes(), value: moods.value };
    return status;
  },
};

const saveToBrokenSink: Operation = {
  name: 'saveToBrokenSink',
  predict: (machine) => predictSave(machine, 'VERR_IO_GEN_FAILURE'),
  run: async ({ uvm }) => (await uvm.save(new BrokenSink())).status,
};

const saveToStallingSink: Operation = {
  name: 'saveToStallingSink',
  predict: (machine) => predictSave(machine, 'VERR_SSM_CANCELLED'),
  run: async ({ uvm }) => {
    const sink = new StallingSink();
    const saved = uvm.save(sink);
    saved.catch(() => {});
    await Promise.race([sink.begun, saved.catch(() => {})]);
    // A save that failed by itself is not there any more.
    await Promise.resolve(uvm.state.startsWith('SAVING') ? uvm.cancelSsm() : undefined);
    return (await saved).status;
  },
};

/** A live save that is held after its first pass, and what then happens to the machine. */
const liveSave = (
  name: string,
  meanwhile: (uvm: Uvm, letGo: () => void) => Promise<unknown>,
  outcome: (moods: Moods) => Outcome,
): Operation => ({
  name: `liveSave ${name}`,
  predict: ({ state, moods }) => {
    if (state !== 'RUNNING') return { states: '', status: 'none' };
    return moods.fails('liveExec') ? { states: 'RUNNING_LS RUNNING', status: FAILURE } : outcome(moods);
  },
  run: async ({ uvm, state, moods }) => {
    if (state !== 'RUNNING') return 'none';
    let letGo = () => {};
    moods.hold = new Promise((resolve) => {
      letGo = resolve;
    });
    const held = new Promise<void>((resolve) => {
      moods.onHeld = resolve;
    });
    const saved = uvm.save(new MemorySink());
    const over = saved.then(
      () => 'over',
      () => 'over',
    );
    try {
      if ((await Promise.race([held, over])) === undefined) await meanwhile(uvm, letGo);
      return (await saved).status;
    } finally {
      moods.hold = undefined;
      letGo();
    }
  },
});

const liveSaves = [
  liveSave(
    'cancelled',
    async (uvm) => uvm.cancelSsm(),
    () => ({ states: 'RUNNING_LS RUNNING', status: 'VERR_SSM_CANCELLED' }),
  ),
  liveSave(
    'powerOff',
    (uvm) => uvm.powerOff(),
    () => ({ states: 'RUNNING_LS POWERING_OFF_LS OFF_LS OFF', status: 'VERR_SSM_LIVE_POWERED_OFF' }),
  ),
  liveSave(
    'suspend',
    async (uvm, letGo) => {
      await uvm.suspend('USER');
      letGo();
    },
    (moods) => ({
      states: 'RUNNING_LS SUSPENDING_EXT_LS SUSPENDED_EXT_LS SAVING SUSPENDED',
      status: moods.fails('saveExec') ? FAILURE : 'VINF_SSM_LIVE_SUSPENDED',
    }),
  ),
  liveSave(
    'reset',
    async (uvm, letGo) => {
      await uvm.reset();
      letGo();
    },
    (moods) => ({
      states: 'RUNNING_LS RESETTING_LS SUSPENDING_LS SUSPENDED_LS SAVING SUSPENDED',
      status: moods.fails('saveExec') ? FAILURE : 'VINF_SUCCESS',
    }),
  ),
];

const load: Operation = {
  name: 'load',
  predict: ({ state, moods }, { saved }) => {
    if (saved === undefined) return { states: '', status: 'none' };
    if (state !== 'CREATED' && state !== 'SUSPENDED') return REFUSED;
    if (moods.fails('loadExec')) return { states: 'LOADING LOAD_FAILURE', status: FAILURE };
    return { states: 'LOADING SUSPENDED' };
  },
  run: async ({ uvm, moods }, { saved }) => {
    if (saved === undefined) return 'none';
    moods.value = -1;
    await uvm.load(new MemorySource(saved.bytes));
    expect(moods.value).to.equal(saved.value);
    return 'VINF_SUCCESS';
  },
};

const loadDamaged: Operation = {
  name: 'loadDamaged',
  predict: ({ state }, { saved }) => {
    if (saved === undefined) return { states: '', status: 'none' };
    if (state !== 'CREATED' && state !== 'SUSPENDED') return REFUSED;
    return { states: 'LOADING LOAD_FAILURE', status: 'VERR_SSM_INTEGRITY_FOOTER' };
  },
  run: async ({ uvm }, { saved }) => {
    if (saved === undefined) return 'none';
    return uvm.load(new MemorySource(saved.bytes.subarray(0, saved.bytes.length - 20)));
  },
};

const attach: Operation = {
  name: 'attach',
  predict: (machine) => {
    if (machine.hasDriver) return { states: '', status: 'VERR_PDM_DRIVER_ALREADY_ATTACHED' };
    if (machine.moods.fails('attach') || machine.moods.fails('construct')) return { states: '', status: FAILURE };
    machine.hasDriver = true;
    return { states: '' };
  },
  run: async ({ uvm }) => void (await uvm.vm?.pdm?.deviceAttach('moody', 0, 0)),
};

const detach: Operation = {
  name: 'detach',
  predict: (machine) => {
    const status = machine.hasDriver ? 'VINF_SUCCESS' : 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN';
    machine.hasDriver = false;
    return { states: '', status };
  },
  run: ({ uvm }) => uvm.vm?.pdm?.deviceDetach('moody', 0, 0) ?? Promise.resolve(),
};

const begin: Operation = {
  name: 'begin anew',
  predict: ({ state }) => ({ states: `${state === 'OFF' ? '' : 'POWERING_OFF OFF '}DESTROYING TERMINATED` }),
  run: async (_, world) => {
    await world.machine.end();
    world.machine = await Machine.create();
  },
};

/** Two ends of a connection. */
function connections(): [StreamConnection, StreamConnection] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    new StreamConnection({ readable: back.readable, writable: there.writable }),
    new StreamConnection({ readable: there.readable, writable: back.writable }),
  ];
}

/** The machine goes to another PC, whose device is in the same mood, and from then on is what is looked at. */
const teleport: Operation = {
  name: 'teleport',
  predict: ({ state, moods }) => {
    const isRunning = state === 'RUNNING';
    if (!isRunning && state !== 'SUSPENDED') return { states: '', status: 'VERR_VM_INVALID_VM_STATE' };
    const saving = isRunning ? LIVE : 'SAVING SUSPENDED';
    const back = isRunning ? ' RESUMING RUNNING' : '';
    // A machine that is suspended is saved live, too, in one pass.
    if (moods.fails('liveExec')) return { states: isRunning ? 'RUNNING_LS RUNNING' : saving, status: FAILURE };
    if (moods.fails('saveExec') || moods.fails('loadExec')) return { states: `${saving}${back}`, status: FAILURE };
    return { states: `${saving} POWERING_OFF OFF DESTROYING TERMINATED` };
  },
  run: async (source, world) => {
    const { moods, state } = source;
    const target = await Machine.create();
    target.moods.moods = { ...moods.moods };
    moods.value = world.next++;
    const [here, there] = connections();
    const received = receiveVmOver(target.uvm, there, { password: 'x', passwordDelay: [0, 0] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    try {
      await teleportVmOver(source.uvm, here, { password: 'x' });
    } catch (error) {
      expect(await received, 'what the target says').to.be.instanceOf(Error);
      expect(target.uvm.state).to.match(/^(CREATED|LOAD_FAILURE)$/);
      await target.end();
      throw error;
    }
    expect(await received).to.equal(undefined);
    expect(target.moods.value).to.equal(moods.value);
    const isRunning = state === 'RUNNING';
    expect(target.takeStates()).to.equal(`LOADING SUSPENDED${isRunning ? ' RESUMING RUNNING' : ''}`);
    expect(target.uvm.resumeReason).to.equal(isRunning ? 'TELEPORTED' : 'INVALID');
    target.state = state;
    world.machine = target;
    await source.end();
    return 'VINF_SUCCESS';
  },
};

/** Does something, and compares what becomes of it. */
class Step implements fc.AsyncCommand<object, World> {
  readonly #operation: Operation;
  readonly #moods: Moods['moods'];

  constructor(operation: Operation, moods: Moods['moods']) {
    this.#operation = operation;
    this.#moods = moods;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, world: World): Promise<void> {
    const { machine } = world;
    const { name } = this.#operation;
    machine.moods.moods = this.#moods;
    const { states, status = 'VINF_SUCCESS' } = this.#operation.predict(machine, world);
    let result: unknown;
    try {
      result = (await this.#operation.run(machine, world)) ?? 'VINF_SUCCESS';
    } catch (error) {
      if (!(error instanceof SsmError)) throw error;
      result = error.status;
    }
    expect([result, machine.takeStates()], name).to.deep.equal([status, states]);
    machine.state = (states.split(' ').at(-1) as VmState) || machine.state;
    if (world.machine !== machine) return;
    expect(machine.uvm.state, name).to.equal(machine.state);
    expect([machine.moods.devices, machine.moods.drivers], name).to.deep.equal([1, machine.hasDriver ? 1 : 0]);
    const items = machine.uvm.info.items.filter((item) => item.name === 'moody').length;
    expect(items, 'info items of the driver').to.equal(machine.hasDriver ? 1 : 0);
  }

  toString(): string {
    return `${this.#operation.name} ${JSON.stringify(this.#moods)}`;
  }
}

const operations = [...simples, save, saveToBrokenSink, saveToStallingSink, ...liveSaves].concat([
  load,
  loadDamaged,
  attach,
  detach,
  teleport,
  begin,
]);
const named = (name: string): Operation => operations.find((each) => each.name === name) as Operation;

async function live(run: (world: World) => Promise<unknown>): Promise<void> {
  const world: World = { machine: await Machine.create(), saved: undefined, next: 1 };
  try {
    await run(world);
  } finally {
    await world.machine.end();
  }
}

describe('a PC whose device and driver have moods', function () {
  this.timeout(120_000);

  it('does what its model does, whatever happens', async () => {
    // What leads on is drawn more often than what ends everything.
    const often = ['powerOn', 'powerOn', 'powerOn', 'resume', 'resume', 'resume', 'save', 'save', 'load', 'teleport'];
    const mood = fc.constantFrom<Mood>('fine', 'fine', 'fine', 'slow', 'failing');
    const moods = fc.record(
      Object.fromEntries(moodyCallbacks.map((name) => [name, mood])) as Record<MoodyCallback, typeof mood>,
      { requiredKeys: [] },
    );
    const commands = [...operations, ...often.map(named), ...liveSaves, ...liveSaves].map((operation) =>
      moods.map((each) => new Step(operation, each)),
    );
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 40 }), (steps) =>
        live((world) => fc.asyncModelRun(() => ({ model: {}, real: world }), steps)),
      ),
      { numRuns: 200 },
    );
  });

  /** Every operation in every state that it is for. */
  const lives = [
    'save,powerOn,save,load,resume,detach,detach,attach,attach,reset,suspend,reset,detach,attach,save,load,resume,powerOff',
    'powerOn,saveToBrokenSink,resume,suspend,saveToBrokenSink,saveToStallingSink,resume,saveToStallingSink,powerOff',
    'powerOn,liveSave cancelled,liveSave suspend,resume,liveSave reset,resume,liveSave powerOff,begin anew',
    'powerOn,teleport,reset,teleport,suspend,teleport,detach,teleport,resume,begin anew,powerOff,begin anew',
    'powerOn,save,loadDamaged,powerOff,begin anew,load,resume,suspend,load,begin anew,loadDamaged,begin anew',
  ];
  for (const callback of moodyCallbacks) {
    for (const mood of ['slow', 'failing'] as const) {
      it(`does what its model does while ${callback} is ${mood}`, async () => {
        for (const life of lives) {
          await live(async (world) => {
            for (const name of life.split(',')) {
              await new Step(named(name), { [callback]: mood }).run({}, world);
            }
          });
        }
      });
    }
  }
});
