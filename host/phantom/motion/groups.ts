/**
 * Groups of spins with the same list of motions. The spins of a group are contiguous, in file
 * order, whatever the spans of the motions are: a group is a list of runs of the file's spins.
 */
import { openBudget } from '../../base/budget.ts';
import { badInput } from '../../base/errors.ts';
import { rowIn } from './places.ts';
import type { Motion } from './types.ts';

/**
 * Spins `from`, `from` + 1, … of the file, `count` of them, the first of which is number `start` of
 * its group.
 */
export interface Runs {
  readonly from: Float64Array;
  readonly start: Float64Array;
  readonly spins: number;
}

/** Most groups: each has a timeline of its own, so motions of single spins are not supported. */
const MOST_GROUPS = 64;
/** Memory of one run, including growth of the list. */
const BYTES_PER_RUN = 32;

/** Runs of each different key of spins 0 … spinCount − 1, keys in the order of their first spin. */
export function runsByKey(
  spinCount: number,
  keyOf: (spin: number) => number,
  place: string,
): { readonly key: number; readonly runs: Runs }[] {
  const budget = openBudget('phantom', place, 24 * spinCount);
  const groups = new Map<number, { from: number[]; start: number[]; spins: number }>();
  let last: number | undefined;
  for (let spin = 0; spin < spinCount; spin++) {
    const key = keyOf(spin);
    let group = groups.get(key);
    if (group === undefined) {
      if (groups.size === MOST_GROUPS) {
        const what = `its motions make more than ${MOST_GROUPS} groups of spins that move alike`;
        throw badInput(place, what, 'use a single Path if each spin moves differently');
      }
      group = { from: [], start: [], spins: 0 };
      groups.set(key, group);
    }
    if (key !== last) {
      if (group.from.length % 4096 === 0) budget.take(4096 * BYTES_PER_RUN, `runs of spins that move alike`);
      group.from.push(spin);
      group.start.push(group.spins);
    }
    group.spins++;
    last = key;
  }
  return [...groups].map(([key, { from, start, spins }]) => ({
    key,
    runs: { from: Float64Array.from(from), start: Float64Array.from(start), spins },
  }));
}

/** A number for the list of motions that act on a spin. */
export function membership(motions: readonly Motion[]): (spin: number) => number {
  // Motions with one span always come together, so the different spans are counted; more than 30 of
  // them are more than 64 groups unless nested.
  const spans = [...new Map(motions.map(({ spins }) => [JSON.stringify(spins), spins])).values()];
  const known = new Map<string, number>();
  if (spans.length <= 30)
    return (spin) => spans.reduce((key, span, n) => key | (rowIn(span, spin) >= 0 ? 1 << n : 0), 0);
  return (spin) => {
    const text = spans.map((span) => (rowIn(span, spin) >= 0 ? '1' : '0')).join('');
    const key = known.get(text) ?? known.size;
    known.set(text, key);
    return key;
  };
}

/** File numbers of spins [first, first + count) of a group. */
export function numbersOf({ from, start, spins }: Runs, first: number, count: number): Float64Array {
  const numbers = new Float64Array(count);
  let run = runOf(start, first);
  for (let n = 0; n < count; n++) {
    while (run + 1 < start.length && first + n >= start[run + 1]) run++;
    numbers[n] = from[run] + first + n - start[run];
  }
  if (first + count > spins) throw new RangeError(`spins ${first} to ${first + count - 1} of a group of ${spins}`);
  return numbers;
}

/** The last run that starts at or before spin `first` of the group. */
function runOf(start: Float64Array, first: number): number {
  let [low, high] = [0, start.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (start[middle] <= first) low = middle;
    else high = middle;
  }
  return low;
}
