/**
 * Speed of reconstruction, medians of several runs after a warm one: `node --import tsx bench/recon.ts`.
 * Signals are noise (the work does not depend on them); seconds are one thread's.
 */

import type { AcquiredData } from '../host/raw/types.ts';
import { densityWeights } from '../host/recon/density.ts';
import { makeAdjoint } from '../host/recon/gridding.ts';
import { reconstruct } from '../host/recon/reconstruct.ts';
import { acquire, lines, radial, type Sampled, type Space, spiral, type Vec } from '../test/recon/synthesis.ts';

const noise = (): [number, number] => [Math.random() - 0.5, Math.random() - 0.5];

function measure(name: string, runs: number, work: () => unknown): void {
  work();
  const seconds = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1e3;
  }).sort((a, b) => a - b);
  console.log(`${name.padEnd(64)} ${seconds[runs >> 1].toFixed(3).padStart(8)} s`);
}

function space(n: number, nz = 1): Space {
  return { matrix: [n, n, nz], fov: [0.22, 0.22, nz === 1 ? 0.005 : 0.22] };
}

const slices = (one: readonly Sampled[], count: number): Sampled[] =>
  Array.from({ length: count }, (_, slice) =>
    one.map((line) => ({ ...line, counters: { ...line.counters, slice }, position: [0, 0, 0.005 * slice] as Vec })),
  ).flat();

const cases: [string, number, () => AcquiredData][] = [
  ['Cartesian 256 × 256, one slice', 5, () => acquire(space(256), lines(space(256)), noise)],
  [
    'EPI 101 × 101 × 32 slices (a prime length)',
    5,
    () => acquire(space(101), slices(lines(space(101), { alternate: true, shift: 0.5 }), 32), noise),
  ],
  ['Cartesian 256 × 256 × 32 slices', 3, () => acquire(space(256), slices(lines(space(256)), 32), noise)],
  ['Cartesian 128 × 128 × 128, 3-D', 3, () => acquire(space(128, 128), lines(space(128, 128)), noise)],
  [
    'radial 256 × 256, 402 spokes × 513, weights included',
    3,
    () => acquire(space(256), radial(space(256), 402, 513), noise),
  ],
  [
    'spiral 256 × 256, 20 arms × 50 000 (10⁶ samples), weights included',
    3,
    () => acquire(space(256), spiral(space(256), 20, 50_000), noise),
  ],
];
for (const [name, runs, make] of cases) {
  const data = make();
  measure(name, runs, () => reconstruct(data));
}

const kappa = Float64Array.from({ length: 3e6 }, () => Math.random() - 0.5);
const signal = Float32Array.from({ length: 2e6 }, () => Math.random() - 0.5);
measure('weights, 10⁶ random samples, 2-D 256²', 3, () => densityWeights(kappa, [256, 256, 1]));
const plane = makeAdjoint(kappa, [256, 256, 1]);
measure('gridding, 10⁶ random samples, 2-D 256²', 3, () => plane(signal));
const volume = makeAdjoint(kappa, [96, 96, 96]);
measure('gridding, 10⁶ random samples, 3-D 96³', 3, () => volume(signal));
measure('weights, 10⁶ random samples, 3-D 96³', 1, () => densityWeights(kappa, [96, 96, 96]));
