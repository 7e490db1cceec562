/**
 * Events as the rows of a Pulseq 1.5.1 file: each distinct row and shape once, under ids given in
 * order of appearance. Numbers carry as many digits as it takes to read the same value back.
 */
import { createHash } from 'node:crypto';
import type { Hertz, Seconds } from '../../base/units.ts';
import type { AdcEvent, GradientEvent, RfEvent, ShapedGradientEvent } from '../types.ts';
import { packShape, shortest } from './compress.ts';
import type { Rasters } from './definitions.ts';
import { USES } from './pulses.ts';

/** Distinct rows of one section. */
export interface Rows {
  /** The id of this row, new or known. */
  id(row: string): number;
  readonly all: ReadonlyMap<string, number>;
}

export function newRows(): Rows {
  const all = new Map<string, number>();
  return {
    all,
    id: (row) => {
      const known = all.get(row);
      if (known !== undefined) return known;
      all.set(row, all.size + 1);
      return all.size;
    },
  };
}

export interface EventRows {
  readonly rf: Rows;
  /** Trapezoids and shapes share ids; `trapezoids` distinguishes them. */
  readonly gradients: Rows;
  readonly trapezoids: ReadonlySet<string>;
  readonly adc: Rows;
  /** Text of every shape, by id from 1. */
  readonly shapes: readonly string[];
  rfId(event: RfEvent): number;
  gradientId(event: GradientEvent): number;
  adcId(event: AdcEvent): number;
}

const LETTERS = new Map(Object.entries(USES).map(([letter, use]) => [use, letter]));

const inRasters = (time: Seconds, raster: Seconds): number => shortest(time / raster, (text) => text * raster === time);
export const micro = (time: Seconds): number => shortest(time * 1e6, (text) => text / 1e6 === time);
const nano = (time: Seconds): number => shortest(time * 1e9, (text) => text / 1e9 === time);

/** @param gammaBar by which T and T/m become the file's Hz and Hz/m */
export function eventRows(rasters: Rasters, gammaBar: Hertz): EventRows {
  const hertz = (field: number): number => shortest(field * gammaBar, (text) => text / gammaBar === field);
  const { shapes, shapeId } = shapeTable();
  const known = new Map<object, number>();
  const rows = { rf: newRows(), gradients: newRows(), adc: newRows() };
  const trapezoids = new Set<string>();

  const peakOf = (values: Float64Array): number => values.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  const normalised = (values: Float64Array, peak: number): Float64Array =>
    peak === 0 ? new Float64Array(values.length) : values.map((value) => value / peak);
  const timeShapeId = (time: Float64Array, raster: Seconds): number => shapeId(time.map((t) => inRasters(t, raster)));

  const rfId = (event: RfEvent): number => {
    const own = cellsOf(event, rasters.rf);
    const repeated = event.interpolation === 'held' && own === undefined ? onRaster(event, rasters.rf) : undefined;
    const cells = repeated === undefined ? own : 0;
    const pulse = repeated ?? (event.interpolation === 'held' && own === undefined ? staircase(event) : event);
    const peak = peakOf(pulse.magnitude);
    const row = [
      hertz(peak),
      shapeId(normalised(pulse.magnitude, peak)),
      shapeId(pulse.phase.map((angle) => angle / (2 * Math.PI))),
      cells ?? timeShapeId(pulse.time, rasters.rf),
      micro(event.center),
      micro(event.delay),
      ...[event.frequencyPpm, event.phasePpm, event.frequencyOffset, event.phaseOffset],
      LETTERS.get(event.use)!,
    ];
    return rows.rf.id(row.join(' '));
  };

  const gradientId = (event: GradientEvent): number => {
    if (event.kind === 'trapezoid') {
      const times = [event.rise, event.flat, event.fall, event.delay].map(micro);
      const row = `${hertz(event.amplitude)} ${times.join(' ')}`;
      trapezoids.add(row);
      return rows.gradients.id(row);
    }
    const { amplitude, time } = event;
    const cells = gradientCells(event, rasters.gradient);
    const samples = cells === undefined ? amplitude : amplitude.subarray(1, -1);
    const peak = peakOf(samples);
    const row = [
      hertz(peak),
      hertz(amplitude[0]),
      hertz(amplitude[amplitude.length - 1]),
      shapeId(normalised(samples, peak)),
      cells ?? timeShapeId(time, rasters.gradient),
      micro(event.delay),
    ];
    return rows.gradients.id(row.join(' '));
  };

  const adcId = (event: AdcEvent): number => {
    const row = [
      event.samples,
      nano(event.dwell),
      micro(event.delay),
      ...[event.frequencyPpm, event.phasePpm, event.frequencyOffset, event.phaseOffset],
      event.phaseShape === undefined ? 0 : shapeId(event.phaseShape),
    ];
    return rows.adc.id(row.join(' '));
  };

  const once =
    <Event extends object>(make: (event: Event) => number) =>
    (event: Event): number => {
      const id = known.get(event) ?? make(event);
      known.set(event, id);
      return id;
    };
  return { ...rows, trapezoids, shapes, rfId: once(rfId), gradientId: once(gradientId), adcId: once(adcId) };
}

