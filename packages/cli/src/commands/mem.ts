import { Command } from 'commander';
import type { Context } from '../context.js';
import { memExtractCommand } from './mem-extract.js';
import { memHexdumpCommand } from './mem-hexdump.js';
import { memMapCommand } from './mem-map.js';
import { memSearchCommand } from './mem-search.js';

const example = `
Example:
  $ ssm mem machine.sav                                     where there is memory, and how full it is
  $ ssm mem extract machine.sav memory.elf --format elf     for tools of memory forensics
  $ ssm mem search machine.sav 'password=' --utf16
  $ ssm mem hexdump machine.sav 0xffff0 16
  $ ssm mem extract damaged.sav memory.raw --salvage        what is left of it

Addresses are guest-physical, decimal or with 0x in front, also with K, M or G. What a live save wrote more than once is
taken as it was last.`;

/** `ssm mem …` */
export function memCommand(context: Context): Command {
  const command = new Command('mem')
    .description("Shows, extracts and searches the guest's memory: RAM, and ROM as the guest sees it.")
    .addHelpText('after', example);
  command.addCommand(memMapCommand(context), { isDefault: true });
  for (const make of [memExtractCommand, memSearchCommand, memHexdumpCommand]) command.addCommand(make(context));
  return command;
}
