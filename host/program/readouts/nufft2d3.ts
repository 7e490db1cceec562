/**
 * Which readouts are summed as transforms between non-uniform points (`assembly/nufft2d3.ts`): all samples between two pulses whose
 * k lie in one plane and that share no equally spaced line: spirals, rosettes, ramps. Readouts in the same plane share a `NufftPlane`, so that spins
 * are placed once. Chosen when its operations are fewer and its measured error stays within the tolerance.
 */

import { Nufft2d3Sample } from '../../abi/abi.generated.ts';
import { type RecordList, recordList } from '../../abi/records.ts';
import { direction } from '../../numerics/direction.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { windowsOf } from '../../timeline/windows.ts';
import { type Path, targetsOf, trace } from '../nufft/planar-paths.ts';
import { type PlaneAxisChoice, planeAxes, pointOf, type Span } from '../nufft/plane-axis.ts';
import { chooseTimes } from '../nufft/time-nodes.ts';
import type { Choice, Line } from './nufft2d1.ts';

/** A plane of k-space and the grid for all curves in it. */
export interface NufftPlane {
  readonly u: PlaneAxisChoice;
  readonly v: PlaneAxisChoice;
  /** Moments after the start of a curve at which spins are spread [s]: a multiple of four. */
  readonly times: Float64Array;
  /** Of the longest curve [s]. */
  readonly duration: number;
}

export interface Nufft2d3 {
  readonly plane: NufftPlane;
  /** [kx, ky, kz, t]: middle of its k and start of its time, since the last pulse. */
  readonly moment: Float64Array;
  /** [samples] shared by equal curves */
  readonly points: RecordList<typeof Nufft2d3Sample>;
  /** [samples] */
  readonly targets: Int32Array;
}

export interface Nufft2d3Finder {
  /** The lines between two pulses as one curve; undefined: some other form is cheaper or this one not exact enough. */
  find(lines: readonly Line[]): { curve: Nufft2d3; choice: Choice } | undefined;
}

export interface Nufft2d3Options {
  readonly tolerance: number;
  readonly tileSize: number;
  /** Whether lines of a waveform may be parts of a curve, and the operations per spin that they take otherwise. */
  lanesOf(waveform: number): number | undefined;
  /** The lines between two pulses but for those in trains: what `find` is asked for. */
  restOf(lines: readonly Line[]): readonly Line[];
}

/** Of the tolerance, a curve may use this much: the rest is left to the pulses. */
const CURVE_SHARE = 0.5;
/** Of that, time may use this much; what it leaves, and it leaves most, goes to the axes. */
const TIME_SHARE = 0.25;
/** Of a sum in f32, relative, root mean square. */
const ROUNDING = 2 ** -26;
/** Points of all curves together take at most this [bytes]. */
const MOST_POINT_BYTES = 2 ** 29;
/** Both grids of a thread stay below this [bytes]. */
const MOST_GRID_BYTES = 2 ** 26;
/** Lanes that one part of a cell takes: two products, but twice as many loads and stores; and a point in one stage of a transform. */
const CELL_LANES = 5;
const POINT_LANES = 13;

/** What curves of one plane need together. */
interface Extent {
  readonly axes: readonly (readonly number[])[];
  readonly reach: number[];
  duration: number;
  nufft2d3s: number;
}

