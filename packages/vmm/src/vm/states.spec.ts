import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { StateMachine } from './state-machine.js';
import { isPoweredOn, isRunning, stateTransitions, type VmState, vmStateName, vmStates } from './states.js';

const all = Object.keys(vmStates) as VmState[];

/** A machine that was brought to a state by the shortest way; logs what it tells. */
function machineIn(state: VmState, log: string[] = []): StateMachine {
  const ways = new Map<VmState, readonly VmState[]>([['CREATING', []]]);
  for (const [from, way] of ways) {
    for (const to of stateTransitions[from]) if (!ways.has(to)) ways.set(to, [...way, to]);
  }
  const machine = new StateMachine({
    log: () => {},
    tell: (next, old) => log.push(`${old} -> ${next}`),
    changed: () => log.push('changed'),
  });
  for (const next of ways.get(state) ?? expect.fail(`there is no way to ${state}`)) machine.set(next, machine.current);
  log.length = 0;
  return machine;
}

describe('VM states', () => {
  it('have the numbers of VirtualBox: 0…31 without 7', () => {
    expect(all.map((state) => vmStates[state])).to.deep.equal([...Array(32).keys()].filter((n) => n !== 7));
    expect([vmStates.RUNNING_LS, vmStates.SAVING, vmStates.LOAD_FAILURE]).to.deep.equal([6, 18, 29]);
  });

  it('have names; other numbers have none', () => {
    for (const state of all) expect(vmStateName(vmStates[state])).to.equal(state);
    for (const value of [7, 32, -1, 1.5]) expect(vmStateName(value)).to.equal('Unknown!\n');
  });

  it('RUNNING and RUNNING_LS are running', () => {
    expect(all.filter(isRunning)).to.deep.equal(['RUNNING', 'RUNNING_LS']);
  });

  it('RESUMING to DEBUGGING_LS are powered on', () => {
    expect(all.filter(isPoweredOn)).to.deep.equal(all.slice(all.indexOf('RESUMING'), all.indexOf('POWERING_OFF')));
  });

  it('can all be reached, and all left but the last', () => {
    for (const state of all) {
      expect(machineIn(state).current).to.equal(state);
      expect(stateTransitions[state].length > 0, state).to.equal(state !== 'TERMINATED');
    }
  });
});

