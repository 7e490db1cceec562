/**
 * Unlabelled reference lines: lines at k = 0 that are read more often than the table of phase encodings asks for. EPI
 * reads a few without blips before its train (navigators) or a whole train of them (phase correction); other sequences
 * read one now and then to follow breathing or drift. They look like image lines, and taken for such they would shift
 * every later line into a wrong repetition or echo.
 */
import type { WalkedReadout } from './kspace.ts';
import type { Line } from './trajectory-kind.ts';
import { add, dot, norm, type Vector } from './vector.ts';

/** Distance from the centre, and between lines, below which lines are at one place; part of a line's length. */
const SAME = 1e-3;

/** One readout as the search sees it. */
interface Placed {
  /** Index among the readouts given. */
  readonly n: number;
  readonly place: string;
  readonly atCenter: boolean;
  /** From k = 0 across the line. */
  readonly across: Vector;
}

/** @param readouts parallel lines in the order played, with their `lines`; the results index them */
export function repeatedCenterLines(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
): { phaseCorrection: number[]; navigators: number[] } {
  const placed = readouts.map((_, n) => placeOf(n, lines[n]!));
  const trains = new Map<number, Placed[]>();
  for (const [n, { excitation }] of readouts.entries()) {
    const train = trains.get(excitation);
    if (train === undefined) trains.set(excitation, [placed[n]!]);
    else train.push(placed[n]!);
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
 * Lines at the centre in sequences that read several lines after a pulse: whole trains of them, runs of them (no blip
 * in between) where other lines are not repeated, and single ones that the train reads again in their turn.
 */
function linesOfTrains(trains: readonly (readonly Placed[])[]): number[] {
  const longest = trains.reduce((most, train) => Math.max(most, countPlaces(train)), 0);
  return trains.flatMap((train) => {
    const whole = train.every(({ atCenter }) => atCenter);
    // A train of one line is one of a table with unequal trains, unless trains are long.
    if (whole) return train.length > 1 || longest > 2 ? train.map(({ n }) => n) : [];
    const runs = runsOf(train);
    if (runs.some((run) => run.length > 1 && !run[0]!.atCenter)) return [];
    const repeated = runs.filter((run) => run.length > 1).flat();
    const rest = train.filter((line) => !repeated.includes(line));
    if (repeated.length > 0 && !rest.some(({ atCenter }) => atCenter) && centerBelongs(rest)) repeated.pop();
    const kept = train.filter((line) => !repeated.includes(line));
    return [...repeated.map(({ n }) => n), ...surplus(kept)];
  });
}

function runsOf(train: readonly Placed[]): Placed[][] {
  const runs: Placed[][] = [];
  for (const line of train) {
    const run = runs.at(-1);
    if (run !== undefined && run[0]!.place === line.place) run.push(line);
    else runs.push([line]);
  }
  return runs;
}

/** Whether the lines of a train leave out the centre of the grid they lie on, so that the table needs a line there. */
function centerBelongs(lines: readonly Placed[]): boolean {
  if (lines.length < 2) return false;
  const steps = lines.slice(1).map((line, n) => add(line.across, lines[n]!.across, -1));
  const step = steps.reduce((least, s) => (norm(s) < norm(least) ? s : least));
  const size = norm(step);
  const positions = lines.map(({ across }) => dot(across, step) / size ** 2);
  return positions.every((p) => Math.abs(p - Math.round(p)) < 0.1);
}

/**
 * Lines at the centre beyond as many as any other place has. Which of them are the extra ones: those whose neighbours
 * in time lie farthest from the centre, and the earlier of equals.
 */
function surplus(lines: readonly Placed[]): number[] {
  const visits = new Map<string, number>();
  for (const { place } of lines) visits.set(place, (visits.get(place) ?? 0) + 1);
  const center = lines.filter(({ atCenter }) => atCenter);
  const others = [...visits].filter(([place]) => place !== center[0]?.place).map(([, count]) => count);
  const usual = others.reduce((most, count) => Math.max(most, count), 0);
  const extra = center.length - usual;
  if (usual === 0 || extra <= 0) return [];
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