export function nufft2d3Finder(
  timeline: Timeline,
  source: Pick<PhantomSource, 'bounds' | 'B0'>,
  { tolerance, tileSize, lanesOf, restOf }: Nufft2d3Options,
): Nufft2d3Finder {
  const paths = new Map<string, Path>();
  const extents = new Map<string, Extent>();
  const sheets = new Map<string, NufftPlane | undefined>();
  const tables = new Map<string, RecordList<typeof Nufft2d3Sample> | undefined>();
  let tableBytes = 0;

  const keyOf = (lines: readonly Line[]): string => {
    const start = lines[0].encoding;
    return lines
      .map(({ trajectory, encoding }) =>
        [trajectory, ...encoding.map((value, i) => (value - start[i]).toPrecision(12))].join(),
      )
      .join(' ');
  };
  const pathOf = (lines: readonly Line[], key: string): Path => {
    const known = paths.get(key);
    if (known !== undefined) return known;
    const path = trace(timeline, lines);
    paths.set(key, path);
    return path;
  };
  const admits = ({ trajectory }: Line): boolean => lanesOf(trajectory) !== undefined;
  const admitted = (lines: readonly Line[]): boolean => lines.length > 0 && lines.every(admits);

  for (const { readouts: lines } of windowsOf(timeline)) {
    // Trains are looked for once more: only where something may be left that is a curve.
    const rest = lines.some(admits) ? restOf(lines) : [];
    if (!admitted(rest)) continue;
    const { plane, reach, duration } = pathOf(rest, keyOf(rest));
    if (plane === undefined) continue;
    const extent = extents.get(plane.key) ?? { axes: plane.axes, reach: [0, 0], duration: 0, nufft2d3s: 0 };
    extents.set(plane.key, extent);
    for (const axis of [0, 1]) extent.reach[axis] = Math.max(extent.reach[axis], reach[axis]);
    extent.duration = Math.max(extent.duration, duration);
    extent.nufft2d3s++;
  }
  const bound = CURVE_SHARE * tolerance;
  const sheetOf = (key: string): NufftPlane | undefined => {
    if (!sheets.has(key)) sheets.set(key, chooseSheet(extents.get(key)!, timeline, source, bound, tileSize));
    return sheets.get(key);
  };
  const tableOf = (path: Path, plane: NufftPlane, key: string): RecordList<typeof Nufft2d3Sample> | undefined => {
    if (!tables.has(key)) {
      const bytes = (Nufft2d3Sample.bytes * path.points.length) / STRIDE.sample;
      const fits = tableBytes + bytes <= MOST_POINT_BYTES;
      tables.set(key, fits ? tabulate(path, plane) : undefined);
      if (fits) tableBytes += bytes;
    }
    return tables.get(key);
  };
  return {
    find(lines) {
      if (!admitted(lines)) return undefined;
      const key = keyOf(lines);
      const path = pathOf(lines, key);
      if (path.plane === undefined) return undefined;
      const plane = sheetOf(path.plane.key);
      if (plane === undefined) return undefined;
      const samples = path.points.length / STRIDE.sample;
      const extent = extents.get(path.plane.key)!;
      const lanes = nufft2d3Lanes(plane, samples, tileSize) + placingLanes(plane) / extent.nufft2d3s;
      const insteadLanes = lines.reduce((sum, { trajectory }) => sum + lanesOf(trajectory)!, 0);
      if (lanes >= insteadLanes) return undefined;
      const points = tableOf(path, plane, key);
      if (points === undefined) return undefined;
      const [start, middle] = [lines[0].encoding, path.middle];
      const { u, v, times } = plane;
      return {
        curve: {
          plane,
          moment: Float64Array.from(start, (value, i) => value + (i < 3 ? middle[i] : 0)),
          points,
          targets: targetsOf(timeline, lines),
        },
        choice: {
          what: `${samples} samples on a curve`,
          chosen: `2-D transform at ${times.length} moments, ${u.spreading.width} × ${v.spreading.width} cells of ${u.cells} × ${v.cells}, ${u.grid} × ${v.grid} points`,
          ...{ lanes, instead: 'each for itself', insteadLanes },
        },
      };
    },
  };
}

