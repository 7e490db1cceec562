/**
 * Where in k-space a sequence's readouts lie: one walk over the blocks that follows k = γ̄∫G dt from excitation to
 * readout, and the path of a readout's samples on demand. It remembers per event, never per sample, so a scan of a
 * million blocks costs a few hundred bytes per readout.
 *
 * k starts at 0 at an excitation's centre and is negated at a refocusing pulse's centre (`rf.ts` says which is which).
 * Within a block k(t) = base + R·K(t), where K is the integral of its gradients as written and R its rotation.
 */
import { type CyclesPerMeter, GAMMA_BAR, type Meters, type Radians, type Seconds } from '../common/units.ts';
import { applyLabels, type LabelState, NO_LABELS } from './labels.ts';
import { offsets } from './offsets.ts';
import { effectOnK, flipAngle } from './rf.ts';
import type { AdcEvent, Block, GradientEvent, RfEvent, Scanner, Sequence } from './types.ts';
import { gradientPoints, integral, type PiecewiseLinear, valueAt } from './waveform.ts';

export type Vector = readonly [number, number, number];

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const add = (a: Vector, b: Vector, weight = 1): Vector => [
  a[0] + weight * b[0],
  a[1] + weight * b[1],
  a[2] + weight * b[2],
];
export const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const norm = (a: Vector): number => Math.hypot(a[0], a[1], a[2]);
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** R·v, or Rᵀ·v; v itself without a rotation. */
export function rotate(R: readonly number[] | undefined, v: Vector, transposed = false): Vector {
  if (R === undefined) return v;
  const row = (n: number): Vector =>
    transposed ? [R[n]!, R[n + 3]!, R[n + 6]!] : [R[3 * n]!, R[3 * n + 1]!, R[3 * n + 2]!];
  return [dot(row(0), v), dot(row(1), v), dot(row(2), v)];
}

export interface Excitation {
  /** Centre, since the start of the sequence. */
  readonly time: Seconds;
  readonly flip: Radians;
  readonly rf: RfEvent;
  /** Gradient at the pulse's centre [T/m]; zero when nothing is selected. */
  readonly gradient: Vector;
  /** Middle of what the frequency offset selects along that gradient; the origin when nothing is selected. */
  readonly position: readonly [Meters, Meters, Meters];
}

export interface WalkedReadout {
  readonly block: number;
  readonly adc: AdcEvent;
  /** Start of its block, since the start of the sequence. */
  readonly blockStart: Seconds;
  /** k at the block's start, or what it would have been had the block's pulse never acted [cycles/m]. */
  readonly base: Vector;
  readonly rotation: readonly number[] | undefined;
  readonly path: Path;
  /** Index of the last excitation; −1 before the first. */
  readonly excitation: number;
  /** Pulses of any kind so far. */
  readonly pulses: number;
  readonly labels: LabelState;
}

export interface Walk {
  readonly readouts: readonly WalkedReadout[];
  readonly excitations: readonly Excitation[];
  /** Labels that occur anywhere. */
  readonly labelsUsed: ReadonlySet<string>;
}

/** The path of a readout's samples in its block, before rotation; shared by all readouts of the same events. */
export interface Path {
  readonly id: number;
  readonly samples: number;
  readonly first: Vector;
  readonly last: Vector;
  /** Samples a third and two thirds on: with first and last, enough to tell paths apart. */
  readonly via: readonly [Vector, Vector];
  /** Lowest and highest K along each axis. */
  readonly low: Vector;
  readonly high: Vector;
  /** Farthest any sample lies from the chord between first and last, over the chord's length. */
  readonly bend: number;
  /** Largest and smallest distance between neighbouring samples [cycles/m]. */
  readonly largestStep: CyclesPerMeter;
  readonly smallestStep: CyclesPerMeter;
  /** K at every sample: [samples][x, y, z] cycles/m. */
  points(): Float64Array;
}

export function walk(sequence: Sequence, scanner: Scanner): Walk {
  const readouts: WalkedReadout[] = [];
  const excitations: Excitation[] = [];
  const labelsUsed = new Set<string>();
  const pathOf = pathCollection();
  let k: Vector = [0, 0, 0];
  let time = 0;
  let pulses = 0;
  let labels = NO_LABELS;
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    const { rf, adc, rotation } = block;
    if (block.labels !== undefined) {
      labels = applyLabels(labels, block.labels);
      for (const { label } of block.labels) labelsUsed.add(label);
    }
    const effect = rf === undefined ? 'none' : effectOnK(rf);
    const before = k;
    let after = k;
    if (rf !== undefined) {
      pulses++;
      const center = rf.delay + rf.center;
      const moved = rotate(rotation, momentUntil(block, center));
      if (effect === 'start') {
        excitations.push(excitationAt(block, rf, time + center, scanner));
        after = scale(moved, -1);
      } else if (effect === 'negate') after = add(scale(moved, -2), before, -1);
    }
    if (adc !== undefined) {
      // An ADC ahead of the pulse in the same block belongs to what was excited before.
      const ahead = rf !== undefined && adc.delay < rf.delay + rf.center;
      readouts.push({
        block: n,
        adc,
        blockStart: time,
        base: ahead ? before : after,
        rotation,
        path: pathOf(block, adc),
        excitation: excitations.length - 1 - (ahead && effect === 'start' ? 1 : 0),
        pulses: pulses - (ahead ? 1 : 0),
        labels,
      });
    }
    k = add(after, rotate(rotation, wholeMoment(block)));
    time += block.duration;
  }
  return { readouts, excitations, labelsUsed };
}

