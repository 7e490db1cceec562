/**
 * Results of one or two passes over all spins with motions: groups, sums and largest radii over
 * whole spans, and the spins whose movement is not separable (`frames.ts`). These are spins of a
 * HeartBeat that reach its axis, or of a HeartBeat or a second path after other motions; their
 * positions are stored, and their movement is sampled (`sampled.ts`).
 */
import { openBudget } from '../../base/budget.ts';
import { WALK_SPINS } from '../bounds.ts';
import { type PhantomSource, spinBlock } from '../types.ts';
import type { Sums } from './frames.ts';
import { membership, numbersOf, type Runs, runsByKey } from './groups.ts';
import { nodesOf, rowIn } from './places.ts';
import { unitTime } from './time-curve.ts';
import type { HeartBeat, Motion, Path } from './types.ts';

export interface Group {
  readonly runs: Runs;
  /** Indices of its motions in the list of all. */
  readonly motions: readonly number[];
  /** Whether the movement is sampled. */
  readonly sampled: boolean;
  readonly sums: Sums;
}

export interface MotionSurvey {
  readonly groups: readonly Group[];
  /**
   * [motions] largest distance of the span's spins at rest from the z axis; undefined if it is not
   * needed, or if earlier motions change it
   */
  readonly radius: readonly (number | undefined)[];
  /**
   * [motions] values of u at which spins of a HeartBeat reach the axis, if they are few; there the
   * means over spans have a corner too
   */
  readonly arrivals: readonly Float64Array[];
  /** Spins whose movement is sampled, and their positions at rest. */
  readonly kept: {
    readonly numbers: Float64Array;
    readonly x: Float32Array;
    readonly y: Float32Array;
    readonly z: Float32Array;
  };
}

const isPath = ({ action }: Motion): boolean => action.type === 'Path' || action.type === 'FlowPath';
const BYTES_PER_KEPT_SPIN = 64;

/**
 * Most spins whose arrivals on the axis cut timelines; the arrivals of more are practically
 * continuous.
 */
const MOST_ARRIVALS = 256;

/** @param motions as `inOrder` gives them */
export function surveyMotions(source: PhantomSource, motions: readonly Motion[]): MotionSurvey {
  const { spinCount } = source;
  const memberOf = membership(motions);
  const lists = new Map<number, number[]>();
  const listOf = (spin: number): number[] => {
    const key = memberOf(spin);
    const known = lists.get(key) ?? motions.flatMap(({ spins }, n) => (rowIn(spins, spin) >= 0 ? n : []));
    lists.set(key, known);
    return known;
  };
  const members = runsByKey(spinCount, memberOf, source.name).map(({ key, runs }) => ({
    key,
    motions: listOf(runs.from[0]),
  }));
  const { sampled, constant } = classify(motions, members);
  const walk = placesOf(source);

  /** [motions] Largest radius at rest of the spins of a HeartBeat that acts first; else 0. */
  const largest = new Float64Array(motions.length);
  const beats = motions.flatMap((motion, n) =>
    constant[n] ? { n, spins: motion.spins, action: motion.action as HeartBeat, unit: unitTime(motion.time) } : [],
  );
  if (beats.length > 0)
    walk((spin, x, y) => {
      for (const { n, spins } of beats)
        if (rowIn(spins, spin) >= 0) largest[n] = Math.max(largest[n], Math.hypot(x, y));
    });
  const reaching = new Set<number>();
  const arrivals = motions.map(() => new Set<number>());
  if (beats.length > 0)
    walk((spin, x, y) => {
      for (const { n, spins, action, unit } of beats) {
        if (rowIn(spins, spin) < 0) continue;
        const u = arrivalOf(action, largest[n], Math.hypot(x, y));
        const within = u >= unit.least && u <= unit.most;
        // Beyond its arrival a radius is clamped: for all u of the curve if that came before the
        // least of them.
        if (!within && !(u < unit.least && u >= 0) && !(u > unit.most && u <= 0)) continue;
        reaching.add(spin);
        if (within && arrivals[n].size <= MOST_ARRIVALS) arrivals[n].add(u);
      }
    });

  // Spins that reach the axis are a group separate from the others of their list.
  const keys = members.map(({ key }) => key);
  const groups = runsByKey(
    spinCount,
    (spin) => 2 * keys.indexOf(memberOf(spin)) + Number(reaching.has(spin)),
    source.name,
  ).map(({ key, runs }) => {
    const { motions: own } = members[key >> 1];
    return { runs, motions: own, sampled: key % 2 === 1 || sampled[key >> 1] };
  });
  const kept = groups.reduce((sum, group) => sum + (group.sampled ? group.runs.spins : 0), 0);
  openBudget('phantom', source.name, 24 * spinCount).take(
    BYTES_PER_KEPT_SPIN * kept,
    `${kept} spins whose movement is sampled`,
  );
  return {
    groups: sumsOf(groups, motions, walk),
    radius: motions.map((_, n) => (constant[n] ? largest[n] : undefined)),
    arrivals: arrivals.map((found) => Float64Array.from(found.size > MOST_ARRIVALS ? [] : found).sort()),
    kept: keptPlaces(source, groups),
  };
}

