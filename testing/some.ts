/**
 * Everyday tests take some cases of a long list, `npm test -- --slow` takes all: it sets
 * LARMOR_TESTS=all, as does whoever runs a single file in full.
 */
import process from 'node:process';

export const everything = process.env.LARMOR_TESTS === 'all';

/** Chooses cases of a list. */
export type Choice = <T>(list: readonly T[], step: number) => readonly T[];

/**
 * Every `step`-th case from the first one on, or all: lists are ordered so that each kind is met.
 */
export const some: Choice = (list, step) => (everything ? list : list.filter((_, n) => n % step === 0));

/**
 * One case of a list, the `nth` in turn, so that a loop over `nth` covers the list; with `--slow`
 * all of them.
 */
export const inTurn = <T>(list: readonly T[], nth: number): readonly T[] =>
  everything ? list : list.filter((_, n) => n === nth % list.length);

export const all: Choice = (list) => list;
