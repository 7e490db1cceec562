/**
 * `npm run pictures [-- SCAN …]`: makes the pictures of docs/pictures.md and the figures of its
 * table, by the commands on that page: of all scans, in minutes, or of some. Ends with an error if
 * a figure exceeds the bounds of the tests.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { assertPicture, assertUniform, comparedIn } from '../test/physics/pictures.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist', 'larmor.js');
const page = join(root, 'docs', 'pictures.md');
const TABLE = /(<!-- npm run pictures -->\n)[\s\S]*?(<!-- end -->)/;

const percent = (value: number | undefined): string =>
  value === undefined ? '–' : `${(100 * Math.abs(value)).toPrecision(2)} %`;
const most = (values: readonly number[]): number | undefined =>
  values.length > 0 ? Math.max(...values.map(Math.abs)) : undefined;

/** Scans whose images have a closed form (picture-theory.ts), for every phantom. */
const COMPARED = ['gre', 'se', 'epi'];
/** Others, of the head; their levels are tested on balls. */
const SHOWN = ['bssfp', 'radial', 'dwi', 'pc'];

/** Makes one picture. @returns its row of the table */
async function rowOf(scan: string, phantom: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'larmor-pictures-'));
  const simulate = `time -p "${process.execPath}" "${command}" simulate ${scan} ${phantom} -o raw.mrd --json -q`;
  const run = spawnSync('bash', ['-c', simulate], { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  const { spins } = (JSON.parse(run.stdout) as { phantom: { spins: number } }).phantom;
  const seconds = ['user', 'sys'].reduce((sum, of) => sum + Number(run.stderr.match(`${of} ([\\d.]+)`)![1]), 0);
  const figures = COMPARED.includes(scan)
    ? await figuresOf(folder, scan, phantom)
    : [undefined, undefined, undefined, undefined];
  const count = String(spins).replace(/\B(?=(\d{3})+$)/g, ' ');
  if (phantom === 'head2d' || phantom === 'sphere') {
    const png = join(root, 'docs', 'pictures', `${scan}-${phantom}.png`);
    mkdirSync(join(png, '..'), { recursive: true });
    const larmor = [command, 'reconstruct', join(folder, 'raw.mrd'), '-o', png, '-q'];
    if (spawnSync(process.execPath, larmor, { stdio: 'inherit' }).status !== 0) process.exit(1);
  }
  rmSync(folder, { recursive: true });
  return `${startOf(scan, phantom)} ${count} | ${seconds.toFixed(1)} | ${figures.map(percent).join(' | ')} |`;
}

/** Variation, background, level and difference of a picture from the one in closed form. */
async function figuresOf(folder: string, scan: string, phantom: string): Promise<(number | undefined)[]> {
  const picture = await comparedIn(folder, scan, phantom, {});
  assertPicture(`${scan} of ${phantom}`, picture);
  if (phantom === 'sphere' && scan !== 'epi') assertUniform(`${scan} of ${phantom}`, picture);
  const { background, levels, error } = picture;
  // Heads vary by their folds, a ball's shadow by its shape.
  const variation = phantom === 'sphere' && scan !== 'epi' ? picture.variation : undefined;
  return [variation, background, most(levels), error];
}

const startOf = (scan: string, phantom: string): string => `| \`${scan}\` | \`${phantom}\` |`;

const asked = process.argv.slice(2);
const before = readFileSync(page, 'utf8');
const rows = [
  '| scan | phantom | spins | seconds | variation inside | background | level off by | picture off by |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];
const pairs = [
  ...['sphere', 'head2d', 'head3d', 'grid', 'column'].flatMap((phantom) =>
    COMPARED.map((scan) => [scan, phantom] as const),
  ),
  ...SHOWN.map((scan) => [scan, 'head2d'] as const),
];
for (const [scan, phantom] of pairs) {
  const known = before.split('\n').find((line) => line.startsWith(startOf(scan, phantom)));
  const row = asked.length === 0 || asked.includes(scan) ? await rowOf(scan, phantom) : known;
  if (row === undefined) continue;
  rows.push(row);
  console.log(row);
}
writeFileSync(
  page,
  before.replace(TABLE, (_, open, close) => `${open}${rows.join('\n')}\n${close}`),
);