function chooseSheet(
  { axes, reach, duration }: Extent,
  timeline: Timeline,
  { bounds, B0 }: Pick<PhantomSource, 'bounds' | 'B0'>,
  bound: number,
  tileSize: number,
): NufftPlane | undefined {
  const hertz = (bounds.maxOffResonance * timeline.B0) / B0 / (2 * Math.PI);
  const found = chooseTimes(duration, hertz, 1 / bounds.minT2, TIME_SHARE * bound);
  if (found === undefined) return undefined;
  const { times, error } = found;
  const [us, vs] = axes.map((own, axis) => {
    const half = bounds.min.map((low, i) => (Math.abs(own[i]) * (bounds.max[i] - low)) / 2);
    const centre = bounds.min.map((low, i) => (own[i] * (bounds.max[i] + low)) / 2);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const span: Span = { direction: own, centre: sum(centre), reach: sum(half), kReach: reach[axis] };
    return planeAxes(span, bound - error);
  }) as [PlaneAxisChoice[], PlaneAxisChoice[]];
  // Thousands of pairs, for every plane: none is kept but the best.
  let [best, least] = [undefined as NufftPlane | undefined, Number.POSITIVE_INFINITY];
  for (const u of us) {
    for (const v of vs) {
      const plane = { u, v, times, duration };
      if (error + spreadingError(plane) > bound || 2 * planeGridBytes(plane) > MOST_GRID_BYTES) continue;
      const lanes = nufft2d3Lanes(plane, 0, tileSize);
      if (lanes < least) [best, least] = [plane, lanes];
    }
  }
  return best;
}

/** Errors of both axes, and of sums in f32. */
function spreadingError({ u, v }: NufftPlane): number {
  return u.error + v.error + ROUNDING * u.amplification * v.amplification;
}

function tabulate({ points, middle }: Path, { u, v, duration }: NufftPlane): RecordList<typeof Nufft2d3Sample> {
  const table = recordList(Nufft2d3Sample, points.length / STRIDE.sample);
  const along = ({ direction: [x, y, z] }: PlaneAxisChoice, n: number): number =>
    x! * (points[n] - middle[0]) + y! * (points[n + 1] - middle[1]) + z! * (points[n + 2] - middle[2]);
  for (let n = 0; n < points.length; n += STRIDE.sample) {
    const [ku, kv] = [along(u, n), along(v, n)];
    const [onU, onV] = [pointOf(u, ku), pointOf(v, kv)];
    const [cos, sin] = direction(2 * Math.PI * (ku * u.centre + kv * v.centre));
    const factor = onU.factor * onV.factor;
    table.push({
      u: onU.first,
      v: onV.first,
      betweenU: onU.local,
      betweenV: onV.local,
      time: duration === 0 ? 0 : (2 * points[n + 3]) / duration - 1,
      cos: factor * cos,
      sin: factor * sin,
    });
  }
  return table;
}

/** Bytes of one of the two grids a transform goes back and forth between, with room to work on four lines. */
export function planeGridBytes({ u, v }: NufftPlane): number {
  return 32 * Math.max(v.cells * u.cells, v.count * u.cells, v.count * u.count) + 128 * Math.max(u.grid, v.grid);
}

/** Bytes that a spin takes: its magnetisation, its place and its turn at every moment. */
export function placeBytes({ u, v, times }: NufftPlane): number {
  return 16 + 4 * (u.spreading.taps + v.spreading.taps) + 8 * times.length;
}

/** Lanes per spin and curve: its phase and products; a tile's share of the transforms and samples. */
function nufft2d3Lanes({ u, v, times }: NufftPlane, samples: number, tileSize: number): number {
  // Rows of five to eight cells are spread as eight.
  const row = u.spreading.taps === 8 ? 8 : u.spreading.width;
  const spreading = times.length * (16 + v.spreading.width * (2 + CELL_LANES * row));
  const transform = times.length * POINT_LANES * (u.cells * v.grid * v.stages + v.count * u.grid * u.stages);
  const sampling = samples * times.length * 2 * u.interpolation.width * v.interpolation.width;
  return 60 + spreading + (transform + sampling) / tileSize;
}

/** Lanes per spin once for a plane: its cells and weights, and its phase factor at each time node. */
function placingLanes({ u, v, times }: NufftPlane): number {
  return 40 + u.spreading.taps * u.spreading.degree + v.spreading.taps * v.spreading.degree + 50 * times.length;
}
