/**
 * Shell completion, made from the commands as they are declared: names of commands and options,
 * words that an option allows, built-in sequences and phantoms, and files wherever a file may be
 * meant.
 */
import type { Argument, Command, Option } from 'commander';
import { print } from '../base/log.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';

export function printCompletion(program: Command, shell: 'bash' | 'zsh' | 'fish'): void {
  print(SHELLS[shell](commandsOf(program, '')));
}

/** A command, by its words after `larmor`: `/plot/sequence`. */
interface Described {
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly Option[];
  /** Allowed words for its arguments, besides files. */
  readonly words: readonly string[];
}

function commandsOf(command: Command, path: string): Described[] {
  const { commands, options, registeredArguments } = command;
  const own = {
    path,
    commands: commands.map((each) => ({ name: each.name(), about: each.description() })),
    options: [
      ...options,
      command
        .createHelp()
        .visibleOptions(command)
        .find(({ long }) => long === '--help')!,
    ],
    words: registeredArguments.flatMap((argument) => wordsOf(argument, path)),
  };
  return [own, ...commands.flatMap((each) => commandsOf(each, `${path}/${each.name()}`))];
}

/** Built-in names by what the argument, or its command, is called. */
function wordsOf(argument: Argument, path: string): readonly string[] {
  if (argument.argChoices !== undefined) return argument.argChoices;
  const either = argument.name().endsWith('|name');
  const is = (kind: string): boolean =>
    either || argument.name().includes(kind) || (argument.name() === 'name' && path.includes(kind));
  return [...(is('sequence') ? builtinSequences.keys() : []), ...(is('phantom') ? Object.keys(builtinPhantoms) : [])];
}

const takesValue = (option: Option): boolean => option.required || option.optional;
const takesFile = ({ flags }: Option): boolean => /<[^>]*(file|dir|labels|\.nii)[^>]*>/.test(flags);
const spellings = ({ long, short }: Option): string[] => [long, short].filter((text) => text !== undefined);

function bash(commands: readonly Described[]): string {
  const of = (path: string, option: Option): string =>
    spellings(option)
      .map((text) => `'${path} ${text}'`)
      .join('|');
  const values = commands.flatMap(({ path, options }) =>
    options.filter(takesValue).map((option) => {
      const reply = option.argChoices
        ? `_larmor_words '${option.argChoices.join(' ')}'`
        : takesFile(option)
          ? '_larmor_files'
          : 'return';
      return `    ${of(path, option)}) ${reply} ;;`;
    }),
  );
  const names = commands.map(({ path, commands: below, words, options }) => {
    const all = [...below.map(({ name }) => name), ...words].join(' ');
    const dashed = options.flatMap(spellings).join(' ');
    return `    '${path}') names='${all}' options='${dashed}' ;;`;
  });
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => path);
  return `# Completion of larmor for bash, made by: larmor completion bash
_larmor_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
# One file a line: names may have spaces. What the shell itself completes if a quotation is open.
_larmor_files() {
  local name
  compopt -o filenames -o default 2>/dev/null
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$cur")
}
_larmor() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} path= names= options= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/\${COMP_WORDS[i]}" in
    ${paths.join('|')}) path="$path/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${values.join('\n')}
    *)
      case "$path" in
${names.map((line) => `    ${line}`).join('\n')}
      esac
      if [[ $cur == -* ]]; then
        _larmor_words "$options"
      elif [[ -n $path && $path != /completion ]]; then
        _larmor_files
        _larmor_words "$names"
      else
        _larmor_words "$names"
      fi
      ;;
  esac
}
complete -F _larmor larmor
`;
}

/** Uses zsh's own support for completions of bash. */
function zsh(commands: readonly Described[]): string {
  return `# Completion of larmor for zsh, made by: larmor completion zsh
autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`;
}

function fish(commands: readonly Described[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ path, commands: below, options, words }) => {
    const seen = path.split('/').filter(Boolean);
    const after = seen.map((name) => `__fish_seen_subcommand_from ${name}`);
    const not =
      below.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below.map(({ name }) => name).join(' ')}`];
    const condition = [...after, ...not].join('; and ');
    const start = `complete -c larmor -n ${quoted(condition === '' ? 'true' : condition)}`;
    return [
      ...below.map(({ name, about }) => `${start} -f -a ${name} -d ${quoted(about)}`),
      ...(words.length > 0 ? [`${start} -a ${quoted(words.join(' '))}`] : []),
      ...options.map((option) => {
        const names = `${option.long ? ` -l ${option.long.slice(2)}` : ''}${option.short ? ` -s ${option.short.slice(1)}` : ''}`;
        const value = !takesValue(option) ? '' : takesFile(option) ? ' -r' : ' -x';
        const choices = option.argChoices ? ` -a ${quoted(option.argChoices.join(' '))}` : '';
        return `${start}${names}${value}${choices} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `# Completion of larmor for fish, made by: larmor completion fish\n${lines.join('\n')}\n`;
}

const SHELLS = { bash, zsh, fish } as const;
