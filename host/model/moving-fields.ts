/**
 * Coils and maps of B1 for moving spins. These fields are fixed in space, so a spin has a set of
 * coil columns for each sample, at its position then, and a column of B1 for each part of a pulse.
 * A timeline requests them time by time while it is compiled.
 */

import type { Movement, MovingFields } from '../base/movement.ts';
import { modelColumns } from '../phantom/columns.ts';
import type { MovingPhantom } from '../phantom/motion/moving.ts';
import { type Model, type PhantomSource, type SpinBlock, spinBlock } from '../phantom/types.ts';
import type { Layer } from './layer.ts';

export interface FieldLayers {
  readonly receive?: Layer | undefined;
  readonly transmit?: Layer | undefined;
}

export interface MovingInFields {
  readonly movements: readonly Movement[];
  /** Once all timelines are compiled. */
  source(): PhantomSource;
}

/**
 * A part of a pulse: the positions of the spins at `time`, and the column of B1 of its shim for
 * spins at rest.
 */
interface Play {
  readonly time: number;
  readonly column: number;
}

export function movingInFields(moving: MovingPhantom, { receive, transmit }: FieldLayers): MovingInFields {
  const senses = moving.movements.map(() => numbered<number>((time) => String(time)));
  const plays = moving.movements.map(() => numbered<Play>(({ time, column }) => `${time} ${column}`));
  const movements = moving.movements.map((movement, group): Movement => {
    const fields: MovingFields = {
      ...(receive === undefined ? {} : { receive: senses[group].indexOf }),
      ...(transmit === undefined
        ? {}
        : { transmit: (time, column) => (column < 0 ? column : plays[group].indexOf({ time, column })) }),
      shift: (from, to) => moving.shift(group, from, to),
    };
    return receive === undefined && transmit === undefined ? movement : { ...movement, fields };
  });
  return {
    movements,
    source() {
      const base = moving.source();
      if (receive === undefined && transmit === undefined) return base;
      const coils = receive?.adds.coils ?? 0;
      const model: Model = {
        ...base.model!,
        transmits: Math.max(0, ...plays.map(({ all }) => all.length)),
        coils,
        ...(coils === 0 ? {} : { coilSets: Math.max(1, ...senses.map(({ all }) => all.length)) }),
        largest: {
          ...base.model!.largest,
          transmit: transmit?.largest.transmit ?? 0,
          coil: receive?.largest.coil ?? 0,
        },
      };
      const at = modelColumns(model);
      const layers = [receive, transmit].filter((layer) => layer !== undefined);
      const read = (first: number, count: number, into: SpinBlock): void => {
        const { extra, ...plain } = into;
        const own = extra && { extra: [...extra.slice(0, at.transmits), ...extra.slice(at.nodes)] };
        base.read(first, count, { ...(plain as SpinBlock), ...own });
        if (extra === undefined) return;
        // A range may hold spins of several groups; a tile never does.
        for (const [from, size] of partsOf(model.groups ?? [base.spinCount], first, count))
          fill(from, size, cut(into, from - first, size));
      };
      const fill = (first: number, count: number, into: SpinBlock): void => {
        const { group, numbers, at: placesAt } = moving.placesOf(first, count, into);
        const block = spinBlock(count);
        for (const name of ['density', 'T1', 'T2', 'T2s', 'offResonance'] as const) block[name].set(into[name]);
        const spins = {
          block,
          first: numbers[0],
          count,
          nameOf: (n: number) => `${base.name} spin ${numbers[n]}, where it moves to,`,
        };
        const moveTo = (time: number): void => {
          const { x, y, z } = placesAt(time);
          block.x.set(x);
          block.y.set(y);
          block.z.set(z);
        };
        for (const column of into.extra!.slice(at.transmits, at.nodes)) column.fill(0);
        for (const [set, time] of senses[group].all.entries()) {
          moveTo(time);
          const begin = at.coils + 2 * coils * set;
          receive!.fill(spins, into.extra!.slice(begin, begin + 2 * coils));
        }
        if (transmit === undefined) return;
        const shims = Array.from({ length: 2 * (transmit.adds.transmits ?? 0) }, () => new Float32Array(count));
        for (const [index, { time, column }] of plays[group].all.entries()) {
          moveTo(time);
          transmit.fill(spins, shims);
          for (const part of [0, 1]) into.extra![at.transmits + 2 * index + part].set(shims[2 * column + part]);
        }
      };
      return {
        ...base,
        model,
        identity: [base.identity, ...layers.map((layer) => layer.identity)].join(' '),
        residentBytes: layers.reduce((bytes, layer) => bytes + layer.residentBytes, base.residentBytes),
        read,
      };
    },
  };
}

/** Things in the order in which they are first asked for. */
function numbered<T>(keyOf: (thing: T) => string): {
  readonly all: readonly T[];
  readonly indexOf: (thing: T) => number;
} {
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
  return { ...(block as unknown as SpinBlock), extra: extra!.map(part) };
}
