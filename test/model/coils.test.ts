/**
 * Coils and B1 maps as columns of spins: against closed forms, other programs' values and the maps'
 * own nodes; and every bad input.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cylinderArray, type Loop, loopBound, loopSensitivity } from '../../host/fields/loops.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';

const sensitivities = (loop: Loop, places: readonly (readonly number[])[], onWire = (): void => assert.fail()) => {
  const [x, y, z] = [0, 1, 2].map((axis) => Float64Array.from(places, (place) => place[axis]));
  const [re, im] = [new Float64Array(places.length), new Float64Array(places.length)];
  loopSensitivity(loop, { x: x!, y: y!, z: z! }, places.length, re, im, onWire);
  return places.map((_, n) => [re[n], im[n]] as const);
};

/** Biot–Savart by the trapezoidal rule, which converges faster than any power on a circle. */
function biotSavart({ centre, normal, radius }: Loop, r: readonly number[]): [number, number] {
  const length = Math.hypot(...normal);
  const n = normal.map((c) => c / length);
  const seed = Math.abs(n[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0];
  const cross = (a: readonly number[], b: readonly number[]): number[] => [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
  ];
  const raw = cross(n, seed);
  const u = raw.map((c) => c / Math.hypot(...raw));
  const v = cross(n, u);
  const steps = 2000;
  const field = [0, 0, 0];
  for (let k = 0; k < steps; k++) {
    const [c, s] = [Math.cos((2 * Math.PI * k) / steps), Math.sin((2 * Math.PI * k) / steps)];
    const wire = [0, 1, 2].map((a) => centre[a] + radius * (c * u[a] + s * v[a]));
    const along = [0, 1, 2].map((a) => ((2 * Math.PI * radius) / steps) * (-s * u[a] + c * v[a]));
    const d = [0, 1, 2].map((a) => r[a] - wire[a]);
    const part = cross(along, d);
    for (const a of [0, 1, 2]) field[a] += (1e-7 * part[a]) / Math.hypot(...d) ** 3;
  }
  return [field[0], -field[1]];
}

test('a loop gives the field of Biot and Savart, on and near its axis too', () => {
  const loop: Loop = { centre: [0.02, -0.1, 0.03], normal: [0.3, 2, -1], radius: 0.06 };
  const places = [
    [0, 0, 0],
    [0.05, 0.02, -0.04],
    [-0.1, -0.2, 0.1],
    [0.02, -0.1, 0.03], // centre
    [0.02 + 0.3e-9, -0.1 + 2e-9, 0.03 - 1e-9],
    [0.05, 0.1, -0.07], // on the axis
    [0.05 + 1e-8, 0.1, -0.07],
    [0.08, -0.09, 0.06],
  ];
  for (const [n, [re, im]] of sensitivities(loop, places).entries()) {
    const [x, y] = biotSavart(loop, places[n]);
    const size = Math.hypot(x, y);
    assert.ok(Math.hypot(re - x, im - y) < 1e-12 * size, `${places[n]}: ${re} ${im} for ${x} ${y}`);
  }
});

test('loops of the reference', skipWithoutCases(), () => {
  const { physics, sensitivityOfFirstSpins } = JSON.parse(readFileSync(cases('physics/coils-loops-a.json'), 'utf8'));
  for (const [coil, { loop }] of physics.coils.entries()) {
    const found = sensitivities(loop, sensitivityOfFirstSpins.position);
    for (const [n, [re, im]] of found.entries()) {
      const [x, y] = sensitivityOfFirstSpins.C[n][coil];
      assert.ok(Math.hypot(re - x, im - y) < 1e-13 * Math.hypot(x, y), `coil ${coil} spin ${n}`);
    }
  }
});

test('the bound of a loop holds in the box', () => {
  const box = { min: [-0.1, -0.08, -0.05], max: [0.09, 0.1, 0.06] } as const;
  const loops: Loop[] = [...cylinderArray(8, 0.14, 0.2), { centre: [0.05, 0, 0], normal: [0, 0, 1], radius: 0.03 }];
  const places = Array.from({ length: 4000 }, (_, n) =>
    [0, 1, 2].map(
      (a) => box.min[a] + ((0.5 + n * [0.8191725134, 0.6710436067, 0.5497004779][a]) % 1) * (box.max[a] - box.min[a]),
    ),
  );
  for (const loop of loops) {
    const largest = Math.max(...sensitivities(loop, places, () => {}).map(([re, im]) => Math.hypot(re, im)));
    const bound = loopBound(loop, box);
    assert.ok(largest <= bound, `${largest} beyond ${bound}`);
  }
});

test('an array has as many loops as asked for, on the cylinder, looking inwards and overlapping their neighbours', () => {
  for (const coils of [1, 2, 4, 8, 16, 31, 32, 64]) {
    const loops = cylinderArray(coils, 0.13, 0.2);
    assert.equal(loops.length, coils);
    for (const { centre, normal, radius } of loops) {
      assert.ok(Math.abs(Math.hypot(centre[0], centre[1]) - 0.13) < 1e-12);
      assert.ok(Math.abs(centre[2]) <= 0.1);
      assert.ok(Math.hypot(centre[0] / 0.13 + normal[0], centre[1] / 0.13 + normal[1]) < 1e-12 && normal[2] === 0);
      assert.ok(radius > 0.01 && radius <= 0.13);
    }
  }
});
