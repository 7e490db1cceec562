/**
 * Scaling beyond this machine. Measures what does not shrink with ranks (start, agreements,
 * messages, reduce, checkpoint) and what does (the tile), then predicts time and efficiency at 64,
 * 1 024 and 16 384 ranks by the α–β model. docs/explanation/scaling.md explains the figures.
 *
 *     node --import tsx bench/scaling.ts [--family openmpi|mpich] [--alpha 2e-6]
 *         [--bandwidth 10e9] [--disk 1e9]
 *
 * α [s], bandwidth and disk [bytes/s] are those of the cluster in question, not of this machine.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { cachePath } from '../host/cli/launch.ts';
import { depthOf, treeOf } from '../host/comm/tree.ts';
import { DIST, type Family, LARMOR, present, run, simulate, transcript } from '../testing/launch.ts';
import { temporaryFolder } from '../testing/temporary.ts';

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

/**
 * Agreements of a run, and as much again for what else travels up the tree: who is done, which
 * tiles.
 */
const AGREEMENTS = 7 + 1;
/** Those in which every rank contributes something else: hosts, and what each did. */
const UNLIKE = 2;

interface Measured {
  readonly ranks: number;
  readonly join: number;
  /** Time from a common start until rank 0 has the result [s]. */
  readonly agreement: { readonly least: number; readonly median: number };
  /** That an agreement costs rank 0, and the rank with most. */
  readonly messages: number;
  readonly mostMessages: number;
  /** To receive a message, and to send one [s]. */
  readonly message: number;
  readonly send: number;
  readonly reduce: readonly (readonly [number, number])[];
  readonly checkpoint: readonly (readonly [number, number])[];
}

function secondsOf(work: () => unknown): number {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1e3;
}

const cwd = temporaryFolder();
try {
  const program = join(cwd, 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('scaling-program.ts', import.meta.url))],
    ...{ outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
  });
  const under = async (ranks: number, ...only: readonly string[]): Promise<Measured> => {
    const ended = await run(only, { family, ranks, cwd, program, limit: 60 + 10 * ranks });
    if (ended.code !== 0) throw new Error(transcript(ended));
    return JSON.parse(ended.stdout) as Measured;
  };
  const two = await under(2);
  const four = family === 'mpich' ? two : await under(4);
  const many = [await under(16, 'agree'), await under(64, 'agree')];

  const start = Math.min(
    ...Array.from({ length: 5 }, () => secondsOf(() => spawnSync(process.execPath, [LARMOR, '--version']))),
  );
  const epi = ['epi', 'head3d', '--set', 'voxel=1.5e-3', '--threads', '1', '-o', 'raw.npy'];
  const runs = [await simulate(epi, { cwd }), await simulate(epi, { cwd }), await simulate(epi, { cwd })];
  const tile = Math.min(...runs.map(({ seconds, tiles }) => seconds.simulate / tiles));
  const { tileSize, samples } = runs[0];

  // Every level of the tree handles half of what the level above it does: twice rank 0's share in
  // all.
  const reports = Array.from({ length: 1e4 }, (_, rank) =>
    JSON.stringify({ rank, host: `node${rank}`, tiles: 1e6 / rank }),
  );
  const parseAndJoin = (): unknown => JSON.parse(JSON.stringify(reports)).map((text: string) => JSON.parse(text));
  const contribution = Math.min(...Array.from({ length: 20 }, () => secondsOf(parseAndJoin))) / reports.length;

  const ms = (seconds: number): string => `${(1e3 * seconds).toPrecision(3)} ms`;
  const cost = (of: Measured['reduce']): string => of.map(([n, s]) => `${n.toExponential(0)} ${ms(s)}`).join(', ');
  const opened = ['larmor.js', 'command.js', basename(cachePath(DIST, 'command.js')), 'wasm/relaxed.wasm']
    .map((name) => statSync(join(DIST, name)).size)
    .reduce((sum, size) => sum + size);
  console.log(`measured here, ${family}
  Node and Larmor, no job          ${ms(start)}, ${(opened / 1e6).toFixed(1)} MB opened per rank
  joining MPI                      ${ms(two.join)} (2 ranks), ${ms(four.join)} (${four.ranks})
  a message, to receive            ${(1e6 * two.message).toFixed(1)} µs
  a message, to send               ${(1e6 * two.send).toFixed(1)} µs
  a contribution unlike others     ${(1e6 * contribution).toFixed(1)} µs
  reduce of samples, 2 ranks       ${cost(two.reduce)}
  reduce of samples, ${four.ranks} ranks       ${cost(four.reduce)}
  checkpoint of samples            ${cost(two.checkpoint)}
  a tile, ${tileSize} spins × ${samples} samples ${ms(tile)}
`);

  for (const { ranks, agreement, messages, mostMessages } of [two, ...many]) {
    console.log(
      `an agreement of ${ranks} ranks: ${ms(agreement.median)} in the median, ${ms(agreement.least)} at least; ` +
        `${messages} messages at rank 0, ${mostMessages} at most`,
    );
  }
  const hop = two.agreement.least / 2;
  const agreementTime = (ranks: number): number => 2 * depthOf(ranks) * hop;
  for (const ranks of [64, 1024, 16384]) {
    const star = ranks * (two.message + two.send);
    console.log(
      `predicted for ${ranks} ranks on as many cores: ${ms(agreementTime(ranks))}, ${2 * treeOf(0, ranks).children.length} messages at rank 0; ` +
        `if all ranks sent theirs to rank 0: ${ms(star)}, ${2 * ranks} messages`,
    );
  }
  console.log();

  // One rank per core. Adding one int64 pair costs what the largest reduce of two ranks takes
  // beyond moving it.
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
      const agreed = AGREEMENTS * agreementTime(ranks) + UNLIKE * 2 * ranks * contribution;
      const serial = start + 0.3 + agreed + ranks * two.send;
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
