/**
 * What a model of the spins costs beside spins at rest in one coil: receive coils, phase terms and
 * a map of B1 on the same scan, in exact forms, in turns on one tile and one thread. A ratio of 0.1
 * is ten times as slow. Errors are against f64.
 */
import { wasmBuild } from '../host/engine/wasm/module.ts';
import type { Model, PhantomSource } from '../host/phantom/types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { STRIDE, type Timeline } from '../host/timeline/types.ts';
import { engineFor, relativeError, simulateTimeline, toSignal } from '../testing/run.ts';
import { epi, pulseTrain, randomPhantom, stepsWalked, timelineOf } from '../testing/timed-scans.ts';
import { inProcess, inTurns, median, type Row, ratioOf, type Times } from './harness.ts';

interface ModelCase {
  readonly name: string;
  readonly counts: Partial<Pick<Model, 'terms' | 'transmits' | 'coils'>>;
  readonly sequence: () => Sequence;
  readonly work: (timeline: Timeline) => number;
  readonly unit: string;
}

const SPINS = 1024;

const readout = {
  sequence: epi,
  unit: 'spin·samples/s',
  work: ({ sampleCount }: Timeline): number => sampleCount,
};

const CASES: readonly ModelCase[] = [
  { name: 'model: 8 coils (EPI)', counts: { coils: 8 }, ...readout },
  { name: 'model: 32 coils (EPI)', counts: { coils: 32 }, ...readout },
  { name: 'model: 4 phase terms (EPI)', counts: { terms: 4 }, ...readout },
  { name: 'model: 4 phase terms, 8 coils (EPI)', counts: { terms: 4, coils: 8 }, ...readout },
  {
    name: 'model: map of B1 (pulses)',
    counts: { transmits: 1 },
    sequence: () => pulseTrain({ pulses: 4, steps: 500, gradient: 10e-3 }),
    unit: 'spin·steps/s',
    work: stepsWalked,
  },
];

export async function* modelRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  for (const one of CASES) {
    if (!wanted(one.name)) continue;
    const plain = timelineOf(one.sequence());
    const timeline = withModel(plain, one.counts);
    const source = withColumns(randomPhantom(SPINS), one.counts);
    const truth = await simulateTimeline(timeline, source, { precision: 'f64', tileSize: SPINS });
    const model = await engineFor(timeline, source, { tileSize: SPINS });
    const still = await engineFor(plain, randomPhantom(SPINS), { tileSize: SPINS });
    await model.engine.run(0, 1);
    const error = relativeError(toSignal(model.engine.sums, model.plan), truth);
    const contestants = [
      inProcess(wasmBuild(), () => model.engine.run(0, 1)),
      inProcess('at rest, one coil', () => still.engine.run(0, 1)),
    ];
    const [ours, theirs] = (await inTurns(contestants, quick ? 3 : 11)) as [Times, Times];
    for (const { engine } of [model, still]) await engine.close();
    const value = (SPINS * one.work(plain)) / median(ours.seconds);
    yield { name: one.name, value, unit: one.unit, error, against: theirs.name, ...ratioOf(ours, theirs) };
  }
}

/** A scan whose terms grow with time, and whose pulses use the first map of B1. */
function withModel(timeline: Timeline, { terms = 0, transmits = 0 }: ModelCase['counts']): Timeline {
  const times = (records: Float64Array, stride: number, at: number): Float64Array =>
    Float64Array.from(
      { length: (records.length / stride) * terms },
      (_, n) => 20 * records[stride * Math.floor(n / terms) + at],
    );
  return {
    ...timeline,
    terms,
    precessionTerms: times(timeline.precessions, STRIDE.precession, 3),
    sampleTerms: times(timeline.samples, STRIDE.sample, 3),
    rfStepTerms: new Float64Array((timeline.rfSteps.length / STRIDE.rfStep) * terms).fill(20),
    excitations: timeline.excitations.map((value, n) => (n % STRIDE.excitation === 2 && transmits > 0 ? 0 : value)),
  };
}

/** Columns that vary over the spins, all of size one or less. */
function withColumns(source: PhantomSource, counts: ModelCase['counts']): PhantomSource {
  const model: Model = {
    ...{ terms: 0, transmits: 0, coils: 0, nodes: 0 },
    ...counts,
    largest: { terms: new Array(counts.terms ?? 0).fill(1), transmit: Math.SQRT2, coil: Math.SQRT2, node: 0 },
  };
  return {
    ...source,
    model,
    read(first, count, into) {
      source.read(first, count, into);
      for (const [c, column] of (into.extra ?? []).entries())
        for (let n = 0; n < count; n++) column[n] = Math.sin(0.01 * (first + n) + c);
    },
  };
}
