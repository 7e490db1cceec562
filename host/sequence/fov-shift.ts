/**
 * The centre of the image according to the receiver. A receiver that is tuned f off the Larmor
 * frequency centres the image where the read gradient G compensates it, x₀ = f/(γ̄G); a receiver
 * phase of 2πk·r₀ from line to line centres it at r₀ along the phase-encoded axes. This is how
 * Pulseq sequences shift their field of view.
 */
import type { Hertz, Meters } from '../base/units.ts';
import type { Excitation, WalkedReadout } from './kspace.ts';
import { offsets } from './offsets.ts';
import type { AxisSpace } from './space.ts';
import { type Line, PARALLEL } from './trajectory-kind.ts';
import { add, cross, dot, norm, originOnLine, scale, type Vector, ZERO } from './vector.ts';

/**
 * Shifts on which the lines agree within this fraction of a pixel are shifts of the image;
 * otherwise the frequency has another purpose.
 */
const AGREED = 0.1;
/**
 * Phase increments (unit vectors) whose mean over the scan is shorter than this have no common
 * value.
 */
const COHERENT = 0.98;
/**
 * Fractions of the field of view by which a phase may shift the image: less is rounding, and one
 * half comes from phases that alternate from pulse to pulse, which is phase cycling and not a
 * shift.
 */
const [SMALLEST_SHIFT, LARGEST_SHIFT] = [1e-4, 0.45];

export interface ShiftedLine {
  readonly readout: WalkedReadout;
  readonly line: Line;
}

/**
 * @param shifted straight image lines of one slice, contrast and repetition
 * @param frame axes of the image, and its space along them
 * @returns centre of the field of view from the receiver's settings [m], LPS
 */
export function fovShift(
  shifted: readonly ShiftedLine[],
  excitations: readonly Excitation[],
  frame: readonly [Vector, Vector, Vector],
  axes: readonly [AxisSpace, AxisSpace, AxisSpace],
  larmor: Hertz,
): Vector {
  if (shifted.length === 0) return ZERO;
  const along = shifted.map(({ readout, line }) => readShift(readout, line, larmor));
  const { direction } = shifted[0].line;
  const parallel = shifted.every(({ line }) => norm(cross(line.direction, direction)) < PARALLEL);
  if (!parallel) return radialShift(shifted, along, axes);
  // Lines may run back and forth: one direction for all.
  const read = along.map((shift, n) => shift * Math.sign(dot(shifted[n].line.direction, frame[0])));
  const mean = read.reduce((sum, shift) => sum + shift, 0) / read.length;
  const pixel = axes[0].fov / axes[0].matrix;
  const agreed = read.every((shift) => Math.abs(shift - mean) < AGREED * pixel);
  let shift = agreed ? scale(frame[0], mean) : ZERO;
  for (const axis of [1, 2] as const) {
    if (axes[axis].matrix > 1)
      shift = add(shift, frame[axis], phaseShift(shifted, excitations, frame, axis, axes[axis].fov, larmor));
  }
  return shift;
}

/** Position along its own direction at which a line's receiver frequency centres the image. */
function readShift({ adc }: WalkedReadout, { first, last }: Line, larmor: Hertz): Meters {
  const { frequency } = offsets(adc, larmor);
  const speed = norm(add(last, first, -1)) / ((adc.samples - 1) * adc.dwell);
  return frequency === 0 ? 0 : frequency / speed;
}

/**
 * The point whose distances along all spokes are those of their receivers, in the plane of the
 * spokes.
 */
function radialShift(
  shifted: readonly ShiftedLine[],
  along: readonly Meters[],
  axes: readonly [AxisSpace, AxisSpace, AxisSpace],
): Vector {
  if (along.every((shift) => shift === 0)) return ZERO;
  // Kaczmarz's iteration: exact after one round for perpendicular spokes, after a few for others.
  let center: Vector = ZERO;
  for (let round = 0; round < 50; round++) {
    for (const [n, { line }] of shifted.entries())
      center = add(center, line.direction, along[n] - dot(center, line.direction));
  }
  const pixel = axes[0].fov / axes[0].matrix;
  const agreed = shifted.every(({ line }, n) => Math.abs(along[n] - dot(center, line.direction)) < AGREED * pixel);
  return agreed ? center : ZERO;
}

/** From the phase step between neighbouring lines along one axis. */
function phaseShift(
  shifted: readonly ShiftedLine[],
  excitations: readonly Excitation[],
  frame: readonly [Vector, Vector, Vector],
  axis: 1 | 2,
  fov: Meters,
  larmor: Hertz,
): Meters {
  const across = frame[axis === 1 ? 2 : 1];
  const placed = shifted.map(({ readout, line }) => ({
    k: dot(line.first, frame[axis]),
    other: Math.round(dot(line.first, across) / (1e-3 * norm(add(line.last, line.first, -1)))),
    phase: centerPhase(readout, line, excitations, larmor),
  }));
  placed.sort((a, b) => a.other - b.other || a.k - b.k);
  const steps = placed.slice(1).flatMap((line, n) => {
    const before = placed[n];
    const step = line.k - before.k;
    return line.other === before.other && step * fov > 0.5 ? [{ step, phase: line.phase - before.phase }] : [];
  });
  if (steps.length === 0) return 0;
  const least = steps.reduce((most, { step }) => Math.min(most, step), Number.POSITIVE_INFINITY);
  const single = steps.filter(({ step }) => step < 1.5 * least);
  const re = single.reduce((sum, { phase }) => sum + Math.cos(phase), 0) / single.length;
  const im = single.reduce((sum, { phase }) => sum + Math.sin(phase), 0) / single.length;
  const part = Math.atan2(im, re) / (2 * Math.PI);
  const isShift = Math.hypot(re, im) > COHERENT && Math.abs(part) > SMALLEST_SHIFT && Math.abs(part) < LARGEST_SHIFT;
  return isShift ? part / least : 0;
}

/** Receiver phase where the line passes k = 0, against the excitation's. */
function centerPhase(
  { adc, excitation }: WalkedReadout,
  { first, last }: Line,
  excitations: readonly Excitation[],
  larmor: Hertz,
): number {
  const { frequency, phase } = offsets(adc, larmor);
  const center = (originOnLine(first, last) * (adc.samples - 1) + 0.5) * adc.dwell;
  const rf = excitations[excitation]?.rf;
  return phase + 2 * Math.PI * frequency * center - (rf === undefined ? 0 : offsets(rf, larmor).phase);
}
