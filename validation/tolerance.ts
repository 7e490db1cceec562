/**
 * Error against tolerance for every fast form: the largest error of any sample over Σ|ρ| against
 * f64 stepping, for many spins, whose errors average, and for eight phantoms of one spin each,
 * where nothing does.
 */

import { DEFAULT_TOLERANCE } from '../host/api/defaults.ts';
import { COLUMN_NAMES } from '../host/phantom/columns.ts';
import type { SpinBlock } from '../host/phantom/types.ts';
import { FINEST } from '../host/program/accuracy.ts';
import { makeProgram } from '../host/program/build.ts';
import type { Program } from '../host/program/types.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Timeline } from '../host/timeline/types.ts';
import { MOTIONS, movingScan } from '../testing/moving-scans.ts';
import { errorOfDensity, phantomOf, simulateTimeline, spinsOf } from '../testing/run.ts';
import type { Choice } from '../testing/some.ts';
import {
  fingerprinting,
  gradientEcho3d,
  randomPhantom,
  randomSpins,
  spiral,
  timelineOf,
} from '../testing/timed-scans.ts';
import type { Row, Section } from './report.ts';

/** All spins turn alike: the motion is in the timeline alone. */
const turning = (): Timeline =>
  movingScan(makeBuiltin('epi', {}, DEFAULT_SCANNER), randomPhantom(1), MOTIONS.turning(1)).timelines[0];
const epi = (n: number): Timeline => timelineOf(makeBuiltin('epi', { n }, DEFAULT_SCANNER));

/** A timeline for each form, and what shows that the form is in it. */
export const FAST_FORMS: readonly {
  readonly form: string;
  readonly timeline: () => Timeline;
  readonly isUsed: (program: Program) => boolean;
  /** Where the form pays only in larger tiles than these phantoms make. */
  readonly tileSize?: number;
}[] = [
  { form: 'EPI train', timeline: () => epi(101), isUsed: ({ methods }) => methods.nufft2d1 === 101, tileSize: 32768 },
  {
    form: 'EPI train, even matrix',
    timeline: () => epi(64),
    isUsed: ({ methods }) => methods.nufft2d1 === 64,
    tileSize: 32768,
  },
  {
    form: 'spiral, 4 shots',
    timeline: () => timelineOf(spiral(4, 1024)),
    isUsed: ({ methods }) => methods.nufft2d3 === 4,
    tileSize: 32768,
  },
  {
    form: 'EPI of spins that turn by 10° a second',
    timeline: turning,
    isUsed: ({ methods, decisions }) =>
      methods.nufft2d3 === 101 && decisions().some(({ chosen }) => chosen.includes('skewed in time')),
    tileSize: 32768,
  },
  {
    form: '3-D GRE: batched lines, a pulse looked up',
    timeline: () => timelineOf(gradientEcho3d(96, 128)),
    isUsed: ({ methods, operators }) =>
      methods.nufft1d1 === 96 && operators.tables.some((table) => table !== undefined),
  },
  {
    form: 'fingerprinting: pulses of one shape',
    timeline: () => timelineOf(fingerprinting(300, 32)),
    isUsed: ({ operators }) => operators.operators.length > 1 && operators.operatorUses.length > 100,
  },
];

export const TOLERANCES = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6] as const;
const SPINS = 2048;
const SINGLE = 8;

/** One spin of many as a phantom of its own. */
export function alone(spins: SpinBlock, n: number): SpinBlock {
  const one = spinsOf([{}]);
  for (const key of COLUMN_NAMES) one[key][0] = spins[key][n];
  return one;
}

/** Many spins, and some of them as phantoms of their own. */
function tolerancePhantoms(some: Choice): { readonly many: SpinBlock; readonly phantoms: readonly SpinBlock[] } {
  const many = randomSpins(SPINS);
  const numbers = some(
    Array.from({ length: SINGLE }, (_, n) => n * 201),
    3,
  );
  return { many, phantoms: [many, ...numbers.map((n) => alone(many, n))] };
}

