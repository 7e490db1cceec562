/**
 * Fuzzer of the Pulseq reader: real files with a few things broken. A file may be read, or refused
 * by one line that names it; anything else (another error, a hang, two lines) is a defect.
 *
 *     node --import tsx test/fuzz/pulseq.ts --seconds 30          as many as fit
 *     node --import tsx test/fuzz/pulseq.ts --seed 4711 --cases 1   one again
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { LarmorError } from '../../host/base/errors.ts';
import { randomNumbers } from '../../host/numerics/random.ts';
import { waveforms } from '../../host/sequence/export-waveforms.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { caseFiles } from '../../testing/cases.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { warningsOf } from '../../testing/warnings.ts';
import { seqText } from '../sequence/seq-text.ts';

/** A file of a few kB takes milliseconds; this long means a loop that a number in it drives. */
const LONGEST_MS = 5000;
/** Waveforms of more samples than this are left unmade: they are as long as the file says. */
const MOST_SAMPLES = 1e5;

export interface FuzzOptions {
  readonly seed: number;
  readonly cases?: number;
  readonly seconds?: number;
}

export interface FuzzResult {
  readonly cases: number;
  readonly read: number;
  readonly refused: number;
}

/** @throws Error naming the seed of the case that went wrong */
export function fuzzPulseq({
  seed,
  cases = Number.POSITIVE_INFINITY,
  seconds = Number.POSITIVE_INFINITY,
}: FuzzOptions): FuzzResult {
  const corpus = [seqText(), old, ...small([...caseFiles('pulseq', '.seq'), ...caseFiles('sequences', '.seq')])];
  const folder = temporaryFolder();
  const path = join(folder, 'fuzzed.seq');
  const until = performance.now() + 1000 * seconds;
  let count = 0;
  let read = 0;
  try {
    for (; count < cases && performance.now() < until; count++) {
      const random = randomOf(seed + count);
      writeFileSync(path, mutated(corpus, random), 'latin1');
      const start = performance.now();
      try {
        if (isRead(path)) read++;
      } catch (error) {
        throw new Error(`seed ${seed + count}: ${(error as Error).message}`, { cause: error });
      }
      const took = performance.now() - start;
      if (took > LONGEST_MS) throw new Error(`seed ${seed + count}: took ${Math.round(took)} ms`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { cases: count, read, refused: count - read };
}

/** Reads the file and everything in it; false when it was refused as it should be. */
function isRead(path: string): boolean {
  try {
    warningsOf(() => {
      const sequence = readPulseq(path);
      let samples = 0;
      for (let n = 0; n < sequence.blockCount; n++) samples += sequence.block(n).adc?.samples ?? 0;
      if (samples < MOST_SAMPLES) waveforms(sequence);
    });
    return true;
  } catch (error) {
    if (!(error instanceof LarmorError)) throw error;
    if (error.exitCode === 65 && error.message.startsWith(path) && /^[^\n]+; [^\n]+$/.test(error.message)) return false;
    throw new Error(`is refused badly, with ${error.exitCode}: ${JSON.stringify(error.message)}`);
  }
}

const small = (paths: readonly string[]): string[] =>
  paths.filter((path) => statSync(path).size < 60_000).map((path) => readFileSync(path, 'latin1'));

/** Version 1.3 differs most from the rest. */
export const old = seqText({
  version: '[VERSION]\nmajor 1\nminor 3\nrevision 1\n',
  blocks: '[BLOCKS]\n1 0 1 0 0 1 0 0\n2 1 0 2 0 0 1 1\n',
  rf: '[RF]\n1 2500 1 2 100 0 0\n',
  gradients: '[GRADIENTS]\n2 100000 2 0\n',
  adc: '[ADC]\n1 8 25000 20 0 0\n',
  extensions: '[EXTENSIONS]\n1 1 1 0\nextension LABELINC 1\n1 3 LIN\n\n[DELAYS]\n1 500\n',
});

export type Random = (below: number) => number;

/** Integers in [0, below), the same for the same seed everywhere. */
export function randomOf(seed: number): Random {
  const next = randomNumbers(seed);
  return (below) => Math.floor(next() * below);
}

export const NUMBERS =
  '0 -0 1 -1 2 3 0.5 -1e-9 1e-320 1e308 -1e308 1e999 NaN Inf -inf 99999999 2147483648 -2147483649 1e15 9007199254740993 0x1F . 1e 1e+ --1'.split(
    ' ',
  );
const TOKENS =
  '[VERSION] [DEFINITIONS] [BLOCKS] [RF] [GRADIENTS] [TRAP] [ADC] [DELAYS] [EXTENSIONS] [SHAPES] [SIGNATURE] [ # extension LABELSET LABELINC ROTATIONS TRIGGERS DELAYS RF_SHIMS shape_id num_samples major minor revision \0 \r é'.split(
    ' ',
  );

export function mutated(corpus: readonly string[], random: Random): string {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)];
  let text = pick(corpus);
  /** Replaces `length` characters somewhere. */
  const at = (length: number, by: (old: string) => string): void => {
    const start = random(text.length + 1);
    text = text.slice(0, start) + by(text.slice(start, start + length)) + text.slice(start + length);
  };
  const lines = (change: (all: string[]) => void): void => {
    const all = text.split('\n');
    change(all);
    text = all.join('\n');
  };
  const kinds: (() => void)[] = [
    () => at(1, () => String.fromCharCode(random(256))),
    () => at(random(50), () => ''),
    () => at(random(50), (old) => old + old),
    () => at(0, () => ` ${pick(NUMBERS)} `),
    () => at(0, () => `\n${pick(TOKENS)} `),
    () => {
      text = text.slice(0, random(text.length));
    },
    () => lines((all) => all.splice(random(all.length), 1)),
    () => lines((all) => all.splice(random(all.length), 0, pick(all))),
    () => lines((all) => all.splice(random(all.length), random(20), ...pick(corpus).split('\n').slice(random(40), 60))),
    // The one that gets furthest: a number becomes another, in a file that is otherwise sound.
    () => {
      const found = [...text.matchAll(/-?\d+(\.\d+)?(e[-+]?\d+)?/g)];
      if (found.length === 0) return;
      const { index, 0: number } = pick(found);
      text = text.slice(0, index) + pick(NUMBERS) + text.slice(index + number.length);
    },
  ];
  for (let times = 1 + random(3); times > 0; times--) (random(2) === 0 ? kinds[kinds.length - 1] : pick(kinds))();
  return text;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, seed: { type: 'string' }, cases: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 1e9);
  const cases = values.cases === undefined ? {} : { cases: Number(values.cases) };
  const seconds = values.cases === undefined ? { seconds: Number(values.seconds ?? 30) } : {};
  console.log(`seed ${seed}`);
  const result = fuzzPulseq({ seed, ...cases, ...seconds });
  console.log(`${result.cases} files: ${result.read} read, ${result.refused} refused, none mishandled`);
}
