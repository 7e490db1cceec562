/** Options and arguments that several commands have, each declared once. */
import type { Command } from 'commander';
import { collect, pixelCount } from './options.ts';

export const EXIT_CODES = `
Exit codes: 0 done, 2 usage, 65 bad input data, 66 input missing, 70 internal error, 73 cannot write, 75 stopped (resumable).
Lengths, times, angles and frequencies take a unit: 230mm, 5ms, 90deg, 50Hz. A bare number is in SI (m, s, rad, Hz).`;

/** Options that every command has. */
export function withOutput(command: Command): Command {
  return command
    .option('--json', 'print the result as one JSON object on stdout (docs/reference/json.md)')
    .option('-q, --quiet', 'print only warnings and errors')
    .option('-v, --verbose', 'verbose output')
    .addHelpText('after', EXIT_CODES);
}

/** Options of commands that open a sequence or a phantom. */
export function withSettings(command: Command, of: string): Command {
  return command.option(
    '--set <name=value>',
    `set a parameter of the ${of}, with a unit (${of === 'phantom' ? 'radius=5cm' : 'te=5ms'}); repeatable (larmor info NAME lists them)`,
    collect,
  );
}

export const SCANNER = [
  '--scanner <file.json>',
  'the scanner: field, limits, coils, field maps (docs/reference/scanner.md)',
] as const;
export const STRICT = ['--strict', 'refuse a sequence that exceeds the limits of the scanner'] as const;
export const MOTION = [
  '--motion <file>',
  'motions of the spins: a rigid track (.csv, .json) or actions (.json)',
] as const;
export const MAX_PIXELS = [
  '--max-pixels <n>',
  'allow images of up to n pixels, all frames together (default: 134217728)',
  pixelCount,
] as const;

export const SEQUENCE = 'a Pulseq file (.seq) or a built-in sequence (larmor list)';
export const PHANTOM = 'a phantom file or a built-in phantom (larmor list)';
export const RAW = 'ISMRMRD raw data';
