/**
 * The role of each readout: from labels where the file has them (NAV, NOISE, REF, IMA), else from
 * its path. Not part of the image are readouts before any excitation, and readouts without gradient
 * among lines, with another direction than the others, that miss the centre of k-space, or that
 * repeat the line at k = 0 outside of the table (references, navigators and phase correction of
 * EPI). The geometry of the image is inferred from the others.
 */
import { isImageRole, type ReadoutRole, withRole } from './encoding-types.ts';
import type { Walk, WalkedReadout } from './kspace.ts';
import { repeatedCenterLines } from './reference-lines.ts';
import { isStraight, type Line, PARALLEL } from './trajectory-kind.ts';
import { cross, norm, originOnLine } from './vector.ts';

export function rolesOf({ readouts, excitations, labelsUsed }: Walk, lines: readonly Line[]): ReadoutRole[] {
  const roles = readouts.map(roleByLabels);
  const images = (): number[] => withRole(roles, isImageRole);
  const assign = (numbers: Iterable<number>, role: ReadoutRole): void => {
    for (const n of numbers) roles[n] = role;
  };
  // A file without any pulse is a trajectory to look at.
  const hasPulses = readouts.some(({ pulses }) => pulses > 0) || excitations.length > 0;
  for (const n of hasPulses ? images() : []) {
    const { excitation, pulses, path } = readouts[n];
    if (excitation < 0) roles[n] = pulses === 0 && path.largestStep === 0 ? 'noise' : 'dummy';
  }
  assign(standingAmongMoving(images(), readouts), 'navigator');
  assign(ofAnotherKind(images(), readouts, lines), 'navigator');
  if (!areParallel(images(), readouts, lines)) return roles;
  assign(offCenter(images(), lines), 'dummy');
  if (labelsUsed.has('NAV')) return roles;
  const image = images();
  const { phaseCorrection, navigators } = repeatedCenterLines(
    image.map((n) => readouts[n]),
    image.map((n) => lines[n]),
  );
  assign(
    phaseCorrection.map((n) => image[n]),
    'phaseCorrection',
  );
  assign(
    navigators.map((n) => image[n]),
    'navigator',
  );
  return roles;
}

function roleByLabels({ labels }: WalkedReadout): ReadoutRole {
  const flag = (label: string): boolean => (labels.get(label) ?? 0) !== 0;
  if (flag('NOISE')) return 'noise';
  if (flag('NAV')) return 'navigator';
  if (flag('IMA')) return 'calibrationAndImage';
  return flag('REF') ? 'calibration' : 'image';
}

/** A kind of readout with less than this share is not part of the image. */
const MINORITY = 0.1;

/** Readouts without a gradient among readouts with one, as FID navigators and field probes are. */
function standingAmongMoving(image: readonly number[], readouts: readonly WalkedReadout[]): number[] {
  const standing = image.filter((n) => readouts[n].path.largestStep === 0);
  return image.length - standing.length > MINORITY * image.length ? standing : [];
}

/**
 * The few curved readouts among straight ones, or straight among curved; the few lines that run
 * another way.
 */
function ofAnotherKind(
  image: readonly number[],
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
): readonly number[] {
  const [straight, curved] = split(image, (n) => isStraight(readouts[n], lines[n]));
  const samples = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + readouts[n].adc.samples, 0);
  const [all, bent] = [samples(image), samples(curved)];
  if (bent > 0 && bent < all) return bent > 0.6 * all ? straight : bent < 0.4 * all ? curved : [];
  if (bent > 0) return [];
  // Directions are compared with those of a few lines spread over the scan, some of which belong to
  // the image.
  const reference = [0.5, 0.25, 0.75, 0.125].map((part) => image[Math.floor(part * image.length)]);
  for (const m of reference) {
    if (m === undefined) continue;
    const { direction } = lines[m];
    const across = image.filter((n) => norm(cross(lines[n].direction, direction)) > 10 * PARALLEL);
    if (across.length < 0.2 * image.length) return across;
  }
  return [];
}

function split(numbers: readonly number[], test: (n: number) => boolean): [number[], number[]] {
  return [numbers.filter(test), numbers.filter((n) => !test(n))];
}

function areParallel(image: readonly number[], readouts: readonly WalkedReadout[], lines: readonly Line[]): boolean {
  const first = lines[image[0] ?? -1];
  return (
    first !== undefined &&
    image.every((n) => isStraight(readouts[n], lines[n]) && norm(cross(lines[n].direction, first.direction)) < PARALLEL)
  );
}

/**
 * Lines that miss k = 0 along themselves where most pass it: repetitions without a pulse between
 * those with one.
 */
function offCenter(image: readonly number[], lines: readonly Line[]): readonly number[] {
  const [passing, missing] = split(image, (n) => {
    const fraction = originOnLine(lines[n].first, lines[n].last);
    return fraction > -0.1 && fraction < 1.1;
  });
  return missing.length < passing.length ? missing : [];
}
