/**
 * A compact form of a sequence: each kind of block, each event, and each shape (regardless of
 * amplitude) is stored once, then the order of the blocks. `openTable` makes a `Sequence` of it
 * again for the page, which draws it by the functions of `larmor plot`. Amplitudes and phases are
 * rounded to f32; labels and triggers are omitted.
 */
import type { Hertz, Seconds, Tesla } from '../base/units.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { AdcEvent, Block, GradientEvent, RfEvent, Sequence } from '../sequence/types.ts';
import { type Columns, rowOf, toColumns } from './numbers.ts';

export interface SequenceTable {
  readonly name: string;
  readonly duration: Seconds;
  readonly B0: Tesla;
  readonly gammaBar: Hertz;
  /** Kind of each block, in the order played. */
  readonly order: Uint32Array;
  /** Events of each kind: 0 none, else one more than an index into the tables below. */
  readonly kinds: Columns<KindRow>;
  readonly pulses: Columns<PulseRow>;
  readonly gradients: Columns<GradientRow>;
  readonly readouts: Columns<ReadoutRow>;
  readonly rotations: readonly (readonly number[])[];
  readonly shapes: readonly Shape[];
}

/** Values over the largest of them, or evenly spaced ones. */
type Shape = Float32Array | Float64Array | { readonly first: number; readonly step: number; readonly count: number };

interface KindRow {
  readonly [name: string]: number;
  readonly duration: number;
  readonly rf: number;
  readonly gx: number;
  readonly gy: number;
  readonly gz: number;
  readonly adc: number;
  readonly rotation: number;
}

interface PulseRow {
  readonly [name: string]: number;
  readonly delay: number;
  readonly linear: number;
  readonly time: number;
  readonly amplitude: number;
  readonly magnitude: number;
  readonly phase: number;
  readonly phaseScale: number;
  readonly center: number;
  readonly frequencyOffset: number;
  readonly phaseOffset: number;
  readonly frequencyPpm: number;
  readonly phasePpm: number;
}

/**
 * A trapezoid has shape 0 and its three times, a shaped gradient the shapes of its times and
 * values.
 */
interface GradientRow {
  readonly [name: string]: number;
  readonly delay: number;
  readonly amplitude: number;
  readonly shape: number;
  readonly time: number;
  readonly rise: number;
  readonly flat: number;
  readonly fall: number;
}

interface ReadoutRow {
  readonly [name: string]: number;
  readonly delay: number;
  readonly samples: number;
  readonly dwell: number;
  readonly frequencyOffset: number;
  readonly phaseOffset: number;
  readonly frequencyPpm: number;
  readonly phasePpm: number;
}

/**
 * Numbers distinct things, from 1 in the order of their first occurrence.
 * @param keyOf things with equal keys get one number; default: the identity of the object
 */
function numbering<Item>(keyOf: (item: Item) => unknown = (item) => item): {
  of(item: Item | undefined): number;
  readonly all: readonly Item[];
} {
  const known = new Map<unknown, number>();
  const all: Item[] = [];
  return {
    all,
    of(item) {
      if (item === undefined) return 0;
      const key = keyOf(item);
      const number = known.get(key) ?? all.push(item);
      known.set(key, number);
      return number;
    },
  };
}

/** Distinct rows of whole numbers, numbered from 0 in the order in which they are first seen. */
interface RowNumbering {
  of(row: Uint32Array): number;
  /** A column of all rows. */
  column(column: number): Uint32Array;
}

/** Odd numbers with evenly mixed bits: 2³² over the golden ratio, and a prime. */
const [MIX, MIX_ALL] = [0x9e3779b1, 0x85ebca6b];

/**
 * A hash table in typed arrays: a `Map` with texts or pairs of numbers as keys would take longer
 * for 10⁵ blocks than all else.
 * @param width of a row
 */
