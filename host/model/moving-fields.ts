/**
 * Fields of the scanner at the positions of moving spins. A spin has a few sets of coil columns for
 * each piece of time with samples and a B1 column for each part of a pulse; the timeline requests
 * these while it is compiled. Fields that change its precession frequency are sampled at nodes in
 * time (`seen-fields.ts`).
 */

import type { Movement, MovingFields } from '../base/movement.ts';
import type { Seconds } from '../base/units.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { modelColumns } from '../phantom/columns.ts';
import type { MovingPhantom } from '../phantom/motion/moving.ts';
import { type Model, type PhantomSource, type SpinBlock, spinBlock } from '../phantom/types.ts';
import type { Layer, Spins } from './layer.ts';
import { fillNodes, joinSeen, knotsOf, requirePieces, type SeenField } from './seen-fields.ts';
import { type CoilPieces, coilPieces, type PieceFiller, pieceFiller } from './sensed.ts';

export interface FieldLayers {
  readonly receive?: Layer | undefined;
  readonly transmit?: Layer | undefined;
  /** Fields that change the precession frequency. */
  readonly seen?: readonly SeenField[];
}

export interface MovingInFields {
  readonly movements: readonly Movement[];
  /** Box of all places that spins reach. */
  readonly reach: Pick<PhantomSource['bounds'], 'min' | 'max'>;
  /** Once all timelines are compiled. */
  source(): PhantomSource;
  /**
   * Checks that all fields cover all spins, at some times of the sequence, before anything is
   * simulated.
   * @throws LarmorError 65
   */
  requireCoverage(surveyOf: SurveyOf): Promise<void>;
}

/** Times at which coverage is checked, spread over the sequence, besides its start. */
const COVERAGE_TIMES = 16;

/**
 * Part of a pulse: the B1 at the positions of the spins at `time`, for the shim whose column it is
 * at rest.
 */
interface Play {
  readonly time: number;
  readonly column: number;
}

/**
 * @param phantom at rest
 * @param duration of the sequence
 * @throws LarmorError 65 if spins move so far through the fields that these take too many nodes
 */
export function movingInFields(
  moving: MovingPhantom,
  { receive, transmit, seen: several = [] }: FieldLayers,
  phantom: Pick<PhantomSource, 'name' | 'spinCount'>,
  duration: Seconds,
): MovingInFields {
  const seen = joinSeen(several);
  const clearance = receive?.clearance?.(moving.bounds);
  const senses = moving.movements.map((movement, group) =>
    coilPieces(movement, clearance, (from, to) => moving.shift(group, from, to), duration),
  );
  const plays = moving.movements.map(() => numbered<Play>(({ time, column }) => `${time} ${column}`));
  const knots = moving.movements.map((movement, group) =>
    seen === undefined ? new Float64Array(0) : knotsOf(movement, (from, to) => moving.shift(group, from, to), duration),
  );
  requirePieces(phantom.name, phantom.spinCount, knots);
  const movements = moving.movements.map((movement, group): Movement => {
    const fields: MovingFields = {
      ...(receive === undefined ? {} : { receive: senses[group].at }),
      ...(transmit === undefined
        ? {}
        : { transmit: (time, column) => (column < 0 ? column : plays[group].indexOf({ time, column })) }),
      ...(seen && {
        seen: { width: seen.largest.length, knots: knots[group], rates: seen.rates, curved: seen.curved },
      }),
      shift: (from, to) => moving.shift(group, from, to),
    };
    if (receive === undefined && transmit === undefined && seen === undefined) return movement;
    const corners = Float64Array.from(new Set([...movement.corners, ...knots[group].subarray(1, -1)])).sort();
    return { ...movement, corners, fields };
  });
  return {
    movements,
    reach: moving.bounds,
    async requireCoverage(surveyOf) {
      const uncertain = [receive, transmit, ...several].filter(
        (layer) => layer?.check !== undefined && !layer.fitsBox?.(moving.bounds),
      );
      if (uncertain.length === 0) return;
      const base = moving.source();
      await surveyOf(base.spinCount, (first, count, block) => {
        base.read(first, count, block);
        for (const [from, size] of partsOf(base.model?.groups ?? [base.spinCount], first, count)) {
          const { spins, moveTo } = onTheMove(moving, base.name, from, size, cut(block, from - first, size));
          for (let n = 0; n <= COVERAGE_TIMES; n++) {
            moveTo(((n * 0.6180339887498949) % 1) * duration);
            for (const layer of uncertain) layer!.check!(spins);
          }
        }
      });
    },
    source: () => sourceInFields({ moving, receive, transmit, seen, senses, plays, knots }),
  };
}