const truths = new Map<string, Promise<readonly Float64Array[]>>();
/** By f64 stepping; both sections below compare with it. */
function truthOf(form: string, timeline: Timeline, phantoms: readonly SpinBlock[]): Promise<readonly Float64Array[]> {
  const known =
    truths.get(form) ?? Promise.all(phantoms.map((spins) => simulateTimeline(timeline, spins, { precision: 'f64' })));
  truths.set(form, known);
  return known;
}

export const tolerances: Section = {
  title: 'Error against tolerance',
  bounds: 'the tolerance, relative to Σ|ρ|',
  async rows(some) {
    const rows: Row[] = [];
    const { many, phantoms } = tolerancePhantoms(some);
    for (const { form, timeline, isUsed, tileSize } of FAST_FORMS) {
      const made = timeline();
      const exact = await truthOf(form, made, phantoms);
      for (const tolerance of some(TOLERANCES, 3)) {
        const options = { tolerance, ...(tileSize === undefined ? {} : { tileSize }) };
        const program = makeProgram(made, phantomOf(many), { precision: 'f32', tileSize: 256, ...options });
        if (tolerance >= FINEST && !isUsed(program)) throw new Error(`${form}: not chosen at ${tolerance}`);
        const errors: number[] = [];
        // Bounds of all spins hold for each: a phantom of one spin is simulated as a part of many.
        for (const [n, spins] of phantoms.entries()) {
          const source = { ...phantomOf(spins), bounds: phantomOf(many).bounds };
          const signal = await simulateTimeline(made, source, options);
          errors.push(errorOfDensity(signal, exact[n], spins));
        }
        const label = `${form}, ${tolerance.toExponential(0)}`;
        rows.push({ what: `${label}, ${SPINS} spins`, value: errors[0], bound: tolerance });
        rows.push({
          what: `${label}, worst of ${phantoms.length - 1} single spins`,
          value: Math.max(...errors.slice(1)),
          bound: tolerance,
        });
      }
    }
    return rows;
  },
};

/** What equal rounding in another order may differ by. */
const SAME = 1.05;

/**
 * Rounding of one f32 number: which of two errors below it is the smaller one depends on the spins
 * drawn.
 */
const ROUNDING = 2 ** -24;

/** Of what may err no more than exact forms do. */
export const boundFrom = (exact: number): number => Math.max(SAME * exact, ROUNDING);

export const defaults: Section = {
  title: 'Default against --exact',
  bounds: 'error of the exact f32 forms, relative to Σ|ρ|, or 6e-8: the default errs nowhere more',
  async rows(some) {
    const rows: Row[] = [];
    const { many, phantoms } = tolerancePhantoms(some);
    for (const { form, timeline, tileSize } of FAST_FORMS) {
      const made = timeline();
      const truth = await truthOf(form, made, phantoms);
      const errors = { exact: [] as number[], default: [] as number[] };
      for (const [n, spins] of phantoms.entries()) {
        const source = { ...phantomOf(spins), bounds: phantomOf(many).bounds };
        const options = tileSize === undefined ? {} : { tileSize };
        for (const [how, own] of [
          ['exact', {}],
          ['default', { tolerance: DEFAULT_TOLERANCE }],
        ] as const)
          errors[how].push(
            errorOfDensity(await simulateTimeline(made, source, { ...options, ...own }), truth[n], spins),
          );
      }
      const [manyExact, ...singleExact] = errors.exact;
      const [manyDefault, ...singleDefault] = errors.default;
      rows.push({ what: `${form}, ${SPINS} spins`, value: manyDefault!, bound: boundFrom(manyExact!) });
      const single = { value: Math.max(...singleDefault), bound: boundFrom(Math.max(...singleExact)) };
      rows.push({ what: `${form}, worst of ${phantoms.length - 1} single spins`, ...single });
    }
    return rows;
  },
};