/** k of every sample of a readout, physical axes: [samples][x, y, z] cycles/m. */
export function samplePositions({ base, path, rotation }: WalkedReadout): Float64Array {
  const k = path.points().slice();
  for (let n = 0; n < k.length; n += 3) {
    const [x, y, z] = add(base, rotate(rotation, [k[n]!, k[n + 1]!, k[n + 2]!]));
    k[n] = x;
    k[n + 1] = y;
    k[n + 2] = z;
  }
  return k;
}

function excitationAt(block: Block, rf: RfEvent, time: Seconds, scanner: Scanner): Excitation {
  const center = rf.delay + rf.center;
  const at = (event: GradientEvent | undefined): number => valueAt(gradientPoints(event), center);
  const gradient = rotate(block.rotation, [at(block.gx), at(block.gy), at(block.gz)]);
  const strength = dot(gradient, gradient);
  const { frequency } = offsets(rf, scanner.B0);
  const position: Vector = strength === 0 ? [0, 0, 0] : scale(gradient, frequency / (GAMMA_BAR * strength));
  return { time, flip: flipAngle(rf), rf, gradient, position };
}

function momentUntil(block: Block, time: Seconds): Vector {
  const one = (event: GradientEvent | undefined): number => GAMMA_BAR * integral(gradientPoints(event), 0, time);
  return [one(block.gx), one(block.gy), one(block.gz)];
}

const wholes = new WeakMap<GradientEvent, CyclesPerMeter>();

function wholeMoment(block: Block): Vector {
  const one = (event: GradientEvent | undefined): number => {
    if (event === undefined) return 0;
    const known = wholes.get(event);
    if (known !== undefined) return known;
    const points = gradientPoints(event);
    const moment = GAMMA_BAR * integral(points, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    wholes.set(event, moment);
    return moment;
  };
  return [one(block.gx), one(block.gy), one(block.gz)];
}

/** Values kept of all paths together before they are computed anew when asked for: 64 MB. */
const KEPT_VALUES = 8e6;

/** Paths by the events that make them; blocks of the same events get the same path. */
function pathCollection(): (block: Block, adc: AdcEvent) => Path {
  const ids = new Map<object, number>();
  const idOf = (event: object | undefined): number => {
    if (event === undefined) return 0;
    const id = ids.get(event) ?? ids.size + 1;
    ids.set(event, id);
    return id;
  };
  const paths = new Map<string, Path>();
  const kept = new Map<number, Float64Array>();
  let keptValues = 0;
  return ({ gx, gy, gz }, adc) => {
    const key = `${idOf(gx)} ${idOf(gy)} ${idOf(gz)} ${idOf(adc)}`;
    const known = paths.get(key);
    if (known !== undefined) return known;
    const id = paths.size;
    const points = (): Float64Array => {
      const there = kept.get(id);
      if (there !== undefined) return there;
      const made = pathPoints([gx, gy, gz].map(gradientPoints), adc);
      if (keptValues + made.length > KEPT_VALUES) {
        kept.clear();
        keptValues = 0;
      }
      kept.set(id, made);
      keptValues += made.length;
      return made;
    };
    const path = { id, samples: adc.samples, ...features(points()), points };
    paths.set(key, path);
    return path;
  };
}

function pathPoints(gradients: readonly PiecewiseLinear[], { samples, dwell, delay }: AdcEvent): Float64Array {
  const points = new Float64Array(3 * samples);
  for (const [axis, gradient] of gradients.entries()) {
    let k = 0;
    let from = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < samples; n++) {
      const to = delay + (n + 0.5) * dwell;
      k += GAMMA_BAR * integral(gradient, from, to);
      points[3 * n + axis] = k;
      from = to;
    }
  }
  return points;
}

function features(points: Float64Array): Omit<Path, 'id' | 'samples' | 'points'> {
  const at = (n: number): Vector => [points[3 * n]!, points[3 * n + 1]!, points[3 * n + 2]!];
  const samples = points.length / 3;
  const first = at(0);
  const last = at(samples - 1);
  const chord = add(last, first, -1);
  const length = norm(chord);
  const along: Vector = length === 0 ? [0, 0, 0] : scale(chord, 1 / length);
  const via = [at(Math.floor(samples / 3)), at(Math.floor((2 * samples) / 3))] as const;
  let low = first;
  let high = first;
  let farthest = 0;
  let largestStep = 0;
  let smallestStep = samples > 1 ? Number.POSITIVE_INFINITY : 0;
  for (let n = 1; n < samples; n++) {
    const here = at(n);
    low = [Math.min(low[0], here[0]), Math.min(low[1], here[1]), Math.min(low[2], here[2])];
    high = [Math.max(high[0], here[0]), Math.max(high[1], here[1]), Math.max(high[2], here[2])];
    const step = norm(add(here, at(n - 1), -1));
    largestStep = Math.max(largestStep, step);
    smallestStep = Math.min(smallestStep, step);
    const from = add(here, first, -1);
    farthest = Math.max(farthest, norm(add(from, along, -dot(from, along))));
  }
  const bend = farthest === 0 ? 0 : farthest / length;
  return { first, last, via, low, high, bend, largestStep, smallestStep };
}
