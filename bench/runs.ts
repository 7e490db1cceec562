/**
 * Whole runs on one thread, from the sequence to the signal, against the per-step algorithm on the same spins. The phantom is in
 * memory; the runs are in this process, so that their processor time is theirs alone.
 */
import type { Sequence } from '../host/sequence/types.ts';
import { relativeError, simulateTimeline } from '../test/support/run.ts';
import { epi, fingerprinting, gradientEcho3d, randomPhantom, spiral, timelineOf } from './cases.ts';
import { type Contestant, inProcess, inTurns, median, type Row, ratioOf, spreadOf, type Times } from './harness.ts';
import { buildPerStep, type NativeBuild, type NativeRun, perStep, stepCount } from './native.ts';

interface RunCase {
  readonly name: string;
  readonly sequence: () => Sequence;
  readonly spins: number;
  readonly rounds: number;
  /** Spins the per-step algorithm gets; its time is proportional. 0: it is not run. */
  readonly perStepSpins: number;
}

const FULL: readonly RunCase[] = [
  { name: 'run: EPI, 6 506 spins', sequence: epi, spins: 6506, rounds: 7, perStepSpins: 6506 },
  { name: 'run: EPI, 10⁵ spins', sequence: epi, spins: 1e5, rounds: 5, perStepSpins: 1e5 },
  { name: 'run: EPI, 10⁶ spins', sequence: epi, spins: 1e6, rounds: 3, perStepSpins: 0 },
  {
    name: 'run: 3-D GRE, 128 TRs, 10⁵ spins',
    sequence: () => gradientEcho3d(128, 128),
    spins: 1e5,
    rounds: 3,
    perStepSpins: 1e4,
  },
  { name: 'run: 8-shot spiral, 10⁵ spins', sequence: () => spiral(8, 2048), spins: 1e5, rounds: 3, perStepSpins: 1e4 },
  {
    name: 'run: fingerprinting, 600 TRs, 10⁴ spins',
    sequence: () => fingerprinting(600, 64),
    spins: 1e4,
    rounds: 3,
    perStepSpins: 2e3,
  },
];

const QUICK: readonly RunCase[] = [
  { name: 'run: EPI, 6 506 spins', sequence: epi, spins: 6506, rounds: 3, perStepSpins: 1000 },
  {
    name: 'run: 3-D GRE, 64 TRs, 2 048 spins',
    sequence: () => gradientEcho3d(64, 64),
    spins: 2048,
    rounds: 3,
    perStepSpins: 500,
  },
  {
    name: 'run: 8-shot spiral, 2 048 spins',
    sequence: () => spiral(8, 1024),
    spins: 2048,
    rounds: 3,
    perStepSpins: 500,
  },
  {
    name: 'run: fingerprinting, 100 TRs, 1 024 spins',
    sequence: () => fingerprinting(100, 32),
    spins: 1024,
    rounds: 3,
    perStepSpins: 500,
  },
];

/** Spins on which errors are measured: the f64 engine forms every sine. */
const JUDGED = 1024;

export async function wholeRunRows(wanted: (name: string) => boolean, quick: boolean): Promise<Row[]> {
  const cases = (quick ? QUICK : FULL).filter(({ name }) => wanted(name));
  if (cases.length === 0) return [];
  const build = buildPerStep();
  const rows: Row[] = [];
  for (const one of cases) rows.push(...(await timeRun(one, build)));
  return rows;
}

async function timeRun(one: RunCase, build: NativeBuild | null): Promise<Row[]> {
  const { name, spins, perStepSpins } = one;
  const sequence = one.sequence();
  const source = randomPhantom(spins);
  const ours = inProcess('Larmor', () => simulateTimeline(timelineOf(sequence), source));
  const stepped =
    build !== null && perStepSpins > 0 ? perStep(build, timelineOf(sequence), randomPhantom(perStepSpins)) : null;
  const scaled: Contestant[] =
    stepped === null ? [] : [{ ...stepped, run: async () => ((await stepped.run()) * spins) / perStepSpins }];
  const [mine, theirs] = (await inTurns([ours, ...scaled], one.rounds)) as [Times, Times | undefined];

  const timeline = timelineOf(sequence);
  const judged = randomPhantom(Math.min(JUDGED, spins));
  const truth = await simulateTimeline(timeline, judged, { precision: 'f64' });
  const error = relativeError(await simulateTimeline(timeline, judged), truth);
  const row = { name, value: median(mine.seconds), unit: 's', error };
  if (theirs === undefined) {
    const note = perStepSpins > 0 ? 'no C compiler here' : '';
    return [{ ...row, against: null, ratio: null, spread: spreadOf(mine.seconds), ...(note === '' ? {} : { note }) }];
  }
  await stepped!.signal();
  const check: NativeRun = perStep(build!, timeline, judged);
  await check.run();
  const speed = (spins * stepCount(timeline)) / median(theirs.seconds);
  return [
    { ...row, against: theirs.name, ...ratioOf(mine, theirs) },
    {
      name: `${name.replace('run', 'per-step C')}`,
      value: speed,
      unit: 'spin·steps/s',
      against: null,
      ratio: null,
      spread: spreadOf(theirs.seconds),
      error: relativeError(await check.signal(), truth),
    },
  ];
}
