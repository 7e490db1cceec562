/**
 * Whole runs on one thread, from the sequence to the signal, against the per-step algorithm on the
 * same spins and, where a tolerance lets faster forms in, against exact forms. The phantom is in
 * memory; the runs are in this process, so that their processor time is theirs alone.
 */
import { DEFAULT_TOLERANCE } from '../host/api/defaults.ts';
import type { PhantomSource } from '../host/phantom/types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import type { Timeline } from '../host/timeline/types.ts';
import { engineFor, type RunOptions, relativeError, simulateTimeline, toSignal } from '../testing/run.ts';
import {
  epi,
  fingerprinting,
  gradientEcho3d,
  noneReturns,
  randomPhantom,
  randomSpins,
  spiral,
  timelineOf,
} from '../testing/timed-scans.ts';
import { type Contestant, inProcess, inTurns, median, type Row, ratioOf, spreadOf, type Times } from './harness.ts';
import { buildPerStep, type NativeBuild, perStep, stepCount } from './native.ts';

interface RunCase {
  readonly name: string;
  readonly sequence: () => Sequence;
  readonly spins: number;
  readonly rounds: number;
  /**
   * Spins the per-step algorithm gets; its time is proportional (fewer stay in cache, which favours
   * it). 0: it is not run.
   */
  readonly perStepSpins: number;
  /**
   * Largest error of a sample over Σ|ρ|: the scan is timed with it too, and has exact forms as
   * opponents then.
   */
  readonly tolerance?: number;
  /**
   * Pulses of many steps return, so exact forms are those that keep them and those that step every
   * one.
   */
  readonly returns?: true;
}

/** Exact forms alone where there is no tolerance. */
const FULL: readonly RunCase[] = [
  { name: 'EPI, 6 506 spins', sequence: epi, spins: 6506, rounds: 7, perStepSpins: 6506 },
  { name: 'EPI, 10⁵ spins', sequence: epi, spins: 1e5, rounds: 7, perStepSpins: 2e4, tolerance: 1e-5 },
  { name: 'EPI, 10⁶ spins', sequence: epi, spins: 1e6, rounds: 3, perStepSpins: 0 },
  {
    name: '3-D GRE, 128 TRs, 10⁵ spins',
    sequence: () => gradientEcho3d(128, 128),
    ...{ spins: 1e5, rounds: 5, perStepSpins: 1e4, tolerance: 1e-5, returns: true },
  },
  {
    name: '8-shot spiral, 3·10⁵ spins',
    sequence: () => spiral(8, 2048),
    ...{ spins: 3e5, rounds: 3, perStepSpins: 1e4, tolerance: 1e-4 },
  },
  {
    name: 'fingerprinting, 600 TRs, 3·10⁴ spins',
    sequence: () => fingerprinting(600, 64),
    ...{ spins: 3e4, rounds: 3, perStepSpins: 2e3, tolerance: 1e-4, returns: true },
  },
];

const QUICK: readonly RunCase[] = [
  { name: 'EPI, 65 536 spins', sequence: epi, spins: 65536, rounds: 3, perStepSpins: 1000, tolerance: 1e-5 },
  {
    name: '3-D GRE, 64 TRs, 2 048 spins',
    sequence: () => gradientEcho3d(64, 64),
    ...{ spins: 2048, rounds: 3, perStepSpins: 500, tolerance: 1e-5, returns: true },
  },
  {
    name: '8-shot spiral, 2 048 spins',
    sequence: () => spiral(8, 1024),
    ...{ spins: 2048, rounds: 3, perStepSpins: 500, tolerance: 1e-4 },
  },
  {
    name: 'fingerprinting, 100 TRs, 1 024 spins',
    sequence: () => fingerprinting(100, 32),
    ...{ spins: 1024, rounds: 3, perStepSpins: 500, tolerance: 1e-4, returns: true },
  },
];

/** Spins on which errors are measured: the f64 engine forms every sine. */
const JUDGED = 1024;

