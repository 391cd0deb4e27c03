import { readFileSync } from 'node:fs';
import { MemorySink, MemorySource } from '@ssmkit/runtime';
import { expect } from 'chai';
import { StepTimers } from '../iem/index.js';
import { deviceClasses } from '../pdm/index.js';
import type { Uvm } from '../vm/index.js';
import { createPc, type PcOptions, serialEnd } from './index.js';

const guest = (name: string) => readFileSync(new URL(`../../../../examples/guests/${name}`, import.meta.url));

/** 5 MHz and four clocks a step: an 8086 that is never late. */
const STEP_TIME = 800n;

const create = (image: string, options: Partial<PcOptions> = {}) =>
  createPc({
    image: guest(image),
    timers: new StepTimers(STEP_TIME),
    time: { utc: { now: () => 1_800_000_000_000_000_000n } },
    ...options,
  });

/** Runs until the guest has switched itself off: the CPU has halted, with interrupts off. */
async function runToEnd(uvm: Uvm): Promise<string> {
  const end = serialEnd(uvm);
  let text = '';
  while (!/end sum=\w+\r\n$/.test(text)) {
    await uvm.timers.turn();
    text += end.takeText();
  }
  return text;
}

async function destroy(uvm: Uvm): Promise<void> {
  await uvm.powerOff();
  await uvm.destroy();
  uvm.release();
}

describe('a PC that runs a program', () => {
  it('runs it to its end', async () => {
    const uvm = await create('machine-short.bin');
    await uvm.powerOn();
    expect(await runToEnd(uvm)).to.equal(guest('machine-short.txt').toString());
    await destroy(uvm);
  });

  it('is saved while it runs, and goes on as another machine', async () => {
    const first = await create('machine-short.bin');
    await first.powerOn();
    let text = '';
    while (text.split('\n').length < 6) {
      await first.timers.turn();
      text += serialEnd(first).takeText();
    }
    const sink = new MemorySink();
    const { suspended } = await first.save(sink);
    expect(suspended).to.equal(true);
    text += serialEnd(first).takeText();
    await destroy(first);

    const second = await create('machine-short.bin');
    await second.load(new MemorySource(sink.bytes()));
    await second.resume('STATE_RESTORED');
    text += await runToEnd(second);
    expect(text).to.equal(guest('machine-short.txt').toString());
    await destroy(second);
  });

  /** A PC whose program is machine code. */
  const run = async (code: readonly number[], options: Partial<PcOptions> = {}) => {
    const states: string[] = [];
    const uvm = await createPc({
      image: Uint8Array.from(code),
      timers: new StepTimers(STEP_TIME),
      onState: (_, state) => void states.push(state),
      ...options,
    });
    await uvm.powerOn();
    return { uvm, states };
  };

  it('is reset by its keyboard controller, and starts again', async () => {
    // INC BYTE [500]; MOV AL,FE; OUT 64,AL; HLT; and a count that a reset, which clears the RAM, takes back.
    const { uvm, states } = await run([0xfe, 0x06, 0x00, 0x05, 0xb0, 0xfe, 0xe6, 0x64, 0xf4]);
    const { pgm, resets } = uvm.vm!;
    while (resets.hard < 3) await uvm.timers.turn();
    await uvm.suspend('USER');
    expect(states.slice(2, 5)).to.deep.equal(['RUNNING', 'RESETTING', 'RUNNING']);
    expect(pgm!.readU8(0x500)).to.be.lessThan(2);
    await destroy(uvm);
  });

  it('comes to a guru meditation when a device fails inside of an access, and can be switched off then', async () => {
    const log: string[] = [];
    const { uvm, states } = await run([], {
      log: (line) => void log.push(line),
      config: { Devices: { bad: { 0: {} } } },
      modules: {
        Bad: {
          VBoxDevicesRegister: (callbacks) =>
            callbacks.register({
              name: 'bad',
              classes: deviceClasses.MISC,
              create: (instance) => ({
                construct: () => {
                  const read = () => {
                    throw new Error('a bug');
                  };
                  instance.ioPortMap(0x310, 2, { read }, 'Bad');
                },
              }),
            }),
        },
      },
      image: Uint8Array.of(0xba, 0x10, 0x03, 0xed, 0xf4), // MOV DX,310; IN AX,DX; HLT
    });
    while (states.at(-1) !== 'GURU_MEDITATION') await uvm.timers.turn();
    expect(log.join('\n')).to.match(/Guru meditation: .*a bug/);
    await destroy(uvm);
  });
});
