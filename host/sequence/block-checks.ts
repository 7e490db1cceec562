/**
 * Blocks that cannot be simulated: events outside their block or with absurd values, a readout
 * during a pulse; and in sequences that a program made, everything that a file could not contain
 * (`block-readers.ts`).
 */
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { type JsonReader, wholeNumber } from '../base/json.ts';
import type { Seconds } from '../base/units.ts';
import { readBlock, textLine, time, token } from './block-readers.ts';
import { eventEnd } from './designer.ts';
import { LONGEST_BLOCK, valueProblem } from './plausible.ts';
import type { Block, Sequence } from './types.ts';

/**
 * Events may exceed their block, or overlap, by rounding: half a nanosecond in addition to the
 * rounding of files.
 */
export const SAME_TIME: Seconds = 1.5e-9;

/** What is wrong with a block, and how to fix it. */
export function blockProblem({
  rf,
  adc,
  gx,
  gy,
  gz,
  duration,
}: Block): readonly [what: string, fix: string] | undefined {
  if (!(duration >= 0)) return [`lasts ${duration} s`, 'give a duration of 0 or more'];
  if (duration > LONGEST_BLOCK) return [`lasts ${duration} s`, `a block lasts at most ${LONGEST_BLOCK} s`];
  for (const event of [rf, gx, gy, gz, adc]) {
    if (event === undefined) continue;
    const kind = event === rf ? 'RF pulse' : event === adc ? 'readout' : 'gradient';
    const problem = valueProblem(event);
    if (problem !== undefined) return [`the ${kind} has ${problem}`, 'check the number and its unit'];
    if (!(event.delay >= 0)) return [`the ${kind} has a delay of ${event.delay} s`, 'give 0 or more'];
    const end = eventEnd(event);
    if (!(end <= duration + SAME_TIME))
      return [`the ${kind} ends at ${tidy(end)} s, the block at ${tidy(duration)} s`, 'lengthen the block'];
  }
  if (rf === undefined || adc === undefined) return undefined;
  if (rf.delay < eventEnd(adc) - SAME_TIME && adc.delay < eventEnd(rf) - SAME_TIME)
    return ['the readout and the RF pulse overlap', 'read before or after the pulse'];
  return undefined;
}

/** @param n of the block, from 0 @throws LarmorError 65 */
export function requirePlayable(block: Block, sequence: string, n: number): void {
  const problem = blockProblem(block);
  if (problem !== undefined) throw badInput(`${sequence}, block ${n + 1}`, ...problem);
}

/** Nine digits: a nanosecond in a second, without the rounding of sums. */
function tidy(time: Seconds): number {
  return Number(time.toPrecision(9));
}

/** Memory per sample in the sums over spins, the signal and the raw data, measured. */
export const BYTES_PER_SAMPLE = 60;

/** Blocks that a sequence may have: what an array can. */
const MOST_BLOCKS = 2 ** 32 - 1;

const sound = new WeakSet<Sequence>();

/**
 * Checks a sequence that may have been made by a program; each sequence only once.
 * @throws LarmorError 65 that names sequence, block and key
 */
export function requireSound(sequence: Sequence): void {
  if (sound.has(sequence)) return;
  const { name, definitions, blockCount, duration } = sequence;
  const at = (key: string) => ({ file: typeof name === 'string' ? name : 'sequence', key });
  const check = <T>(reader: JsonReader<T>, value: unknown, key: string): T => reader(value, at(key));
  check(textLine, name, 'name');
  check(time, duration, 'duration');
  check(wholeNumber(0, MOST_BLOCKS), blockCount, 'blockCount');
  if (!(definitions instanceof Map))
    throw badInput(name, 'its definitions are not a Map of strings', 'make it with design.sequenceOf');
  for (const [key, text] of definitions) {
    check(token, key, 'a key of definitions');
    check(textLine, text, `definitions.${key}`);
  }
  const budget = openBudget('signal', name, undefined);
  let samples = 0;
  for (let n = 0; n < blockCount; n++) {
    const block = sequence.block(n);
    readBlock(block, { file: `${name}, block ${n + 1}`, key: '' });
    requirePlayable(block, name, n);
    samples += block.adc?.samples ?? 0;
    budget.check(BYTES_PER_SAMPLE * samples, `${samples} samples`);
  }
  sound.add(sequence);
}
