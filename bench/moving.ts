/**
 * What motion costs: the same scan of spins that move and of spins at rest in one coil, on one
 * thread and in turns, and lines that are transformed by themselves against those that are stepped
 * along. A ratio of 0.5 is twice the processor time. Errors are against f64. The per-step algorithm
 * moves its spins as cheaply as it can: from node to node of a path, whatever their motion is.
 */

import { inOrder, moversOf, placesOver } from '../host/phantom/motion/places.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { MOTIONS, type MovingScan, movingScan } from '../testing/moving-scans.ts';
import { engineFor, phantomOf, type RunOptions, relativeError, toSignal } from '../testing/run.ts';
import { epi, gradientEcho3d, radial, randomPhantom, randomSpins, timelineOf } from '../testing/timed-scans.ts';
import { type Contestant, inProcess, inTurns, median, type Row, ratioOf, type Times } from './harness.ts';
import { buildPerStep, type Nodes, perStep } from './native.ts';

interface MovingCase {
  readonly name: string;
  readonly sequence: () => Sequence;
  /** One of `MOTIONS`; undefined: at rest, against exact methods. */
  readonly motion?: keyof typeof MOTIONS;
  /** Compared with spins at rest by exact methods, or within the same tolerance. */
  readonly against: 'exact' | 'tolerance';
  /** Moving spins by exact methods, too. */
  readonly exact?: true;
}

const SPINS = 1e5;
const QUICK_SPINS = 4096;
/**
 * Spins on which errors are measured, and that the per-step algorithm gets; its time is
 * proportional.
 */
const JUDGED = 512;
const PER_STEP_SPINS = 2000;
const TOLERANCE = 1e-5;
/**
 * Time between the nodes of the per-step algorithm's spins [s]: at 10 °/s the chord departs from
 * the arc by 4e-9 of the radius.
 */
const NODE_SPACING = 1e-3;

/** An image of 128 × 128. */
const gre = (): Sequence => gradientEcho3d(128, 128);

const CASES: readonly MovingCase[] = [
  { name: 'moving: EPI, translated', sequence: epi, motion: 'translated', against: 'tolerance' },
  { name: 'moving: EPI, turning 10°/s', sequence: epi, motion: 'turning', against: 'tolerance' },
  { name: 'moving: EPI, turning 10°/s, exact', sequence: epi, motion: 'turning', against: 'exact', exact: true },
  { name: 'moving: EPI, heart', sequence: epi, motion: 'heart', against: 'exact' },
  { name: 'moving: EPI, heart, exact', sequence: epi, motion: 'heart', against: 'exact', exact: true },
  { name: 'moving: GRE, translated', sequence: gre, motion: 'translated', against: 'tolerance' },
  { name: 'moving: GRE, turning 10°/s', sequence: gre, motion: 'turning', against: 'tolerance' },
  { name: 'moving: GRE, turning 10°/s, exact', sequence: gre, motion: 'turning', against: 'exact', exact: true },
  { name: 'moving: GRE, breathing', sequence: gre, motion: 'breathing', against: 'tolerance' },
  { name: 'moving: GRE, heart', sequence: gre, motion: 'heart', against: 'tolerance' },
  { name: 'moving: GRE, heart, exact', sequence: gre, motion: 'heart', against: 'exact', exact: true },
  { name: 'moving: GRE, flow 1 m/s', sequence: gre, motion: 'flow', against: 'tolerance' },
  { name: 'line: 256 spokes of 256 samples', sequence: () => radial(256, 256), against: 'exact' },
  { name: 'line: koosh ball, 256 spokes of 256', sequence: () => radial(256, 256, true), against: 'exact' },
];

/** The signal of the spins in the first tile. */
async function firstTile({ timelines, source }: MovingScan, options: RunOptions): Promise<Float64Array> {
  const { engine, plan } = await engineFor(timelines, source, options);
  await engine.run(0, 1);
  const signal = toSignal(engine.sums, plan);
  await engine.close();
  return signal;
}

/** Positions of the per-step algorithm's spins over the duration of a sequence. */
function nodesOf(motion: keyof typeof MOTIONS, duration: number): Nodes {
  const spins = randomSpins(PER_STEP_SPINS);
  const numbers = Array.from({ length: PER_STEP_SPINS }, (_, n) => n);
  const at = placesOver(moversOf(inOrder(MOTIONS[motion](PER_STEP_SPINS)), numbers), spins);
  const count = 2 + Math.ceil(duration / NODE_SPACING);
  const places = new Float32Array(3 * PER_STEP_SPINS * count);
  for (let node = 0; node < count; node++)
    for (const [axis, column] of Object.values(at(node * NODE_SPACING)).entries())
      places.set(column, PER_STEP_SPINS * (3 * node + axis));
  return { spacing: NODE_SPACING, places };
}

export async function* movingRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const chosen = CASES.filter(({ name }) => wanted(name));
  if (chosen.length === 0) return;
  const build = buildPerStep();
  for (const one of chosen) {
    const sequence = one.sequence();
    /** @param seen how many of the spins have a density */
    const scanOf = (spins: number, seen = spins): MovingScan => {
      const all = randomSpins(spins);
      all.density.fill(0, seen);
      const phantom = phantomOf(all);
      if (one.motion === undefined) return { timelines: [timelineOf(sequence)], source: phantom };
      return movingScan(sequence, phantom, MOTIONS[one.motion](spins));
    };
    const spins = quick ? QUICK_SPINS : SPINS;
    const { timelines, source } = scanOf(spins);
    const fast: RunOptions = one.exact === true ? {} : { tolerance: TOLERANCE };
    const moving = await engineFor(timelines, source, fast);
    const atRest = timelineOf(sequence);
    const still = await engineFor(atRest, randomPhantom(spins), one.against === 'exact' ? {} : fast);
    const contestants: Contestant[] = [moving, still].map(({ engine, plan }, n) =>
      inProcess(n === 0 ? 'Larmor' : `at rest, ${one.against}`, () => engine.run(0, plan.tileCount)),
    );
    const stepped =
      build === null || one.motion === undefined
        ? undefined
        : perStep(build, atRest, randomPhantom(PER_STEP_SPINS), nodesOf(one.motion, sequence.duration));
    if (stepped !== undefined)
      contestants.push({
        name: stepped.name,
        run: async () => ((await stepped.run()) * spins) / PER_STEP_SPINS,
      });
    const [ours, ...theirs] = (await inTurns(contestants, quick ? 1 : 3)) as [Times, ...Times[]];
    for (const { engine } of [moving, still]) await engine.close();
    await stepped?.signal();

    // In the tiles and by the methods of the whole run, which depend on all its spins.
    const seen = Math.min(JUDGED, moving.plan.tileSize);
    const judged = scanOf(spins, seen);
    const error = relativeError(
      await firstTile(judged, { ...fast, tileSize: moving.plan.tileSize }),
      await firstTile(judged, { precision: 'f64', tileSize: seen }),
    );
    const note = Object.entries(moving.engine.methods)
      .map(([method, count]) => `${count} ${method}`)
      .join(', ');
    const row = { name: one.name, value: median(ours.seconds), unit: 's', error };
    for (const [n, times] of theirs.entries())
      yield { ...row, against: times.name, ...ratioOf(ours, times), ...(n === 0 && { note }) };
  }
}
