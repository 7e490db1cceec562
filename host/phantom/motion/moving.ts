/**
 * A phantom with its motions: spins group by group, with the columns that their movements need, and
 * the movements for the timelines. A timeline must be compiled for each group before `source` is
 * called, because this creates the nodes of sampled movements.
 */
import { createHash } from 'node:crypto';
import { badInput } from '../../base/errors.ts';
import type { Movement } from '../../base/movement.ts';
import type { Seconds } from '../../base/units.ts';
import { modelColumns } from '../columns.ts';
import { type Model, type PhantomSource, type SpinBlock, spinBlock } from '../types.ts';
import { type Evaluator, evaluatorOf, isPath } from './evaluate.ts';
import { numbersOf } from './groups.ts';
import { movementOf, type Piece } from './movements.ts';
import { movingBounds } from './moving-bounds.ts';
import { surveyNodes } from './node-survey.ts';
import { inOrder, moversOf, nodesOf, type Places, placesOver, rowIn } from './places.ts';
import { sampleMovement } from './sampled.ts';
import { type Group, surveyMotions } from './survey.ts';
import type { UnitTime } from './time-curve.ts';
import type { Motion, Path } from './types.ts';

export interface MovingPhantom {
  /** Whether any motion moves any spin before the sequence ends. */
  readonly moves: boolean;
  /** Movement of each group. Compile them all, in this order, before `source`. */
  readonly movements: readonly Movement[];
  /** Box that holds all spins at all times of the sequence [m]. */
  readonly bounds: ReturnType<typeof movingBounds>;
  source(): PhantomSource;
  /**
   * Spins [first, first + count) of the source, all of one group: which group, their numbers in the
   * file, and places at any time.
   */
  placesOf(first: number, count: number, atRest: SpinBlock): MovingPlaces;
  /**
   * Largest distance that spins of a group move between two times [m], evaluated at the corners of
   * the phantom's box, or for some spins if the movement is sampled.
   */
  shift(group: number, from: Seconds, to: Seconds): number;
}

export interface MovingPlaces {
  readonly group: number;
  readonly numbers: Float64Array;
  /** Overwritten by the next call. */
  at(time: Seconds): Places;
}

/** Gap between two wanted spins up to which those between are read too. */
const LARGEST_GAP = 256;
/** Spins of a sampled movement by which a shift is judged. */
const SHIFT_SPINS = 64;
/** Spins whose movement is sampled, times pieces: a quarter of a minute. */
const MOST_SPIN_PIECES = 2e7;

/**
 * @param source spins at rest, in file order
 * @param duration of the sequence [s]
 * @param inFields whether there are fields that are fixed in space, besides gradients and pulses
 * @throws LarmorError 65 for motions that cannot be simulated
 */
