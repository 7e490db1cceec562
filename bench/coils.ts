/**
 * What receive coils cost: whole EPI runs of 10⁵ spins in a cylinder of loops against the same run
 * in one coil, in turns in this process. A ratio of 0.1 is ten times as slow. Errors are against
 * f64, of the first spins.
 */
import { DEFAULT_TOLERANCE } from '../host/api/defaults.ts';
import { wasmBuild } from '../host/engine/wasm/module.ts';
import type { Layer } from '../host/model/layer.ts';
import { receiveLayer } from '../host/model/receive.ts';
import type { PhantomSource } from '../host/phantom/types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { inCoils } from '../testing/coils.ts';
import { MOTIONS, type MovingScan, movingScan, movingScanInCoils } from '../testing/moving-scans.ts';
import { engineFor, phantomOf, relativeError, simulateTimeline } from '../testing/run.ts';
import { epi, gradientEcho3d, latticeSpins, randomPhantom, timelineOf } from '../testing/timed-scans.ts';
import { inProcess, inTurns, median, type Row, ratioOf, type Times } from './harness.ts';

const COILS = [8, 32] as const;
/** Spins on which errors are measured. */
const JUDGED = 512;

/** An image of 128 × 128. */
const gre = (): Sequence => gradientEcho3d(128, 128);

/** Spins that move among eight loops, and of those on which errors are measured. */
const MOVING = { coils: 8, spins: 1e5, quick: 4096, judged: 32 } as const;

const MOVING_CASES = [
  { scan: 'EPI', sequence: epi, motion: 'turning', label: 'turning 10°/s', options: { tolerance: DEFAULT_TOLERANCE } },
  { scan: 'EPI', sequence: epi, motion: 'turning', label: 'turning 10°/s, exact', options: {} },
  { scan: 'EPI', sequence: epi, motion: 'heart', label: 'heart', options: { tolerance: DEFAULT_TOLERANCE } },
  { scan: 'GRE', sequence: gre, motion: 'turning', label: 'turning 10°/s', options: { tolerance: DEFAULT_TOLERANCE } },
  { scan: 'GRE', sequence: gre, motion: 'breathing', label: 'breathing', options: { tolerance: DEFAULT_TOLERANCE } },
] as const;

const HOW = [
  { label: 'exact', options: {}, rounds: 3 },
  { label: 'default', options: { tolerance: DEFAULT_TOLERANCE }, rounds: 5 },
  { label: '1e-5', options: { tolerance: 1e-5 }, rounds: 7 },
] as const;

export async function* coilRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const timeline = timelineOf(epi());
  const count = quick ? 16384 : 1e5;
  for (const coils of COILS) {
    for (const { label, options, rounds } of HOW) {
      const name = `coils: ${coils} (EPI, ${label})`;
      if (!wanted(name)) continue;
      const received = inCoils(latticeSpins(count), coils);
      const still = phantomOf(latticeSpins(count));
      const sums = async (source: PhantomSource): Promise<void> => {
        const { engine, plan } = await engineFor(timeline, source, options);
        await engine.run(0, plan.tileCount);
        await engine.close();
      };
      const contestants = [inProcess(wasmBuild(), () => sums(received)), inProcess('one coil', () => sums(still))];
      const [ours, theirs] = (await inTurns(contestants, quick ? 3 : rounds)) as [Times, Times];
      const few = { ...received, spinCount: JUDGED };
      const truth = await simulateTimeline(timeline, few, { precision: 'f64' });
      const error = relativeError(await simulateTimeline(timeline, few, { ...options, tileSize: 32768 }), truth);
      const value = (count * timeline.sampleCount * coils) / median(ours.seconds);
      const unit = 'spin·samples·coils/s';
      yield { name, value, unit, error, against: theirs.name, ...ratioOf(ours, theirs) };
    }
  }
  yield* movingRows(wanted, quick);
}

/**
 * Spins that move among loops: against the same motion in one coil, errors against the field at
 * every sample in f64.
 */
async function* movingRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  for (const { scan, sequence: make, motion, label, options } of MOVING_CASES) {
    const name = `coils: ${MOVING.coils} (${scan}, ${label})`;
    if (!wanted(name)) continue;
    const sequence = make();
    const count = quick ? MOVING.quick : MOVING.spins;
    const spins = randomPhantom(count);
    const array = { coils: MOVING.coils, radius: 0.2, length: 0.25 };
    const receive = await receiveLayer('bench', { array }, spins);
    const { clearance: _, ...everywhere } = receive;
    const motionsOf = MOTIONS[motion];
    const sums = async ({ timelines, source }: MovingScan): Promise<void> => {
      const { engine, plan } = await engineFor(timelines, source, options);
      await engine.run(0, plan.tileCount);
      await engine.close();
    };
    const inSpace = movingScanInCoils(sequence, spins, motionsOf(count), receive);
    const alone = movingScan(sequence, spins, motionsOf(count));
    const contestants = [inProcess(wasmBuild(), () => sums(inSpace)), inProcess('one coil', () => sums(alone))];
    const [ours, theirs] = (await inTurns(contestants, quick ? 1 : 3)) as [Times, Times];
    const few = randomPhantom(MOVING.judged);
    const scanOf = (layer: Layer): MovingScan => movingScanInCoils(sequence, few, motionsOf(MOVING.judged), layer);
    const exact = scanOf(everywhere);
    const truth = await simulateTimeline(exact.timelines, exact.source, { precision: 'f64' });
    const fast = scanOf(receive);
    const error = relativeError(await simulateTimeline(fast.timelines, fast.source, options), truth);
    yield { name, value: median(ours.seconds), unit: 's', error, against: theirs.name, ...ratioOf(ours, theirs) };
  }
}
