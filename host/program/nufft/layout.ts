/** Transforms and the tables of their axes in the shared memory. */
import { Axis as AxisRecord, Nufft2d1 as Nufft2d1Record, Stage as StageRecord } from '../../abi/abi.generated.ts';
import { type Arena, placedOnce } from '../../abi/arena.ts';
import type { Program } from '../build.ts';
import { gridBytes, lineGridBytes, type Nufft2d1 } from '../readouts/nufft2d1.ts';
import { planeGridBytes } from '../readouts/nufft2d3.ts';
import type { Stage } from './fourier.ts';
import type { Axis } from './sample-axis.ts';

/** Bytes of one of a thread's two grids, for the largest transform; 0 without any. */
export function gridBytesOf({ nufft2d1s, lines, rows, nufft2d3s }: Program): number {
  // There may be more of each than a call takes arguments.
  let most = 0;
  for (const { sampleAxis, lineAxis } of nufft2d1s) most = Math.max(most, gridBytes(sampleAxis, lineAxis));
  for (const own of lines) if (own !== undefined) most = Math.max(most, lineGridBytes(own, rows));
  for (const { plane } of nufft2d3s) most = Math.max(most, planeGridBytes(plane));
  return most;
}

/** Address of an axis, placed when first asked for. */
export type AxisPlacer = (axis: Axis) => number;

export function axisPlacer(arena: Arena): AxisPlacer {
  return placedOnce((axis) => placeAxis(arena, axis));
}

/** @returns address of [] Nufft2d1 */
export function placeNufft2d1s(arena: Arena, nufft2d1s: readonly Nufft2d1[], axisAt: AxisPlacer): number {
  return arena.records(
    Nufft2d1Record,
    nufft2d1s.map(({ geometry, sampleAxis, lineAxis, firstSamples }) => ({
      geometry: arena.place(geometry),
      sampleAxis: axisAt(sampleAxis),
      lineAxis: axisAt(lineAxis),
      firstSamples: arena.place(firstSamples),
    })),
  );
}

function placeAxis(arena: Arena, { samples, grid, kernel, factors, stages }: Axis): number {
  const { width, taps, degree, polynomials } = kernel;
  return arena.record(AxisRecord, {
    samples,
    grid,
    width,
    taps,
    degree,
    polynomials: arena.placeSingle(polynomials),
    factors: arena.place(factors),
    stages: placeStages(arena, stages),
    stageCount: stages.length,
  });
}

/** @returns address of [stages] Stage */
export function placeStages(arena: Arena, stages: readonly Stage[]): number {
  return arena.records(
    StageRecord,
    stages.map(({ radix, m, stride, twiddles }) => ({ radix, m, stride, twiddles: arena.placeSingle(twiddles) })),
  );
}
