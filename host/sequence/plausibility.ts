/**
 * Cross-checks of what was inferred about a sequence: implausible results are reported together
 * with the declared values, because a misinterpreted trajectory is a more likely reason than such a
 * scan.
 */
import { imageKey } from './counters.ts';
import type { Declared } from './declared-space.ts';
import { type Encoding, isImageRole } from './encoding-types.ts';

/** No scanner makes images with more pixels along a side, nor more slices. */
const [MOST_PIXELS, MOST_SLICES] = [2048, 256];
/** Found and declared lengths and matrices agree within this fraction. */
const AGREED = 0.1;
/** Frames with fewer lines than this fraction of the fullest are incomplete. */
const INCOMPLETE = 0.2;

type Inferred = Pick<Encoding, 'kind' | 'encodedMatrix' | 'reconMatrix' | 'reconFov' | 'readouts'>;

/** One line for each thing that is implausible. */
export function implausible(found: Inferred, declared: Declared): string[] {
  const { reconMatrix, reconFov, encodedMatrix, readouts } = found;
  if (encodedMatrix.every((n) => n === 1)) return [];
  const size = `${reconMatrix.join(' × ')} pixels`;
  const meant = `the definitions state FOV ${text(declared.fov, ' m')} and Matrix ${text(declared.matrix, '')}`;
  const reports: string[] = [];
  if (reconMatrix.some((n) => n > MOST_PIXELS)) reports.push(`the trajectory makes an image of ${size}; ${meant}`);
  const wrongMatrix = declared.matrix.some((n, axis) => n !== undefined && isOff(reconMatrix[axis], n));
  if (wrongMatrix) reports.push(`the image found has ${size}; ${meant}`);
  const wrongFov = declared.fov.some(
    (length, axis) => length !== undefined && encodedMatrix[axis] > 1 && isOff(reconFov[axis], length),
  );
  if (wrongFov) reports.push(`the field of view found is ${text(reconFov, ' m')}; ${meant}`);
  const image = readouts.filter(({ role }) => isImageRole(role));
  const slices = new Set(image.map(({ counters }) => counters.slice)).size;
  if (slices > MOST_SLICES) reports.push(`${slices} slices found, by the frequencies of the pulses; ${meant}`);
  const incomplete = incompleteFrames(found);
  if (incomplete !== undefined) reports.push(incomplete);
  return reports;
}

function isOff(found: number | undefined, declared: number): boolean {
  return found !== undefined && Math.abs(found - declared) > AGREED * declared;
}

function text(values: readonly (number | undefined)[], unit: string): string {
  if (values.length === 0) return '(none)';
  const numbers = values.map((value) => (value === undefined ? '?' : Number(value.toPrecision(4))));
  return `${numbers.join(' × ')}${unit}`;
}

/**
 * Frames of a few lines in addition to complete ones: readouts that were mistaken for repetitions
 * or echoes of the image.
 */
function incompleteFrames({ readouts, kind }: Inferred): string | undefined {
  if (kind !== 'cartesian' && kind !== 'epi') return undefined;
  const lines = new Map<string, number>();
  for (const { counters, role } of readouts) {
    if (!isImageRole(role)) continue;
    const frame = imageKey(counters);
    lines.set(frame, (lines.get(frame) ?? 0) + 1);
  }
  const counts = [...lines.values()];
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const few = counts.filter((count) => count < INCOMPLETE * most);
  if (few.length === 0) return undefined;
  return `${few.length} of ${counts.length} frames have ${Math.min(...few)} lines, others ${most}: label the lines (REP, ECO, NAV) if they are not repetitions`;
}