export function movingPhantom(
  source: PhantomSource,
  list: readonly Motion[],
  duration: Seconds,
  inFields = true,
): MovingPhantom {
  const motions = inOrder(list);
  const survey = surveyMotions(source, motions);
  const { groups } = survey;
  const evaluator = evaluatorOf(motions, survey);
  const nodes = motions.map(({ action }) =>
    action.type === 'Path' || action.type === 'FlowPath' ? surveyNodes(action.nodes) : undefined,
  );
  const pieces = groups.map((): Piece[] => []);
  const { columns } = evaluator;
  const isRigid = columns.count === 1 && columns.one === 0 && !groups[0].sampled && !motions.some(isPath);
  const isCommon = !inFields && groups.length === 1 && isRigid;
  const movements = groups.map((_, n) =>
    movementOf(motions, survey, n, evaluator, nodes, duration, pieces[n], isCommon),
  );
  const bounds = movingBounds(source, motions, survey, evaluator, nodes, movements, duration);
  const largestNode = Math.max(0, ...nodes.map((found) => found?.largest ?? 0));
  const sampledShifts = groups.map((group) =>
    group.sampled ? shiftBySome(source, motions, group, evaluator) : undefined,
  );
  const starts = [0];
  for (const { runs } of groups) starts.push(starts[starts.length - 1] + runs.spins);
  /** Group and file numbers of spins of one group. */
  const numbersIn = (first: number, count: number): { readonly group: number; readonly numbers: Float64Array } => {
    const group = starts.findLastIndex((start) => start <= first);
    return { group, numbers: numbersOf(groups[group].runs, first - starts[group], count) };
  };
  return {
    moves: motions.some(({ action }, n) => movesBy(action, nodes[n]) && plays(evaluator.units[n], duration)),
    movements,
    bounds,
    placesOf(first, count, { x, y, z }) {
      const { group, numbers } = numbersIn(first, count);
      const rest = { x: x.subarray(0, count), y: y.subarray(0, count), z: z.subarray(0, count) };
      const movers = moversOf(motions, numbers);
      return { group, numbers, at: placesOver(movers, rest, (n, time) => evaluator.measures(time)[n]) };
    },
    shift: (group, from, to) =>
      sampledShifts[group]?.(from, to) ?? shiftOf(source, movements[group], from, to, largestNode),
    source() {
      if (evaluator.varies) checkWork(source, motions, survey.kept.numbers.length, pieces);
      const model = modelOf(motions, groups, movements[0], nodes, pieces, bounds);
      const digests = motions.map((motion, n) => [motion, nodes[n]?.digest ?? '']);
      const motionIdentity = motionDigest(digests as [Motion, string][]);
      const identity = `${source.identity} motion=${motionIdentity}`;
      const parts = groups.map((group, n) => readerOf(source, group, motions, evaluator, pieces[n], model));
      const read = (first: number, count: number, into: SpinBlock): void => {
        for (const [n, part] of parts.entries()) {
          const from = Math.max(first, starts[n]);
          const to = Math.min(first + count, starts[n + 1]);
          if (to > from) part(from - starts[n], to - from, slice(into, from - first, to - from));
        }
      };
      // If all spins move alike they need no columns, and all methods for spins at rest apply.
      return {
        ...source,
        ...(isCommon ? {} : { model }),
        identity,
        motionIdentity,
        numbersOf: (first, count) => numbersIn(first, count).numbers,
        read,
      };
    },
  };
}

/** Whether an action moves spins where u is not 0. */
function movesBy(action: Motion['action'], nodes: ReturnType<typeof surveyNodes> | undefined): boolean {
  if (nodes !== undefined) return nodes.largest > 0 || nodes.resets.includes(1);
  return Object.entries(action).some(([name, value]) => name !== 'center' && typeof value === 'number' && value !== 0);
}

/** Whether u differs from 0 at any time of the sequence. */
function plays({ at, t, unit, periodic }: UnitTime, duration: Seconds): boolean {
  if (at(0) !== 0 || at(duration) !== 0) return true;
  return unit.some((value, n) => value !== 0 && (periodic || (t[n] >= 0 && t[n] <= duration)));
}

/**
 * The largest shift of the corners of the phantom's box as they move with a group, and that of its
 * paths on top.
 */
function shiftOf(
  { bounds }: PhantomSource,
  { path, frame }: Movement,
  from: Seconds,
  to: Seconds,
  largestNode: number,
): number {
  const early = { A: frame(from).A.slice(), v: frame(from).v.slice() };
  const { A, v } = frame(to);
  let most = 0;
  for (let corner = 0; corner < 8; corner++) {
    const r = [0, 1, 2].map((axis) => ((corner >> axis) & 1 ? bounds.max : bounds.min)[axis]);
    const shift = [0, 1, 2].map((row) => {
      let sum = 0;
      for (let axis = 0; axis < 3; axis++) sum += (A[3 * row + axis] - early.A[3 * row + axis]) * r[axis];
      for (let at = row; at < v.length; at += 3) sum += v[at] - early.v[at];
      return sum;
    });
    most = Math.max(most, Math.hypot(...shift));
  }
  if (path === undefined) return most;
  const { start, end } = path.slide(from, to);
  return most + 2 * Math.sqrt(3) * largestNode * Math.abs(end - start);
}