function rowNumbering(width: number): RowNumbering {
  let rows = new Uint32Array(1024 * width);
  let count = 0;
  /** One more than the number of a row, or 0; at least half of them are 0. */
  let slots = new Uint32Array(4096);
  const isAt = (row: Uint32Array, number: number): boolean => {
    for (let c = 0; c < width; c++) if (rows[number * width + c] !== row[c]) return false;
    return true;
  };
  /** The slot of a row, or the free one where it belongs. */
  const slotOf = (row: Uint32Array): number => {
    let hash = 0;
    for (let c = 0; c < width; c++) hash = Math.imul(hash ^ row[c], MIX) ^ (hash >>> 15);
    hash = Math.imul(hash ^ (hash >>> 16), MIX_ALL);
    let slot = (hash ^ (hash >>> 13)) & (slots.length - 1);
    while (slots[slot] > 0 && !isAt(row, slots[slot] - 1)) slot = (slot + 1) & (slots.length - 1);
    return slot;
  };
  const grow = (): void => {
    const more = new Uint32Array(2 * rows.length);
    more.set(rows);
    rows = more;
    slots = new Uint32Array(2 * slots.length);
    for (let n = 0; n < count; n++) slots[slotOf(rows.subarray(n * width, (n + 1) * width))] = n + 1;
  };
  return {
    of(row) {
      const slot = slotOf(row);
      if (slots[slot] > 0) return slots[slot] - 1;
      slots[slot] = count + 1;
      rows.set(row, count * width);
      count++;
      if (count * width === rows.length) grow();
      return count - 1;
    },
    column(column) {
      const values = new Uint32Array(count);
      for (let n = 0; n < count; n++) values[n] = rows[n * width + column];
      return values;
    },
  };
}

export function tableOf(sequence: Sequence, { B0, gammaBar }: Scanner): SequenceTable {
  const pulses = numbering<RfEvent>();
  const gradients = numbering<GradientEvent>();
  const readouts = numbering<AdcEvent>();
  const rotations = numbering<readonly number[]>(String);
  const durations = numbering<Seconds>();
  const order = new Uint32Array(sequence.blockCount);
  const row = new Uint32Array(7);
  const kinds = rowNumbering(row.length);
  for (let n = 0; n < order.length; n++) {
    const block = sequence.block(n);
    row[0] = durations.of(block.duration);
    row[1] = pulses.of(block.rf);
    row[2] = gradients.of(block.gx);
    row[3] = gradients.of(block.gy);
    row[4] = gradients.of(block.gz);
    row[5] = readouts.of(block.adc);
    row[6] = rotations.of(block.rotation);
    order[n] = kinds.of(row);
  }
  const [duration, rf, gx, gy, gz, adc, rotation] = Array.from(row, (_, c) => Float64Array.from(kinds.column(c)));
  const shapes = shapeStore();
  return {
    ...{ name: sequence.name, duration: sequence.duration, B0, gammaBar, order },
    kinds: { duration: duration.map((number) => durations.all[number - 1]), rf, gx, gy, gz, adc, rotation },
    pulses: pulseColumns(pulses.all, shapes),
    gradients: gradientColumns(gradients.all, shapes),
    readouts: toColumns(
      readouts.all.map(({ delay, samples, dwell, ...event }) => ({ delay, samples, dwell, ...offsetsOf(event) })),
    ),
    ...{ rotations: rotations.all, shapes: shapes.all },
  };
}

type Offsets = Pick<RfEvent, 'frequencyOffset' | 'phaseOffset' | 'frequencyPpm' | 'phasePpm'>;

/** Scans with RF spoiling have a phase for each repetition. */
const offsetsOf = ({ frequencyOffset, phaseOffset, frequencyPpm, phasePpm }: Offsets): Offsets => ({
  frequencyOffset: Math.fround(frequencyOffset),
  phaseOffset: Math.fround(phaseOffset),
  ...{ frequencyPpm, phasePpm },
});

function pulseColumns(pulses: readonly RfEvent[], shapes: ShapeStore): Columns<PulseRow> {
  const rows = pulses.map((rf) => {
    const [magnitude, amplitude] = shapes.scaled(rf.magnitude);
    const [phase, phaseScale] = shapes.scaled(rf.phase);
    return {
      ...{ delay: rf.delay, linear: rf.interpolation === 'linear' ? 1 : 0, center: rf.center },
      ...{ time: shapes.even(rf.time), magnitude, amplitude, phase, phaseScale, ...offsetsOf(rf) },
    };
  });
  return toColumns(rows);
}

function gradientColumns(gradients: readonly GradientEvent[], shapes: ShapeStore): Columns<GradientRow> {
  const rows = gradients.map((event): GradientRow => {
    const { delay } = event;
    if (event.kind === 'trapezoid') {
      const { rise, flat, fall } = event;
      return { delay, amplitude: Math.fround(event.amplitude), shape: 0, time: 0, rise, flat, fall };
    }
    const [shape, amplitude] = shapes.scaled(event.amplitude);
    return { delay, amplitude, shape, time: shapes.even(event.time), rise: 0, flat: 0, fall: 0 };
  });
  return toColumns(rows);
}

interface ShapeStore {
  readonly all: readonly Shape[];
  /** @returns number of the shape, from 1, and the factor of its values */
  scaled(values: Float64Array): readonly [shape: number, scale: number];
  /** Times: as they are, or as evenly spaced. */
  even(values: Float64Array): number;
}

