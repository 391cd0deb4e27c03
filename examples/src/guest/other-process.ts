import { hostProfile } from '@ssmkit/schema';
import { loadFromFile, receiveVm } from '@ssmkit/vmm/node';
import { createMachine, dispose, untilEnd } from './machine.js';

/*
 * node other-process.js load FILE | receive
 *
 * A program on another host: it goes on with a machine, from a file or by teleport, and says what the guest writes. Where
 * it waits for a teleport it says on the channel to its parent.
 */

const [task, file] = process.argv.slice(2);

// There is no program in this machine's ROM: it comes with the memory.
const uvm = await createMachine(new Uint8Array(0));
const end = untilEnd(uvm, (text) => process.stdout.write(text));
if (task === 'load' && file !== undefined) {
  await loadFromFile(uvm, file, { host: hostProfile('win.x86') });
  await uvm.resume('STATE_RESTORED');
} else {
  await receiveVm(uvm, {
    host: '127.0.0.1',
    password: 'noise',
    onListening: (address) => process.send?.(address.port),
    load: { host: hostProfile('win.x86') },
  });
}
await end;
await dispose(uvm);
process.disconnect?.();
