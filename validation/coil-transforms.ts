/**
 * Transforms in several coils: the largest error of a sample of any coil over Σ|C·ρ|, against f64
 * stepping, for many spins and for phantoms of one spin each; and exact runs, which transform too,
 * against the products of matrices that they would be otherwise.
 */
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Timeline } from '../host/timeline/types.ts';
import { errorInCoils, inCoils } from '../testing/coils.ts';
import { phantomOf, type RunOptions, simulateTimeline } from '../testing/run.ts';
import { gradientEcho3d, latticeSpins, spiral, timelineOf } from '../testing/timed-scans.ts';
import type { Row, Section } from './report.ts';
import { alone, boundFrom } from './tolerance.ts';

const COILS = 6;
const SPINS = 1024;
const SINGLE = 6;
const LARGE = { tileSize: 32768 };
/** In tiles so small transforms do not pay. */
const SMALL = { tileSize: 32 };

const SCANS: readonly (readonly [string, () => Timeline, isUniform: boolean])[] = [
  ['EPI train', () => timelineOf(makeBuiltin('epi', { n: 64 }, DEFAULT_SCANNER)), true],
  ['3-D GRE: batched lines', () => timelineOf(gradientEcho3d(48, 128)), true],
  ['spiral, 2 shots', () => timelineOf(spiral(2, 1024)), false],
];

export const coilTransforms: Section = {
  title: `Transforms in ${COILS} coils`,
  bounds: 'the tolerance, relative to Σ|C·ρ|; of exact runs the error of products of matrices, or 6e-8',
  async rows(some) {
    const rows: Row[] = [];
    const many = latticeSpins(SPINS);
    const numbers = Array.from({ length: SINGLE }, (_, n) => n * 171);
    const phantoms = [many, ...some(numbers, 3).map((n) => alone(many, n))];
    for (const [scan, made, isUniform] of SCANS) {
      const timeline = made();
      const cases = await Promise.all(
        phantoms.map(async (spins) => {
          const source = { ...inCoils(spins, COILS), bounds: phantomOf(many).bounds };
          return { spins, source, truth: await simulateTimeline(timeline, source, { precision: 'f64' }) };
        }),
      );
      const errors = async (options: RunOptions): Promise<[many: number, worst: number]> => {
        const all: number[] = [];
        for (const { spins, source, truth } of cases)
          all.push(errorInCoils(await simulateTimeline(timeline, source, options), truth, source, spins));
        return [all[0], Math.max(...all.slice(1))];
      };
      const add = (label: string, [all, single]: [number, number], bounds: [number, number]): void => {
        rows.push({ what: `${scan}, ${label}, ${SPINS} spins`, value: all, bound: bounds[0] });
        rows.push({
          what: `${scan}, ${label}, worst of ${phantoms.length - 1} single spins`,
          value: single,
          bound: bounds[1],
        });
      };
      for (const tolerance of some([1e-3, 1e-4, 1e-5], 2))
        add(tolerance.toExponential(0), await errors({ ...LARGE, tolerance }), [tolerance, tolerance]);
      if (!isUniform) continue;
      const [all, single] = await errors(SMALL);
      add('exact', await errors(LARGE), [boundFrom(all), boundFrom(single)]);
    }
    return rows;
  },
};
