/**
 * What Node 20 runs with vectors of 128 bits, measured with 256 in a newer Node on the same machine
 * and in the same table.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEWER, newerNode } from '../testing/newer-node.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import type { Row } from './harness.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Kernels that gain by wide vectors. */
const CASES = ['readout: matrix (EPI)', 'RF: constant gradient'] as const;

/**
 * Their rows as the newer Node prints them; none in a first look, nor where this Node is as new.
 */
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
  const folder = temporaryFolder();
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
