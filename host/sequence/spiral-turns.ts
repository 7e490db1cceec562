/**
 * Spacing between the turns of a spiral, all arms taken together. It limits the field of view;
 * along a turn samples may be as dense as the receiver allows.
 */
import type { CyclesPerMeter } from '../base/units.ts';
import { distinct } from './grid.ts';
import { startOf, type WalkedReadout } from './kspace.ts';
import { isFlat } from './trajectory-kind.ts';
import { add, rotate } from './vector.ts';

/** With fewer turns along a direction, the gaps between them are not used. */
const FEWEST = 4;

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

/** One readout of each curve: repetitions and slices trace the same ones. */
function differentArms(readouts: readonly WalkedReadout[]): WalkedReadout[] {
  const known = new Set<string>();
  return readouts.filter((readout) => {
    const { path, base, rotation } = readout;
    const end = add(base, rotate(rotation, path.last));
    const key = [path.id, ...[...startOf(readout), ...end].map((k) => k.toPrecision(5))].join(' ');
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

function gapsOf(crossings: readonly number[]): number[] {
  const turns = distinct(crossings);
  return turns.length < FEWEST ? [] : turns.slice(1).map((k, n) => k - turns[n]);
}
