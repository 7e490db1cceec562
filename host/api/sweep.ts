/**
 * `sweep` of the package: a run for each combination of parameters, with its image and the
 * statistics of the image.
 */
import { EXIT, LarmorError } from '../base/errors.ts';
import { requireFile } from '../base/files.ts';
import { completeParameters } from '../base/parameters.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { phantomParameters } from '../phantom/open.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { type Regions, readRegions, statisticsOf } from '../recon/regions.ts';
import { scannerKeys } from '../sequence/scanner.ts';
import type { Sequence } from '../sequence/types.ts';
import { asUsage, checkArguments } from './arguments.ts';
import { callAsync } from './call.ts';
import { openNamed, reconstruct } from './files.ts';
import { scannerOf } from './options.ts';
import { settingsCheck } from './sequence.ts';
import { simulateUnless } from './simulate.ts';
import { gridOf, type SweepAxis, type SweepPoint, sweepAxis } from './sweep-axes.ts';
import type { SimulateOptions, SweepOptions, SweepRow } from './types.ts';

/**
 * Simulates a scan for each combination of the values in `vary`, one after the other, and yields a
 * row as each is done.
 *
 *     const vary = { flip: '2deg:60deg:8' };
 *     for await (const { values, all } of sweep('gre', 'sphere', { vary })) …
 * @throws LarmorError 2 for a name or value that cannot be, 65 or 66 for a file, before the first
 *   run; 75 if `signal` stopped it. What fails in a run is the row's `error`.
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
  const { points, regions } = await callAsync('sweep', { sequence, phantom, options }, async () => {
    const axes = Object.entries(vary).map(([name, values]) => sweepAxis(name, values, names));
    const points = gridOf(axes);
    await checkGrid(sequence, phantom, axes, fixed);
    return { points, regions: roi === undefined ? undefined : await readRegions(roi) };
  });
  for (const point of points) yield (await runPoint(sequence, phantom, point, fixed, { regions }))!;
}

/**
 * Checks what would fail in every run of a grid, or for a value of one axis in any combination,
 * before the first run.
 * @throws LarmorError 2 for a name or value, 65 or 66 for a file
 */
export async function checkGrid(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  axes: readonly SweepAxis[],
  fixed: SimulateOptions,
): Promise<void> {
  /** Each value with the first ones of all other axes. */
  const [first = fixed, ...others] = axes.flatMap((axis, a) =>
    axis.values
      .slice(a === 0 ? 0 : 1)
      .map((value) => axes.reduce((made, other) => (other === axis ? value : other.values[0]).apply(made), fixed)),
  );
  const { sequenceParameters = {}, phantomParameters: ofPhantom = {} } = first;
  const all = [first, ...others];
  for (const { scanner = {} } of all)
    if (typeof scanner === 'object') asUsage(() => scannerKeys(scanner, { file: 'sweep', key: 'scanner' }));
  for (const options of all) checkArguments('simulate', { sequence, phantom, options });
  for (const { motion, rPeaks, initialMagnetization: state } of all)
    for (const file of [motion, rPeaks, state]) if (typeof file === 'string') requireFile(file);
  if (typeof sequence === 'string') {
    const check = settingsCheck(sequence, sequenceParameters, scannerOf(first.scanner));
    for (const options of all) check(options.sequenceParameters ?? {});
  }
  if (typeof phantom !== 'string') return;
  const declared = phantomParameters(phantom);
  if (!Object.hasOwn(builtinPhantoms, phantom)) (await openNamed(phantom, { parameters: ofPhantom })).close();
  for (const options of all) completeParameters(phantom, declared ?? {}, options.phantomParameters ?? {});
}

/**
 * One run of a sweep.
 * @param known whether the run with this plan has already been made
 * @returns undefined if so
 * @throws LarmorError 75 if `signal` stopped it; any error that is a defect
 */
export async function runPoint(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  { values, apply }: SweepPoint,
  fixed: SimulateOptions,
  { regions, known = () => false }: { regions: Regions | undefined; known?: (planHash: string) => boolean },
): Promise<SweepRow | undefined> {
  try {
    const simulation = await simulateUnless(sequence, phantom, apply(fixed), ({ planHash }) => known(planHash));
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
