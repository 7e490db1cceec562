/** `larmor sweep`: a simulation for each combination of parameters, a row of a table for each. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Option } from 'commander';
import { noiseRequest } from '../api/options.ts';
import { noiseText } from '../api/run.ts';
import { checkGrid, runPoint } from '../api/sweep.ts';
import { gridOf, type SweepAxis, type SweepPoint } from '../api/sweep-axes.ts';
import type { SimulateOptions, SweepRow } from '../api/types.ts';
import { badInput, EXIT, LarmorError, usage } from '../base/errors.ts';
import { requireDistinct } from '../base/files.ts';
import { info, warn, warnings } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';
import { isLaunched } from '../comm/ranks.ts';
import { requireWritable, writeFigure } from '../figures/files.ts';
import { curveAlong, runLabel, sweepCurves, sweepSheet } from '../plots/sweep.ts';
import { writeImage } from '../recon/files.ts';
import type { Image } from '../recon/image.ts';
import { readNiftiImage } from '../recon/nifti-read.ts';
import { type Regions, readRegions } from '../recon/regions.ts';
import { printJson } from './output.ts';
import { axesOf, type RunCommandOptions, simulateOptions } from './sweep-options.ts';
import { type Cells, openTable, type Part, requireTableName, type SweepTable } from './sweep-table.ts';

export interface SweepCommandOptions extends RunCommandOptions {
  readonly output: string;
  readonly roi?: string;
  readonly sheet?: string;
  readonly curve?: string;
  readonly part?: Part;
}

/** A run that has its row. */
interface Done {
  readonly point: SweepPoint;
  readonly cells: Cells;
  readonly kept: boolean;
}

export async function sweep(
  sequence: string,
  phantom: string,
  options: SweepCommandOptions,
  declared: readonly Option[],
): Promise<void> {
  const { output, roi, sheet, curve, part, set = [] } = options;
  checkCall(options);
  const axes = axesOf(set, { sequence, phantom }, declared);
  const varying = axes.filter(({ values }) => values.length > 1);
  if (curve !== undefined && curveAlong(valuesOf(varying)) < 0)
    throw usage(
      `--curve ${curve}: no parameter has several numbers`,
      'a curve is drawn along one such as flip=2deg:60deg:8',
    );
  const points = gridOf(axes).filter((_, n) => part === undefined || n % part.of === part.index - 1);
  const stop = trapStops();
  const controller = new AbortController();
  stop.onStop(() => controller.abort());
  const fixed = { ...simulateOptions(options), signal: controller.signal, onWarning: warn };
  await checkGrid(sequence, phantom, axes, fixed);
  const regions = roi === undefined ? undefined : await readRegions(roi);
  const columns = [...axes.map(({ name }) => name), ...measured(regions)];
  const table = openTable(output, part, columns);
  const pictures = sheet === undefined ? undefined : pictureFolder(output);

  const done: Done[] = [];
  const label = ({ values }: SweepPoint): string =>
    runLabel(
      varying,
      varying.map(({ name }) => values[name]),
    );
  try {
    for (const point of points) {
      const made = await runOrKeep(sequence, phantom, point, fixed, { table, regions, pictures });
      done.push(made);
      info(`${done.length} of ${points.length}: ${label(point) || 'one run'}: ${outcome(made)}`);
    }
  } catch (error) {
    if (!(error instanceof LarmorError) || error.exitCode !== EXIT.stopped) throw error;
    const after = `stopped by ${stop.signal} after ${done.length} of ${points.length} runs`;
    throw new LarmorError(EXIT.stopped, `${after}, which are in ${table.path}; the same command continues from there`);
  }
  const outputs = [table.path];
  const title = `${basename(sequence)} on ${basename(phantom)}`;
  if (part === undefined) outputs.push(...(await drawFigures(options, varying, done, { title, label, pictures })));
  else if (sheet !== undefined || curve !== undefined)
    info('figures are drawn by the same command without --part, once all parts are done');
  const failed = done.filter(({ cells }) => cells.error !== '').length;
  const kept = done.filter((one) => one.kept).length;
  if (options.json) {
    printJson('sweep', {
      ...{
        sequence,
        phantom,
        parameters: axes.map(({ name, values }) => ({ name, values: values.map(({ shown }) => shown) })),
      },
      ...{ part: part === undefined ? null : [part.index, part.of], runs: points.length, kept, failed },
      ...{ columns, outputs, warnings: warnings() },
    });
  } else
    info(`wrote ${outputs.join(', ')}: ${points.length} runs, ${kept} of them from an earlier sweep, ${failed} failed`);
  if (failed > 0) throw badInput(table.path, `${failed} of ${points.length} runs failed`, "see the column 'error'");
}

/** Values of each axis. */
const valuesOf = (axes: readonly SweepAxis[]): (number | string)[][] =>
  axes.map(({ values }) => values.map(({ shown }) => shown));

