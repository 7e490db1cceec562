/** Trains and the tables of their axes in the shared memory, field for field as `Train` and `Axis` in assembly/ declare them. */
import type { Arena } from './layout.ts';
import type { Axis } from './spreading.ts';
import { gridBytes, type Train } from './trains.ts';

/** Bytes of one grid, for the largest train. */
export function trainBytes(trains: readonly Train[]): number {
  return Math.max(0, ...trains.map(({ sampleAxis, lineAxis }) => gridBytes(sampleAxis, lineAxis)));
}

/** Room that `placeTrains` takes at most. */
export function placedTrainBytes(trains: readonly Train[]): number {
  const axes = new Set(trains.flatMap(({ sampleAxis, lineAxis }) => [sampleAxis, lineAxis]));
  const tables = [...axes].reduce(
    (sum, { grid, samples, polynomials }) => sum + 16 * grid + 8 * samples + 4 * polynomials.length,
    0,
  );
  const firsts = trains.reduce((sum, { firstSamples }) => sum + firstSamples.byteLength + 512, 0);
  return tables + firsts + 4096 * axes.size;
}

/** @returns address of [trains][geometry, sampleAxis, lineAxis, firstSamples] */
export function placeTrains(arena: Arena, trains: readonly Train[]): number {
  const placed = new Map<Axis, number>();
  const axisAt = (axis: Axis): number => {
    const address = placed.get(axis) ?? placeAxis(arena, axis);
    placed.set(axis, address);
    return address;
  };
  return arena.place(
    Int32Array.from(
      trains.flatMap(({ geometry, sampleAxis, lineAxis, firstSamples }) => [
        arena.place(geometry),
        axisAt(sampleAxis),
        axisAt(lineAxis),
        arena.place(firstSamples),
      ]),
    ),
  );
}

function placeAxis(arena: Arena, { samples, grid, width, taps, degree, polynomials, factors, stages }: Axis): number {
  const table = stages.flatMap(({ radix, m, stride, twiddles }) => [radix, m, stride, arena.placeSingle(twiddles)]);
  return arena.place(
    Int32Array.of(
      samples,
      grid,
      width,
      taps,
      degree,
      arena.placeSingle(polynomials),
      arena.place(factors),
      arena.place(Int32Array.from(table)),
      stages.length,
    ),
  );
}
