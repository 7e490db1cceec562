/** `sweep` of the package: a run for each combination of parameters, with its image and the statistics of that. */
import { EXIT, LarmorError } from '../base/errors.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { type Regions, readRegions, statisticsOf } from '../recon/regions.ts';
import type { Sequence } from '../sequence/types.ts';
import { callAsync } from './call.ts';
import { reconstruct } from './files.ts';
import { simulateUnless } from './simulate.ts';
import { gridOf, type SweepPoint, sweepAxis } from './sweep-axes.ts';
import type { SimulateOptions, SweepOptions, SweepRow } from './types.ts';

/**
 * Simulates a scan for each combination of the values in `vary`, one after the other, and yields a row as each is done.
 *
 *     for await (const { values, all } of sweep('gre', 'sphere', { vary: { flip: '2deg:60deg:8' } })) …
 * @throws LarmorError 2 for a name that cannot vary, 65 or 66 for the label image, 75 if `signal` stopped it. What fails in a run is
 *   the row's `error`.
 */
export async function* sweep(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SweepOptions,
): AsyncGenerator<SweepRow, void, undefined> {
  const { vary, roi, ...fixed } = options;
  const names = {
    sequence: typeof sequence === 'string' ? sequence : undefined,
    phantom: typeof phantom === 'string' ? phantom : undefined,
  };
  const { points, regions } = await callAsync('sweep', { sequence, phantom, options }, async () => ({
    points: gridOf(Object.entries(vary).map(([name, values]) => sweepAxis(name, values, names))),
    regions: roi === undefined ? undefined : await readRegions(roi),
  }));
  for (const point of points) yield (await runPoint(sequence, phantom, point, fixed, { regions }))!;
}

/**
 * One run of a sweep.
 * @param known whether the run with that plan need not be made
 * @returns undefined then
 * @throws LarmorError 75 if `signal` stopped it; what is a defect
 */
export async function runPoint(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  { values, apply }: SweepPoint,
  fixed: SimulateOptions,
  { regions, known = () => false }: { regions: Regions | undefined; known?: (planHash: string) => boolean },
): Promise<SweepRow | undefined> {
  try {
    const simulation = await simulateUnless(sequence, phantom, apply(fixed), known);
    if (simulation === undefined) return undefined;
    const { onWarning } = fixed;
    const image = await reconstruct(simulation.raw, { onWarning });
    return { values, simulation, image, ...statisticsOf(image, regions), error: null };
  } catch (error) {
    if (!(error instanceof LarmorError) || error.exitCode === EXIT.stopped || error.exitCode === EXIT.internal)
      throw error;
    return { values, error: error.message };
  }
}
