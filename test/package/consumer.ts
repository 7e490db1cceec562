/**
 * A user's program: what `import … from 'larmor'` gives in a project of its own.
 * `pack.serial.test.ts` compiles it there, strictly and without the types of Node, and runs it
 * beside `foreign.seq` and `foreign.phantom`. It prints what it found as JSON.
 */
import {
  LarmorError,
  openPhantom,
  type Phantom,
  type Progress,
  plan,
  readSequence,
  reconstruct,
  type SimulateOptions,
  type Simulation,
  type SimulationRun,
  type SweepRow,
  simulate,
  sweep,
  writeReport,
  writeSequence,
} from 'larmor';

const options: SimulateOptions = { sequenceParameters: { n: 16, te: '5ms' }, threads: 2 };
const [epi, again, gre]: Simulation[] = await Promise.all([
  simulate('epi', 'head2d'),
  simulate('epi', 'head2d'),
  simulate('gre', 'sphere', options),
]);
const alone = await simulate('gre', 'sphere', { ...options, threads: 1 });

const controller = new AbortController();
const enough = new Error('enough');
const seen: Progress[] = [];
const run: SimulationRun = simulate('gre', 'head3d', { signal: controller.signal });
for await (const progress of run) {
  seen.push(progress);
  controller.abort(enough);
  break;
}
const aborted: unknown = await run.catch((error) => error);
const misspelt: unknown = await simulate('epi', 'hed2d').catch((error) => error);
const errorOf = (error: unknown) =>
  error instanceof LarmorError && { code: error.exitCode, message: error.message, enough: error.cause === enough };

const warnings: string[] = [];
const sequence = readSequence('foreign.seq');
const phantom: Phantom = await openPhantom('foreign.phantom');
const foreign = await simulate(sequence, phantom, { onWarning: (message) => warnings.push(message) });
writeSequence('copy.seq', sequence);
const copy = await simulate('copy.seq', phantom);
const planned = await plan(sequence, phantom, { ranks: 4 });
phantom.close();

const rows: SweepRow[] = [];
for await (const row of sweep('gre', 'sphere', { ...options, vary: { flip: '5deg,20deg' } })) rows.push(row);
const { missing } = await writeReport('report.html', gre!);

const { matrix } = await reconstruct(epi!.raw);
console.log(
  JSON.stringify({
    hashes: [epi, again, gre, alone, foreign, copy].map((run) => run!.summary.signalHash),
    samples: epi!.signal.length / 2,
    matrix,
    aborted: errorOf(aborted),
    misspelt: errorOf(misspelt),
    progress: seen[0],
    warnings: [warnings, foreign.summary.warnings],
    ranks: planned.ranks,
    sweep: rows.map(({ values, all }) => [values.flip, all!.mean]),
    missing,
  }),
);

/** What does not compile. */
export const refused = (): unknown => [
  // @ts-expect-error a text is no tolerance
  simulate('epi', 'head2d', { tolerance: '1e-5' }),
  // @ts-expect-error no such option
  simulate('epi', 'head2d', { tolerances: 1e-5 }),
  // @ts-expect-error a phantom is no sequence
  simulate(phantom, 'head2d'),
  // @ts-expect-error an image is no raw data
  reconstruct(reconstruct('raw.mrd')),
];
