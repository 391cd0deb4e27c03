import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { type CommandRow, commands } from './commands/table.js';
import { Context, ExitCode } from './context.js';
import { toSsmError, UsageError } from './errors.js';
import { ClosedOutput, type Io } from './io.js';
import { escapeText } from './output/escape.js';
import { styleOf } from './output/style.js';

const footer = `
Examples:
  $ ssm ls machine.sav                                   what is in the file
  $ ssm info machine.sav                                 what machine it is of
  $ ssm verify machine.sav                               would VirtualBox load it?
  $ ssm cat machine.sav pit > pit.bin                    the data of the unit 'pit'
  $ ssm dump machine.sav mc146818                        the same of the unit 'mc146818', decoded
  $ ssm dump machine.sav --json > machine.json           all of it, as a document
  $ ssm build machine.json machine.sav                   and back
  $ ssm edit machine.sav new.sav --set mc146818.cmos[0]=0   a field changed
  $ ssm diff before.sav after.sav                        in what two states differ
  $ ssm cpu machine.sav                                  the registers of the guest's CPUs
  $ ssm screen machine.sav screen.png                    what the guest has on its screen
  $ ssm convert old.sav new.sav                          the file of an old VirtualBox, for a new one
  $ ssm mem search machine.sav 'password='               where in the guest's memory that text is
  $ ssm explain machine.sav                              what is wrong with it, and what to do

Exit codes: 0 all is well; 1 the file is wrong, or something is not found; 2 the command line is wrong. 'ssm diff' has
those of diff: 0 nothing is different, 1 something is, 2 trouble.
'ssm COMMAND --help' tells more.`;

/**
 * The `ssm` command.
 *
 * @param args the command line without the program's name.
 * @returns the exit code: 0 all is well, 1 the file is wrong or something is not found, 2 the command line is wrong.
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const context = new Context(io);
  const said = { out: '', err: '' };
  try {
    const program = await programOf(context, said, args);
    await program.parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return await ended(context, error, said);
  }
}

/** What commander says; it cannot wait for a writer. */
interface Said {
  out: string;
  err: string;
}

async function programOf(context: Context, said: Said, args: readonly string[]): Promise<Command> {
  const { stdout, stderr } = context.io;
  const program = new Command('ssm')
    .description(
      "Looks into VirtualBox's saved states (.sav): lists, checks, extracts, decodes and converts what they hold.",
    )
    .version(version(), '-V, --version')
    .option('-q, --quiet', 'show no progress on the terminal')
    .hook('preAction', () => {
      if (program.opts().quiet) context.progress.disable();
    })
    .addHelpText('after', footer)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        said.out += text;
      },
      writeErr: (text) => {
        said.err += text;
      },
      // The message comes with the exception.
      outputError: () => {},
      getOutHelpWidth: () => stdout.width ?? 100,
      getErrHelpWidth: () => stderr.width ?? 100,
      getOutHasColors: () => stdout.color,
      getErrHasColors: () => stderr.color,
    })
    .configureHelp({
      minWidthToWrap: 20,
      styleTitle: (title) => styleOf(stdout.color).heading(title),
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    });
  const wanted = wantedCommand(args);
  for (const row of commands) {
    const isNeeded = row === wanted || wanted?.needsAll === true;
    const command = isNeeded ? (await row.load())(context) : new Command(row.name).usage(row.usage);
    inheritSettings(command.summary(row.summary), program);
    program.addCommand(command);
  }
  return program;
}

/** The command that a command line is of, or whose help it asks for. No option of the program takes a value. */
function wantedCommand(args: readonly string[]): CommandRow | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const name = first === 'help' ? second : first;
  return commands.find((row) => row.name === name);
}

/** Settings of the program are those of its commands, and of theirs. */
function inheritSettings(command: Command, from: Command): void {
  command.copyInheritedSettings(from);
  for (const each of command.commands) inheritSettings(each as Command, command);
}

function version(): string {
  const path = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Ends a run by what it threw. */
async function ended(context: Context, error: unknown, said: Said): Promise<number> {
  const { io } = context;
  try {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) {
        await io.stdout.write(said.out);
        return ExitCode.ok;
      }
      // Without a command there is a whole help text to show.
      if (said.err !== '') await io.stderr.write(said.err);
      else await wrongUsage(context, error.message.replace(/^error: /, ''));
      return ExitCode.usage;
    }
    if (error instanceof UsageError) {
      await wrongUsage(context, error.message);
      return ExitCode.usage;
    }
    if (!(error instanceof ClosedOutput)) await context.end(error);
  } catch (again) {
    if (!(again instanceof ClosedOutput)) {
      await context.report([toSsmError(again)]);
      return ExitCode.failed;
    }
  }
  return context.exitCode;
}

function wrongUsage({ io }: Context, message: string): Promise<void> {
  const line = escapeText(message.replaceAll('\n', ' '));
  return io.stderr.write(
    `${styleOf(io.stderr.color).bad('ssm:')} VERR_INVALID_PARAMETER: ${line} (see 'ssm --help')\n`,
  );
}
