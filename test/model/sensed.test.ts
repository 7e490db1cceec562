/**
 * Sensitivities of loops along paths of spins: interpolated in time against the field at every
 * instant.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cylinderArray, loopSensitivity } from '../../host/fields/loops.ts';
import { receiveLayer } from '../../host/model/receive.ts';
import { fillSets } from '../../host/model/sensed.ts';
import { randomNumbers } from '../../host/numerics/random.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { phantomOf } from '../../testing/run.ts';

const COILS = 3;
const SPINS = 20;
const SAMPLES = 600;
/** Columns are f32; what interpolation adds is a sixtieth of that. */
const ROUNDING = 2 ** -24;

type Path = (time: number, spin: number) => readonly [number, number, number];

/**
 * @returns the largest error over the largest |C| of the coil, and how often the field was
 *   evaluated
 */
async function follow(path: Path, corners: readonly number[] = [], turn = (from: number, to: number) => to - from) {
  const block = {
    ...spinBlock(SPINS),
    x: new Float64Array(SPINS),
    y: new Float64Array(SPINS),
    z: new Float64Array(SPINS),
  };
  block.density.fill(1);
  const loops = cylinderArray(COILS, 0.12, 0.1);
  const receive = await receiveLayer('test', { coils: loops }, phantomOf(spinBlock(SPINS)));
  let evaluations = 0;
  const layer = {
    ...receive,
    fill(...args: Parameters<typeof receive.fill>): void {
      evaluations++;
      receive.fill(...args);
    },
  };
  const moveTo = (time: number): void => {
    for (let n = 0; n < SPINS; n++) [block.x[n], block.y[n], block.z[n]] = path(time, n);
  };
  // Not in the order of time, as samples of several blocks may be asked for.
  const times = Array.from({ length: SAMPLES }, (_, n) => ((n * 7) % SAMPLES) / (SAMPLES - 1));
  const sets = times.map(() => Array.from({ length: 2 * COILS }, () => new Float32Array(SPINS)));
  const spins = { block, first: 0, count: SPINS, nameOf: (n: number) => `spin ${n}` };
  const movement = { corners: Float64Array.from(corners), turn };
  fillSets(layer, times, { spins, moveTo, movement }, (set) => sets[set]);
  let worst = 0;
  const [re, im] = [new Float64Array(SPINS), new Float64Array(SPINS)];
  for (const [coil, loop] of loops.entries()) {
    let [largest, error] = [0, 0];
    for (const [set, time] of times.entries()) {
      moveTo(time);
      loopSensitivity(loop, block, SPINS, re, im, () => assert.fail());
      const [foundRe, foundIm] = [sets[set][2 * coil], sets[set][2 * coil + 1]];
      for (let n = 0; n < SPINS; n++) {
        largest = Math.max(largest, Math.hypot(re[n], im[n]));
        error = Math.max(error, Math.hypot(foundRe[n] - re[n], foundIm[n] - im[n]));
      }
    }
    worst = Math.max(worst, error / largest);
  }
  return { worst, evaluations };
}

const random = randomNumbers(3);
const start = Array.from({ length: SPINS }, () => [0, 1, 2].map(() => 0.14 * (random() - 0.5)));
const way = Array.from({ length: SPINS }, () => [0, 1, 2].map(() => 0.02 * (random() - 0.5)));

const straight: Path = (t, n) => [0, 1, 2].map((i) => start[n][i] + t * way[n][i]) as [number, number, number];
const turning: Path = (t, n) => {
  const [c, s] = [Math.cos(2 * t), Math.sin(2 * t)];
  const [x, y, z] = straight(t, n);
  return [c * x - s * y, s * x + c * y, z];
};
const kink =
  (at: number): Path =>
  (t, n) =>
    straight(Math.abs(t - at), n);
const jump: Path = (t, n) => straight(t <= 0.5 ? t : t - 3, n);

const cases: [
  name: string,
  most: number,
  path: Path,
  corners?: readonly number[],
  turn?: (a: number, b: number) => number,
][] = [
  ['spins at rest', 16, (_, n) => straight(0, n), [], () => 0],
  ['straight paths of 1 cm', 200, straight],
  ['a turn by two radians', 500, turning, [], (from, to) => 2 * (to - from)],
  ['a kink that is a corner', 250, kink(0.4), [0.4]],
  ['a kink that no corner names', 400, kink(0.4)],
  ['a jump at a corner', 250, jump, [0.5]],
];
for (const [name, most, path, corners, turn] of cases)
  test(`sensitivities along paths: ${name}`, async () => {
    const { worst, evaluations } = await follow(path, corners, turn);
    assert.ok(worst < 1.1 * ROUNDING, `error ${worst}`);
    assert.ok(evaluations <= most, `${evaluations} evaluations of ${SAMPLES} samples`);
  });

test('spins that pass close to a wire are followed as exactly', async () => {
  const [{ centre, radius }] = cylinderArray(COILS, 0.12, 0.1);
  const near: Path = (t, n) => [
    centre[0] - 0.004 - 0.02 * t,
    centre[1] + radius * Math.cos(n),
    centre[2] + radius * Math.sin(n),
  ];
  const { worst, evaluations } = await follow(near);
  assert.ok(worst < 1.1 * ROUNDING, `error ${worst}`);
  assert.ok(evaluations < SAMPLES, `${evaluations}`);
});
