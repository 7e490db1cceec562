/**
 * The plan of a run: everything that determines the bits of the result. How the phantom is cut into
 * tiles, the unit of the sums, and a hash that shows whether two ranks, or a run and a checkpoint,
 * do the same work. It does not depend on ranks, threads or schedule.
 */
import { createHash } from 'node:crypto';
import { badInput } from '../base/errors.ts';
import { tileCut } from '../engine/tile-cut.ts';
import { largestShare } from '../engine/units.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Precision } from '../program/types.ts';
import type { Timeline, Timelines } from '../timeline/types.ts';
import { defaultTileSize } from './tile-size.ts';

export interface Plan {
  readonly spinCount: number;
  readonly tileSize: number;
  readonly tileCount: number;
  /** Sums hold round(signal · 2^scaleExponent). */
  readonly scaleExponent: number;
  readonly precision: Precision;
  /** See `EngineJob`. */
  readonly tolerance?: number;
  /** Everything that may change a bit of the result, by the name used in messages. */
  readonly parts: Readonly<Record<string, string>>;
  /** sha256 of `parts`. */
  readonly hash: string;
}

/** Increment when the meaning of a plan changes, so that old checkpoints are refused. */
const PLAN_FORMAT = 4;

/** @param options.tileSize spins per tile; default: see `tile-size.ts` */
export function makePlan(
  timelines: Timelines,
  source: PhantomSource,
  options: { precision: Precision; tileSize?: number; tolerance?: number; engineBuild: string; version: string },
): Plan {
  const { spinCount } = source;
  const { precision, tolerance } = options;
  const tileSize =
    options.tileSize ??
    defaultTileSize({ timelines, source, precision, ...(tolerance === undefined ? {} : { tolerance }) });
  const scaleExponent = scaleExponentFor(source);
  const parts = {
    version: options.version,
    ...(source.motionIdentity === undefined ? {} : { motion: source.motionIdentity }),
    sequence: timelines.map(timelineDigest).join(' '),
    phantom: sha256(JSON.stringify([spinCount, source.identity, source.model ?? null, scaleExponent])),
    'tile size': String(tileSize),
    precision: options.precision,
    tolerance: String(options.tolerance ?? 'exact forms'),
    kernels: options.engineBuild,
  };
  return {
    spinCount,
    tileSize,
    tileCount: tileCut(source, tileSize).tileCount,
    scaleExponent,
    precision: options.precision,
    ...(options.tolerance === undefined ? {} : { tolerance: options.tolerance }),
    parts,
    hash: sha256(JSON.stringify([PLAN_FORMAT, parts])),
  };
}

/** Phantoms are f32: densities a millionth of the largest should still be normal numbers there. */
const LEAST_DENSITY = 1e-31;

/**
 * Largest e with spins × max|density| × max|C| × 2^e ≤ 2^62, C the sensitivity of a coil. |Σ
 * C·density·Mxy| can nowhere exceed spins × that product but by rounding, and the bit between 2^62
 * and 2^63 is there for that: see `assembly/sums.ts`.
 */
function scaleExponentFor(source: PhantomSource): number {
  const { name, spinCount, bounds, model } = source;
  if (model !== undefined && model.coils > 0 && !(model.largest.coil > 0 && Number.isFinite(model.largest.coil)))
    throw badInput(name, 'no coil receives from any spin', 'give coils with a sensitivity where the spins are');
  const largest = spinCount * largestShare(source);
  if (!(largest > 0 && Number.isFinite(largest))) {
    throw badInput(name, 'no spin has any density', 'give a phantom with signal');
  }
  if (bounds.maxDensity < LEAST_DENSITY) {
    const fix = 'multiply all densities by a constant';
    throw badInput(name, `the largest density is ${bounds.maxDensity}, which f32 cannot represent`, fix);
  }
  return 62 - Math.ceil(Math.log2(largest));
}

/** sha256 of all arrays of a timeline, lengths included. */
function timelineDigest(timeline: Timeline): string {
  const hash = createHash('sha256');
  hash.update(Float64Array.of(timeline.gammaBar, timeline.B0, timeline.sampleCount, timeline.terms));
  const { ops, precessions, excitations, pulses, rfSteps, readouts, trajectories, samples, receive, receiveShapes } =
    timeline;
  const { precessionTerms, sampleTerms, rfStepTerms, senses } = timeline;
  for (const array of [
    ops,
    precessions,
    excitations,
    pulses,
    rfSteps,
    readouts,
    trajectories,
    samples,
    receive,
    ...receiveShapes,
    precessionTerms,
    sampleTerms,
    rfStepTerms,
    senses,
  ]) {
    hash.update(Float64Array.of(array.length)).update(array);
  }
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Names of the parts that differ between two plans. Motions are compiled into sequence and phantom,
 * so if motions differ, only they are named.
 */
export function differences(a: Plan['parts'], b: Plan['parts']): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
  return names.includes('motion') ? names.filter((name) => name !== 'sequence' && name !== 'phantom') : names;
}
