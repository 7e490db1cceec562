/**
 * Past this machine: measures what does not shrink with ranks (start, agreements, messages, reduce, checkpoint) and what does (the
 * tile), here and now, and works out time and efficiency at 64, 1 024 and 16 384 ranks by the α–β model. docs/explanation/scaling.md
 * says what the figures mean and where they break.
 *
 *     node --import tsx bench/scaling.ts [--family openmpi|mpich] [--alpha 2e-6] [--bandwidth 10e9] [--disk 1e9]
 *
 * α [s], bandwidth and disk [bytes/s] are those of the cluster in question, not of this machine.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { cachePath } from '../host/cli/launch.ts';
import { DIST, type Family, LARMOR, present, run, simulate, transcript } from '../test/cluster/launch.ts';

const { values } = parseArgs({
  options: {
    family: { type: 'string', default: present[0] ?? 'openmpi' },
    alpha: { type: 'string', default: '2e-6' },
    bandwidth: { type: 'string', default: '10e9' },
    disk: { type: 'string', default: '1e9' },
  },
});
const family = values.family as Family;
const [alpha, bandwidth, disk] = [values.alpha, values.bandwidth, values.disk].map(Number) as [number, number, number];

interface Measured {
  readonly ranks: number;
  readonly join: number;
  readonly agreement: number;
  readonly message: number;
  readonly reduce: readonly (readonly [number, number])[];
  readonly checkpoint: readonly (readonly [number, number])[];
}

const cwd = mkdtempSync(join(tmpdir(), 'larmor-scaling-'));
try {
  const program = join(cwd, 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('scaling-program.ts', import.meta.url))],
    ...{ outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
  });
  const under = async (ranks: number): Promise<Measured> => {
    const ended = await run([], { family, ranks, cwd, program });
    if (ended.code !== 0) throw new Error(transcript(ended));
    return JSON.parse(ended.stdout) as Measured;
  };
  const two = await under(2);
  const four = family === 'mpich' ? two : await under(4);

  const start = Math.min(
    ...Array.from({ length: 5 }, () => {
      const begun = performance.now();
      spawnSync(process.execPath, [LARMOR, '--version']);
      return (performance.now() - begun) / 1e3;
    }),
  );
  const epi = ['epi', 'head3d', '--set', 'voxel=1.5e-3', '--threads', '1', '-o', 'raw.npy'];
  const runs = [await simulate(epi, { cwd }), await simulate(epi, { cwd }), await simulate(epi, { cwd })];
  const tile = Math.min(...runs.map(({ seconds, tiles }) => seconds.simulate / tiles));
  const { tileSize, samples } = runs[0]!;

  const ms = (seconds: number): string => `${(1e3 * seconds).toPrecision(3)} ms`;
  const cost = (of: Measured['reduce']): string => of.map(([n, s]) => `${n.toExponential(0)} ${ms(s)}`).join(', ');
  const opened = ['larmor.js', 'command.js', basename(cachePath(DIST)), 'wasm/relaxed.wasm']
    .map((name) => statSync(join(DIST, name)).size)
    .reduce((sum, size) => sum + size);
  console.log(`measured here, ${family}
  Node and Larmor, no job          ${ms(start)}, ${(opened / 1e6).toFixed(1)} MB opened per rank
  joining MPI                      ${ms(two.join)} (2 ranks), ${ms(four.join)} (${four.ranks})
  an agreement                      ${ms(two.agreement)} (2 ranks), ${ms(four.agreement)} (${four.ranks})
  a message, at rank 0             ${(1e6 * two.message).toFixed(1)} µs
  reduce of samples, 2 ranks       ${cost(two.reduce)}
  reduce of samples, ${four.ranks} ranks       ${cost(four.reduce)}
  checkpoint of samples            ${cost(two.checkpoint)}
  a tile, ${tileSize} spins × ${samples} samples ${ms(tile)}
`);

  // One rank per core. Adding one int64 pair costs what the largest reduce of two ranks takes beyond moving it.
  const [manySamples, slowest] = two.reduce.at(-1)!;
  const perByte = slowest / (16 * manySamples);
  const reduceTime = (ranks: number, bytes: number): number =>
    Math.ceil(Math.log2(ranks)) * (alpha + bytes * (1 / bandwidth + perByte));
  const jobs: [string, number, number][] = [
    ['10⁷ spins, EPI', 1e7, samples],
    ['10⁹ spins, EPI', 1e9, samples],
    ['10⁹ spins, 10⁶ samples', 1e9, 1e6],
  ];
  console.log(
    `worked out for α = ${alpha} s, ${bandwidth / 1e9} GB/s, disk ${disk / 1e9} GB/s; one rank per core, 4 096 spins a tile`,
  );
  const row = (cells: readonly string[]): string => cells.map((c, n) => (n ? c.padStart(12) : c.padEnd(26))).join('');
  console.log(row(['', 'ranks', 'simulate s', 'serial s', 'reduce s', 'total s', 'efficiency', 'checkpoint s']));
  for (const [name, spins, jobSamples] of jobs) {
    const tiles = Math.ceil(spins / 4096);
    const tileTime = (tile * (4096 / tileSize) * jobSamples) / samples;
    const alone = start + tiles * tileTime;
    for (const ranks of [1, 64, 1024, 16384]) {
      const serial = start + 0.3 + 6 * (four.agreement + ranks * two.message * 2);
      const simulated = Math.ceil(tiles / ranks) * tileTime;
      const reduced = ranks === 1 ? 0 : reduceTime(ranks, 16 * jobSamples);
      const total = serial + simulated + reduced;
      const kept = reduced + tileTime / 2 + (16 * jobSamples) / disk;
      const cells = [ranks, ...[simulated, serial, reduced, total].map((value) => value.toPrecision(3))];
      console.log(row([name, ...cells.map(String), (alone / ranks / total).toFixed(2), kept.toPrecision(2)]));
    }
  }
} finally {
  rmSync(cwd, { recursive: true });
}
