import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serialEnd, type Uvm } from '@ssmkit/vmm';
import { saveToFile, teleportVm } from '@ssmkit/vmm/node';
import { createMachine, dispose, readGuest, untilEnd, untilText } from './machine.js';

/*
 * A guest moves while it runs
 *
 * Its output is a function of the line's number alone. So where a run that was moved to another process in the middle has
 * written the same as an undisturbed one, nothing was lost: no byte of the serial port, no tick of the timer, no word of
 * memory, no transfer of the DMA controller.
 */

/** The guest's time goes at a quarter of ours, so that it is not through before it has been moved. */
const slowly = { config: { TM: { WarpDrivePercentage: 25 } } };

const otherProcess = fileURLToPath(new URL('./other-process.js', import.meta.url));

/** What both processes have had the guest write. */
export interface Moved {
  readonly here: string;
  readonly there: string;
  /** Size of the saved state. */
  readonly bytes: number;
}

/** An undisturbed run. */
export async function runWhole(guest: string): Promise<string> {
  const uvm = await createMachine(readGuest(guest));
  const end = untilEnd(uvm);
  await uvm.powerOn();
  const text = await end;
  await dispose(uvm);
  return text;
}

/** Saves the machine live into a file after some lines; another process loads that as another host and goes on. */
export async function moveByFile(guest: string, lines: number, file: string): Promise<Moved> {
  return move(guest, lines, async (uvm) => {
    const { bytes } = await saveToFile(uvm, file, { continueAfterwards: false });
    const here = serialEnd(uvm).takeText();
    const there = await outputOf(other('load', file));
    return { bytes, here, there };
  });
}

/** Teleports the machine to another process, which waits for it already, after some lines. */
export async function moveByTeleport(guest: string, lines: number): Promise<Moved> {
  const target = other('receive');
  const output = outputOf(target);
  const [port] = (await once(target, 'message')) as [number];
  return move(guest, lines, async (uvm) => {
    const { bytes } = await teleportVm(uvm, { host: '127.0.0.1', port, password: 'noise' });
    return { bytes, here: serialEnd(uvm).takeText(), there: await output };
  });
}

async function move(guest: string, lines: number, go: (uvm: Uvm) => Promise<Moved>): Promise<Moved> {
  const uvm = await createMachine(readGuest(guest), slowly);
  await uvm.powerOn();
  const before = await untilText(uvm, new RegExp(`([^\\n]*\\n){${lines}}`));
  const moved = await go(uvm);
  await dispose(uvm);
  return { ...moved, here: before + moved.here };
}

const other = (...args: string[]) => fork(otherProcess, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });

/** All that a process writes. @throws Error when it fails. */
async function outputOf(child: ReturnType<typeof fork>): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the other process ended with ${code}`);
  return text;
}
