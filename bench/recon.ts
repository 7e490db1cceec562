/**
 * Speed of reconstruction: `node --import tsx bench/recon.ts`. Signals are noise: the work does not
 * depend on them.
 */
import type { AcquiredData } from '../host/raw/types.ts';
import { densityWeights } from '../host/recon/density.ts';
import { makeAdjoint } from '../host/recon/gridding.ts';
import { reconstruct } from '../host/recon/reconstruct.ts';
import { acquire, lines, radial, type Sampled, type Space, spiral, type Vec } from '../testing/synthesis.ts';
import { inProcess, inTurns, median } from './harness.ts';

const noise = (): [number, number] => [Math.random() - 0.5, Math.random() - 0.5];

async function measure(name: string, rounds: number, work: () => unknown): Promise<void> {
  const [times] = await inTurns([inProcess(name, work)], rounds);
  console.log(`${name.padEnd(64)} ${median(times!.seconds).toFixed(3).padStart(8)} s`);
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
for (const [name, rounds, make] of cases) {
  const data = make();
  await measure(name, rounds, () => reconstruct(data));
}

// 3-D: spokes in all directions, 10⁶ samples, as a kooshball scan samples them.
const spokes = 4000;
const samples = 250;
const kappa = Float64Array.from({ length: 3 * spokes * samples }, (_, i) => {
  const spoke = Math.floor(i / (3 * samples));
  const z = 1 - (2 * spoke + 1) / (2 * spokes);
  const angle = spoke * Math.PI * (3 - Math.sqrt(5));
  const across = Math.sqrt(1 - z * z);
  const direction = [across * Math.cos(angle), across * Math.sin(angle), z][i % 3];
  return direction * ((Math.floor(i / 3) % samples) / (samples - 1) - 0.5);
});
const signal = Float32Array.from({ length: (2 * kappa.length) / 3 }, () => Math.random() - 0.5);
const volume = makeAdjoint(kappa, [96, 96, 96]);
await measure('gridding, 3-D radial, 10⁶ samples, 96³', 3, () => volume(signal));
await measure('its weights', 1, () => densityWeights(kappa, [96, 96, 96]));
