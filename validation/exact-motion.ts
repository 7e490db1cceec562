/**
 * Exact runs of moving spins, whose bent lines are transformed: the largest error of a sample over
 * Σ|ρ| against f64, for many spins and for phantoms of one spin each; and the same with every
 * sample summed, as if it were not known that the spins move.
 */
import { timeRange } from '../host/phantom/motion/types.ts';
import { programFor } from '../host/program/build.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import { MOTIONS, movingScan } from '../testing/moving-scans.ts';
import { errorOfDensity, phantomOf, simulateTimeline } from '../testing/run.ts';
import { radial, randomSpins } from '../testing/timed-scans.ts';
import type { Row, Section } from './report.ts';
import { alone } from './tolerance.ts';

const SPINS = 512;
const SINGLE = 4;
/** Errors of f32 sums of every sample for spins at rest: an EPI of many spins, and single spins. */
const AT_REST = { many: 1.2e-7, one: 7e-7 } as const;

const SCANS = [
  ['EPI', () => makeBuiltin('epi', { n: 64 }, DEFAULT_SCANNER)],
  ['spokes', () => radial(8, 150, true)],
] as const;

const MOVING: typeof MOTIONS = {
  'turning at 10°/s': MOTIONS.turning,
  'turning at 100°/s and shifted': (spins) => {
    const action = { type: 'Rotate', pitch: 0, roll: 0, yaw: 100, center: [0.01, -0.02, 0] } as const;
    const all = { first: 0, last: spins - 1, step: 1 };
    return [{ place: 'turn', action, time: timeRange(0, 1), spins: all }, ...MOTIONS.translated(spins)];
  },
  heart: MOTIONS.heart,
  breathing: MOTIONS.breathing,
  flow: MOTIONS.flow,
};

export const exactMotion: Section = {
  title: 'Exact runs of moving spins',
  bounds: 'errors of sums of every sample in f32, of the same run or of spins at rest: 1.2e-7 of many, 7e-7 of one',
  async rows(some) {
    const rows: Row[] = [];
    const many = randomSpins(SPINS);
    const numbers = Array.from({ length: SINGLE }, (_, n) => n * 101);
    const phantoms = [many, ...some(numbers, 3).map((n) => alone(many, n))];
    for (const [scan, sequence] of SCANS)
      for (const [name, motions] of Object.entries(MOVING)) {
        const errors = { exact: [] as number[], summed: [] as number[] };
        for (const spins of phantoms) {
          const count = spins.x.length;
          const { timelines, source } = movingScan(sequence(), phantomOf(spins), motions(count));
          if (programFor({ timelines, source, precision: 'f32', tileSize: 1024 }).methods.line === 0)
            throw new Error(`${scan}, ${name}: no line is transformed`);
          const truth = await simulateTimeline(timelines, source, { precision: 'f64' });
          const { motionIdentity: _, ...unknown } = source;
          for (const [how, own] of [
            ['exact', source],
            ['summed', unknown],
          ] as const)
            errors[how].push(errorOfDensity(await simulateTimeline(timelines, own, { tileSize: 1024 }), truth, spins));
        }
        const [ofMany, ...ofOne] = errors.exact as [number, ...number[]];
        const [summed, ...summedOne] = errors.summed as [number, ...number[]];
        rows.push({ what: `${scan}, ${name}, ${SPINS} spins`, value: ofMany, bound: Math.max(AT_REST.many, summed) });
        rows.push({
          what: `${scan}, ${name}, worst of ${ofOne.length} single spins`,
          ...{ value: Math.max(...ofOne), bound: Math.max(AT_REST.one, ...summedOne) },
        });
      }
    return rows;
  },
};