describe('the state machine', () => {
  for (const old of all) {
    it(`goes from ${old} to ${stateTransitions[old].join(', ') || 'nowhere'} and nowhere else`, () => {
      for (const next of all) {
        const log: string[] = [];
        const machine = machineIn(old, log);
        if (stateTransitions[old].includes(next)) {
          machine.set(next, old);
          expect([machine.current, machine.previous]).to.deep.equal([next, old]);
          expect(log).to.deep.equal([`${old} -> ${next}`, 'changed']);
        } else {
          expect(() => machine.set(next, old), `${old} -> ${next}`)
            .to.throw(SsmError)
            .with.property('status', 'VERR_VM_INVALID_VM_STATE');
          expect([machine.current, log]).to.deep.equal([old, []]);
        }
      }
    });
  }

  it('has the 65 transitions of VirtualBox, and the two ways back of resets', () => {
    expect(Object.values(stateTransitions).flat().length).to.equal(67);
  });

  it('changes nothing when the caller is wrong about the current state', () => {
    const machine = machineIn('RUNNING');
    expect(() => machine.set('SUSPENDED', 'SUSPENDING'))
      .to.throw(SsmError)
      .with.property('status', 'VERR_VM_UNEXPECTED_VM_STATE');
    expect(machine.current).to.equal('RUNNING');
  });

  it('clears or sets the flag to look at the state', () => {
    expect(machineIn('CREATING')).to.include({ checkState: false, previous: 'CREATING' });
    const machine = machineIn('RUNNING');
    machine.set('GURU_MEDITATION', 'RUNNING', true);
    expect(machine.checkState).to.equal(true);
    machine.set('POWERING_OFF', 'GURU_MEDITATION');
    expect(machine.checkState).to.equal(false);
  });

  describe('tried', () => {
    const changes = [
      ['SUSPENDING', 'RUNNING'],
      ['SUSPENDING_EXT_LS', 'RUNNING_LS'],
    ] as const;

    for (const [state, index] of [
      ['RUNNING', 1],
      ['RUNNING_LS', 2],
    ] as const) {
      it(`from ${state} makes change ${index}`, () => {
        const machine = machineIn(state);
        expect(machine.trySet('VMR3Suspend', changes)).to.equal(index);
        expect(machine.current).to.equal(changes[index - 1]?.[0]);
      });
    }

    it('takes the first of several from the same state', () => {
      const machine = machineIn('RUNNING');
      expect(
        machine.trySet('test', [
          ['RESETTING', 'RUNNING'],
          ['SUSPENDING', 'RUNNING'],
        ]),
      ).to.equal(1);
      expect(machine.current).to.equal('RESETTING');
    });

    const refused: readonly [string, readonly (readonly [VmState, VmState])[], string][] = [
      ['one', [['RESUMING', 'SUSPENDED']], 'VMR3Resume failed because the VM state is CREATED instead of SUSPENDED'],
      [
        'several',
        changes,
        'VMR3Resume failed because the current VM state, CREATED, was not found in the state transition table ' +
          '(RUNNING -> SUSPENDING, RUNNING_LS -> SUSPENDING_EXT_LS)',
      ],
    ];
    for (const [name, table, message] of refused) {
      it(`in vain says why: ${name}`, () => {
        const log: string[] = [];
        const machine = machineIn('CREATED', log);
        expect(() => machine.trySet('VMR3Resume', table))
          .to.throw(SsmError)
          .with.include({ status: 'VERR_VM_INVALID_VM_STATE', detail: message });
        expect([machine.current, log]).to.deep.equal(['CREATED', []]);
      });
    }
  });

  describe('whoever is told', () => {
    /** A machine that is OFF in a moment, and calls `meanwhile` while it tells so. */
    const telling = (meanwhile: (machine: StateMachine) => void) => {
      const told: string[] = [];
      let current: VmState = 'CREATING';
      const machine: StateMachine = new StateMachine({
        log: () => {},
        tell: (next, _old, goOn) => {
          for (const listener of ['first', 'second']) {
            if (!goOn()) return;
            told.push(`${listener} ${next}`);
            if (listener === 'first' && next === 'OFF') meanwhile(machine);
          }
        },
        changed: () => {
          current = machine.current;
        },
      });
      for (const next of ['CREATED', 'POWERING_OFF'] as const) machine.set(next, machine.current);
      told.length = 0;
      machine.set('OFF', 'POWERING_OFF');
      return { machine, told, current: () => current };
    };

    it('may begin to destroy: the rest is not told of the old state any more', () => {
      const { told, machine, current } = telling((m) => m.set('DESTROYING', 'OFF'));
      expect(told).to.deep.equal(['first OFF', 'first DESTROYING', 'second DESTROYING']);
      expect([machine.current, machine.previous, current()]).to.deep.equal(['DESTROYING', 'OFF', 'DESTROYING']);
    });

    it('must not change the state otherwise', () => {
      let refused: unknown;
      const machine: StateMachine = new StateMachine({
        log: () => {},
        tell: (next) => {
          if (next !== 'CREATED') return;
          try {
            machine.set('POWERING_ON', 'CREATED');
          } catch (error) {
            refused = error;
          }
        },
        changed: () => {},
      });
      machine.set('CREATED', 'CREATING');
      expect((refused as SsmError).status).to.equal('VERR_INVALID_STATE');
      expect(machine.current).to.equal('CREATED');
      machine.set('POWERING_ON', 'CREATED');
    });
  });
});
