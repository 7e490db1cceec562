/**
 * What receive coils cost: whole EPI runs of 10⁵ spins in a cylinder of loops against the same run in one coil, in turns in this
 * process. A ratio of 0.1 is ten times as slow. Errors are against f64, of the first spins.
 */
import { DEFAULT_TOLERANCE } from '../host/api/defaults.ts';
import { wasmBuild } from '../host/engine/wasm/module.ts';
import type { PhantomSource } from '../host/phantom/types.ts';
import { inCoils } from '../testing/coils.ts';
import { engineFor, phantomOf, relativeError, simulateTimeline } from '../testing/run.ts';
import { epi, latticeSpins, timelineOf } from '../testing/timed-scans.ts';
import { inProcess, inTurns, median, type Row, ratioOf, type Times } from './harness.ts';

const COILS = [8, 32] as const;
/** Spins on which errors are measured. */
const JUDGED = 512;

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
}
