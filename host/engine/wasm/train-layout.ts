/** Transforms and the tables of their axes in the shared memory, field for field as `Train`, `Lines` and `Axis` in assembly/ declare them. */
import { sheetGridBytes } from './curves.ts';
import type { Stage } from './fourier.ts';
import { type Arena, placedOnce } from './layout.ts';
import type { Program } from './program.ts';
import type { Axis } from './spreading.ts';
import { gridBytes, lineGridBytes, type Train } from './trains.ts';

/** Bytes of one of a thread's two grids, for the largest transform; 0 without any. */
export function gridBytesOf({ trains, lines, rows, curves }: Program): number {
  // There may be more of each than a call takes arguments.
  let most = 0;
  for (const { sampleAxis, lineAxis } of trains) most = Math.max(most, gridBytes(sampleAxis, lineAxis));
  for (const own of lines) if (own !== undefined) most = Math.max(most, lineGridBytes(own, rows));
  for (const { sheet } of curves) most = Math.max(most, sheetGridBytes(sheet));
  return most;
}

/** Room that trains, lines and axes take at most. */
export function placedAxisBytes({ trains, lines }: Program): number {
  const axes = new Set(trains.flatMap(({ sampleAxis, lineAxis }) => [sampleAxis, lineAxis]));
  for (const own of lines) if (own !== undefined) axes.add(own.axis);
  const tables = [...axes].reduce(
    (sum, { grid, samples, kernel }) => sum + 16 * grid + 8 * samples + 4 * kernel.polynomials.length,
    0,
  );
  const firsts = trains.reduce((sum, { firstSamples }) => sum + firstSamples.byteLength + 512, 0);
  return tables + firsts + 4096 * axes.size + 512 * lines.length;
}

/** Address of an axis, placed when first asked for. */
export type AxisPlacer = (axis: Axis) => number;

export function axisPlacer(arena: Arena): AxisPlacer {
  return placedOnce((axis) => placeAxis(arena, axis));
}

/** @returns address of [trains][geometry, sampleAxis, lineAxis, firstSamples] */
export function placeTrains(arena: Arena, trains: readonly Train[], axisAt: AxisPlacer): number {
  const records = trains.flatMap(({ geometry, sampleAxis, lineAxis, firstSamples }) => [
    arena.place(geometry),
    axisAt(sampleAxis),
    axisAt(lineAxis),
    arena.place(firstSamples),
  ]);
  return arena.place(Int32Array.from(records));
}

function placeAxis(arena: Arena, { samples, grid, kernel, factors, stages }: Axis): number {
  const { width, taps, degree, polynomials } = kernel;
  return arena.place(
    Int32Array.of(
      samples,
      grid,
      width,
      taps,
      degree,
      arena.placeSingle(polynomials),
      arena.place(factors),
      placeStages(arena, stages),
      stages.length,
    ),
  );
}

/** @returns address of [stages][radix, m, stride, twiddles] */
export function placeStages(arena: Arena, stages: readonly Stage[]): number {
  return arena.place(
    Int32Array.from(
      stages.flatMap(({ radix, m, stride, twiddles }) => [radix, m, stride, arena.placeSingle(twiddles)]),
    ),
  );
}
