/** T2′ of a phantom in the scanner, in the way that is asked for: several offsets for each spin, or a factor of each sample. */

import type { PhantomSource } from '../phantom/types.ts';
import { dephasingTimes } from '../sequence/dephasing.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { eachDephasing, type T2Prime, warnOfNone, withEnsemble } from './t2prime.ts';
import { type Channels, withAnalytic } from './t2prime-analytic.ts';

export interface Dephased {
  readonly source: PhantomSource;
  /** Makes one signal [samples][re, im] of the channels in which the spins are received; absent: each coil is one. */
  readonly mix?: Channels['mix'];
}

/** @throws LarmorError 65 where that way does not go with the sequence or the coils */
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
