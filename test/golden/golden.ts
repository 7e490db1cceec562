/**
 * The golden gate: what a dozen scans give today, bit for bit, and the digests of the compiled
 * kernels. A change that is not meant to touch results leaves all of it as it is; one that is meant
 * to rewrites the file, so that its commit shows what it touched:
 *
 *     npm run golden               compare, one line for each value that differs
 *     npm run golden -- --write    write this Node's values, and those of the Node with wide
 *                                  kernels where it can be had
 *
 * Hashes depend on four things besides Larmor: the processor's architecture, whether relaxed SIMD
 * fuses multiply and add, whether the kernels are wide (`larmor doctor` shows both), and V8's
 * version, for the host computes with its Math functions. So they are kept by these four. (Between
 * V8 11.3 and 13.6, Math.pow alone gives other bits, and no f64 case here shows it.) Kernels depend
 * on AssemblyScript's version alone, which package-lock.json fixes. Threads and ranks change
 * nothing.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../host/report/summary.ts';
import { newerNode } from '../../testing/newer-node.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { phantomsIn } from './phantoms.ts';

const LARMOR = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
const WASM = fileURLToPath(new URL('../../dist/wasm/', import.meta.url));
const EXPECTED = new URL('expected.json', import.meta.url);
const scan = (name: string): string => fileURLToPath(new URL(`${name}.seq`, import.meta.url));
const set = (...values: string[]): string[] => values.flatMap((value) => ['--set', value]);

/** Spins enough for the transforms of curves to pay. */
const GRID = set('n=20', 'spacing=8mm');

/** By name: what follows `larmor simulate`. Each takes a fraction of a second. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  'EPI of head2d': ['epi', 'head2d'],
  'EPI of head2d, exact': ['epi', 'head2d', '--exact'],
  'EPI of head2d, f64': ['epi', 'head2d', '--precision', 'f64', ...set('n=32')],
  'EPI of head3d, tolerance 1e-3': ['epi', 'head3d', '--tolerance', '1e-3', ...set('n=64', 'voxel=6mm')],
  'GRE of head2d': ['gre', 'head2d', ...set('n=16', 'voxel=12mm')],
  'GRE of labels (MATLAB), f64': ['gre', 'labels.mat', '--precision', 'f64', '--spins-per-voxel', '9', ...set('n=16')],
  'SE of a sphere': ['se', 'sphere', ...set('n=24', 'voxel=10mm')],
  'SE of labels (NIfTI), exact': ['se', 'labels.nii', '--exact', ...set('n=16')],
  'FID of a column, f64': ['fid', 'column', '--precision', 'f64', ...set('offResonance=20')],
  'spirals of a grid': [scan('spiral'), 'grid', ...GRID],
  'spirals of a grid, exact': [scan('spiral'), 'grid', '--exact', ...GRID],
  'spirals of a grid, tolerance 1e-3': [scan('spiral'), 'grid', '--tolerance', '1e-3', ...GRID],
  'spokes of plain arrays': [scan('radial'), 'arrays.h5'],
  'fingerprinting of KomaMRI spins': [scan('fingerprinting'), 'spins.phantom'],
  'fingerprinting of KomaMRI spins, tolerance 1e-4': [scan('fingerprinting'), 'spins.phantom', '--tolerance', '1e-4'],
  'fingerprinting of arrays, f64': [scan('fingerprinting'), 'arrays.h5', '--precision', 'f64'],
  'fast spin echo of JEMRIS voxels': [scan('tse'), 'jemris.h5'],
};

/** Name of a value and what it is. */
export type Values = Readonly<Record<string, string>>;

export interface Golden {
  readonly kernels: { readonly assemblyscript: string; readonly digests: Values };
  /** signalHash, by what it depends on besides Larmor: see above. */
  readonly signals: Readonly<Record<string, Values>>;
}

export const readExpected = (): Golden => JSON.parse(readFileSync(EXPECTED, 'utf8')) as Golden;

/** SHA-256 of the compiled kernels. */
export function kernels(): Golden['kernels'] {
  const lock = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const digest = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(WASM, name)))
      .digest('hex');
  const { packages } = JSON.parse(lock) as { packages: Record<string, { version: string }> };
  return {
    assemblyscript: packages['node_modules/assemblyscript'].version,
    digests: { 'relaxed.wasm': digest('relaxed.wasm'), 'simd.wasm': digest('simd.wasm') },
  };
}

/** Runs every case with this Node. @returns the signals' hashes, and the key to keep them by */
export async function signals(node = process.execPath): Promise<{ key: string; values: Values }> {
  const folder = temporaryFolder();
  const run = (args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(node, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  try {
    await phantomsIn(folder);
    const values: Record<string, string> = {};
    let build = '';
    for (const [name, args] of Object.entries(CASES)) {
      const summary = JSON.parse(run([LARMOR, 'simulate', ...args, '-o', 'raw.npy', '--json', '-q'])) as Summary;
      values[name] = summary.signalHash;
      build = summary.build.split(' ')[0];
    }
    const [arch, v8] = run(['-p', 'process.arch + " " + process.versions.v8']).trim().split(' ') as [string, string];
    return { key: `${arch}, ${build}, V8 ${v8.split('.').slice(0, 2).join('.')}`, values };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lines for what differs; [] if nothing does. */
export function differences(found: Values, expected: Values): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names]
    .filter((name) => found[name] !== expected[name])
    .map((name) => `${name}: ${short(found[name])}, expected ${short(expected[name])}`);
}

const short = (value: string | undefined): string => value?.slice(0, 16) ?? 'absent';

/** The Nodes whose values are kept: this one, and the one with wide kernels where it can be had. */
function nodes(): string[] {
  try {
    return [process.execPath, newerNode() ?? process.execPath];
  } catch (error) {
    console.log(`golden: ${(error as Error).message.split('\n', 1)[0]}`);
    return [process.execPath];
  }
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== '--write');
  if (unknown !== undefined) {
    console.error(`golden: unknown option ${unknown} (there is --write)`);
    process.exitCode = 2;
    return;
  }
  const expected = readExpected();
  const found = { kernels: kernels(), signals: { ...expected.signals } };
  const changed = differences(found.kernels.digests, expected.kernels.digests);
  for (const node of new Set(nodes())) {
    const { key, values } = await signals(node);
    changed.push(...differences(values, expected.signals[key] ?? {}).map((line) => `${key}: ${line}`));
    found.signals[key] = values;
  }
  for (const line of changed) console.log(line);
  console.log(changed.length === 0 ? 'golden: all as expected' : `golden: ${changed.length} values differ`);
  if (args.includes('--write')) writeFileSync(EXPECTED, `${JSON.stringify(found, null, 2)}\n`);
  else if (changed.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
