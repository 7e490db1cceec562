/**
 * `npm run pictures`: makes the pictures of docs/pictures.md and the figures of its table anew, by the commands on that page. Minutes.
 * Whatever falls out of the bounds of the tests ends it.
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

const rows = [
  '| scan | phantom | spins | seconds | variation inside | background | level off by | picture off by |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];
for (const phantom of ['sphere', 'head2d', 'head3d', 'grid', 'column'])
  for (const scan of ['gre', 'se', 'epi']) {
    const folder = mkdtempSync(join(tmpdir(), 'larmor-pictures-'));
    const simulate = `time -p "${process.execPath}" "${command}" simulate ${scan} ${phantom} -o raw.mrd --json -q`;
    const run = spawnSync('bash', ['-c', simulate], { cwd: folder, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    const { spins } = (JSON.parse(run.stdout) as { phantom: { spins: number } }).phantom;
    const seconds = ['user', 'sys'].reduce((sum, of) => sum + Number(run.stderr.match(`${of} ([\\d.]+)`)![1]), 0);
    const picture = await comparedIn(folder, scan, phantom, {});
    assertPicture(`${scan} of ${phantom}`, picture);
    if (phantom === 'sphere' && scan !== 'epi') assertUniform(`${scan} of ${phantom}`, picture);
    const { background, levels, error } = picture;
    // Heads vary by their folds, a ball's shadow by its shape.
    const variation = phantom === 'sphere' && scan !== 'epi' ? picture.variation : undefined;
    const count = String(spins).replace(/\B(?=(\d{3})+$)/g, ' ');
    const figures = [variation, background, most(levels), error].map(percent);
    rows.push(`| \`${scan}\` | \`${phantom}\` | ${count} | ${seconds.toFixed(1)} | ${figures.join(' | ')} |`);
    console.log(rows.at(-1));
    if (phantom === 'head2d' || phantom === 'sphere') {
      const png = join(root, 'docs', 'pictures', `${scan}-${phantom}.png`);
      mkdirSync(join(png, '..'), { recursive: true });
      const larmor = [command, 'reconstruct', join(folder, 'raw.mrd'), '-o', png, '-q'];
      if (spawnSync(process.execPath, larmor, { stdio: 'inherit' }).status !== 0) process.exit(1);
    }
    rmSync(folder, { recursive: true });
  }
writeFileSync(
  page,
  readFileSync(page, 'utf8').replace(TABLE, (_, open, close) => `${open}${rows.join('\n')}\n${close}`),
);
