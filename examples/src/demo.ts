/*
 * npm start [-- FILE]: with FILE the saved state is kept there, to be loaded elsewhere.
 *
 * The main job, end to end: decorated classes → a saved-state file → the same state on a host of another width; and a
 * structure out of a file that VirtualBox wrote; at last a whole machine that moves while it runs.
 */

import { deepStrictEqual, strictEqual } from 'node:assert';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processIo, main as ssm } from '@ssmkit/cli';
import { Registry } from '@ssmkit/runtime';
import { loadFile, openFile, saveFile } from '@ssmkit/runtime/node';
import { describe, hostProfile, layout } from '@ssmkit/schema';
import { CpuContext } from './devices/cpu-context.js';
import './devices/cpu-context.ssm.js';
import { Frame, NetworkCard } from './devices/network-card.js';
import './devices/network-card.ssm.js';
import { Simple } from './devices/simple.js';
import './devices/simple.ssm.js';
import { TimerChip } from './devices/timer-chip.js';
import './devices/timer-chip.ssm.js';
import { moveByFile, moveByTeleport, runWhole } from './guest/demo.js';

const say = (text = '') => process.stdout.write(`${text}\n`);
/** What runs in the machine of the last parts: 20 lines in 0.4 seconds. */
const GUEST = 'machine-short.bin';

const lineCount = (text: string) => text.split('\n').length - 1;

const title = (text: string) => say(`\n== ${text}\n`);

/** A machine: three devices. */
interface Machine {
  timer: TimerChip;
  network: NetworkCard;
  cpu: CpuContext;
}

const newMachine = (): Machine => ({ timer: new TimerChip(), network: new NetworkCard(), cpu: new CpuContext() });

/** The machine's units: what each device puts, and how it gets it back. */
function unitsOf({ timer, network, cpu }: Machine): Registry {
  const registry = new Registry();
  registry.register({
    name: 'timer',
    version: 1,
    saveExec: (stream) => stream.putStructEx(timer),
    loadExec: (stream) => void stream.getStructEx(timer),
  });
  registry.register({
    name: 'network',
    version: 2,
    saveExec: (stream) => stream.put(network),
    loadExec: (stream) => void stream.get(network),
  });
  registry.register({
    name: 'cpu',
    version: 1,
    saveExec: (stream) => stream.putStructEx(cpu),
    loadExec: (stream) => void stream.getStructEx(cpu),
  });
  return registry;
}

/** A machine that has been running for a while. */
function runningMachine(): Machine {
  const machine = newMachine();
  const { timer, network, cpu } = machine;
  for (const [i, counter] of timer.counters.entries()) {
    Object.assign(counter, {
      reload: 0x4a9 * (i + 1),
      mode: i + 1,
      gate: i !== 2,
      loadedAt: 1_000_000_007n * BigInt(i),
    });
  }
  Object.assign(timer, { speaker: true, speakerBits: 3 });
  network.mac.set([0x08, 0x00, 0x27, 0x8c, 0x21, 0x5e]);
  Object.assign(network, { control: 0x140240, ring: 0x1_2345_6000n, link: 'nat0' });
  for (const text of ['who-has 10.0.2.2', 'tell 10.0.2.15']) {
    const data = new TextEncoder().encode(text);
    network.queue.push(Object.assign(new Frame(), { length: data.length, data }));
  }
  cpu.registers.set(cpu.registers.map((_, i) => 0x1111_1111_1111_1111n * BigInt(i)));
  Object.assign(cpu, { instructionPointer: 0xffff_ffff_8100_0000n, flags: 0x246n });
  cpu.fpu.set([0x7f, 0x03], 0);
  return machine;
}

const keep = process.argv[2] === undefined ? undefined : resolve(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'ssmkit-demo-'));
try {
  process.chdir(folder);
  const file = 'demo.sav';

  title('1. Three decorated devices are saved on a 64-bit host');
  const saved = runningMachine();
  const { bytes } = await saveFile(unitsOf(saved), file, { host: hostProfile('linux.amd64') });
  say(`demo.sav: ${bytes} bytes`);

  if (keep !== undefined) copyFileSync(file, keep);

  title('2. ssm ls demo.sav');
  await ssm(['ls', file], processIo());

  title('3. The same C structure, as compilers for two hosts lay it out');
  for (const name of ['linux.amd64', 'linux.x86']) {
    const host = hostProfile(name);
    say(`${name}: sizeof(TimerChip) = ${layout(TimerChip, host).size}`);
  }
  say();
  say(describe(CpuContext, hostProfile('linux.x86')));

  title('4. The file is loaded on a 32-bit host');
  const loaded = newMachine();
  await loadFile(unitsOf(loaded), file, { host: hostProfile('linux.x86') });
  deepStrictEqual(loaded, saved);
  say(
    `timer    counter 1 reloads 0x${loaded.timer.counters[1]!.reload.toString(16)}, speaker ${loaded.timer.speaker ? 'connected' : 'not connected'}`,
  );
  say(
    `network  ring at 0x${loaded.network.ring.toString(16)}, ${loaded.network.queue.length} frames wait, link ${loaded.network.link}`,
  );
  say(`cpu      rip 0x${loaded.cpu.instructionPointer.toString(16)}, rflags 0x${loaded.cpu.flags.toString(16)}`);
  say('Every field of the three devices is what it was.');

  title('5. A structure from a file that VirtualBox 7.2.22 wrote');
  const state = await openFile(fileURLToPath(new URL('../../test/fixtures/02-struct.sav', import.meta.url)));
  try {
    const { stream } = await state.seek('simple', 0);
    const simple = stream.getStruct(new Simple());
    for (const [name, value] of Object.entries(simple)) say(`  ${name.padEnd(20)}${show(value)}`);
  } finally {
    await state.close();
  }

  title('6. A guest runs on an 8086, is saved while it runs, and goes on in another process as another host');
  const whole = await runWhole(GUEST);
  say(`undisturbed: ${lineCount(whole)} lines; the last two:\n${whole.split('\r\n').slice(-3).join('\n')}`);
  const byFile = await moveByFile(GUEST, 7, resolve('guest.sav'));
  say(`by file:     ${lineCount(byFile.here)} lines here, ${lineCount(byFile.there)} there; ${byFile.bytes} bytes`);
  strictEqual(byFile.here + byFile.there, whole);

  title('7. The same by teleport');
  const byTeleport = await moveByTeleport(GUEST, 9);
  say(`by teleport: ${lineCount(byTeleport.here)} lines here, ${lineCount(byTeleport.there)} there`);
  strictEqual(byTeleport.here + byTeleport.there, whole);
  say('Not a byte was lost or doubled: both runs have written what the undisturbed one has.');
} finally {
  process.chdir(tmpdir());
  rmSync(folder, { recursive: true });
}

/** A value as hexadecimal digits, long ones cut. */
function show(value: unknown): string {
  const hex = (number: number | bigint, digits = 2) => number.toString(16).padStart(digits, '0');
  if (value instanceof Uint8Array) {
    return `${Array.from(value.subarray(0, 12), (byte) => hex(byte)).join(' ')}${value.length > 12 ? ` … (${value.length} bytes)` : ''}`;
  }
  if (value instanceof Uint32Array) return Array.from(value, (element) => `0x${hex(element, 8)}`).join(' ');
  return `0x${hex(value as number | bigint)}`;
}
