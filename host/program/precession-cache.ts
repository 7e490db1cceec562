/**
 * Turns that are formed once per spin and tile because they come again and again: whole precessions (the rest of a TR), and the
 * steps by which the first sample of a line follows from that of the line before it (phase encoding, from TR to TR). By counts alone.
 */

import { type LineRun, OP, type Op } from '../abi/abi.generated.ts';
import type { RecordList } from '../abi/records.ts';
import type { RecordTable } from '../timeline/intern.ts';
import { STRIDE } from '../timeline/types.ts';

type Ops = RecordList<typeof Op>;
type LineRuns = RecordList<typeof LineRun>;

/** Turns kept where they come at least so often, and at most so many: each takes 12 bytes of every spin in the cache. */
const FEWEST_TURNS = 4;
const MOST_KEPT = 16;
/** Lines carried from one that is phased exactly: each adds a rounding. */
const MOST_CARRIED = 7;
/** Steps that differ by less are one [kx, ky, kz, t]: a billionth of a turn over 1 m or at 10 kHz. */
const GRAIN = [1e-9, 1e-9, 1e-9, 1e-13] as const;

/**
 * Rewrites precessions that come again to `turn`, and records of single lines that follow from others to `carry`, whose read then
 * names the kept step, or −1: phased exactly, for those after it.
 * @param ops and `lineRuns`: changed in place
 * @param moments interns the steps
 * @returns indices into moments
 */
export function cachePrecessions(ops: Ops, lineRuns: LineRuns, precessions: RecordTable): Int32Array {
  const steps = stepsBetweenLines(ops, lineRuns, precessions);
  const counts = new Map<number, number>();
  const count = (moment: number): unknown => counts.set(moment, (counts.get(moment) ?? 0) + 1);
  for (let op = 0; op < ops.length; op++) if (ops.get(op, 'kind') === OP.PRECESS) count(ops.get(op, 'index'));
  for (const { step } of steps) count(step);
  const kept = [...counts]
    .filter(([, often]) => often >= FEWEST_TURNS)
    .sort(([a, often], [b, seldom]) => seldom - often || a - b)
    .slice(0, MOST_KEPT)
    .map(([moment]) => moment);
  const indices = new Map(kept.map((moment, index) => [moment, index]));
  for (let op = 0; op < ops.length; op++) {
    const index = ops.get(op, 'kind') === OP.PRECESS ? indices.get(ops.get(op, 'index')) : undefined;
    if (index === undefined) continue;
    ops.set(op, 'kind', OP.PRECESS_CACHED);
    ops.set(op, 'index', index);
  }
  /** By op: how many lines it has been carried. */
  const carried = new Map<number, number>();
  for (const { from, to, step } of steps) {
    const index = indices.get(step);
    const lines = (carried.get(from) ?? 0) + 1;
    if (index === undefined || lines > MOST_CARRIED) continue;
    if (lines === 1) carry(ops, lineRuns, from, -1);
    carry(ops, lineRuns, to, index);
    carried.set(to, lines);
  }
  return Int32Array.from(kept);
}

function carry(ops: Ops, lineRuns: LineRuns, op: number, step: number): void {
  ops.set(op, 'kind', OP.LINE_RECURRENCE);
  lineRuns.set(ops.get(op, 'index'), 'step', step);
}

interface Step {
  /** Ops that record a line each, one after the other into the same area. */
  readonly from: number;
  readonly to: number;
  /** Index of the moment between their first samples. */
  readonly step: number;
}

function stepsBetweenLines(ops: Ops, lineRuns: LineRuns, precessions: RecordTable): Step[] {
  const steps: Step[] = [];
  const step = new Float64Array(STRIDE.precession);
  /** By area: the op that recorded the last line there, and its moment. */
  const last = new Map<number, { readonly op: number; readonly moment: Float64Array }>();
  for (let op = 0; op < ops.length; op++) {
    if (ops.get(op, 'kind') !== OP.SAMPLE_LINE_STARTS) continue;
    const read = ops.get(op, 'index');
    if (lineRuns.get(read, 'lines') !== 1) continue;
    const area = lineRuns.get(read, 'area');
    const moment = precessions.at(lineRuns.get(read, 'moment'));
    const before = last.get(area);
    if (before !== undefined) {
      for (const [i, grain] of GRAIN.entries()) step[i] = grain * Math.round((moment[i] - before.moment[i]) / grain);
      steps.push({ from: before.op, to: op, step: precessions.intern(step) });
    }
    last.set(area, { op, moment });
  }
  return steps;
}
