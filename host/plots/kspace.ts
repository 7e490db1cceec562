/**
 * Positions of the readouts of a sequence, or of raw data, in k-space: the plane of the largest
 * extents, and all three axes.
 */
import { basename } from 'node:path';
import { badInput } from '../base/errors.ts';
import type { CyclesPerMeter, Seconds } from '../base/units.ts';
import { BLACK, css, GREY, viridis } from '../figures/colours.ts';
import type { Figure, Mark, Panel } from '../figures/types.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import type { AcquiredData } from '../raw/types.ts';
import { encode } from '../sequence/encoding.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';

/** Readouts and the space that they encode, from either source. */
export interface Trajectory {
  readonly name: string;
  /** Names of the axes of `positions`, such as `x` or `read`. */
  readonly axes: readonly [string, string, string];
  readonly matrix: readonly [number, number, number];
  readonly fov: readonly [number, number, number];
  readonly readouts: readonly TrajectoryReadout[];
  /** [samples][axis] */
  positions(readout: number): ArrayLike<CyclesPerMeter>;
}

interface TrajectoryReadout {
  readonly samples: number;
  readonly start: Seconds;
  readonly dwell: Seconds;
}

export function sequenceTrajectory(sequence: Sequence, scanner: Scanner): Trajectory {
  const { readouts, trajectory, axes, encodedMatrix, encodedFov } = encode(sequence, scanner);
  const numbers = readouts.flatMap(({ role }, n) => (role === 'noise' || role === 'dummy' ? [] : [n]));
  return {
    name: sequence.name,
    axes: axes === undefined || isPhysical(axes) ? ['x', 'y', 'z'] : ['read', 'phase', 'slice'],
    matrix: encodedMatrix,
    fov: encodedFov,
    readouts: numbers.map((n) => readouts[n]),
    positions: (n) => trajectory(numbers[n]),
  };
}

const isPhysical = (axes: NonNullable<Encoding['axes']>): boolean => axes.every((way, n) => way[n] === 1);

/** @throws LarmorError 65 where the file has no trajectory */
export function rawTrajectory(raw: AcquiredData & { readonly path: string }): Trajectory {
  const { encodedMatrix: matrix, encodedFov: fov } = raw;
  const placed = raw.acquisitions.filter(({ trajectory }) => trajectory !== undefined);
  if (placed.length === 0)
    throw badInput(raw.path, 'has no trajectory', 'give the sequence, or raw data with a trajectory');
  let begun = 0;
  const readouts = placed.map(({ samples, start, dwell }) => {
    const time = Number.isFinite(start) ? start : begun;
    begun = time + samples * dwell;
    return { samples, start: time, dwell };
  });
  return {
    name: raw.path,
    axes: ['read', 'phase', 'slice'],
    matrix,
    fov,
    readouts,
    positions: (n) => {
      const { samples, trajectory, dimensions } = placed[n];
      return Float64Array.from({ length: 3 * samples }, (_, i) => {
        const [sample, axis] = [Math.floor(i / 3), i % 3];
        // The file's numbers are k·FOV/N.
        return axis < dimensions && fov[axis] > 0
          ? (trajectory![sample * dimensions + axis] * matrix[axis]) / fov[axis]
          : 0;
      });
    },
  };
}

/**
 * Most readouts and points that are drawn: more would cover each other, in a file of tens of
 * megabytes.
 */
const MOST_READOUTS = 2500;
const MOST_POINTS = 40_000;
/** Samples are drawn as dots if they can be distinguished. */
const MOST_DOTS = 3000;
/** Shades of the colour scale of time. */
const SHADES = 40;

/** @throws LarmorError 65 when there is nothing to draw */
export function kspacePlot(trajectory: Trajectory): Figure {
  const { name, axes, matrix, fov, readouts } = trajectory;
  if (readouts.length === 0) throw badInput(name, 'has no readouts to draw', 'add an ADC event after an excitation');
  const drawn = gather(trajectory);
  const extents = [0, 1, 2].map((axis) => drawn.largest[axis]);
  if (Math.max(...extents) === 0)
    throw badInput(name, 'stays at the centre of k-space', 'there are no gradients before or during its readouts');
  const [u, v] = planeOf(extents);
  const limits = [0, 1, 2].map((axis) => (matrix[axis] > 1 && fov[axis] > 0 ? matrix[axis] / (2 * fov[axis]) : 0));
  const bar = { label: 'time', unit: 's', range: drawn.times, map: viridis } as const;
  return {
    title: `${basename(name)}: k-space`,
    caption: caption(trajectory, drawn, limits),
    rows: [[planePanel(drawn, axes, limits, u, v), { ...spacePanel(drawn, axes), colourBar: bar }]],
  };
}

