/**
 * Precessions that are computed once per spin and tile because they repeat: whole ones (the rest of
 * a TR), and the steps by which the first sample of a line follows from that of the line before it
 * (phase encoding, from TR to TR). Chosen by counts alone.
 */

import { type LineRun, OP, type Op } from '../abi/abi.generated.ts';
import type { RecordList } from '../abi/records.ts';
import type { RecordTable } from '../timeline/intern.ts';
import { STRIDE } from '../timeline/types.ts';

type Ops = RecordList<typeof Op>;
type LineRuns = RecordList<typeof LineRun>;

/**
 * A precession is cached if it occurs at least this often; the number of cached ones is limited,
 * because each takes 12 bytes per spin.
 */
const MIN_USES = 4;
const MAX_CACHED = 16;
/** Lines that follow from one that is phased exactly: each adds a rounding. */
const MAX_RECURRENCE = 7;
/**
 * Steps [kx, ky, kz, t] that differ by less are the same: a billionth of a turn over 1 m or at 10
 * kHz.
 */
const GRAIN = [1e-9, 1e-9, 1e-9, 1e-13] as const;

/**
 * Rewrites repeated precessions to PRECESS_CACHED, and single lines that can be computed from
 * others to LINE_RECURRENCE, with the cached step in their line run, or −1 for a line whose phase
 * is computed exactly, for the lines after it to follow from.
 * @param ops and `lineRuns`: changed in place
 * @param precessions interns the steps
 * @returns indices into precessions
 */
export function cachePrecessions(ops: Ops, lineRuns: LineRuns, precessions: RecordTable): Int32Array {
  const steps = stepsBetweenLines(ops, lineRuns, precessions);
  const counts = new Map<number, number>();
  const count = (precession: number): unknown => counts.set(precession, (counts.get(precession) ?? 0) + 1);
  for (let op = 0; op < ops.length; op++) if (ops.get(op, 'kind') === OP.PRECESS) count(ops.get(op, 'index'));
  for (const { step } of steps) count(step);
  const cached = [...counts]
    .filter(([, often]) => often >= MIN_USES)
    .sort(([a, often], [b, seldom]) => seldom - often || a - b)
    .slice(0, MAX_CACHED)
    .map(([precession]) => precession);
  const indices = new Map(cached.map((precession, index) => [precession, index]));
  for (let op = 0; op < ops.length; op++) {
    const index = ops.get(op, 'kind') === OP.PRECESS ? indices.get(ops.get(op, 'index')) : undefined;
    if (index === undefined) continue;
    ops.set(op, 'kind', OP.PRECESS_CACHED);
    ops.set(op, 'index', index);
  }
  /** By op: how many lines it is from one that is phased exactly. */
  const since = new Map<number, number>();
  for (const { from, to, step } of steps) {
    const index = indices.get(step);
    const lines = (since.get(from) ?? 0) + 1;
    if (index === undefined || lines > MAX_RECURRENCE) continue;
    if (lines === 1) recur(ops, lineRuns, from, -1);
    recur(ops, lineRuns, to, index);
    since.set(to, lines);
  }
  return Int32Array.from(cached);
}

function recur(ops: Ops, lineRuns: LineRuns, op: number, step: number): void {
  ops.set(op, 'kind', OP.LINE_RECURRENCE);
  lineRuns.set(ops.get(op, 'index'), 'step', step);
}

interface Step {
  /** Ops that each sample the start of a line, one after the other into the same buffer. */
  readonly from: number;
  readonly to: number;
  /** Index of the precession between their first samples. */
  readonly step: number;
}

function stepsBetweenLines(ops: Ops, lineRuns: LineRuns, precessions: RecordTable): Step[] {
  const steps: Step[] = [];
  const step = new Float64Array(STRIDE.precession);
  /** By buffer: the op that sampled the last line there, and its precession. */
  const last = new Map<number, { readonly op: number; readonly precession: Float64Array }>();
  for (let op = 0; op < ops.length; op++) {
    if (ops.get(op, 'kind') !== OP.SAMPLE_LINE_STARTS) continue;
    const run = ops.get(op, 'index');
    if (lineRuns.get(run, 'lines') !== 1) continue;
    const buffer = lineRuns.get(run, 'buffer');
    const precession = precessions.at(lineRuns.get(run, 'precession'));
    const before = last.get(buffer);
    if (before !== undefined) {
      for (const [i, grain] of GRAIN.entries())
        step[i] = grain * Math.round((precession[i] - before.precession[i]) / grain);
      steps.push({ from: before.op, to: op, step: precessions.intern(step) });
    }
    last.set(buffer, { op, precession });
  }
  return steps;
}
