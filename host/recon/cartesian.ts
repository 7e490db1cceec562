/**
 * Cartesian and EPI frames: parallel lines on the encoded grid. Each line is transformed at its own
 * sample positions (direction and sub-sample shift, so that forward and reversed lines agree), then
 * the planes of lines across them. Missing lines and samples are zeros; multiple samples at one
 * position are averaged.
 */
import { type AxisSampling, pixelPhases, type Shape, transformAxis } from './axis.ts';
import type { Frame, Line } from './frames.ts';

/**
 * Largest distance of samples from evenly spaced lines [encoded grid steps]: 0.02 is a phase of
 * 0.06 rad at the image's edge.
 */
const TOLERANCE = 0.02;

type Axis = 0 | 1 | 2;

/** A line on the lattice, samples counted towards positive k. */
interface Row {
  readonly line: Line;
  readonly reversed: boolean;
  /**
   * First sample along the readout axis [grid steps] and its position in units of `Lattice.step`.
   */
  readonly start: number;
  readonly startIndex: number;
  /** Whole steps along the two other axes. */
  readonly steps: readonly [number, number];
}

export interface Lattice {
  readonly readoutAxis: Axis;
  /** The two others, in the order of `Row.steps`. */
  readonly phaseAxes: readonly [Axis, Axis];
  /** Between samples of a line [grid steps]. */
  readonly step: number;
  /** Shift that all lines share along the phase axes [grid steps], within ±0.5. */
  readonly shift: readonly [number, number];
  readonly rows: readonly Row[];
}

/** The lattice of a frame's samples, or the reason why there is none. */
export function findLattice(frame: Frame): Lattice | string {
  const lines = frame.lines();
  const first = lines[0].positions();
  const spans = ([0, 1, 2] as const).map((axis) => Math.abs(first[axis] - first[first.length - 3 + axis]));
  const readoutAxis = spans.indexOf(Math.max(...spans)) as Axis;
  const phaseAxes = ([0, 1, 2] as const).filter((axis) => axis !== readoutAxis) as [Axis, Axis];
  const [a, b] = phaseAxes;
  const step = spans[readoutAxis] / (lines[0].samples - 1);
  if (!(step > TOLERANCE / lines[0].samples)) return 'readouts do not run along an axis of the encoded grid';
  const shift = phaseAxes.map((axis) => first[axis] - Math.round(first[axis])) as [number, number];
  const sampleShift = first[readoutAxis] / step - Math.round(first[readoutAxis] / step);

  const rows: Row[] = [];
  for (const [index, line] of lines.entries()) {
    const at = index === 0 ? first : line.positions();
    const last = 3 * (line.samples - 1);
    const reversed = at[last + readoutAxis] < at[readoutAxis];
    const signed = reversed ? -step : step;
    for (let n = 0; n < line.samples; n++) {
      const along = Math.abs(at[3 * n + readoutAxis] - at[readoutAxis] - n * signed);
      if (along > TOLERANCE) return `samples are not evenly spaced along lines (line ${index}, sample ${n})`;
      const across = Math.max(Math.abs(at[3 * n + a] - at[a]), Math.abs(at[3 * n + b] - at[b]));
      if (across > TOLERANCE) return `lines do not run along one axis (line ${index}, sample ${n})`;
    }
    const steps = phaseAxes.map((axis, p) => Math.round(at[axis] - shift[p])) as [number, number];
    if (phaseAxes.some((axis, p) => Math.abs(at[axis] - shift[p] - steps[p]) > TOLERANCE)) {
      return `line ${index} lies between those of the encoded grid`;
    }
    const start = at[readoutAxis] + (reversed ? (line.samples - 1) * signed : 0);
    rows.push({ line, reversed, start, startIndex: Math.round(start / step - sampleShift), steps });
  }
  return { readoutAxis, phaseAxes, step, shift, rows };
}

/**
 * @param unit cycles per pixel of one encoded grid step, along x, y, z
 * @param matrix pixels along x, y, z
 * @returns one coil's image, [z][y][x][re, im]: Σ over samples × the k-space volume of one
 */
