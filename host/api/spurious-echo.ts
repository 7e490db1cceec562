/**
 * Reports the spurious echo that is predicted for a scan with too few spins, if it would be
 * visible.
 */
import { badInput } from '../base/errors.ts';
import { warn } from '../base/log.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { EchoPrediction } from '../sampling/point-check.ts';

/** Level, relative to the signal, from which the echo is reported, and rejected with `--strict`. */
const REPORTED = 0.01;
/**
 * The same for voxel phantoms, whose number of spins is chosen for 1 %, or stated, or the best of
 * those tried. Predictions of 1 to 15 % were within a factor of 1.5 of the measured echo in 11 of
 * 15 whole scans (`npm run validate -- spurious`): from this level on the echo is 2 % or more, near
 * the 2.5 % of ghosting that a scanner may have.
 */
const CHOSEN = 0.03;

/** The level from which it is reported. */
export const echoLimit = ({ spins }: Pick<PhantomSource, 'spins'>): number => (spins === undefined ? REPORTED : CHOSEN);

/**
 * @param chosen the spins per voxel were chosen for the sequence, not stated
 * @throws LarmorError 65 with `strict`
 */
export function reportEcho(
  phantom: PhantomSource,
  sequence: string,
  prediction: EchoPrediction,
  { strict, chosen }: { readonly strict: boolean; readonly chosen: boolean },
): void {
  const { level, dephased } = prediction;
  if (dephased !== undefined)
    warn(
      `${sequence}: its readouts never see refocused magnetisation, only magnetisation dephased by ` +
        `${Math.hypot(...dephased).toFixed(0)} cycles/m, whose signal is an artefact of too few spins; ` +
        'rewind the slice gradient and balance the gradient moments between pulses and readouts',
    );
  if (level < echoLimit(phantom)) return;
  const percent = `about ${level < 0.1 ? (100 * level).toPrecision(1) : Math.round(100 * level)} % of the signal`;
  const what = `too few spins per pixel for this sequence: a spurious echo of ${percent} is predicted${causeOf(prediction)}`;
  const fix = fixOf(prediction, phantom, chosen);
  if (strict) throw badInput(phantom.name, what, `${fix}, or run without --strict`);
  warn(`${phantom.name}: ${what}; ${fix}`);
}

function causeOf({ T1, T2, order, pulse, turning }: EchoPrediction): string {
  if (T1 === undefined) return '';
  const tissue = `, mostly from spins with T1 ${T1.toPrecision(3)} s and T2 ${T2!.toPrecision(3)} s, `;
  if (turning) return `${tissue}dephased by gradients whose direction changes from pulse to pulse`;
  if (order === undefined) return `${tissue}caused by pulses at the edges of the slice`;
  return `${tissue}dephased by ${Math.hypot(...order).toFixed(0)} cycles/m after pulse ${pulse! + 1}`;
}

function fixOf({ enough, within }: EchoPrediction, { spins }: PhantomSource, chosen: boolean): string {
  if (enough === undefined && chosen) {
    const most = spins === undefined ? '' : ` than the ${spins.most} that were chosen`;
    return `give more${most} with --spins-per-voxel, or smaller voxels`;
  }
  if (enough === undefined) return 'use --spins-per-voxel auto, or a larger number where that is too few';
  if (within === undefined) return `give about ${enough()} spins per pixel, across the slice as well`;
  return `give about ${enough()} spins per pixel, evenly across ${(1e3 * within).toPrecision(2)} mm around the slice`;
}
