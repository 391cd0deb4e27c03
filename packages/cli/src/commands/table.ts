import type { Command } from 'commander';
import type { Context } from '../context.js';

/*
 * The commands
 *
 * What `ssm --help` says of them is here, so that a run loads the modules of the one command that it is of: the layouts of
 * VirtualBox's units are 200 modules, and a run of `ssm ls`, which needs none, would take half as long again with them.
 */

/** A command of `ssm`. */
export interface CommandRow {
  readonly name: string;
  /** What follows its name, as the command itself says it. */
  readonly usage: string;
  readonly summary: string;
  /** It looks at the other commands, which therefore have to be there. */
  readonly needsAll?: boolean;
  /** Loads what makes the command. */
  load(): Promise<(context: Context) => Command>;
}

/** In the order in which the help shows them. */
export const commands: readonly CommandRow[] = [
  {
    name: 'ls',
    usage: '[options] <file>',
    summary: 'show what a saved state holds',
    load: async () => (await import('./ls.js')).lsCommand,
  },
  {
    name: 'info',
    usage: '[options] <file>',
    summary: 'say what machine a saved state is of',
    load: async () => (await import('./info.js')).infoCommand,
  },
  {
    name: 'verify',
    usage: '[options] <file>',
    summary: 'check a saved state as the real loader does',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  {
    name: 'explain',
    usage: '[options] <what>',
    summary: 'say in plain words what is wrong, and what to do',
    load: async () => (await import('./explain.js')).explainCommand,
  },
  {
    name: 'cat',
    usage: '[options] <file> <unit>',
    summary: "write a unit's data to stdout",
    load: async () => (await import('./cat.js')).catCommand,
  },
  {
    name: 'dump',
    usage: '[options] <file> [unit]',
    summary: "decode units' data and show the objects",
    load: async () => (await import('./dump.js')).dumpCommand,
  },
  {
    name: 'build',
    usage: '[options] <document> <out>',
    summary: 'make a saved state of a JSON document',
    load: async () => (await import('./build.js')).buildCommand,
  },
  {
    name: 'edit',
    usage: '[options] <file> <out>',
    summary: 'write a saved state with some fields or units changed',
    load: async () => (await import('./edit.js')).editCommand,
  },
  {
    name: 'diff',
    usage: '[options] <a> <b>',
    summary: 'say in what two saved states differ',
    load: async () => (await import('./diff.js')).diffCommand,
  },
  {
    name: 'cpu',
    usage: '[options] <file>',
    summary: "show the registers of the guest's CPUs",
    load: async () => (await import('./cpu.js')).cpuCommand,
  },
  {
    name: 'screen',
    usage: '[options] <file> [out]',
    summary: 'show what is on the screen of the guest',
    load: async () => (await import('./screen.js')).screenCommand,
  },
  {
    name: 'screenshot',
    usage: '[options] <file> <out>',
    summary: 'extract the picture of the screen that was saved along',
    load: async () => (await import('./screenshot.js')).screenshotCommand,
  },
  {
    name: 'convert',
    usage: '[options] <in> <out>',
    summary: 'write a saved state again, in another format or packed otherwise',
    load: async () => (await import('./convert.js')).convertCommand,
  },
  {
    name: 'mem',
    usage: '[options] [command]',
    summary: "look into the guest's memory",
    load: async () => (await import('./mem.js')).memCommand,
  },
  {
    name: 'completion',
    usage: '[options] <shell>',
    summary: 'print a script that lets a shell complete commands',
    needsAll: true,
    load: async () => (await import('./completion.js')).completionCommand,
  },
];
