/**
 * Wave encoding: lines that oscillate across their direction while they are read (wave-CAIPI). The
 * lines are parallel once the oscillation is taken out, and so is the grid that their middles lie
 * on.
 */
import type { WalkedReadout } from './kspace.ts';
import type { Line } from './trajectory-kind.ts';
import { add, cross, dot, norm, rotate, scale, type Vector } from './vector.ts';

/**
 * Smallest speed along the line, as a fraction of its mean, that a wave has; a zigzag of lines
 * stops at times.
 */
const STEADY = 0.05;
/** Sine of the angle below which shifts between lines are one direction. */
const SAME_DIRECTION = 1e-3;

/**
 * The lines without their waves; undefined for any other trajectory.
 * @param lines first and last samples of `readouts`
 * @param normal of the slice, where one is selected
 */
export function withoutWave(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
  normal: Vector,
): Line[] | undefined {
  const middles = readouts.map(({ base, path, rotation }) => add(base, rotate(rotation, path.mean)));
  const read = acrossAll(middles, normal);
  if (read === undefined || lines[0] === undefined) return undefined;
  const direction = dot(read, lines[0].direction) < 0 ? scale(read, -1) : read;
  const steadiness = new Map<string, boolean>();
  const isSteady = (readout: WalkedReadout): boolean => {
    const key = `${readout.path.id} ${readout.rotation ?? ''}`;
    const steady = steadiness.get(key) ?? movesSteadily(readout, direction);
    steadiness.set(key, steady);
    return steady;
  };
  if (!readouts.every(isSteady)) return undefined;
  return lines.map(({ first, last }, n) => {
    const across = add(middles[n], direction, -dot(middles[n], direction));
    const at = (k: Vector): Vector => add(across, direction, dot(k, direction));
    const [from, to] = [at(first), at(last)];
    return {
      first: from,
      last: to,
      direction: dot(add(to, from, -1), direction) < 0 ? scale(direction, -1) : direction,
    };
  });
}

/** The direction perpendicular to all shifts between points, or to their one shift and `normal`. */
function acrossAll(points: readonly Vector[], normal: Vector): Vector | undefined {
  const shifts = points.map((point) => add(point, points[0], -1));
  const farthest = shifts.reduce((most, shift) => (norm(shift) > norm(most) ? shift : most), normal);
  const widest = shifts.reduce(
    (most, shift) => {
      const area = cross(farthest, shift);
      return norm(area) > norm(most) ? area : most;
    },
    scale(normal, 0),
  );
  const isPlane = norm(widest) > SAME_DIRECTION * norm(farthest) ** 2;
  const area = isPlane ? widest : cross(farthest, normal);
  return norm(area) > 0 ? scale(area, 1 / norm(area)) : undefined;
}

/** Forwards or backwards all the way. */
function movesSteadily({ path, rotation }: WalkedReadout, direction: Vector): boolean {
  const points = path.points();
  const [x, y, z] = rotate(rotation, direction, true);
  const at = (n: number): number => x * points[n] + y * points[n + 1] + z * points[n + 2];
  const whole = at(points.length - 3) - at(0);
  const least = STEADY / (path.samples - 1);
  for (let n = 3; n < points.length; n += 3) if ((at(n) - at(n - 3)) / whole < least) return false;
  return whole !== 0;
}
