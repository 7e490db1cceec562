/** Draws readouts in a plane of k-space on a canvas. */
import { css, viridis } from '../figures/colours.ts';
import type { Report } from '../html/types.ts';
import { colour, el } from './dom.ts';
import type { Readouts } from './readouts.ts';
import type { ViewState } from './view.ts';

/** Readouts that are drawn in colour, and behind them in grey; of more, every n-th. */
const MOST_COLOURED = 1500;
const MOST_GREY = 6000;
/** Samples that are drawn as dots. */
const MOST_DOTS = 60_000;
/** Decades of signal from the darkest to the brightest dot. */
const DECADES = 3;
/** Places that a curve is drawn through. */
const CURVE = 200;
/** Colours of dots: making the text of one takes longer than drawing a dot. */
const SHADES = Array.from({ length: 256 }, (_, n) => css(viridis(n / 255)));
/** Half the canvas in units of the largest |k|. */
const MARGIN = 1.12;

export interface KspaceLook {
  /** Axes to the right and up. */
  readonly plane: readonly [number, number];
  readonly mode: 'time' | 'signal';
}

type Place = (k: readonly number[]) => [number, number];

/** @returns the pixel of a place in k-space [1/m] */
export function placeIn(canvas: HTMLCanvasElement, reach: readonly number[], [u, v]: KspaceLook['plane']): Place {
  const scale = canvas.width / 2 / (MARGIN * Math.max(reach[u], reach[v], 1e-9));
  return (k) => [canvas.width / 2 + scale * k[u], canvas.height / 2 - scale * k[v]];
}

/** Shared by the parts of a drawing. */
interface Drawing {
  readonly context: CanvasRenderingContext2D;
  readonly at: Place;
  /** Pixels of the canvas in one of the page. */
  readonly pixel: number;
  readonly side: number;
  readonly readouts: Readouts;
  /** Adds a readout to the path. */
  readonly stroke: (n: number) => void;
  /** Of several readouts of one straight line in the picture, the last: it covers the others. */
  readonly visible: (begin: number, end: number, stride: number) => number[];
}

/** Axes, limits and all readouts in grey, which change with the plane and the colours alone. */
interface Background {
  readonly look: string;
  readonly picture: HTMLCanvasElement;
}
const backgrounds = new WeakMap<HTMLCanvasElement, Background>();

/** @param reach largest |k| along each axis [1/m] */
export function drawKspace(
  canvas: HTMLCanvasElement,
  signal: Report['signal'],
  trajectory: NonNullable<Report['signal']['trajectory']>,
  reach: readonly number[],
  { plane, mode }: KspaceLook,
  readouts: Readouts,
  state: ViewState,
): void {
  const pixel = devicePixelRatio;
  const side = Math.round(Math.max(240, canvas.clientWidth) * pixel);
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext('2d')!;
  const at = placeIn(canvas, reach, plane);
  const stroke = (n: number): void => {
    const points = trajectory.path[n] > 0 ? Math.min(readouts.samples(n), CURVE) : 2;
    for (let p = 0; p < points; p++) {
      const k = readouts.place(n, (p * (readouts.samples(n) - 1)) / (points - 1));
      if (k === undefined) return;
      if (p === 0) context.moveTo(...at(k));
      else context.lineTo(...at(k));
    }
  };
  /** The pixels of both ends of a straight readout, in one number. */
  const pixelsOf = (n: number): number => {
    let key = 0;
    for (const sample of [0, readouts.samples(n) - 1])
      for (const part of at(readouts.place(n, sample)!)) key = key * (side + 1) + Math.round(part);
    return key;
  };
  const visible = (begin: number, end: number, stride: number): number[] => {
    const seen = new Set<number>();
    const found: number[] = [];
    for (let n = begin + stride * Math.floor((end - 1 - begin) / stride); n >= begin; n -= stride) {
      if (trajectory.path[n] === 0) {
        const key = pixelsOf(n);
        if (seen.has(key)) continue;
        seen.add(key);
      }
      found.push(n);
    }
    return found.reverse();
  };
  const drawing: Drawing = { context, at, pixel, side, readouts, stroke, visible };
  const look = JSON.stringify([side, plane, ['plot', 'grid', 'muted', 'faint'].map(colour)]);
  let background = backgrounds.get(canvas);
  if (background?.look !== look) {
    drawAxes(drawing, [trajectory.axes[plane[0]], trajectory.axes[plane[1]]]);
    drawLimits(drawing, trajectory.limits, plane, 2 * Math.max(...reach));
    context.strokeStyle = colour('faint');
    context.beginPath();
    for (const n of visible(0, readouts.count, Math.ceil(readouts.count / MOST_GREY))) stroke(n);
    context.stroke();
    background = { look, picture: el('canvas', { width: side, height: side }) };
    background.picture.getContext('2d')!.drawImage(canvas, 0, 0);
    backgrounds.set(canvas, background);
  } else context.drawImage(background.picture, 0, 0);
  const span = readoutsWithin(readouts, state);
  if (mode === 'time') drawTimes(drawing, span);
  else drawSignals(drawing, span, signal);
  drawMark(drawing, state);
}

