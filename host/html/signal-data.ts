/**
 * The readouts of a run for a report: time and k-space position of each, and its samples, limited
 * to a size that the file can hold.
 */
import { isImaging } from '../raw/flags.ts';
import type { AcquiredData, Acquisition } from '../raw/types.ts';
import { type Columns, type Rows, toRows, toSteps } from './numbers.ts';
import type { ReadoutRow, SignalData, TrajectoryData } from './types.ts';

/**
 * Most complex samples of all coils that are stored, 1 MB; of longer signals, evenly chosen
 * readouts are stored.
 */
const MOST_SAMPLES = 2 ** 18;
/** Readouts with a curve of their own; of more, every n-th curve is kept. */
const MOST_CURVES = 1000;
/** Points of a curve. */
const MOST_POINTS = 400;

/** @param noise standard deviation per real part, where it is known */
export function signalData(data: AcquiredData, noise: number | undefined): SignalData {
  const { acquisitions, coils } = data;
  const isTimed = acquisitions.every(({ start, dwell }) => Number.isFinite(start) && dwell > 0);
  let begun = 0;
  const starts = acquisitions.map(({ samples, start, dwell }) => {
    const at = isTimed ? start : begun;
    begun += samples * dwell;
    return at;
  });
  const peaks = Float32Array.from(acquisitions, peakOf);
  const strongest = peaks.reduce((best, peak, n) => (peak > peaks[best] ? n : best), 0);
  const kept = chosen(acquisitions, coils, strongest);
  const trajectory = trajectoryData(data);
  return {
    ...{ coils, isTimed, kept, peaks, strongest },
    readouts: columnsOf(acquisitions),
    starts: toSteps(starts),
    samples: samplesOf(acquisitions, coils, kept),
    ...(noise !== undefined && { noise }),
    ...(trajectory && { trajectory }),
  };
}

function columnsOf(acquisitions: readonly Acquisition[]): Columns<ReadoutRow> {
  const column = (value: (acquisition: Acquisition) => number): Float64Array => {
    const values = new Float64Array(acquisitions.length);
    for (let n = 0; n < values.length; n++) values[n] = value(acquisitions[n]);
    return values;
  };
  return {
    samples: column(({ samples }) => samples),
    dwell: column(({ dwell }) => dwell),
    slice: column(({ counters }) => counters.slice),
    contrast: column(({ counters }) => counters.contrast),
    repetition: column(({ counters }) => counters.repetition),
    imaging: column((acquisition) => (isImaging(acquisition) ? 1 : 0)),
  };
}

function peakOf({ data }: Acquisition): number {
  let largest = 0;
  for (let n = 0; n < data.length; n += 2) {
    const square = data[n] * data[n] + data[n + 1] * data[n + 1];
    if (square > largest) largest = square;
  }
  return Math.sqrt(largest);
}

/** Readouts whose samples are stored: all, or evenly chosen ones and the strongest. */
function chosen(acquisitions: readonly Acquisition[], coils: number, strongest: number): Uint32Array {
  const total = acquisitions.reduce((sum, { samples }) => sum + coils * samples, 0);
  const stride = Math.ceil(total / MOST_SAMPLES);
  const numbers = acquisitions.map((_, n) => n).filter((n) => n % stride === 0 || n === strongest);
  return Uint32Array.from(numbers);
}

function samplesOf(acquisitions: readonly Acquisition[], coils: number, kept: Uint32Array): Rows {
  const ends: number[] = [];
  let end = 0;
  for (const n of kept)
    for (let coil = 0; coil < coils; coil++) {
      end += 2 * acquisitions[n].samples;
      ends.push(end);
    }
  const values = new Float32Array(end);
  let at = 0;
  for (const n of kept) {
    values.set(acquisitions[n].data, at);
    at += acquisitions[n].data.length;
  }
  return toRows(values, ends);
}

type Three = readonly [Float32Array, Float32Array, Float32Array];

/** undefined where the file does not tell where samples lie. */
function trajectoryData({ acquisitions, encodedMatrix, encodedFov }: AcquiredData): TrajectoryData | undefined {
  if (acquisitions.length === 0 || acquisitions.some(({ trajectory }) => trajectory === undefined)) return undefined;
  const { readDirection, phaseDirection, sliceDirection } = acquisitions[0];
  const isPhysical = [readDirection, phaseDirection, sliceDirection].every(
    (way, axis) => Math.abs(way[axis] - 1) < 1e-6,
  );
  // The file's numbers are k·FOV/N.
  const scale = [0, 1, 2].map((axis) => (encodedFov[axis] > 0 ? encodedMatrix[axis] / encodedFov[axis] : 0));
  const straight = acquisitions.map(isStraight);
  const curved = acquisitions.filter((_, n) => !straight[n]);
  const largest =
    curved.reduce((most, { trajectory }) => Math.max(most, largestOf(trajectory!)), 0) * Math.max(...scale);
  const count = acquisitions.length;
  const ends = (): Three => [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  const [first, last] = [ends(), ends()];
  const path = new Float64Array(count);
  const paths: Int16Array[] = [];
  const known = new Map<string, number>();
  const stride = Math.ceil(curved.length / MOST_CURVES);
  let curve = 0;
  for (const [n, acquisition] of acquisitions.entries()) {
    const { samples, trajectory, dimensions } = acquisition;
    const k = (sample: number, axis: number): number =>
      axis < dimensions ? trajectory![sample * dimensions + axis] * scale[axis] : 0;
    for (let axis = 0; axis < 3; axis++) {
      first[axis][n] = k(0, axis);
      last[axis][n] = k(samples - 1, axis);
    }
    if (straight[n]) continue;
    if (curve++ % stride !== 0) {
      path[n] = -1;
      continue;
    }
    const points = Math.min(samples, MOST_POINTS);
    const steps = Int16Array.from({ length: 3 * points }, (_, i) => {
      const sample = Math.round((Math.floor(i / 3) * (samples - 1)) / Math.max(1, points - 1));
      return Math.round(((k(sample, i % 3) - k(0, i % 3)) / (2 * largest)) * 32767);
    });
    const key = Buffer.from(steps.buffer).toString('latin1');
    path[n] = known.get(key) ?? paths.push(steps);
    known.set(key, path[n]);
  }
  return {
    axes: isPhysical ? ['x', 'y', 'z'] : ['read', 'phase', 'slice'],
    limits: [0, 1, 2].map((axis) => (encodedMatrix[axis] > 1 ? scale[axis] / 2 : 0)),
    ...{ first, last, path, paths, unit: (2 * largest) / 32767 },
  };
}

function largestOf(values: Float32Array): number {
  let largest = 0;
  for (let n = 0; n < values.length; n++) if (Math.abs(values[n]) > largest) largest = Math.abs(values[n]);
  return largest;
}

/**
 * Relative deviation within which samples count as evenly spaced on the line from first to last.
 */
const STRAIGHT = 2e-3;

function isStraight({ samples, trajectory, dimensions }: Acquisition): boolean {
  const end = (samples - 1) * dimensions;
  let length = 0;
  let farthest = 0;
  for (let axis = 0; axis < dimensions; axis++) {
    const [from, to] = [trajectory![axis], trajectory![end + axis]];
    length = Math.max(length, Math.abs(to - from));
    const step = (to - from) / (samples - 1);
    for (let n = 1; n < samples - 1; n++) {
      const distance = Math.abs(trajectory![n * dimensions + axis] - (from + n * step));
      if (distance > farthest) farthest = distance;
    }
  }
  // Gradients that cancel leave rounding errors.
  return farthest <= Math.max(STRAIGHT * length, 1e-6);
}
