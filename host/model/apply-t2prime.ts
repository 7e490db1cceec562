/**
 * T2′ of a phantom in the scanner by one of two methods: several off-resonances for each spin, or a
 * factor for each sample.
 */

import type { PhantomSource } from '../phantom/types.ts';
import { dephasingTimes } from '../sequence/dephasing.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { eachDephasing, type T2Prime, warnOfNone, withEnsemble } from './t2prime.ts';
import { type Channels, withAnalytic } from './t2prime-analytic.ts';

export interface Dephased {
  readonly source: PhantomSource;
  /**
   * Combines the channels in which the spins are received to one signal [samples][re, im]; absent:
   * each coil is one channel.
   */
  readonly mix?: Channels['mix'];
}

/** @throws LarmorError 65 if the method does not suit the sequence or the coils */
export function withT2Prime(source: PhantomSource, how: T2Prime, sequence: Sequence, scanner: Scanner): Dephased {
  if (how === 'none') return { source };
  if (how === 'ensemble') return { source: withEnsemble(source, sequence.duration, scanner.B0) };
  let longestT2 = 0;
  const found = eachDephasing(source, (_, T2) => {
    longestT2 = Math.max(longestT2, T2);
  });
  if (found > 0) return withAnalytic(source, dephasingTimes(sequence, scanner, longestT2));
  warnOfNone(source, 'analytic');
  return { source };
}