/** The largest shift of some spins of a group, which are placed one by one. */
function shiftBySome(
  source: PhantomSource,
  motions: readonly Motion[],
  { runs }: Group,
  { measures }: Evaluator,
): (from: Seconds, to: Seconds) => number {
  const count = Math.min(SHIFT_SPINS, runs.spins);
  const numbers = Float64Array.from(
    { length: count },
    (_, n) => numbersOf(runs, Math.floor((n * runs.spins) / count), 1)[0],
  );
  const rest = spinBlock(count);
  gather(source, numbers, rest);
  const places = placesOver(moversOf(motions, numbers), rest, (n, time) => measures(time)[n]);
  const early = [0, 1, 2].map(() => new Float64Array(count)) as [Float64Array, Float64Array, Float64Array];
  return (from, to) => {
    const { x, y, z } = places(from);
    for (const [axis, column] of [x, y, z].entries()) early[axis].set(column);
    const late = places(to);
    let most = 0;
    for (let n = 0; n < count; n++)
      most = Math.max(most, Math.hypot(late.x[n] - early[0][n], late.y[n] - early[1][n], late.z[n] - early[2][n]));
    return most;
  };
}

/**
 * The quantities that motions derive from spans whose spins are computed one by one are needed in
 * every piece, before the tiles are known.
 * @throws LarmorError 65 if this alone would take too long
 */
function checkWork(
  source: PhantomSource,
  motions: readonly Motion[],
  spins: number,
  pieces: readonly (readonly Piece[])[],
): void {
  const count = pieces.reduce((sum, own) => sum + own.length, 0);
  if (spins * count <= MOST_SPIN_PIECES) return;
  const work = (value: number): string => value.toExponential(1);
  const what = `${spins} spins whose movement is sampled in ${count} pieces of time: ${work(spins * count)}, the limit is ${work(MOST_SPIN_PIECES)}`;
  const fix = 'take fewer spins (--spins-per-voxel) or a shorter sequence, or put a HeartBeat before rotations';
  throw badInput(motions[0]?.place ?? source.name, what, fix);
}

function modelOf(
  motions: readonly Motion[],
  groups: readonly Group[],
  { terms: columns, common, sliding }: Movement,
  surveys: readonly (ReturnType<typeof surveyNodes> | undefined)[],
  pieces: readonly (readonly Piece[])[],
  bounds: MovingPhantom['bounds'],
): Model {
  const terms = common ? 0 : columns;
  const counts = groups.map(({ motions: own, sampled }, n) => {
    if (sampled) return 2 * pieces[n].length;
    const path = own.map((index) => motions[index]).find(isPath);
    return path === undefined ? 0 : (path.action as Path).nodes.count;
  });
  const node = Math.max(
    0,
    ...surveys.map((survey) => survey?.largest ?? 0),
    groups.some(({ sampled }) => sampled) ? bounds.farthest : 0,
  );
  const step = groups.some(({ sampled }) => sampled)
    ? {}
    : { step: Math.max(0, ...surveys.map((found) => found?.step ?? 0)) };
  return {
    ...{ terms, transmits: 0, coils: 0 },
    // Sliding terms need two nodes, even if no gradient is on and so there is no piece.
    nodes: sliding ? Math.max(2, ...counts) : 0,
    largest: { terms: Array.from({ length: terms }, () => 1), transmit: 0, coil: 1, node, ...step },
    ...(groups.length === 1 ? {} : { groups: groups.map(({ runs }) => runs.spins) }),
  };
}

type Part = (first: number, count: number, into: SpinBlock) => void;

