/** The spurious echo that a scan's spins are predicted to show: found before the simulation, told where it can be seen. */
import { badInput } from '../common/errors.ts';
import { warn } from '../common/log.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import { pulseCount } from '../timeline/phase-graph.ts';
import { checkPoints, type EchoPrediction } from '../timeline/point-check.ts';
import { pixelAlong } from '../timeline/sampler.ts';
import type { Timeline } from '../timeline/types.ts';

/** From here on it is told, and refused with `--strict`, over the signal. */
const TOLD = 0.01;
/**
 * The same of phantoms of voxels, whose number of spins is chosen for 2 %, or stated. Predictions of 1 to 15 % were within a factor of 1.5 of
 * the measured echo in 11 of 15 whole scans (`npm run validate -- spurious`), so only from 1.5 times 2 % on a number is told to be too few.
 */
const CHOSEN = 0.03;

/** Of a phantom of voxels as it was chosen, of any other by a look at its spins; with one pulse there is none. */
export function predictEcho(phantom: PhantomSource, timeline: Timeline, encoding: Encoding): EchoPrediction {
  if (phantom.spins?.level !== undefined) return { level: phantom.spins.level };
  if (pulseCount(timeline) < 2) return { level: 0 };
  const along = ([1, 2, 3] as const).map((axis) =>
    pixelAlong(encoding, [axis === 1 ? 1 : 0, axis === 2 ? 1 : 0, axis === 3 ? 1 : 0]),
  );
  return checkPoints(phantom, timeline, encoding.start, along);
}

/** @throws LarmorError 65 with `strict` */
export function reportEcho(phantom: PhantomSource, prediction: EchoPrediction, strict: boolean): void {
  const { level, T1, T2, order, pulse, enough } = prediction;
  if (level < (phantom.spins === undefined ? TOLD : CHOSEN)) return;
  const percent = `about ${level < 0.1 ? (100 * level).toPrecision(1) : Math.round(100 * level)} % of the signal`;
  const cause =
    order === undefined
      ? ''
      : `, most from spins with T1 ${T1!.toPrecision(3)} s and T2 ${T2!.toPrecision(3)} s, wound up by ` +
        `${Math.hypot(...order).toFixed(0)} cycles/m after pulse ${pulse! + 1}`;
  const what = `too few spins per pixel for this sequence: a spurious echo of ${percent} is predicted${cause}`;
  const fix =
    enough === undefined
      ? 'use --spins-per-voxel auto'
      : `give about ${enough} spins per pixel, across the slice as well`;
  if (strict) throw badInput(phantom.name, what, `${fix}, or run without --strict`);
  warn(`${phantom.name}: ${what}; ${fix}`);
}
