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
import { inCoils } from '../testing/coils.ts';
import { MOTIONS, type MovingScan, movingScan, movingScanInCoils } from '../testing/moving-scans.ts';
import { engineFor, phantomOf, relativeError, simulateTimeline } from '../testing/run.ts';
import { epi, latticeSpins, randomPhantom, timelineOf } from '../testing/timed-scans.ts';
import { inProcess, inTurns, median, type Row, ratioOf, type Times } from './harness.ts';

const COILS = [8, 32] as const;
/** Spins on which errors are measured. */
const JUDGED = 512;

/** Spins that move, and of those on which errors are measured. */
const MOVING = 600;
const JUDGED_MOVING = 32;

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
  yield* movingRow(wanted, quick);
}

/**
 * Spins that turn among loops: the field along their paths against one coil, errors against the
 * field at every sample in f64.
 */
async function* movingRow(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const name = 'coils: 8 (EPI, 600 spins turning 10°/s)';
  if (!wanted(name)) return;
  const [sequence, spins] = [epi(), randomPhantom(MOVING)];
  const receive = await receiveLayer('bench', { array: { coils: 8, radius: 0.2, length: 0.25 } }, spins);
  const { clearance: _, ...everywhere } = receive;
  const motions = MOTIONS.turning(MOVING);
  const sums = async ({ timelines, source }: MovingScan): Promise<void> => {
    const { engine, plan } = await engineFor(timelines, source, { tolerance: DEFAULT_TOLERANCE });
    await engine.run(0, plan.tileCount);
    await engine.close();
  };
  const inSpace = movingScanInCoils(sequence, spins, motions, receive);
  const alone = movingScan(sequence, spins, motions);
  const contestants = [inProcess(wasmBuild(), () => sums(inSpace)), inProcess('one coil', () => sums(alone))];
  const [ours, theirs] = (await inTurns(contestants, quick ? 1 : 3)) as [Times, Times];
  const few = randomPhantom(JUDGED_MOVING);
  const scanOf = (layer: Layer): MovingScan => movingScanInCoils(sequence, few, MOTIONS.turning(JUDGED_MOVING), layer);
  const exact = scanOf(everywhere);
  const truth = await simulateTimeline(exact.timelines, exact.source, { precision: 'f64' });
  const fast = scanOf(receive);
  const found = await simulateTimeline(fast.timelines, fast.source, { tolerance: DEFAULT_TOLERANCE });
  const error = relativeError(found, truth);
  yield { name, value: median(ours.seconds), unit: 's', error, against: theirs.name, ...ratioOf(ours, theirs) };
}