/** Times of one raster agree to this [s]. */
const SAME_TIME: Seconds = 1e-12;

function shapeStore(): ShapeStore {
  const all: Shape[] = [];
  const byArray = new Map<Float64Array, readonly [number, number]>();
  const byContent = new Map<string, number>();
  const add = (shape: Shape): number => {
    const isArray = ArrayBuffer.isView(shape);
    const key = isArray
      ? Buffer.from(shape.buffer, shape.byteOffset, shape.byteLength).toString('latin1')
      : JSON.stringify(shape);
    const number = byContent.get(key) ?? all.push(shape);
    byContent.set(key, number);
    return number;
  };
  const once =
    (make: (values: Float64Array) => readonly [number, number]) =>
    (values: Float64Array): readonly [number, number] => {
      const made = byArray.get(values) ?? make(values);
      byArray.set(values, made);
      return made;
    };
  const scaled = once((values) => {
    const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    // Copies of one shape with other amplitudes differ in their last bits.
    const rounded = Float32Array.from(values, (value) =>
      most === 0 ? 0 : Math.round((value / most) * 2 ** 20) / 2 ** 20,
    );
    return [add(evenly(Float64Array.from(rounded)) ?? rounded), most];
  });
  const even = once((values) => [add(evenly(values) ?? values), 1]);
  return { all, scaled, even: (values) => even(values)[0] };
}

function evenly(values: Float64Array): Shape | undefined {
  const count = values.length;
  const first = values[0] ?? 0;
  const step = count > 1 ? (values[count - 1] - first) / (count - 1) : 0;
  const isEven = values.every((value, n) => Math.abs(value - (first + n * step)) < SAME_TIME);
  return isEven ? { first, step, count } : undefined;
}

/** The sequence again; equal events are one object. */
export function openTable(table: SequenceTable): Sequence {
  const { order, kinds, name, duration } = table;
  const arrays = new Map<string, Float64Array>();
  /** One array for each shape and scale: results are cached by their identity. */
  const shape = (number: number, scale: number): Float64Array => {
    const key = `${number} ${scale}`;
    const known = arrays.get(key);
    if (known !== undefined) return known;
    const stored = table.shapes[number - 1];
    const made = ArrayBuffer.isView(stored)
      ? Float64Array.from(stored, (value) => scale * value)
      : Float64Array.from({ length: stored.count }, (_, n) => scale * (stored.first + n * stored.step));
    arrays.set(key, made);
    return made;
  };
  const pulse = eachOnce((n): RfEvent => {
    const { linear, time, amplitude, magnitude, phase, phaseScale, ...rest } = rowOf(table.pulses, n);
    return {
      ...{ kind: 'rf', use: 'undefined', interpolation: linear === 1 ? 'linear' : 'held', time: shape(time, 1) },
      ...{ magnitude: shape(magnitude, amplitude), phase: shape(phase, phaseScale) },
      ...(rest as Omit<RfEvent, 'kind' | 'use' | 'interpolation' | 'time' | 'magnitude' | 'phase'>),
    };
  });
  const gradient = eachOnce((n): GradientEvent => {
    const { delay, amplitude, shape: number, time, rise, flat, fall } = rowOf(table.gradients, n);
    if (number === 0) return { kind: 'trapezoid', delay, amplitude, rise, flat, fall };
    return { kind: 'shape', delay, time: shape(time, 1), amplitude: shape(number, amplitude) };
  });
  const readout = eachOnce((n): AdcEvent => ({ kind: 'adc', ...rowOf(table.readouts, n) }) as AdcEvent);
  const block = eachOnce((n): Block => {
    const kind = rowOf(kinds, n);
    return {
      duration: kind.duration,
      ...(kind.rf > 0 && { rf: pulse(kind.rf - 1) }),
      ...(kind.gx > 0 && { gx: gradient(kind.gx - 1) }),
      ...(kind.gy > 0 && { gy: gradient(kind.gy - 1) }),
      ...(kind.gz > 0 && { gz: gradient(kind.gz - 1) }),
      ...(kind.adc > 0 && { adc: readout(kind.adc - 1) }),
      ...(kind.rotation > 0 && { rotation: table.rotations[kind.rotation - 1] }),
    };
  });
  return { name, duration, definitions: new Map(), blockCount: order.length, block: (n) => block(order[n]) };
}

function eachOnce<Item>(make: (n: number) => Item): (n: number) => Item {
  const made: Item[] = [];
  return (n) => {
    made[n] ??= make(n);
    return made[n];
  };
}