/** Readouts [begin, end) that are shown. */
function readoutsWithin(readouts: Readouts, { from, to }: ViewState): readonly [number, number] {
  const begin = Math.max(0, readouts.before(from));
  return [readouts.end(begin) < from ? begin + 1 : begin, readouts.before(to) + 1];
}

function drawAxes({ context, pixel, side }: Drawing, [right, up]: readonly [string, string]): void {
  context.fillStyle = colour('plot');
  context.fillRect(0, 0, side, side);
  context.lineWidth = pixel;
  context.strokeStyle = colour('grid');
  context.beginPath();
  context.moveTo(side / 2, 0);
  context.lineTo(side / 2, side);
  context.moveTo(0, side / 2);
  context.lineTo(side, side / 2);
  context.stroke();
  context.fillStyle = colour('muted');
  context.font = `${12 * pixel}px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(`k ${right}`, side - (26 + 8 * right.length) * pixel, side - 8 * pixel);
  context.fillText(`k ${up}`, 6 * pixel, 16 * pixel);
}

/**
 * What the matrix and the field of view encode; an axis without a limit reaches beyond the canvas.
 */
function drawLimits(
  { context, at, pixel }: Drawing,
  limits: readonly number[],
  plane: KspaceLook['plane'],
  far: number,
): void {
  const [a, b] = plane.map((axis) => limits[axis]);
  if (a === 0 && b === 0) return;
  const corner = (sign: number): [number, number] =>
    at([0, 1, 2].map((axis) => (axis === plane[0] ? sign * (a || far) : axis === plane[1] ? -sign * (b || far) : 0)));
  const [[left, top], [right, bottom]] = [corner(-1), corner(1)];
  context.setLineDash([6 * pixel, 4 * pixel]);
  context.strokeStyle = colour('muted');
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash([]);
}

function drawTimes({ context, pixel, stroke, visible }: Drawing, [begin, end]: readonly [number, number]): void {
  context.lineWidth = 1.6 * pixel;
  for (const n of visible(begin, end, Math.ceil((end - begin) / MOST_COLOURED))) {
    context.strokeStyle = css(viridis(0.08 + (0.84 * (n - begin + 0.5)) / Math.max(1, end - begin)));
    context.beginPath();
    stroke(n);
    context.stroke();
  }
}

/** Samples as dots by the root of the sum of squares over the coils. */
function drawSignals(
  { context, at, pixel, readouts }: Drawing,
  [begin, end]: readonly [number, number],
  { peaks, strongest }: Report['signal'],
): void {
  let total = 0;
  for (let n = begin; n < end; n++) total += readouts.samples(n);
  const stride = Math.ceil(total / MOST_DOTS);
  const dot = Math.max(1.5 * pixel, 0.8 * sampleDistance(readouts, strongest, at));
  let last = -1;
  for (let n = begin; n < end; n += stride) {
    const coils = Array.from({ length: readouts.coils }, (_, coil) => readouts.values(n, coil));
    for (let sample = 0; sample < readouts.samples(n); sample++) {
      const k = readouts.place(n, sample);
      if (k === undefined || coils[0] === undefined) break;
      let square = 0;
      for (const values of coils) square += values![2 * sample] ** 2 + values![2 * sample + 1] ** 2;
      const decades = Math.log10(Math.max(1e-30, Math.sqrt(square) / peaks[strongest]));
      const shade = Math.round((SHADES.length - 1) * Math.min(1, Math.max(0, 1 + decades / DECADES)));
      if (shade !== last) context.fillStyle = SHADES[shade];
      last = shade;
      const [x, y] = at(k);
      context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    }
  }
}

/** Pixels from the first sample of a readout to its second. */
function sampleDistance(readouts: Readouts, n: number, at: Place): number {
  const [a, b] = [readouts.place(n, 0), readouts.place(n, 1)];
  if (a === undefined || b === undefined) return 0;
  const [[ax, ay], [bx, by]] = [at(a), at(b)];
  return Math.hypot(bx - ax, by - ay);
}

/** The chosen readout, and the sample under the cursor of the diagram. */
function drawMark({ context, at, pixel, readouts, stroke }: Drawing, { cursor, readout }: ViewState): void {
  context.strokeStyle = colour('accent');
  context.lineWidth = 2.5 * pixel;
  context.beginPath();
  stroke(readout);
  context.stroke();
  const n = cursor === undefined ? -1 : readouts.before(cursor);
  if (n < 0 || cursor! > readouts.end(n)) return;
  const k = readouts.place(n, (cursor! - readouts.starts[n]) / readouts.dwell(n) - 0.5);
  if (k === undefined) return;
  context.beginPath();
  context.arc(...at(k), 5 * pixel, 0, 2 * Math.PI);
  context.fillStyle = colour('bad');
  context.fill();
}