export async function* wholeRunRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const cases = (quick ? QUICK : FULL).flatMap(({ tolerance, returns, ...exact }): RunCase[] => {
    const name = `run: ${exact.name}`;
    const plain = { ...exact, name };
    if (tolerance === undefined) return [plain];
    // The exact run told the per-step algorithm's speed and error already: a few spins will do.
    const perStepSpins = exact.perStepSpins / 4;
    const bounded = { ...exact, name: `${name}, ${tolerance.toExponential()}`, perStepSpins, tolerance };
    const byDefault = { ...exact, name: `${name}, default`, perStepSpins: 0, tolerance: DEFAULT_TOLERANCE };
    return [plain, byDefault, returns ? { ...bounded, returns } : bounded];
  });
  const chosen = cases.filter(({ name }) => wanted(name));
  if (chosen.length === 0) return;
  const build = buildPerStep();
  for (const one of chosen) yield* await timeRun(one, build);
}

async function timeRun(one: RunCase, build: NativeBuild | null): Promise<Row[]> {
  const { name, spins, perStepSpins, tolerance } = one;
  const sequence = one.sequence();
  const timeline = timelineOf(sequence);
  const source = randomPhantom(spins);
  const options = tolerance === undefined ? {} : { tolerance };
  const run = (label: string, scan: Sequence, how: RunOptions): Contestant =>
    inProcess(label, () => simulateTimeline(timelineOf(scan), source, how));
  const stepped =
    build !== null && perStepSpins > 0 ? perStep(build, timeline, randomPhantom(perStepSpins)) : undefined;
  const opponents: Contestant[] = [];
  if (stepped !== undefined)
    opponents.push({ ...stepped, run: async () => ((await stepped.run()) * spins) / perStepSpins });
  if (tolerance !== undefined) opponents.push(run(one.returns ? 'exact, pulses kept' : 'exact forms', sequence, {}));
  if (one.returns) opponents.push(run('exact, pulses stepped', noneReturns(sequence), {}));
  const [mine, ...theirs] = (await inTurns([run('Larmor', sequence, options), ...opponents], one.rounds)) as [
    Times,
    ...Times[],
  ];
  await stepped?.signal();

  const { signal, truth, density } = await judge(timeline, source, options);
  const errs = `a sample errs by ${worst(signal, truth, density).toExponential(1)} of Σ|ρ| at most`;
  const note = tolerance !== undefined ? errs : perStepSpins > 0 && build === null ? 'no C compiler here' : undefined;
  const row = { name, value: median(mine.seconds), unit: 's', error: relativeError(signal, truth) };
  const rows: Row[] = theirs.map((times) => ({ ...row, against: times.name, ...ratioOf(mine, times) }));
  if (rows.length === 0) rows.push({ ...row, against: null, ratio: null, spread: spreadOf(mine.seconds) });
  if (note !== undefined) rows[0] = { ...rows[0], note };
  if (stepped === undefined || tolerance !== undefined) return rows;

  const check = perStep(build!, timeline, randomPhantom(Math.min(JUDGED, spins)));
  await check.run();
  return [
    ...rows,
    {
      name: name.replace('run', 'per-step C'),
      value: (spins * stepCount(timeline)) / median(theirs[0].seconds),
      unit: 'spin·steps/s',
      against: null,
      ratio: null,
      spread: spreadOf(theirs[0].seconds),
      error: relativeError(await check.signal(), truth),
    },
  ];
}

/**
 * The signal of the first spins in the tiles and forms of the whole run, which hang on all its
 * spins: the others are there, but without density. With it the same in f64, and Σ|ρ|.
 */
async function judge(
  timeline: Timeline,
  source: PhantomSource,
  options: RunOptions,
): Promise<{ signal: Float64Array; truth: Float64Array; density: number }> {
  const judged = Math.min(JUDGED, source.spinCount);
  const read: PhantomSource['read'] = (first, count, into) => {
    source.read(first, count, into);
    into.density.fill(0, Math.max(0, judged - first), count);
  };
  const { engine, plan } = await engineFor(timeline, { ...source, read }, options);
  await engine.run(0, Math.ceil(judged / plan.tileSize));
  const signal = toSignal(engine.sums, plan);
  await engine.close();
  const spins = randomSpins(judged);
  const truth = await simulateTimeline(timeline, spins, { precision: 'f64' });
  return { signal, truth, density: spins.density.reduce((sum, rho) => sum + rho, 0) };
}

/** Largest |a − b| of a sample over Σ|ρ|. */
function worst(a: Float64Array, b: Float64Array, density: number): number {
  let most = 0;
  for (let n = 0; n < b.length; n += 2) most = Math.max(most, Math.hypot(a[n] - b[n], a[n + 1] - b[n + 1]));
  return most / density;
}