/** Packed shapes, each once, and the id of a shape, from 1. */
function shapeTable(): { readonly shapes: string[]; shapeId(samples: Float64Array): number } {
  const shapes: string[] = [];
  const ids = new Map<string, number>();
  return {
    shapes,
    shapeId(samples) {
      const packed = packShape(samples);
      const text = `num_samples ${samples.length}\n${packed.join('\n')}\n`;
      const key = text.length > 200 ? createHash('sha256').update(text).digest('base64') : text;
      const id = ids.get(key);
      if (id !== undefined) return id;
      shapes.push(text);
      ids.set(key, shapes.length);
      return shapes.length;
    },
  };
}

const NEAR: Seconds = 1e-13;

function onGrid(time: Float64Array, expected: (n: number) => Seconds): boolean {
  return time.every((t, n) => Math.abs(t - expected(n)) <= NEAR + 1e-15 * t);
}

/** Time shape 0 or -1 when a held pulse's cells lie on the raster. */
function cellsOf({ time, interpolation }: RfEvent, raster: Seconds): number | undefined {
  if (interpolation !== 'held') return undefined;
  if (onGrid(time, (n) => n * raster)) return 0;
  return onGrid(time, (n) => ((n + 0.5) * raster) / 2) ? -1 : undefined;
}

/**
 * Time shape 0 or -1 when a gradient's inner points lie on the raster and its outer ones at the
 * edges.
 */
function gradientCells({ time }: ShapedGradientEvent, raster: Seconds): number | undefined {
  const last = time.length - 1;
  if (last < 2) return undefined;
  if (onGrid(time, (n) => (n === 0 ? 0 : n === last ? n - 1 : n - 0.5) * raster)) return 0;
  return onGrid(time, (n) => (n * raster) / 2) ? -1 : undefined;
}

/** Most samples that a pulse is written with in place of fewer, longer cells. */
const MOST_REPEATED = 1e5;

/**
 * A held pulse whose cells are whole steps of the raster, expanded to raster samples: every reader
 * understands these, and run-length encoding makes them short again.
 */
function onRaster(
  { time, magnitude, phase }: RfEvent,
  raster: Seconds,
): Pick<RfEvent, 'time' | 'magnitude' | 'phase'> | undefined {
  const edges = time.map((t) => Math.round(t / raster));
  const count = edges[edges.length - 1];
  if (edges[0] !== 0 || count > MOST_REPEATED || !onGrid(time, (n) => edges[n] * raster)) return undefined;
  const repeat = (values: Float64Array): Float64Array => {
    const all = new Float64Array(count);
    for (let n = 0; n < values.length; n++) all.fill(values[n], edges[n], edges[n + 1]);
    return all;
  };
  return { time, magnitude: repeat(magnitude), phase: repeat(phase) };
}

/** A held pulse off the raster as a linear one: two points per cell. */
function staircase({ time, magnitude, phase }: RfEvent): Pick<RfEvent, 'time' | 'magnitude' | 'phase'> {
  const twice = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: 2 * magnitude.length }, (_, n) => values[n >> 1]);
  return {
    time: Float64Array.from({ length: 2 * magnitude.length }, (_, n) => time[(n + 1) >> 1]),
    magnitude: twice(magnitude),
    phase: twice(phase),
  };
}
