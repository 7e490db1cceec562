/**
 * Bounds and digest of a phantom whose file does not state them: every spin has to be read once.
 * Each rank reads a part, so that a phantom of 100 GB is read once in all and not once per rank.
 */

import { letEventsThrough } from '../base/context.ts';
import { agree } from '../comm/agree.ts';
import type { Cluster } from '../comm/ranks.ts';
import { type Survey, surveyWalk, WALK_SPINS } from '../phantom/bounds.ts';
import { addDigests } from '../phantom/digest.ts';
import type { PhantomBounds, PhantomSource } from '../phantom/types.ts';
import { staticShare } from './scheduler.ts';

/** Collective. @throws CollectiveError if any rank finds a spin that cannot be simulated */
export function sharedSurvey(cluster: Cluster, spinCount: number, read: PhantomSource['read']): Promise<Survey> {
  const pieces = [{ first: 0, count: Math.ceil(spinCount / WALK_SPINS) }];
  const walk = async (): Promise<Survey | null> => {
    const share = staticShare(pieces, cluster.rank, cluster.size)[0];
    if (share === undefined) return null;
    const own = surveyWalk(spinCount, read);
    for (let piece = share.first; piece < share.first + share.count; piece++) {
      own.visit(piece);
      await letEventsThrough();
    }
    return own.survey();
  };
  return agree(cluster, `survey of ${spinCount} spins`, walk, (all) =>
    all
      .filter((survey) => survey !== null)
      .reduce((a, b) => ({ bounds: union(a.bounds, b.bounds), digest: addDigests(a.digest, b.digest) })),
  );
}

function union(a: PhantomBounds, b: PhantomBounds): PhantomBounds {
  const pick = (choose: (...values: number[]) => number, key: 'min' | 'max'): [number, number, number] => [
    choose(a[key][0], b[key][0]),
    choose(a[key][1], b[key][1]),
    choose(a[key][2], b[key][2]),
  ];
  return {
    maxDensity: Math.max(a.maxDensity, b.maxDensity),
    min: pick(Math.min, 'min'),
    max: pick(Math.max, 'max'),
    maxOffResonance: Math.max(a.maxOffResonance, b.maxOffResonance),
    minT1: Math.min(a.minT1, b.minT1),
    minT2: Math.min(a.minT2, b.minT2),
  };
}
