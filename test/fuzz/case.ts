/**
 * What the fuzzer of the command damages: a case is a few sound files and the commands that read
 * them. Each run writes them into a folder of its own, one of them damaged, and starts one of the
 * commands: `%` in it stands for that folder, `#` for a number as nobody should give it.
 */
import { damageFile } from './phantom.ts';
import { mutated, NUMBERS, type Random } from './pulseq.ts';

export type Files = Readonly<Record<string, Uint8Array | string>>;

export interface Case {
  readonly name: string;
  readonly files: Files;
  /** Names of files that may be damaged; default: all. */
  readonly damaged?: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

/** What most commands end with. */
export const raw = ['-o', '%/out.npy', '-q'];
export const figure = ['-o', '%/out.svg', '-q'];
/** A scan that takes milliseconds. */
export const short = ['--set', 'n=8'];
export const scan = (phantom: readonly string[], ...options: string[]): string[] => [
  ...['simulate', 'epi', ...phantom, ...short],
  ...options,
  ...raw,
];

const PLAUSIBLE = ['1', '2', '0.5', '3', '8', '16', '100', '1e-3', '0.01'];
const ENDINGS = ['', '', '', '', 'ms', 'us', 's', 'mm', 'm', 'deg', 'Hz', 'kHz', 'T', '@10us', ',0,1'];

/** The files of a run: of a case that has any, one is damaged. */
export function damagedFiles({ files, damaged = Object.keys(files) }: Case, random: Random): Files {
  if (damaged.length === 0) return files;
  const name = damaged[random(damaged.length)];
  return { ...files, [name]: damagedContent(name, files[name], random) };
}

function damagedContent(name: string, content: Uint8Array | string, random: Random): Uint8Array {
  if (typeof content === 'string') return Buffer.from(mutated([content], random), 'latin1');
  return damageFile(name, Buffer.from(content), random);
}

/** One of the commands, as it is started in `folder`. */
export function argumentsOf(commands: Case['commands'], folder: string, random: Random): string[] {
  const command = commands[random(commands.length)];
  return command.map((arg) => arg.replaceAll('%', folder).replace('#', () => anyNumber(random)));
}

function anyNumber(random: Random): string {
  const numbers = random(2) === 0 ? PLAUSIBLE : NUMBERS;
  return numbers[random(numbers.length)] + ENDINGS[random(ENDINGS.length)];
}