/** Spins [first, first + count) of a group. */
function readerOf(
  source: PhantomSource,
  { runs, motions: own, sampled }: Group,
  motions: readonly Motion[],
  { columns, units, measures }: Evaluator,
  pieces: readonly Piece[],
  model: Model,
): Part {
  const path = sampled ? undefined : own.map((index) => motions[index]).find(isPath);
  const at = modelColumns(model);
  const found = new Map<number, ReturnType<typeof measures>>();
  const remembered = (time: number): ReturnType<typeof measures> => {
    const known = found.get(time) ?? measures(time);
    found.set(time, known);
    return known;
  };
  return (first, count, into) => {
    const numbers = numbersOf(runs, first, count);
    const { extra, ...base } = into;
    gather(source, numbers, base as SpinBlock);
    if (extra === undefined) return;
    for (const column of extra.slice(0, model.terms)) column.fill(1, 0, count);
    if (columns.angle >= 0)
      for (let n = 0; n < count; n++) {
        const [x, y] = [into.x[n], into.y[n]];
        const radius = Math.hypot(x, y);
        extra[columns.angle][n] = radius === 0 ? 1 : x / radius;
        extra[columns.angle + 1][n] = radius === 0 ? 0 : y / radius;
      }
    for (const column of extra.slice(at.nodes, at.total)) column.fill(0, 0, count);
    if (sampled) {
      const rest = { x: into.x.subarray(0, count), y: into.y.subarray(0, count), z: into.z.subarray(0, count) };
      const { columns: nodes, resets } = sampleMovement(motions, units, numbers, rest, pieces, remembered);
      for (const [node, axes] of nodes.entries())
        for (const [axis, values] of axes.entries()) extra[at.nodes + 3 * node + axis].set(values);
      for (const [node, flags] of (resets ?? []).entries()) extra[at.resets + node].set(flags);
    } else if (path !== undefined) {
      const members = { at: numbers.map((_, n) => n), count };
      const { columns: values, reset } = nodesOf(
        members,
        (n) => rowIn(path.spins, numbers[n]),
        (path.action as Path).nodes,
      );
      for (let node = 0; node * count < values[0].length; node++) {
        for (let axis = 0; axis < 3; axis++)
          extra[at.nodes + 3 * node + axis].set(values[axis].subarray(node * count, (node + 1) * count));
        if (reset !== undefined) extra[at.resets + node].set(reset.subarray(node * count, (node + 1) * count));
      }
    }
  };
}

/** Reads spins by their file numbers, which ascend, in runs that cover them. */
function gather(source: PhantomSource, numbers: Float64Array, into: SpinBlock): void {
  for (let n = 0; n < numbers.length; ) {
    let end = n + 1;
    while (end < numbers.length && numbers[end] - numbers[end - 1] <= LARGEST_GAP) end++;
    const width = numbers[end - 1] - numbers[n] + 1;
    if (width === end - n) {
      source.read(numbers[n], width, slice(into, n, width));
    } else {
      const all = spinBlock(width);
      source.read(numbers[n], width, all);
      for (const name of Object.keys(all) as (keyof typeof all & keyof SpinBlock)[]) {
        const [from, to] = [all[name] as Float32Array, into[name] as Float32Array];
        for (let m = n; m < end; m++) to[m] = from[numbers[m] - numbers[n]];
      }
    }
    n = end;
  }
}

/** Entries [from, from + count) of a block. */
function slice({ extra, ...base }: SpinBlock, from: number, count: number): SpinBlock {
  const cut = (column: Float32Array): Float32Array => column.subarray(from, from + count);
  const block = Object.fromEntries(Object.entries(base).map(([name, column]) => [name, cut(column)]));
  return { ...(block as unknown as SpinBlock), ...(extra === undefined ? {} : { extra: extra.map(cut) }) };
}

/** Everything about motions that affects positions; never the name of a file. */
function motionDigest(motions: readonly (readonly [Motion, string])[]): string {
  const hash = createHash('sha256');
  for (const [{ action, time, spins, afterAll = false }, nodes] of motions) {
    const numbers = action.type === 'Path' || action.type === 'FlowPath' ? { nodes } : action;
    hash.update(
      JSON.stringify([action.type, numbers, spins, time.periodic, afterAll, time.t.length, time.periods.length]),
    );
    for (const values of [time.t, time.unit, time.periods]) hash.update(values);
  }
  return hash.digest('hex');
}