interface Drawn {
  /** Pieces of readouts, by shade: x, y, z, NaN between them. */
  readonly lines: readonly (readonly number[])[];
  readonly dots: readonly (readonly number[])[];
  /** max |k| by axis */
  readonly largest: readonly number[];
  readonly times: readonly [Seconds, Seconds];
  readonly stride: number;
  readonly samples: number;
}

function gather({ readouts, positions }: Trajectory): Drawn {
  const samples = readouts.reduce((sum, readout) => sum + readout.samples, 0);
  const stride = Math.ceil(readouts.length / MOST_READOUTS);
  const perReadout = Math.max(2, Math.floor((MOST_POINTS * stride) / readouts.length));
  const last = readouts[readouts.length - 1];
  const times = [readouts[0].start, last.start + last.samples * last.dwell] as const;
  const shadeOf = (time: Seconds): number =>
    Math.min(SHADES - 1, Math.max(0, Math.floor(((time - times[0]) / (times[1] - times[0] || 1)) * SHADES)));
  const lines: number[][] = Array.from({ length: SHADES }, () => []);
  const dots: number[][] = Array.from({ length: SHADES }, () => []);
  const largest = [0, 0, 0];
  for (let n = 0; n < readouts.length; n += stride) {
    const { samples: count, start, dwell } = readouts[n];
    const k = positions(n);
    for (let i = 0; i < 3 * count; i++) largest[i % 3] = Math.max(largest[i % 3], Math.abs(k[i]));
    const step = isStraight(k, count) ? Math.max(1, count - 1) : Math.max(1, Math.ceil(count / perReadout));
    let shade = -1;
    for (let i = 0; i < count; i = i === count - 1 ? count : Math.min(count - 1, i + step)) {
      const point = [k[3 * i], k[3 * i + 1], k[3 * i + 2]];
      const next = shadeOf(start + i * dwell);
      // A piece ends where the next one begins.
      if (shade >= 0) lines[shade].push(...point);
      if (next === shade) continue;
      if (shade >= 0) lines[shade].push(Number.NaN, Number.NaN, Number.NaN);
      lines[next].push(...point);
      shade = next;
    }
    lines[shade]?.push(Number.NaN, Number.NaN, Number.NaN);
    if (samples <= MOST_DOTS)
      for (let i = 0; i < count; i++) dots[shadeOf(start + i * dwell)].push(k[3 * i], k[3 * i + 1], k[3 * i + 2]);
  }
  // Gradients that cancel leave the rounding error of their shapes.
  const most = Math.max(...largest);
  return { lines, dots, largest: largest.map((k) => (k > 1e-4 * most ? k : 0)), times, stride, samples };
}

/** Whether all samples lie on the line from the first to the last, in this order. */
function isStraight(k: ArrayLike<number>, count: number): boolean {
  const end = 3 * (count - 1);
  const way = [0, 1, 2].map((axis) => k[end + axis] - k[axis]);
  const length = Math.hypot(...way);
  if (length === 0) return false;
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const from = [0, 1, 2].map((axis) => k[3 * i + axis] - k[axis]);
    const along = from.reduce((sum, part, axis) => sum + part * way[axis], 0) / length;
    const off = Math.sqrt(Math.max(0, from.reduce((sum, part) => sum + part * part, 0) - along * along));
    if (off > 2e-3 * length || along < before - 1e-9 * length) return false;
    before = along;
  }
  return true;
}

/** The two axes of the largest extents, in their order. */
function planeOf(extents: readonly number[]): [number, number] {
  const [a, b] = [0, 1, 2].sort((p, q) => extents[q] - extents[p] || p - q) as [number, number];
  // A line alone is drawn along the first of two axes.
  return a < b ? [a, b] : [b, a];
}

type Project = (x: number, y: number, z: number) => readonly [number, number];

