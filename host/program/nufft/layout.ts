/** Axes, planes and their kernels in the memory of the kernels. */
import {
  Axis as AxisRecord,
  Kernel,
  NufftPlane as NufftPlaneRecord,
  PlaneAxis,
  Stage as StageRecord,
} from '../../abi/abi.generated.ts';
import type { Arena } from '../../abi/arena.ts';
import { type Stage, stagesOf } from './fourier.ts';
import type { SpreadingKernel } from './kaiser-bessel.ts';
import type { NufftPlane } from './plane.ts';
import { correctionsOf, type PlaneAxisChoice } from './plane-axis.ts';
import type { Axis } from './sample-axis.ts';
import { partsTable } from './time-nodes.ts';

/** @returns address of an Axis; several methods may share one */
export function placeAxis(arena: Arena, axis: Axis): number {
  return arena.once(axis, () => {
    const { samples, grid, kernel, factors, stages } = axis;
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
  });
}

/** @returns address of [stages] Stage */
export function placeStages(arena: Arena, stages: readonly Stage[]): number {
  return arena.records(
    StageRecord,
    stages.map(({ radix, m, stride, twiddles }) => ({ radix, m, stride, twiddles: arena.placeSingle(twiddles) })),
  );
}

/** @returns address of a NufftPlane; curves in one plane share it */
export function placePlane(arena: Arena, plane: NufftPlane): number {
  return arena.once(plane, () => {
    const { u, v, slope, commonR2, times } = plane;
    return arena.record(NufftPlaneRecord, {
      u: placePlaneAxis(arena, u, 0),
      v: placePlaneAxis(arena, v, slope / v.pitch),
      times: arena.place(times),
      nodes: times.length,
      parts: arena.placeSingle(partsTable(times.length)),
      decay: -slope / v.pitch / (2 * Math.PI),
      commonR2,
    });
  });
}

/** @param perHertz cells by which a spin is shifted per Hz */
function placePlaneAxis(arena: Arena, axis: PlaneAxisChoice, perHertz: number): number {
  const { direction, pitch, centre, cells, middle, spreading, interpolation, grid, first, count } = axis;
  const stages = stagesOf(grid);
  return arena.record(PlaneAxis, {
    place: arena.place(Float64Array.of(...direction.map((value) => value / pitch), middle - centre / pitch, perHertz)),
    cells,
    middle,
    spreading: placeKernel(arena, spreading),
    corrections: arena.placeSingle(correctionsOf(axis)),
    grid,
    first,
    count,
    stages: placeStages(arena, stages),
    stageCount: stages.length,
    interpolation: placeKernel(arena, interpolation),
  });
}

function placeKernel(arena: Arena, { width, taps, degree, polynomials }: SpreadingKernel): number {
  return arena.record(Kernel, { width, taps, degree, polynomials: arena.placeSingle(polynomials) });
}
