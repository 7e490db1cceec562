/**
 * Sensitivities of loops along paths of spins: polynomials in pieces of time against the field at
 * every instant.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cylinderArray, loopSensitivity } from '../../host/fields/loops.ts';
import { receiveLayer } from '../../host/model/receive.ts';
import { coilPieces, pieceFiller } from '../../host/model/sensed.ts';
import { polynomialError } from '../../host/numerics/polynomial-error.ts';
import { randomNumbers } from '../../host/numerics/random.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { phantomOf } from '../../testing/run.ts';

const COILS = 3;
const SPINS = 20;
const SAMPLES = 600;
/** Columns are f32, of which the first is rounded by half of this; the polynomials add 1e-8. */
const ROUNDING = 2 ** -24;

type Path = (time: number, spin: number) => readonly [number, number, number];

interface Way {
  readonly path: Path;
  readonly corners?: readonly number[];
  readonly turn?: (from: number, to: number) => number;
  /** Whether samples ask for the field itself. */
  readonly sampled?: true;
}

/** @returns the largest error over the largest |C| of the coil, and the number of sets */
async function follow({ path, corners = [], turn = () => 0, sampled }: Way, loops = cylinderArray(COILS, 0.12, 0.1)) {
  const block = {
    ...spinBlock(SPINS),
    x: new Float64Array(SPINS),
    y: new Float64Array(SPINS),
    z: new Float64Array(SPINS),
  };
  block.density.fill(1);
  const layer = await receiveLayer('test', { coils: loops }, phantomOf(spinBlock(SPINS)));
  const moveTo = (time: number): void => {
    for (let n = 0; n < SPINS; n++) [block.x[n], block.y[n], block.z[n]] = path(time, n);
  };
  // Not in the order of time, as samples of several blocks may be asked for.
  const times = Array.from({ length: SAMPLES }, (_, n) => ((n * 7) % SAMPLES) / (SAMPLES - 1));
  const all = Array.from({ length: SPINS }, (_, n) => times.map((time) => path(time, n))).flat();
  const [min, max] = [Math.min, Math.max].map((pick) => [0, 1, 2].map((axis) => pick(...all.map((r) => r[axis])))) as [
    [number, number, number],
    [number, number, number],
  ];
  const shift = (from: number, to: number): number => {
    const ends = Array.from({ length: SPINS }, (_, n) => [path(from, n), path(to, n)] as const);
    return Math.max(...ends.map(([a, b]) => Math.hypot(...a.map((value, axis) => value - b[axis]))));
  };
  const movement = {
    ...{ corners: Float64Array.from(corners), turn },
    ...(sampled && { path: { sampled } as never }),
  };
  const pieces = coilPieces(movement, layer.clearance!({ min, max }), shift, 1);
  const own = times.map((time) => pieces.at(time));
  const sets = Array.from({ length: pieces.sets }, () =>
    Array.from({ length: 2 * COILS }, () => new Float32Array(SPINS)),
  );
  const spins = { block, first: 0, count: SPINS, nameOf: (n: number) => `spin ${n}` };
  pieceFiller(layer)(pieces.all, { spins, moveTo }, (set) => sets[set]);
  let worst = 0;
  const [re, im] = [new Float64Array(SPINS), new Float64Array(SPINS)];
  for (const [coil, loop] of loops.entries()) {
    let [largest, error] = [0, 0];
    for (const [sample, time] of times.entries()) {
      const { set, terms, from, to } = own[sample];
      const angle = terms === 1 ? 0 : Math.acos(Math.max(-1, Math.min(1, (2 * time - from - to) / (to - from))));
      const found = (part: number, n: number): number => {
        let sum = 0;
        for (let term = 0; term < terms; term++) sum += sets[set + term][2 * coil + part][n] * Math.cos(term * angle);
        return sum;
      };
      moveTo(time);
      loopSensitivity(loop, block, SPINS, re, im, () => assert.fail());
      for (let n = 0; n < SPINS; n++) {
        largest = Math.max(largest, Math.hypot(re[n], im[n]));
        error = Math.max(error, Math.hypot(found(0, n) - re[n], found(1, n) - im[n]));
      }
    }
    worst = Math.max(worst, error / largest);
  }
  return { worst, sets: pieces.sets };
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
const kink: Path = (t, n) => straight(Math.abs(t - 0.4), n);
const jump: Path = (t, n) => straight(t <= 0.5 ? t : t - 3, n);

const cases: readonly (Way & { readonly name: string; readonly most: number })[] = [
  { name: 'spins at rest', most: 1, path: (_, n) => straight(0, n) },
  { name: 'straight paths of 1 cm', most: 100, path: straight },
  { name: 'a turn by two radians', most: 1500, path: turning, turn: (from, to) => 2 * (to - from) },
  { name: 'a kink at a corner', most: 120, path: kink, corners: [0.4] },
  { name: 'a jump at a corner', most: 120, path: jump, corners: [0.5] },
  { name: 'a sampled movement, at every sample', most: SAMPLES, path: straight, sampled: true },
];
for (const { name, most, ...own } of cases)
  test(`sensitivities along paths: ${name}`, async () => {
    const { worst, sets } = await follow(own);
    assert.ok(worst < ROUNDING + 1e-8, `error ${worst}`);
    assert.ok(sets <= most, `${sets} sets`);
  });

test('spins that pass close to a wire are followed as exactly', async () => {
  const loops = cylinderArray(COILS, 0.12, 0.1);
  const [{ centre, radius }] = loops;
  const path: Path = (t, n) => [
    centre[0] - 0.004 - 0.02 * t,
    centre[1] + radius * Math.cos(n),
    centre[2] + radius * Math.sin(n),
  ];
  const { worst } = await follow({ path }, loops);
  assert.ok(worst < ROUNDING + 1e-8, `error ${worst}`);
});

test('the bound of the polynomials holds for the steepest field: 1/distance', () => {
  for (const shift of [0.05, 0.25, 0.5])
    for (let terms = 1; terms < 9; terms++) {
      const nodes = Array.from({ length: terms }, (_, n) => Math.cos((Math.PI * (2 * n + 1)) / (2 * terms)));
      // The nearest place of the path is at distance 1, the largest value of the field is 1.
      const field = (x: number): number => 1 / (1 + shift * (1 + x));
      const at = (x: number): number =>
        nodes.reduce(
          (sum, node) =>
            sum +
            nodes.reduce(
              (value, other) => (other === node ? value : (value * (x - other)) / (node - other)),
              field(node),
            ),
          0,
        );
      let worst = 0;
      for (let x = -1; x <= 1; x += 1 / 64) worst = Math.max(worst, Math.abs(at(x) - field(x)));
      const bound = polynomialError(terms, shift);
      assert.ok(worst <= bound, `${worst} > ${bound}`);
    }
});
