/*
 * DBGF info: what a VM tells about itself
 *
 * Everybody in a VM can register items of information under a name: the timers that run, the registers of a CPU, the
 * configuration tree. Whoever wants to know asks by name, from a debugger, on power off, after a fatal error, and says
 * where the text goes. The handler writes; it does not know who reads.
 *
 *     info.registerDevice(pit, { name: 'pit', description: 'Counters. Argument: a channel.', handler: (pit, output, args) => … });
 *     await info.text('pit', { args: '0' });
 *
 * Items belong to a device, a driver, a USB device, the VM or the program around it, and go when their owner goes. Some
 * are about a CPU and must run on its emulation task, or once on each of them; who asks need not know (`runOn`).
 * Arguments are one text; handlers that want them split as a shell does register as `argvHandler`.
 *
 * Beside its text a handler can give the same as data (`output.data`), which only programs see.
 *
 * Facts: DBGFR3Info.cpp of VirtualBox 7.2, as far as the project's specification documents have them: kinds of owners,
 * flags, order, statuses. That a name may be registered twice, data, tables and asking several are ssmkit's own.
 */
export { type InfoOutput, InfoText, TextOutput } from './output.js';
export {
  type InfoArgvHandler,
  type InfoDestination,
  type InfoEntry,
  type InfoHandler,
  type InfoHost,
  type InfoItem,
  type InfoOwnerKind,
  type InfoQuery,
  type InfoQueryAll,
  InfoRegistry,
  infoFlags,
} from './registry.js';
