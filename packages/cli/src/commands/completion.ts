import { Argument, Command, type Option } from 'commander';
import type { Context } from '../context.js';

/*
 * Completion scripts
 *
 * They are made of the commands themselves, so that nothing can be forgotten. What is no command and no option is a file.
 */

const example = `
Example:
  $ source <(ssm completion bash)                             in ~/.bashrc
  $ ssm completion zsh > "\${fpath[1]}/_ssm"                   once
  $ ssm completion fish > ~/.config/fish/completions/ssm.fish  once`;

/** `ssm completion SHELL` */
export function completionCommand(context: Context): Command {
  return new Command('completion')
    .description("Prints a script for a shell, which then completes ssm's commands and options.")
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(shells)))
    .addHelpText('after', example)
    .action(async (shell: keyof typeof shells, _options: object, self: Command) => {
      await context.print(shells[shell](entriesOf(self.parent as Command)));
    });
}

/** A command: `ls`, `mem search`; the program itself has an empty path. */
interface Entry {
  readonly path: string;
  readonly summary: string;
  readonly options: readonly OptionEntry[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  /** Texts that its first argument may be, where that is no file. */
  readonly choices: readonly string[];
}

interface OptionEntry {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

function entriesOf(program: Command): Entry[] {
  // What the program takes, its commands take, too.
  const general = program.options.filter(({ long }) => long !== '--version');
  const entries = (command: Command, path: string): Entry[] => [
    {
      path,
      summary: command.summary(),
      options: [...new Set([...command.options, ...general])].filter(({ hidden }) => !hidden).flatMap(optionEntry),
      commands: command.commands.map((each) => ({ name: each.name(), summary: each.summary() })),
      choices: command.registeredArguments[0]?.argChoices ?? [],
    },
    ...command.commands.flatMap((each) => entries(each as Command, `${path} ${each.name()}`.trim())),
  ];
  return entries(program, '');
}

function optionEntry({ long, short, description, required, optional, argChoices }: Option): OptionEntry[] {
  if (!long) return [];
  const value = { takesValue: required || optional, choices: argChoices ?? [] };
  return [{ long, short: short ?? undefined, description, ...value }];
}

/** In single quotes, as all three shells have them but for how they get a quotation mark in. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(entries: readonly Entry[]): string {
  const nested = entries.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  const values = entries.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ long, short, choices }) => {
        const names = [long, ...(short === undefined ? [] : [short])].map((name) => `"${path} ${name}"`).join('|');
        return `    ${names}) COMPREPLY=(${choices.length > 0 ? words(choices) : ''}); return ;;\n`;
      }),
  );
  const cases = entries.map(({ path, options, commands, choices }) => {
    const own = [...commands.map(({ name }) => name), ...choices];
    const names = options.map(({ long }) => long);
    return [
      `    "${path}")\n`,
      `      if [[ $cur == -* ]]; then COMPREPLY=(${words(names)})\n`,
      own.length > 0 ? `      else COMPREPLY=(${words(own)})\n` : '      else COMPREPLY=()\n',
      '      fi ;;\n',
    ].join('');
  });
  return [
    '_ssm() {\n',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are bash's
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path="" word i\n',
    '  for ((i = 1; i < COMP_CWORD; i++)); do\n',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are bash's
    '    word="${path:+$path }${COMP_WORDS[i]}"\n',
    `    case "$word" in ${nested.join('|')}) path=$word ;; esac\n`,
    '  done\n',
    '  case "$path $prev" in\n',
    ...values,
    '  esac\n',
    '  case "$path" in\n',
    ...cases,
    '  esac\n',
    '}\n',
    'complete -o default -F _ssm ssm\n',
  ].join('');
}

/** What bash makes of a list of words that begin as what was typed. */
function words(list: readonly string[]): string {
  return `$(compgen -W "${list.join(' ')}" -- "$cur")`;
}

function zsh(entries: readonly Entry[]): string {
  const described = (name: string, text: string) => quoted(`${name.replaceAll(':', '\\:')}:${text}`);
  const option = ({ long, description, takesValue, choices }: OptionEntry) => {
    const text = description.replace(/[[\]\\:]/g, '\\$&');
    const value = choices.length > 0 ? `:value:(${choices.join(' ')})` : ':value:_files';
    return quoted(`*${long}[${text}]${takesValue ? value : ''}`);
  };
  const body = (entry: Entry, depth: number): string => {
    const indent = '  '.repeat(depth);
    const options = entry.options.map(option).join(' ');
    if (entry.commands.length === 0) {
      const rest = entry.choices.length > 0 ? quoted(`1:value:(${entry.choices.join(' ')})`) : quoted('*:file:_files');
      return `${indent}_arguments ${options} ${rest}\n`;
    }
    const at = depth + 1;
    const children = entries.filter(({ path }) => parentOf(path) === entry.path && path !== '');
    return [
      `${indent}if (( CURRENT == ${at} )); then\n`,
      `${indent}  local -a commands=(${entry.commands.map(({ name, summary }) => described(name, summary)).join(' ')})\n`,
      `${indent}  _describe command commands\n`,
      `${indent}  return\n`,
      `${indent}fi\n`,
      `${indent}case $words[${at}] in\n`,
      ...children.map((child) => `${indent}${child.path.split(' ').at(-1)})\n${body(child, depth + 1)}${indent};;\n`),
      `${indent}esac\n`,
    ].join('');
  };
  return `#compdef ssm\n\n_ssm() {\n${body(entries[0] as Entry, 1)}}\n\n_ssm "$@"\n`;
}

function parentOf(path: string): string {
  return path.split(' ').slice(0, -1).join(' ');
}

function fish(entries: readonly Entry[]): string {
  const escaped = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const condition = (path: string) => {
    if (path === '') return '__fish_use_subcommand';
    return path
      .split(' ')
      .map((name) => `__fish_seen_subcommand_from ${name}`)
      .join('; and ');
  };
  const lines = entries.flatMap(({ path, options, commands, choices }) => {
    const names = commands.map(({ name }) => name);
    const none = names.length > 0 && path !== '' ? `; and not __fish_seen_subcommand_from ${names.join(' ')}` : '';
    const when = `complete -c ssm -n ${escaped(condition(path) + none)}`;
    return [
      ...commands.map(({ name, summary }) => `${when} -f -a ${name} -d ${escaped(summary)}`),
      ...(choices.length > 0 ? [`${when} -f -a ${escaped(choices.join(' '))}`] : []),
      ...options.map(({ long, short, description, takesValue, choices: values }) =>
        [
          when,
          `-l ${long.slice(2)}`,
          ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
          ...(values.length > 0 ? [`-x -a ${escaped(values.join(' '))}`] : takesValue ? ['-r'] : []),
          `-d ${escaped(description)}`,
        ].join(' '),
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}

const shells = { bash, zsh, fish } as const;