/** @throws LarmorError 2 or 73 before anything is simulated */
function checkCall({ output, sheet, curve, set = [] }: SweepCommandOptions): void {
  if (isLaunched())
    throw usage(
      'larmor sweep runs on one rank',
      'start it without the launcher; a job array shares the runs (--part i/n)',
    );
  requireTableName(output);
  if (set.length === 0) throw usage('nothing varies', 'give for example --set flip=2deg:60deg:8');
  const figures = [sheet, curve].filter((path) => path !== undefined);
  for (const path of figures) requireWritable(path);
  requireDistinct([output, ...figures]);
}

const measured = (regions: Regions | undefined): string[] => [
  ...['planHash', 'signalHash', 'analysisHash', 'mean', 'sd'],
  ...(regions?.labels ?? []).flatMap((label) => [`mean${label}`, `sd${label}`, `pixels${label}`]),
  ...['spins', 'seconds', 'error'],
];

/** Images of the runs, for sheets that are made of several calls. */
function pictureFolder(output: string): string {
  const folder = `${output.slice(0, -'.csv'.length)}.images`;
  mkdirSync(folder, { recursive: true });
  return folder;
}

const picturePath = (folder: string, planHash: string, analysisHash: string): string =>
  join(folder, `${planHash.slice(0, 16)}-${analysisHash}.nii.gz`);

/** What a row's numbers depend on besides the plan: noise and regions. */
function analysisHash(options: SimulateOptions, regions: Regions | undefined): string {
  const text = `${noiseText(noiseRequest(options))} ${regions?.digest ?? ''}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

async function runOrKeep(
  sequence: string,
  phantom: string,
  point: SweepPoint,
  fixed: SimulateOptions,
  place: { readonly table: SweepTable; readonly regions: Regions | undefined; readonly pictures: string | undefined },
): Promise<Done> {
  const { table, regions, pictures } = place;
  let analysis = '';
  let former: Cells | undefined;
  const known = (planHash: string): boolean => {
    analysis = analysisHash(point.apply(fixed), regions);
    former = table.take({ planHash, analysisHash: analysis });
    return former !== undefined && (pictures === undefined || existsSync(picturePath(pictures, planHash, analysis)));
  };
  const row = await runPoint(sequence, phantom, point, fixed, { regions, known });
  const cells = row === undefined ? { ...former!, ...cellsOf(point.values) } : measuredCells(row, analysis);
  if (row?.image !== undefined && pictures !== undefined)
    writeImage(picturePath(pictures, row.simulation!.summary.planHash, analysis), row.image);
  table.add(cells);
  return { point, cells, kept: row === undefined };
}

const cellsOf = (values: Readonly<Record<string, number | string>>): Cells =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

function measuredCells({ values, simulation, all, regions = [], error }: SweepRow, analysis: string): Cells {
  if (simulation === undefined) return { ...cellsOf(values), error: error! };
  const { planHash, signalHash, spins, seconds } = simulation.summary;
  const number = (value: number): string => (Number.isFinite(value) ? String(value) : '');
  return {
    ...cellsOf(values),
    ...{ planHash, signalHash, analysisHash: analysis, mean: number(all!.mean), sd: number(all!.sd) },
    ...Object.fromEntries(
      regions.flatMap(({ label, mean, sd, pixels }) => [
        [`mean${label}`, number(mean)],
        [`sd${label}`, number(sd)],
        [`pixels${label}`, String(pixels)],
      ]),
    ),
    ...{ spins: String(spins), seconds: seconds.total.toFixed(3), error: '' },
  };
}

function outcome({ cells, kept }: Done): string {
  if (cells.error !== '') return cells.error!;
  const mean = `mean ${Number(cells.mean).toPrecision(4)}`;
  return kept ? `${mean}, from before` : `${mean}, ${cells.seconds} s`;
}

/** @returns the files */
async function drawFigures(
  { sheet, curve }: SweepCommandOptions,
  axes: readonly SweepAxis[],
  done: readonly Done[],
  of: { readonly title: string; readonly label: (point: SweepPoint) => string; readonly pictures: string | undefined },
): Promise<string[]> {
  const good = done.filter(({ cells }) => cells.error === '');
  const written: string[] = [];
  if (curve !== undefined && good.length > 0) {
    const runs = good.map(({ point, cells }) => ({
      values: axes.map(({ name }) => point.values[name]),
      means: meansOf(cells),
    }));
    await writeFigure(curve, sweepCurves(of.title, axes, runs, curveAlong(valuesOf(axes))));
    written.push(curve);
  }
  if (sheet !== undefined && good.length > 0) {
    const shown: { label: string; image: Image }[] = [];
    for (const { point, cells } of good) {
      const image = await readNiftiImage(picturePath(of.pictures!, cells.planHash!, cells.analysisHash!));
      shown.push({ label: of.label(point), image });
    }
    await writeFigure(sheet, sweepSheet(of.title, shown));
    written.push(sheet);
  }
  return written;
}

/** Means of the regions if there are any, else of the whole image. */
function meansOf(cells: Cells): Record<string, number> {
  const regions = Object.keys(cells).filter((name) => /^mean-?\d+$/.test(name));
  const value = (name: string): number => (cells[name] === '' ? Number.NaN : Number(cells[name]));
  if (regions.length === 0) return { 'whole image': value('mean') };
  return Object.fromEntries(regions.map((name) => [`region ${name.slice('mean'.length)}`, value(name)]));
}
