/**
 * Unlabelled reference lines: lines at k = 0 that are read more often than the table of phase
 * encodings requires. EPI reads a few without blips before its train (navigators) or a whole train
 * of them (phase correction); other sequences read one now and then to follow breathing or drift.
 * They look like image lines; counted as such they would move every later line into a wrong
 * repetition or echo.
 */
import type { WalkedReadout } from './kspace.ts';
import type { Line } from './trajectory-kind.ts';
import { add, dot, norm, type Vector } from './vector.ts';

/**
 * Distance from the centre, and between lines, below which positions are equal, as a fraction of a
 * line's length.
 */
const SAME = 1e-3;

/** One readout in the search. */
interface Placed {
  /** Index among the readouts given. */
  readonly n: number;
  readonly place: string;
  readonly atCenter: boolean;
  /** From k = 0 across the line. */
  readonly across: Vector;
}

/**
 * @param readouts parallel lines in the order played, with their `lines`; the results index them
 */
export function repeatedCenterLines(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
): { phaseCorrection: number[]; navigators: number[] } {
  const placed = readouts.map((_, n) => placeOf(n, lines[n]));
  const trains = new Map<number, Placed[]>();
  for (const [n, { excitation }] of readouts.entries()) {
    const train = trains.get(excitation);
    if (train === undefined) trains.set(excitation, [placed[n]]);
    else train.push(placed[n]);
  }
  const all = [...trains.values()];
  if (!all.some((train) => countPlaces(train) > 1)) return { phaseCorrection: [], navigators: surplus(placed) };
  const found = new Set(linesOfTrains(all));
  const more = surplus(placed.filter(({ n }) => !found.has(n)));
  return { phaseCorrection: [...found, ...more], navigators: [] };
}

function placeOf(n: number, { first, last, direction }: Line): Placed {
  const length = norm(add(last, first, -1));
  const across = add(first, direction, -dot(first, direction));
  const cell = SAME * length;
  const place = across.map((c) => Math.round(c / cell) + 0).join(' ');
  return { n, place, atCenter: norm(across) < cell, across };
}

const countPlaces = (train: readonly Placed[]): number => new Set(train.map(({ place }) => place)).size;

/**
 * Lines at the centre in sequences that read several lines after a pulse: whole trains of them,
 * runs of them (no blip in between) where other lines are not repeated, and single ones that the
 * train reads again later.
 */
function linesOfTrains(trains: readonly (readonly Placed[])[]): number[] {
  const longest = trains.reduce((most, train) => Math.max(most, countPlaces(train)), 0);
  return trains.flatMap((train) => {
    const whole = train.every(({ atCenter }) => atCenter);
    // A train of one line belongs to a table with unequal trains, unless trains are long.
    if (whole) return train.length > 1 || longest > 2 ? train.map(({ n }) => n) : [];
    const runs = runsOf(train);
    if (runs.some((run) => run.length > 1 && !run[0].atCenter)) return [];
    const repeated = runs.filter((run) => run.length > 1).flat();
    const rest = train.filter((line) => !repeated.includes(line));
    if (repeated.length > 0 && !rest.some(({ atCenter }) => atCenter) && centerOfGrid(rest) === 'line') repeated.pop();
    const kept = train.filter((line) => !repeated.includes(line));
    return [...repeated.map(({ n }) => n), ...surplus(kept)];
  });
}

function runsOf(train: readonly Placed[]): Placed[][] {
  const runs: Placed[][] = [];
  for (const line of train) {
    const run = runs.at(-1);
    if (run !== undefined && run[0].place === line.place) run.push(line);
    else runs.push([line]);
  }
  return runs;
}

/**
 * Position of k = 0 on the grid of the other lines: on a line of it, or halfway between two, as in
 * a table of an even number of lines placed symmetrically. Undefined for lines on no grid, and for
 * too few to tell.
 */
function centerOfGrid(lines: readonly Placed[]): 'line' | 'gap' | undefined {
  const places = [...new Map(lines.map(({ place, across }) => [place, across])).values()];
  if (places.length < 2) return undefined;
  const innermost = places.reduce((least, place) => (norm(place) < norm(least) ? place : least));
  const steps = places.filter((place) => place !== innermost).map((place) => add(place, innermost, -1));
  const first = shortest(steps);
  const across = steps.map((step) => add(step, first, -dot(step, first) / dot(first, first)));
  const second = across.filter((step) => norm(step) > 0.1 * norm(first));
  const positions = [first, ...(second.length > 0 ? [shortest(second)] : [])].map((step) =>
    places.map((place) => dot(place, step) / dot(step, step)),
  );
  const near = (offset: number) => (p: number) => Math.abs(p - offset - Math.round(p - offset)) < 0.1;
  // Two lines alone are half their distance off the centre on any grid.
  if (positions.some((along) => along.every(near(0.5)) && along.some((p) => Math.abs(p) > 1))) return 'gap';
  return positions.every((along) => along.every(near(0))) ? 'line' : undefined;
}

const shortest = (steps: readonly Vector[]): Vector =>
  steps.reduce((least, step) => (norm(step) < norm(least) ? step : least));

/**
 * Lines at the centre beyond as many as any other place has, or all where the table has no line
 * there. Which of them are the extra ones: those whose neighbours in time lie farthest from the
 * centre, and the earlier of equals.
 */
function surplus(lines: readonly Placed[]): number[] {
  const visits = new Map<string, number>();
  for (const { place } of lines) visits.set(place, (visits.get(place) ?? 0) + 1);
  const center = lines.filter(({ atCenter }) => atCenter);
  if (center.length === 0 || visits.size === 1) return [];
  const elsewhere = lines.filter(({ atCenter }) => !atCenter);
  if (centerOfGrid(elsewhere) === 'gap') return center.map(({ n }) => n);
  visits.delete(center[0].place);
  const usual = [...visits.values()].reduce((most, count) => Math.max(most, count), 0);
  const extra = center.length - usual;
  if (extra <= 0) return [];
  const before = neighbourDistances(lines);
  const after = neighbourDistances([...lines].reverse());
  const distance = (n: number): number => Math.min(before.get(n)!, after.get(n)!);
  return center
    .map(({ n }) => n)
    .sort((a, b) => distance(b) - distance(a) || a - b)
    .slice(0, extra);
}

/** For each line at the centre, how far out the last line elsewhere was; ∞ before the first. */
function neighbourDistances(lines: readonly Placed[]): Map<number, number> {
  const distances = new Map<number, number>();
  let last = Number.POSITIVE_INFINITY;
  for (const { n, atCenter, across } of lines) {
    if (atCenter) distances.set(n, last);
    else last = norm(across);
  }
  return distances;
}
