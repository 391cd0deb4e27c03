import { loadState, MemorySink, MemorySource, Registry, type SsmError, saveState } from '@ssmkit/runtime';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { Cpu8086 } from './cpu.js';
import { IF, TF } from './flags.js';
import { FlatMemory } from './memory.js';
import { Cpu8086State } from './state.js';
import { CODE, cpuWith, setVector, type TestCpu } from './testing/cpu-with.js';
import { iemUnit } from './unit.js';

/** A program with a bit of everything that can be unfinished, endlessly; INT 1, NMI and INTR count in BP, SI and DI. */
function program(flags: number): TestCpu {
  const code = [
    [0xb9, 0x05, 0x00], // MOV CX, 5
    [0x26, 0xf3, 0xa4], // ES: REP MOVSB
    [0x8e, 0xd8], // MOV DS, AX
    [0x40], // INC AX
    Array(20).fill(0x2e), // CS: CS: ...
    [0x00, 0x07], // ADD CS:[BX], AL
    [0xfa, 0xfb], // CLI; STI
    [0xf7, 0xf3], // DIV BX
    [0x8d, 0xc0], // LEA AX, AX
    [0xf4], // HLT
  ].flat();
  const test = cpuWith([...code, 0xeb, 0x100 - code.length - 2], { flags, bx: 0x500 }, { acknowledge: () => 0x20 });
  const handlers = { 0: [0xcf], 1: [0x45, 0xcf], 2: [0x46, 0xcf], 32: [0x47, 0xcf] };
  for (const [vector, bytes] of Object.entries(handlers)) {
    setVector(test.bytes, Number(vector), 0x5000, Number(vector) * 16);
    test.bytes.set(bytes, 0x5_0000 + Number(vector) * 16);
  }
  return test;
}

/** What happens from outside before a step. */
type Event = 'none' | 'nmi' | 'high' | 'low';

function apply(cpu: Cpu8086, event: Event): void {
  if (event === 'nmi') cpu.raiseNmi();
  else if (event !== 'none') cpu.interruptLine = event === 'high';
}

/** Another CPU with the same memory and state. */
function copy({ cpu, bytes }: TestCpu, state: Cpu8086State): TestCpu {
  const memory = new FlatMemory(bytes.slice());
  const other = new Cpu8086({ memory, acknowledge: () => 0x20 });
  // It was elsewhere before.
  other.registers.flags = TF;
  other.raiseNmi();
  other.loadState(state);
  expect(cpu.memory).to.not.equal(memory);
  return { cpu: other, registers: other.registers, bytes: memory.bytes };
}

const events = fc.array(
  fc.oneof({ weight: 6, arbitrary: fc.constant('none' as Event) }, fc.constantFrom<Event>('nmi', 'high', 'low')),
  { minLength: 1, maxLength: 150 },
);

describe('Cpu8086State', () => {
  it('round trips through every engine', () => {
    checkRoundTrip(Cpu8086State);
  });

  it('goes through a saved state in the middle of a REP', async () => {
    const { cpu } = cpuWith([0x26, 0xf3, 0xa4], { cx: 0x0302, ax: 0x1211, flags: IF });
    cpu.step();
    cpu.interruptLine = true;
    const sink = new MemorySink();
    const registry = new Registry();
    registry.register(iemUnit(cpu));
    await saveState(registry, sink, {});
    const state = cpu.saveState();
    expect(state).to.deep.include({ cx: 0x0301, ax: 0x1211, repeating: true, override: 0, repeat: 0xf3 });
    expect(state).to.deep.include({ stringOpcode: 0xa4, prefixIp: 0x100, ip: 0x103, interruptLine: true });

    const other = cpuWith([]);
    const loading = new Registry();
    loading.register(iemUnit(other.cpu));
    await loadState(loading, new MemorySource(sink.bytes()));
    expect(other.cpu.saveState()).to.deep.equal(state);
  });

  it('saved at any step, another CPU goes on just as this one', () => {
    fc.assert(
      fc.property(events, fc.nat(149), fc.constantFrom(0, IF, TF, TF | IF), (list, cut, flags) => {
        const one = program(flags);
        let two: TestCpu | undefined;
        for (const [i, event] of list.entries()) {
          apply(one.cpu, event);
          if (two !== undefined) apply(two.cpu, event);
          if (i === cut % list.length) two = copy(one, one.cpu.saveState());
          one.cpu.step();
          two?.cpu.step();
          if (two !== undefined) expect(two.cpu.saveState()).to.deep.equal(one.cpu.saveState());
        }
        expect(two!.bytes.slice(0, CODE + 0x1000)).to.deep.equal(one.bytes.slice(0, CODE + 0x1000));
      }),
      { numRuns: 60 },
    );
  });

  it('the steps of that test are in every condition there is', () => {
    const seen = new Set<string>();
    for (const flags of [IF, TF, TF | IF]) {
      const { cpu } = program(flags);
      for (let i = 0; i < 300; i++) {
        if (i % 7 === 0) cpu.raiseNmi();
        cpu.interruptLine = i % 11 > 5;
        for (const [name, value] of Object.entries(cpu.saveState())) if (value === true) seen.add(name);
        cpu.step();
      }
    }
    const marks = Object.entries(new Cpu8086State()).filter(([, value]) => value === false);
    expect([...seen].sort()).to.deep.equal(marks.map(([name]) => name).sort());
  });

  const refused: readonly [what: string, state: Partial<Cpu8086State>, message: string][] = [
    ['no string instruction', { repeating: true, repeat: 0xf3, stringOpcode: 0x90 }, '0x90 is no string instruction'],
    ['no REP prefix', { repeating: true, stringOpcode: 0xa4 }, 'a string instruction repeats without a prefix'],
    [
      'both unfinished',
      { repeating: true, prefixes: true, repeat: 0xf3, stringOpcode: 0xa4 },
      'prefixes are read while',
    ],
    ['halted within', { prefixes: true, halted: true }, 'the CPU is halted within an instruction'],
    ['a lost override', { override: 0 }, 'prefixes belong to no instruction'],
    ['a lost REP', { repeat: 0xf2 }, 'prefixes belong to no instruction'],
  ];
  for (const [what, wrong, message] of refused) {
    it(`refuses ${what}, and stays as it was`, () => {
      const { cpu } = cpuWith([0x90], { bx: 7 });
      const before = cpu.saveState();
      expect(() => cpu.loadState(Object.assign(new Cpu8086State(), wrong)))
        .to.throw(message)
        .with.property('status', 'VERR_SSM_UNEXPECTED_DATA');
      expect(cpu.saveState()).to.deep.equal(before);
    });
  }

  it('refuses another version', async () => {
    const sink = new MemorySink();
    const registry = new Registry();
    registry.register({ ...iemUnit(cpuWith([]).cpu), version: 2 });
    await saveState(registry, sink, {});
    const loading = new Registry();
    loading.register(iemUnit(cpuWith([]).cpu));
    const failure = await loadState(loading, new MemorySource(sink.bytes())).then(
      () => expect.fail('loads'),
      (error: SsmError) => error,
    );
    expect(failure.status).to.equal('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION');
  });
});