/**
 * Which lists are sampled for all their spins, and which HeartBeats find the radii of their span as
 * they are at rest.
 */
function classify(motions: readonly Motion[], members: readonly { readonly motions: readonly number[] }[]) {
  const moved = members.map(() => false);
  const onPath = members.map(() => false);
  const sampled = members.map(() => false);
  const constant = motions.map((motion, n) => {
    const span = members.flatMap(({ motions: own }, group) => (own.includes(n) ? group : []));
    const { type } = motion.action;
    if (type === 'Translate') return false;
    const atRest = span.every((group) => !moved[group]);
    for (const group of span) {
      if (type === 'HeartBeat' && !atRest) sampled[group] = true;
      if (isPath(motion)) {
        if (onPath[group]) sampled[group] = true;
        onPath[group] = true;
      }
      moved[group] = true;
    }
    return type === 'HeartBeat' && atRest;
  });
  return { sampled, constant };
}

/** u at which a HeartBeat has pushed a radius down to the axis; NaN where it never does. */
function arrivalOf({ circumferential, radial }: HeartBeat, largest: number, radius: number): number {
  return -radius / (circumferential * largest - radial * (largest - radius));
}

type Walk = (visit: (spin: number, x: number, y: number, z: number) => void) => void;

/** A pass over the positions of all spins, in file order. */
function placesOf(source: PhantomSource): Walk {
  const block = spinBlock(Math.min(WALK_SPINS, source.spinCount));
  return (visit) => {
    for (let first = 0; first < source.spinCount; first += WALK_SPINS) {
      const count = Math.min(WALK_SPINS, source.spinCount - first);
      source.read(first, count, block);
      for (let n = 0; n < count; n++) visit(first + n, block.x[n], block.y[n], block.z[n]);
    }
  };
}

/** Adds the sums for means over spans; zeros if no motion uses a mean. */
function sumsOf(groups: readonly Omit<Group, 'sums'>[], motions: readonly Motion[], walk: Walk): Group[] {
  const asked = motions.some(({ action }) => action.type === 'Rotate' && action.center === 'CenterOfMass');
  const sums = groups.map(({ runs }) => ({
    spins: runs.spins,
    place: [0, 0, 0] as [number, number, number],
    angle: [0, 0] as [number, number],
    nodes: new Float64Array(0) as Float64Array,
  }));
  if (asked) {
    const groupOf = groupFinder(groups);
    walk((spin, x, y, z) => {
      const { place, angle } = sums[groupOf(spin)];
      place[0] += x;
      place[1] += y;
      place[2] += z;
      const radius = Math.hypot(x, y);
      angle[0] += radius === 0 ? 1 : x / radius;
      angle[1] += radius === 0 ? 0 : y / radius;
    });
    for (const [n, { runs, motions: own, sampled }] of groups.entries()) {
      const path = own.map((index) => motions[index]).find(isPath);
      if (path !== undefined && !sampled) sums[n].nodes = sumNodes(path, runs);
    }
  }
  return groups.map((group, n) => ({ ...group, sums: sums[n] }));
}

/** Group of a spin, for spins in ascending order. */
function groupFinder(groups: readonly { readonly runs: Runs }[]): (spin: number) => number {
  const starts = groups
    .flatMap(({ runs }, group) => Array.from(runs.from, (from) => ({ from, group })))
    .sort((a, b) => a.from - b.from);
  let at = 0;
  return (spin) => {
    if (spin < starts[at].from) at = 0;
    while (at + 1 < starts.length && starts[at + 1].from <= spin) at++;
    return starts[at].group;
  };
}

/** Spins whose nodes are summed together. */
const SUM_SPINS = 4096;

function sumNodes({ action, spins }: Motion, runs: Runs): Float64Array {
  const { nodes } = action as Path;
  const sums = new Float64Array(3 * nodes.count);
  for (let first = 0; first < runs.spins; first += SUM_SPINS) {
    const count = Math.min(SUM_SPINS, runs.spins - first);
    const numbers = numbersOf(runs, first, count);
    const members = { at: numbers.map((_, n) => n), count };
    const { columns } = nodesOf(members, (n) => rowIn(spins, numbers[n]), nodes);
    for (const [axis, values] of columns.entries())
      for (let at = 0; at < values.length; at++) sums[3 * Math.floor(at / count) + axis] += values[at];
  }
  return sums;
}

function keptPlaces(source: PhantomSource, groups: readonly Omit<Group, 'sums'>[]): MotionSurvey['kept'] {
  const numbers = Float64Array.from(
    groups.filter(({ sampled }) => sampled).flatMap(({ runs }) => [...numbersOf(runs, 0, runs.spins)]),
  ).sort();
  const columns = [0, 1, 2].map(() => new Float32Array(numbers.length));
  const [x, y, z] = columns;
  let next = 0;
  if (numbers.length > 0)
    placesOf(source)((spin, px, py, pz) => {
      if (spin !== numbers[next]) return;
      [x[next], y[next], z[next]] = [px, py, pz];
      next++;
    });
  return { numbers, x, y, z };
}