/** Movements, the layers of fields along them, and by group what is looked up in these. */
interface InFields {
  readonly moving: MovingPhantom;
  readonly receive: FieldLayers['receive'];
  readonly transmit: FieldLayers['transmit'];
  readonly seen: ReturnType<typeof joinSeen>;
  /** Pieces of coils, parts of pulses, and knots of the fields that are seen. */
  readonly senses: readonly CoilPieces[];
  readonly plays: readonly Numbered<Play>[];
  readonly knots: readonly Float64Array[];
}

/** The phantom with columns of all fields. */
function sourceInFields(all: InFields): PhantomSource {
  const { moving, receive, transmit, seen } = all;
  const base = moving.source();
  if (receive === undefined && transmit === undefined && seen === undefined) return base;
  const model = modelInFields(all, base.model!);
  const at = modelColumns(model);
  const layers = [receive, transmit, seen].filter((layer) => layer !== undefined);
  const fillPieces = receive && pieceFiller(receive);
  const read = (first: number, count: number, into: SpinBlock): void => {
    const { extra, ...plain } = into;
    const own = extra && { extra: [...extra.slice(0, at.transmits), ...extra.slice(at.nodes, at.fields)] };
    base.read(first, count, { ...(plain as SpinBlock), ...own });
    if (extra === undefined) return;
    // A range may hold spins of several groups; a tile never does.
    for (const [from, size] of partsOf(model.groups ?? [base.spinCount], first, count)) {
      const atRest = cut(plain as SpinBlock, from - first, size);
      const traveller = onTheMove(moving, base.name, from, size, atRest);
      fillColumns(all, at, fillPieces, traveller, atRest, extra, from - first);
    }
  };
  return {
    ...base,
    model,
    identity: [base.identity, ...layers.map((layer) => layer.identity)].join(' '),
    residentBytes: layers.reduce((bytes, layer) => bytes + layer.residentBytes, base.residentBytes),
    read,
  };
}

function modelInFields({ receive, transmit, seen, senses, plays, knots }: InFields, moving: Model): Model {
  const coils = receive?.adds.coils ?? 0;
  return {
    ...moving,
    transmits: Math.max(0, ...plays.map(({ all }) => all.length)),
    coils,
    ...(coils === 0 ? {} : { coilSets: Math.max(1, ...senses.map(({ sets }) => sets)) }),
    ...(seen && {
      fields: { nodes: 2 * Math.max(...knots.map(({ length }) => length - 1)), largest: seen.largest },
    }),
    largest: {
      ...moving.largest,
      transmit: transmit?.largest.transmit ?? 0,
      coil: receive?.largest.coil ?? 0,
    },
  };
}