function projected({ lines, dots }: Drawn, project: Project): Mark[] {
  const apart = (points: readonly number[]): { x: Float64Array; y: Float64Array } => {
    const count = points.length / 3;
    const [x, y] = [new Float64Array(count), new Float64Array(count)];
    for (let n = 0; n < count; n++)
      [x[n], y[n]] = project(points[3 * n], points[3 * n + 1], points[3 * n + 2]) as [number, number];
    return { x, y };
  };
  const colour = (shade: number): string => css(viridis((shade + 0.5) / SHADES));
  const marks: Mark[] = [];
  for (const [shade, points] of lines.entries())
    if (points.length > 0) marks.push({ kind: 'line', ...apart(points), colour: colour(shade), width: 1 });
  for (const [shade, points] of dots.entries())
    if (points.length > 0) marks.push({ kind: 'points', ...apart(points), colours: colour(shade), radius: 1.6 });
  return marks;
}

function planePanel(drawn: Drawn, axes: readonly string[], limits: readonly number[], u: number, v: number): Panel {
  const reach = 1.12 * Math.max(drawn.largest[u], drawn.largest[v], limits[u], limits[v]);
  const axis = (n: number) => ({ label: `k ${axes[n]}`, unit: '1/m', range: [-reach, reach] as const });
  const marks: Mark[] = [
    { kind: 'rule', axis: 'x', at: 0, colour: '#cccccc' },
    { kind: 'rule', axis: 'y', at: 0, colour: '#cccccc' },
    ...projected(drawn, (...k) => [k[u], k[v]]),
  ];
  const [a, b] = [limits[u], limits[v]];
  if (a > 0 || b > 0) {
    const box = { x: [-(a || reach), a || reach], y: [-(b || reach), b || reach] } as const;
    marks.push({ kind: 'box', ...box, colour: GREY, dashed: true });
    marks.push({ kind: 'text', x: -(a || reach), y: b || reach, text: 'k max', colour: '#666666', shift: [3, -4] });
  }
  return {
    title: `plane of k ${axes[u]} and k ${axes[v]}, coloured by time`,
    x: axis(u),
    y: axis(v),
    marks,
    height: 400,
    equal: true,
  };
}

/**
 * Direction from which space is seen: to the right of the x axis and above the plane of x and y.
 */
const AZIMUTH = (-55 * Math.PI) / 180;
const ELEVATION = (24 * Math.PI) / 180;

function spacePanel(drawn: Drawn, axes: readonly string[]): Panel {
  const [ca, sa, ce, se] = [Math.cos(AZIMUTH), Math.sin(AZIMUTH), Math.cos(ELEVATION), Math.sin(ELEVATION)];
  const project: Project = (x, y, z) => [-sa * x + ca * y, -se * (ca * x + sa * y) + ce * z];
  const reach = Math.max(...drawn.largest);
  const marks: Mark[] = [];
  for (const [n, name] of axes.entries()) {
    const tip = [0, 0, 0];
    tip[n] = 1.25 * (drawn.largest[n] || 0.4 * reach);
    const [x, y] = project(tip[0], tip[1], tip[2]);
    marks.push({
      kind: 'line',
      x: Float64Array.of(-x, x),
      y: Float64Array.of(-y, y),
      colour: '#bbbbbb',
      width: 1,
      annotation: true,
    });
    marks.push({ kind: 'text', x, y, text: `k ${name}`, colour: BLACK, anchor: 'middle', shift: [0, y > 0 ? -5 : 13] });
  }
  marks.push(...projected(drawn, project));
  const range = [-1.55 * reach, 1.55 * reach] as const;
  const none = { label: '', unit: '', range, ticks: [] };
  return { title: 'all axes, from an angle', x: none, y: none, marks, height: 400, equal: true };
}

function caption(
  { readouts, axes, matrix, fov }: Trajectory,
  { stride, samples, largest }: Drawn,
  limits: readonly number[],
): string[] {
  const encoded = [0, 1, 2].filter((axis) => limits[axis] > 0);
  const texts = encoded.map(
    (axis) =>
      `${axes[axis]}: ${matrix[axis]} in ${quantity(fov[axis], 'm')}, Δk ${shortNumber(1 / fov[axis])} 1/m, k max ${shortNumber(limits[axis])} 1/m`,
  );
  const farthest = largest.map((k, axis) => `${axes[axis]} ${shortNumber(k)}`).join(', ');
  const which = stride === 1 ? '' : ` Every ${stride}th of them is drawn.`;
  return [
    `${readouts.length} readout${readouts.length === 1 ? '' : 's'}, ${samples} samples, since the centre of each excitation.${which}`,
    ...(texts.length > 0 ? [`${texts.join('; ')} (dashed).`] : []),
    `Largest |k| [1/m]: ${farthest}.`,
  ];
}
