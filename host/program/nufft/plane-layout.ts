/** Curves, their sheets and tables in the shared memory. */
import {
  Kernel,
  Nufft2d3 as Nufft2d3Record,
  type Nufft2d3Sample,
  NufftPlane as NufftPlaneRecord,
  PlaneAxis,
} from '../../abi/abi.generated.ts';
import { type Arena, placedOnce } from '../../abi/arena.ts';
import type { RecordList } from '../../abi/records.ts';
import { type Nufft2d3, type NufftPlane, placeBytes } from '../readouts/nufft2d3.ts';
import { stagesOf } from './fourier.ts';
import type { SpreadingKernel } from './kaiser-bessel.ts';
import { placeStages } from './layout.ts';
import { correctionsOf, type PlaneAxisChoice } from './plane-axis.ts';
import { partsTable } from './time-nodes.ts';

/** Bytes that a spin's position on the widest plane takes; 0 without any. */
export function pointBytesOf(nufft2d3s: readonly Nufft2d3[]): number {
  return nufft2d3s.reduce((most, { plane }) => Math.max(most, placeBytes(plane)), 0);
}

/** @returns address of [] Nufft2d3 */
export function placeNufft2d3s(arena: Arena, nufft2d3s: readonly Nufft2d3[]): number {
  const sheetAt = placedOnce((plane: NufftPlane) => placePlane(arena, plane));
  const pointsAt = placedOnce((points: RecordList<typeof Nufft2d3Sample>) => arena.list(points));
  return arena.records(
    Nufft2d3Record,
    nufft2d3s.map(({ moment, plane, points, targets }) => ({
      moment: arena.place(moment),
      plane: sheetAt(plane),
      samples: targets.length,
      points: pointsAt(points),
      targets: arena.place(targets),
    })),
  );
}

function placePlane(arena: Arena, { u, v, times }: NufftPlane): number {
  return arena.record(NufftPlaneRecord, {
    u: placeAxis(arena, u),
    v: placeAxis(arena, v),
    times: arena.place(times),
    nodes: times.length,
    parts: arena.placeSingle(partsTable(times.length)),
  });
}

function placeAxis(arena: Arena, axis: PlaneAxisChoice): number {
  const { direction, pitch, centre, cells, middle, spreading, interpolation, grid, first, count } = axis;
  const stages = stagesOf(grid);
  return arena.record(PlaneAxis, {
    place: arena.place(Float64Array.of(...direction.map((value) => value / pitch), middle - centre / pitch)),
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