export function transformLattice(
  lattice: Lattice,
  coil: number,
  unit: readonly [number, number, number],
  matrix: Shape,
): Float32Array {
  const { readoutAxis, phaseAxes, step, shift, rows } = lattice;
  const pixels = matrix[readoutAxis];
  const ranges = ([0, 1] as const).map((p) => {
    const low = rows.reduce((least, { steps }) => Math.min(least, steps[p]), Number.POSITIVE_INFINITY);
    const high = rows.reduce((most, { steps }) => Math.max(most, steps[p]), low);
    const [from, to] = keptRange((low + shift[p]) * unit[phaseAxes[p]], unit[phaseAxes[p]], high - low + 1);
    return { low: low + from, count: to - from };
  });
  const kept = rows.filter(({ steps }) =>
    ranges.every(({ low, count }, p) => steps[p] >= low && steps[p] < low + count),
  );
  if (kept.length === 0) return new Float32Array(2 * matrix[0] * matrix[1] * matrix[2]);

  const readoutUnit = step * unit[readoutAxis];
  const lines = collectRows(kept, coil, step, unit[readoutAxis]);
  const across = transformAxis(lines, [lines.length / (2 * kept.length), kept.length, 1], 0, {
    first: 0,
    step: readoutUnit,
    pixels,
  });
  let volume: Float32Array = new Float32Array(2 * pixels * ranges[0].count * ranges[1].count);
  kept.forEach(({ start, steps }, r) => {
    const phases = pixelPhases(start * unit[readoutAxis], pixels);
    let target = 2 * pixels * ((steps[1] - ranges[1].low) * ranges[0].count + steps[0] - ranges[0].low);
    for (let m = 0, source = 2 * pixels * r; m < pixels; m++, source += 2, target += 2) {
      volume[target] += across[source] * phases[2 * m] - across[source + 1] * phases[2 * m + 1];
      volume[target + 1] += across[source] * phases[2 * m + 1] + across[source + 1] * phases[2 * m];
    }
  });

  const shape: [number, number, number] = [pixels, ranges[0].count, ranges[1].count];
  let scale = readoutUnit;
  for (const p of [0, 1] as const) {
    const axis = phaseAxes[p];
    if (unit[axis] === 0) continue;
    const sampling: AxisSampling = {
      first: (ranges[p].low + shift[p]) * unit[axis],
      step: unit[axis],
      pixels: matrix[axis],
    };
    volume = transformAxis(volume, shape, (p + 1) as Axis, sampling);
    shape[p + 1] = matrix[axis];
    scale *= unit[axis];
  }
  for (let i = 0; i < volume.length; i++) volume[i] *= scale;
  return readoutAxis === 0 ? volume : toXyz(volume, shape, [readoutAxis, ...phaseAxes], matrix);
}

/**
 * Those of `count` samples at first + n·step [cycles/pixel] that an image of whole pixels can
 * represent, as [from, to): the middle ones over one cycle per pixel. N samples shifted by half a
 * step are all used; of N + 1 one end is omitted.
 */
function keptRange(first: number, step: number, count: number): [number, number] {
  if (step === 0) return [0, count];
  const outside = (n: number): boolean => Math.abs(first + n * step) > 0.5 + 0.75 * step;
  const turn = Math.floor(1 / step + 1e-6);
  let [from, to] = [0, count];
  while (from < to && outside(from)) from++;
  while (from < to && outside(to - 1)) to--;
  while (to - from > turn) {
    if (Math.abs(first + from * step) > first + (to - 1) * step + step / 8) from++;
    else to--;
  }
  return [from, to];
}

/**
 * Rows as [rows][longest][re, im] towards positive k, each sample divided by the number of samples
 * at its position.
 */
function collectRows(rows: readonly Row[], coil: number, step: number, unit: number): Float32Array {
  const longest = rows.reduce((most, { line }) => Math.max(most, line.samples), 0);
  const low = rows.reduce((least, { startIndex }) => Math.min(least, startIndex), Number.POSITIVE_INFINITY);
  const high = rows.reduce((most, { startIndex, line }) => Math.max(most, startIndex + line.samples), low);
  const places = new Map<string, number>();
  const placeOf = rows.map(({ steps }) => {
    const key = `${steps[0]}/${steps[1]}`;
    if (!places.has(key)) places.set(key, places.size);
    return places.get(key)! * (high - low) - low;
  });
  const times = new Uint32Array(places.size * (high - low));
  rows.forEach(({ startIndex, line }, r) => {
    for (let n = 0; n < line.samples; n++) times[placeOf[r] + startIndex + n]++;
  });

  const lines = new Float32Array(2 * longest * rows.length);
  rows.forEach(({ line, reversed, start, startIndex }, r) => {
    const [from, to] = keptRange(start * unit, step * unit, line.samples);
    for (let n = from; n < to; n++) {
      const source = 2 * (coil * line.samples + (reversed ? line.samples - 1 - n : n));
      const target = 2 * (r * longest + n);
      lines[target] = line.data[source] / times[placeOf[r] + startIndex + n];
      lines[target + 1] = line.data[source + 1] / times[placeOf[r] + startIndex + n];
    }
  });
  return lines;
}

/** Reorders a volume whose axes are those named in `axes` to [z][y][x]. */
function toXyz(volume: Float32Array, shape: Shape, axes: readonly [Axis, Axis, Axis], matrix: Shape): Float32Array {
  const result = new Float32Array(volume.length);
  const strides = [1, matrix[0], matrix[0] * matrix[1]];
  let source = 0;
  for (let c = 0; c < shape[2]; c++) {
    for (let b = 0; b < shape[1]; b++) {
      for (let a = 0; a < shape[0]; a++, source += 2) {
        const target = 2 * (a * strides[axes[0]] + b * strides[axes[1]] + c * strides[axes[2]]);
        result[target] = volume[source];
        result[target + 1] = volume[source + 1];
      }
    }
  }
  return result;
}
