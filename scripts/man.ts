// Part of the build: the man page, made from the commands as they are declared. Its argument is the
// file to write. Usage: node --import tsx scripts/man.ts dist/man/larmor.1
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { makeProgram } from '../host/cli/program.ts';
import packageJson from '../package.json' with { type: 'json' };

/** Text escaped for roff: no line is taken for a request, and hyphens can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

/** A term and what it means. */
const entry = (term: string, about: string): string => `.TP\n.B ${roff(term)}\n${roff(about)}`;

function section(command: Command, path: string): string {
  const help = command.createHelp();
  const parts = [`.SS ${roff(path)}`, roff(command.description()), '.PP', `.B ${roff(help.commandUsage(command))}`];
  for (const argument of help.visibleArguments(command))
    parts.push(entry(help.argumentTerm(argument), help.argumentDescription(argument)));
  for (const option of help.visibleOptions(command))
    parts.push(entry(help.optionTerm(option), help.optionDescription(option)));
  return parts.join('\n');
}

function sections(command: Command, path: string): string[] {
  return command.commands.flatMap((each) => {
    const name = `${path} ${each.name()}`;
    return each.commands.length > 0 ? sections(each, name) : [section(each, name)];
  });
}

const EXITS: readonly (readonly [string, string])[] = [
  ['0', 'what was asked for was written'],
  ['2', 'usage'],
  ['65', 'bad input data'],
  ['66', 'input missing'],
  ['70', 'internal error'],
  ['73', 'cannot write'],
  ['75', 'stopped; can be resumed'],
];

const program = makeProgram();
const page = [
  `.TH LARMOR 1 "" "Larmor ${packageJson.version}" "User Commands"`,
  '.SH NAME',
  'larmor \\- MRI simulator for clusters',
  '.SH SYNOPSIS',
  '.B larmor',
  '.I command',
  '[\\fIarguments\\fR] [\\fIoptions\\fR]',
  '.SH DESCRIPTION',
  roff(`${program.description()}.`),
  '.PP',
  'Lengths, times, angles and frequencies take a unit: 230mm, 5ms, 90deg, 50Hz.',
  'A bare number is in SI (m, s, rad, Hz).',
  '.SH COMMANDS',
  ...sections(program, 'larmor'),
  '.SH EXIT STATUS',
  ...EXITS.map(([code, about]) => entry(code, about)),
  '.SH SEE ALSO',
  `The documentation of the package, in its folder docs.`,
  '',
].join('\n');

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the file to write');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(`${file}.${process.pid}`, page);
renameSync(`${file}.${process.pid}`, file);
