/**
 * Each kernel alone, on one tile and one thread, against the same arithmetic in C: readout forms,
 * RF forms, hard pulses with precession, and the exact sums. What is timed is a whole tile from
 * loading to sums, in which the kernel named is all but a few per cent of the work.
 */

import { PULSE } from '../host/abi/abi.generated.ts';
import { wasmBuild } from '../host/engine/wasm/module.ts';
import { makeProgram } from '../host/program/build.ts';
import { pulseForms } from '../host/program/pulses/stepped.ts';
import type { Sequence } from '../host/sequence/types.ts';
import type { Timeline } from '../host/timeline/types.ts';
import { engineFor, relativeError, simulateTimeline, toSignal } from '../testing/run.ts';
import {
  epi,
  hardPulses,
  line,
  noneReturns,
  pulseTrain,
  randomPhantom,
  spiral,
  stepsWalked,
  timelineOf,
} from '../testing/timed-scans.ts';
import { inProcess, inTurns, median, type Row, ratioOf, spreadOf, type Times } from './harness.ts';
import { buildKernels, type NativeBuild, nativeKernels } from './native.ts';

interface KernelCase {
  readonly name: string;
  readonly unit: string;
  /** Spins of the one tile. */
  readonly spins: number;
  readonly sequence: () => Sequence;
  /** Of what `unit` names, per spin. */
  readonly work: (timeline: Timeline) => number;
  /** The forms this case is meant to time; another one is an error in the bench. */
  readonly form?: string;
  readonly pulse?: keyof typeof PULSE;
  /** Also the plain SIMD build, against C without FMA. */
  readonly plain?: boolean;
}

const samples = ({ sampleCount }: Timeline): number => sampleCount;
const READ = 'spin·samples/s';
const TURN = 'spin·steps/s';

export const KERNELS: readonly KernelCase[] = [
  { name: 'readout: matrix (EPI)', unit: READ, spins: 1568, sequence: epi, work: samples, form: 'matrix', plain: true },
  {
    name: 'readout: recurrence (one line)',
    unit: READ,
    spins: 1568,
    sequence: () => line(4096),
    work: samples,
    form: 'recurrence',
  },
  {
    name: 'readout: direct (spiral)',
    unit: READ,
    spins: 1568,
    sequence: () => noneReturns(spiral(8, 2048)),
    work: samples,
    form: 'direct',
  },
  {
    name: 'RF: constant gradient',
    unit: TURN,
    spins: 1568,
    sequence: () => pulseTrain({ pulses: 4, steps: 1000, gradient: 10e-3 }),
    work: stepsWalked,
    pulse: 'SMALL',
    plain: true,
  },
  {
    name: 'RF: varying gradient',
    unit: TURN,
    spins: 1568,
    sequence: () => pulseTrain({ pulses: 4, steps: 1000, gradient: 10e-3, varying: true }),
    work: stepsWalked,
    pulse: 'SMALL',
  },
  {
    name: 'RF: any angle',
    unit: TURN,
    spins: 1568,
    sequence: () => pulseTrain({ pulses: 2, steps: 500, gradient: 60e-3 }),
    work: stepsWalked,
    pulse: 'ANY',
  },
  {
    name: 'RF: exact',
    unit: TURN,
    spins: 1568,
    sequence: () => pulseTrain({ pulses: 20, steps: 101, gradient: 10e-3 }),
    work: stepsWalked,
    pulse: 'HELD',
  },
  {
    name: 'RF: exact, in f64',
    unit: TURN,
    spins: 1568,
    sequence: () => pulseTrain({ pulses: 20, steps: 50, gradient: 30e-3 }),
    work: stepsWalked,
    pulse: 'HELD_F64',
  },
  {
    name: 'hard pulse and precession',
    unit: 'spin·pulses/s',
    spins: 1568,
    sequence: () => hardPulses(500),
    work: () => 500,
    pulse: 'HELD',
  },
  { name: 'sums (EPI, tile of 32 spins)', unit: READ, spins: 32, sequence: epi, work: samples },
];

export async function* kernelRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const cases = KERNELS.filter(({ name }) => wanted(name));
  if (cases.length === 0) return;
  const builds = buildKernels();
  const plain = builds.filter(({ name }) => name.includes('no FMA'));
  const fused = builds.filter((build) => !plain.includes(build));
  for (const one of cases) {
    yield* await compare(one, fused, quick);
    if (one.plain === true) yield* await compare({ ...one, name: `${one.name}, plain SIMD` }, plain, quick, 'simd');
  }
}

async function compare(
  one: KernelCase,
  builds: readonly NativeBuild[],
  quick: boolean,
  build?: 'simd',
): Promise<Row[]> {
  const timeline = timelineOf(one.sequence());
  const source = randomPhantom(one.spins);
  const { methods } = makeProgram(timeline, source, { precision: 'f32', tileSize: one.spins });
  const chosen = Object.entries(methods).flatMap(([form, count]) => (count > 0 ? [form] : []));
  if (one.form !== undefined && chosen.some((form) => form !== one.form))
    throw new Error(`${one.name}: the compiler chose ${chosen.join(', ')}`);
  const pulses = pulseForms(timeline, source);
  if (one.pulse !== undefined && pulses.some((form) => form !== PULSE[one.pulse!]))
    throw new Error(`${one.name}: the compiler chose forms ${[...new Set(pulses)].join(', ')} for its pulses`);
  const truth = await simulateTimeline(timeline, source, { precision: 'f64' });
  const options = { tileSize: one.spins, ...(build === undefined ? {} : { build }) };
  const { engine, plan } = await engineFor(timeline, source, options);
  await engine.run(0, 1);
  const error = relativeError(toSignal(engine.sums, plan), truth);

  const once = inProcess(wasmBuild(build), () => engine.run(0, 1));
  const repeats = Math.max(1, Math.round((quick ? 0.02 : 0.2) / (await once.run())));
  const ours = inProcess('WASM', async () => {
    for (let n = 0; n < repeats; n++) await engine.run(0, 1);
  });
  const opponents = builds.map((built) => {
    const native = nativeKernels(built, timeline, source, one.spins);
    return {
      ...native,
      run: async () => {
        let seconds = 0;
        for (let n = 0; n < repeats; n++) seconds += await native.run();
        return seconds;
      },
    };
  });
  const [mine, ...theirs] = (await inTurns([ours, ...opponents], quick ? 3 : 11)) as [Times, ...Times[]];
  await engine.close();
  const value = (repeats * one.spins * one.work(timeline)) / median(mine.seconds);
  for (const opponent of opponents) {
    const off = relativeError(await opponent.signal(), truth);
    if (!(off < 1e-4)) throw new Error(`${one.name}: ${opponent.name} is ${off} off`);
  }
  const row = { name: one.name, value, unit: one.unit, error };
  if (theirs.length === 0)
    return [{ ...row, against: null, ratio: null, spread: spreadOf(mine.seconds), note: 'no C compiler here' }];
  return theirs.map((times) => ({ ...row, against: times.name, ...ratioOf(mine, times) }));
}
