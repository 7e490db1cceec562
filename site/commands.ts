/**
 * The reference of commands, made from the commands as they are declared, as `larmor --help` is.
 */
import type { Command } from 'commander';
import { makeProgram } from '../host/cli/program.ts';
import { cell, code, plain } from './markdown.ts';

const table = (head: string, rows: readonly (readonly [term: string, about: string])[]): string =>
  rows.length === 0
    ? ''
    : [`| ${head} | |`, '| --- | --- |', ...rows.map(([term, about]) => `| ${code(term)} | ${cell(about)} |`), ''].join(
        '\n',
      );

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function section(command: Command, path: string): string {
  const help = command.createHelp();
  return [
    `## ${path}`,
    '',
    `${plain(sentence(command.description()))}.`,
    '',
    ['```console', help.commandUsage(command), '```', ''].join('\n'),
    table(
      'argument',
      help.visibleArguments(command).map((each) => [help.argumentTerm(each), help.argumentDescription(each)]),
    ),
    table(
      'option',
      help.visibleOptions(command).map((each) => [help.optionTerm(each), help.optionDescription(each)]),
    ),
  ].join('\n');
}

const sections = (command: Command, path: string): string[] =>
  command.commands.flatMap((each) => {
    const name = `${path} ${each.name()}`;
    return each.commands.length > 0 ? sections(each, name) : [section(each, name)];
  });

export function commandsPage(): string {
  return [
    '---\noutline: 2\n---',
    '# Commands',
    '',
    'As `larmor COMMAND --help` lists them, and `man larmor`.',
    'Lengths, times, angles and frequencies take a unit: `230mm`, `5ms`, `90deg`, `50Hz`; a bare number is in SI (m, s, rad, Hz).',
    '',
    ...sections(makeProgram(), 'larmor'),
  ].join('\n');
}
