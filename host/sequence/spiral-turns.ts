/**
 * Spacing of a spiral's turns, in all its arms together: it is what limits the field of view, while
 * along the turns samples may lie as densely as the receiver allows.
 */
import type { CyclesPerMeter } from '../base/units.ts';
import { startOf, type WalkedReadout } from './kspace.ts';
import { isFlat } from './trajectory-kind.ts';
import { add, rotate } from './vector.ts';

/** Crossings of a ray below which it says nothing about spacing. */
const FEWEST = 4;
/** Turns nearer than this fraction of the largest gap are the same, of arms that are repeated. */
const SAME = 0.02;

/**
 * Median distance between neighbouring turns along x and y, in both directions; undefined for
 * spirals in oblique planes, or of too few turns.
 */
export function turnSpacing(readouts: readonly WalkedReadout[]): CyclesPerMeter | undefined {
  if (!readouts.every(isFlat)) return undefined;
  const rays: number[][] = [[], [], [], []];
  for (const readout of differentArms(readouts)) {
    const { base, path, rotation } = readout;
    const points = path.points();
    const at = (n: number) => add(base, rotate(rotation, [points[3 * n], points[3 * n + 1], points[3 * n + 2]]));
    let last = at(0);
    for (let n = 1; n < path.samples; n++) {
      const next = at(n);
      for (const axis of [0, 1] as const) {
        const [before, after] = [last[1 - axis], next[1 - axis]];
        if (before < 0 === after < 0) continue;
        const k = last[axis] + (before / (before - after)) * (next[axis] - last[axis]);
        rays[2 * axis + (k < 0 ? 1 : 0)].push(Math.abs(k));
      }
      last = next;
    }
  }
  const gaps = rays.flatMap(gapsOf).sort((a, b) => a - b);
  return gaps[gaps.length >> 1];
}

/** Arms of different dynamics or slices trace the same curve. */
function differentArms(readouts: readonly WalkedReadout[]): WalkedReadout[] {
  const known = new Set<string>();
  return readouts.filter((readout) => {
    const { path, base, rotation } = readout;
    const end = add(base, rotate(rotation, path.last));
    const key = [path.id, ...[...startOf(readout), ...end].slice(0, 5).map((k) => k.toPrecision(5))].join(' ');
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

function gapsOf(ray: readonly number[]): number[] {
  const sorted = [...ray].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((k, n) => k - sorted[n]);
  const largest = Math.max(...gaps);
  const found = gaps.filter((gap) => gap > SAME * largest);
  return found.length < FEWEST - 1 ? [] : found;
}