/** Fills the columns of fields for spins of one group, which begin in them at `begin`. */
function fillColumns(
  { receive, transmit, seen, senses, plays, knots }: InFields,
  at: ReturnType<typeof modelColumns>,
  fillPieces: PieceFiller | undefined,
  { group, spins, placesAt, moveTo }: ReturnType<typeof onTheMove>,
  atRest: SpinBlock,
  extra: readonly Float32Array[],
  begin: number,
): void {
  const { count } = spins;
  const cutColumns = (low: number, high: number): readonly Float32Array[] =>
    extra.slice(low, high).map((column) => column.subarray(begin, begin + count));
  // There may be a set of coils for every sample (maps), and each view of a column is an object.
  const columns = begin === 0 ? (low: number, high: number) => extra.slice(low, high) : cutColumns;
  if (seen !== undefined) {
    const values = cutColumns(at.fields, at.total);
    for (const column of values) column.fill(0);
    fillNodes(seen, knots[group], placesAt, values, (n, errorOf) => {
      if (atRest.density[n] !== 0) throw errorOf(spins.nameOf(n));
    });
  }
  const coils = receive?.adds.coils ?? 0;
  fillPieces?.(senses[group].all, { spins, moveTo }, (set) =>
    columns(at.coils + 2 * coils * set, at.coils + 2 * coils * (set + 1)),
  );
  // Groups with fewer sets and shims than others.
  const rest = [
    [at.transmits + 2 * plays[group].all.length, at.coils],
    [at.coils + 2 * coils * senses[group].sets, at.nodes],
  ] as const;
  for (const [low, high] of rest) for (let n = low; n < high; n++) extra[n].fill(0, begin, begin + count);
  if (transmit === undefined) return;
  const shims = Array.from({ length: 2 * (transmit.adds.transmits ?? 0) }, () => new Float32Array(count));
  for (const [index, { time, column }] of plays[group].all.entries()) {
    moveTo(time);
    transmit.fill(spins, shims);
    const to = at.transmits + 2 * index;
    for (const [part, values] of columns(to, to + 2).entries()) values.set(shims[2 * column + part], 0);
  }
}

/**
 * Spins [first, first + count) of one group: a block that `moveTo` moves to their positions at a
 * time.
 */
function onTheMove(moving: MovingPhantom, name: string, first: number, count: number, atRest: SpinBlock) {
  const { group, numbers, at: placesAt } = moving.placesOf(first, count, atRest);
  const [x, y, z] = [0, 1, 2].map(() => new Float64Array(count)) as [Float64Array, Float64Array, Float64Array];
  const block = { ...spinBlock(count), x, y, z };
  for (const column of ['density', 'T1', 'T2', 'T2s', 'offResonance'] as const)
    block[column].set(atRest[column].subarray(0, count));
  const nameOf = (n: number): string => `${name} spin ${numbers[n]}, where it moves to,`;
  const spins: Spins = { block, first: numbers[0], count, nameOf };
  const moveTo = (time: Seconds): void => {
    const places = placesAt(time);
    x.set(places.x);
    y.set(places.y);
    z.set(places.z);
  };
  return { group, spins, placesAt, moveTo };
}

/** Things in the order in which they are first asked for. */
interface Numbered<T> {
  readonly all: readonly T[];
  readonly indexOf: (thing: T) => number;
}

function numbered<T>(keyOf: (thing: T) => string): Numbered<T> {
  const all: T[] = [];
  const known = new Map<string, number>();
  return {
    all,
    indexOf(thing) {
      const key = keyOf(thing);
      const found = known.get(key) ?? all.push(thing) - 1;
      known.set(key, found);
      return found;
    },
  };
}

/** [first, count] of the parts of a range that lie in one group each. */
function partsOf(groups: readonly number[], first: number, count: number): [number, number][] {
  const parts: [number, number][] = [];
  let start = 0;
  for (const size of groups) {
    const from = Math.max(first, start);
    const to = Math.min(first + count, start + size);
    if (to > from) parts.push([from, to - from]);
    start += size;
  }
  return parts;
}

function cut({ extra, ...base }: SpinBlock, from: number, count: number): SpinBlock {
  const part = (column: Float32Array): Float32Array => column.subarray(from, from + count);
  const block = Object.fromEntries(Object.entries(base).map(([name, column]) => [name, part(column)]));
  return { ...(block as unknown as SpinBlock), ...(extra && { extra: extra.map(part) }) };
}
