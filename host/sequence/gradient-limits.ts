/**
 * Amplitude, slew rate and jumps of the gradients of a block on each physical axis: the part of the
 * hardware checks that examines waveforms. Each event is examined once; rotated blocks are examined
 * point by point only if the unrotated events do not decide it, so that thousands of rotated
 * spirals stay cheap.
 */
import type { Seconds, TeslaPerMeter } from '../base/units.ts';
import type { Scanner } from './scanner-types.ts';
import type { Block, GradientEvent } from './types.ts';
import { rotate, type Vector } from './vector.ts';
import { blockGradients, gradientPoints, type PiecewiseLinear } from './waveform.ts';

export interface Extremes {
  /** Largest |G| on x, y, z [T/m]. */
  readonly peak: Vector;
  /** Largest |dG/dt| on x, y, z [T/m/s]; jumps are separate. */
  readonly slew: Vector;
  /** Largest jump on x, y, z, edges of events inside the block included [T/m]. */
  readonly jump: Vector;
  /** Gradient with which the block begins and ends [T/m]. */
  readonly first: Vector;
  readonly last: Vector;
}

interface EventExtremes {
  readonly peak: TeslaPerMeter;
  readonly slew: number;
  readonly jump: TeslaPerMeter;
  readonly first: TeslaPerMeter;
  readonly last: TeslaPerMeter;
  readonly start: Seconds;
  readonly end: Seconds;
}

const NONE: EventExtremes = { peak: 0, slew: 0, jump: 0, first: 0, last: 0, start: 0, end: 0 };
/** Points closer in time than this are a jump: rounding of sums of rasters. */
const SAME_TIME: Seconds = 1e-9;

const remembered = new WeakMap<GradientEvent, EventExtremes>();

function eventExtremes(event: GradientEvent | undefined): EventExtremes {
  if (event === undefined) return NONE;
  const known = remembered.get(event);
  if (known !== undefined) return known;
  const made = pointExtremes(gradientPoints(event));
  remembered.set(event, made);
  return made;
}

function pointExtremes({ t, a }: PiecewiseLinear): EventExtremes {
  const count = t.length;
  if (count === 0) return NONE;
  let peak = Math.abs(a[0]);
  let slew = 0;
  let jump = 0;
  for (let n = 1; n < count; n++) {
    const step = Math.abs(a[n] - a[n - 1]);
    const time = t[n] - t[n - 1];
    if (time > SAME_TIME) slew = Math.max(slew, step / time);
    else jump = Math.max(jump, step);
    peak = Math.max(peak, Math.abs(a[n]));
  }
  return { peak, slew, jump, first: a[0], last: a[count - 1], start: t[0], end: t[count - 1] };
}

/**
 * Extremes of a block. After rotation `peak` and `slew` may be upper bounds where those are within
 * the limits, and `jump` is one. Not for blocks without gradients.
 */
export function blockExtremes(block: Block, { Gmax, Smax }: Scanner): Extremes {
  const { rotation, duration } = block;
  const own = [block.gx, block.gy, block.gz].map(eventExtremes) as [EventExtremes, EventExtremes, EventExtremes];
  const vector = (of: (event: EventExtremes) => number): Vector => [of(own[0]), of(own[1]), of(own[2])];
  // An event that does not begin or end at 0 inside the block jumps there.
  const begins = ({ start }: EventExtremes): boolean => start <= SAME_TIME;
  const ends = ({ end }: EventExtremes): boolean => end >= duration - SAME_TIME;
  const first = rotate(
    rotation,
    vector((event) => (begins(event) ? event.first : 0)),
  );
  const last = rotate(
    rotation,
    vector((event) => (ends(event) ? event.last : 0)),
  );
  const inner = vector((event) =>
    Math.max(event.jump, begins(event) ? 0 : Math.abs(event.first), ends(event) ? 0 : Math.abs(event.last)),
  );
  const peak = vector((event) => event.peak);
  const slew = vector((event) => event.slew);
  if (rotation === undefined) return { peak, slew, jump: inner, first, last };

  const jump = rotatedBound(rotation, inner);
  const bound = { peak: rotatedBound(rotation, peak), slew: rotatedBound(rotation, slew) };
  if (Math.max(...bound.peak) <= Gmax && Math.max(...bound.slew) <= Smax) return { ...bound, jump, first, last };
  const exact = rotatedGradients(block).map(pointExtremes);
  const ofExact = (of: (event: EventExtremes) => number): Vector => [of(exact[0]), of(exact[1]), of(exact[2])];
  return { peak: ofExact((event) => event.peak), slew: ofExact((event) => event.slew), jump, first, last };
}

/** Σ|R|·v: no axis can have more after rotation. */
function rotatedBound(rotation: readonly number[], v: Vector): Vector {
  return rotate(rotation.map(Math.abs), v);
}

/**
 * The gradients after rotation; events with common points, such as arms of a spiral, are rotated
 * point by point.
 */
function rotatedGradients(block: Block): readonly PiecewiseLinear[] {
  const parts = [block.gx, block.gy, block.gz].map(gradientPoints);
  const present = parts.filter(({ t }) => t.length > 0);
  const t = present[0].t;
  const shared = present.every((part) => part.t.length === t.length && part.t.every((time, n) => time === t[n]));
  if (!shared) return blockGradients(block);
  const turned = [0, 1, 2].map(() => new Float64Array(t.length));
  for (let n = 0; n < t.length; n++) {
    const [x, y, z] = rotate(block.rotation, [parts[0].a[n] ?? 0, parts[1].a[n] ?? 0, parts[2].a[n] ?? 0]);
    turned[0][n] = x;
    turned[1][n] = y;
    turned[2][n] = z;
  }
  return turned.map((a) => ({ t, a }));
}
