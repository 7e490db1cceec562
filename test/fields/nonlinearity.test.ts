/**
 * Gradient fields from coefficient files, against those of another program, and files that cannot
 * be read.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { type GradientFields, readGradientFields } from '../../host/fields/nonlinearity.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** b − r at one place [m]. */
function displacement(fields: GradientFields, place: readonly number[]): number[] {
  const columns = place.map((part) => Float32Array.of(part));
  fields.apply(columns[0], columns[1], columns[2], 1);
  return columns.map((column, axis) => column[0] - Math.fround(place[axis]));
}

test('gradunwarp: displacements of its own example at 300 points', skipWithoutCases(), () => {
  const fields = readGradientFields(cases('physics/gradunwarp/dummy.grad'));
  const { points } = JSON.parse(readFileSync(cases('physics/gradunwarp/siemens_B_points.json'), 'utf8')) as {
    points: number[][];
  };
  assert.equal(points.length, 300);
  for (const [x, y, z, ...field] of points) {
    // Its points are LAI in mm, the first coordinate shifted by 1e-4 mm; its fields are in units of
    // R0.
    const b = displacement(fields, [(x + 1e-4) / 1e3, -y / 1e3, -z / 1e3]);
    for (const [axis, want] of field.entries()) {
      const got = ((axis === 0 ? 1 : -1) * b[axis]) / 0.25;
      // Half a unit of f32 at 0.3 m, and what the other program rounds.
      assert.ok(Math.abs(got - want) < 2e-5 * Math.max(1, Math.abs(want)), `${got}, not ${want}`);
    }
  }
});

test('a .coef file says the same as a .grad file', () => {
  const grad = file('a.grad', '0.25 m = R0, lnorm = 4\n 1 A( 3, 0) -0.09 z\n2 B(3, 1) 0.02 y\n');
  const coef = file('a.coef', 'alpha_z 3 0 -0.09\nBeta_y 3 1 0.02\n');
  const place = [0.11, -0.07, 0.09];
  const b = displacement(readGradientFields(grad), place);
  assert.deepEqual(displacement(readGradientFields(coef), place), b);
  // R0·(−0.09)·P_30 in LAI, turned back: P_30 = z(5z² − 3r²)/2.
  const [x, y, z] = place.map((part) => part / 0.25);
  const want = 0.25 * -0.09 * ((z * (5 * z * z - 3 * (x * x + y * y + z * z))) / 2);
  assert.ok(Math.abs(b[2] - want) < 2e-8, `${b[2]}, not ${want}`);
});

test('files that cannot be used are refused by line', () => {
  const fails = (text: string, message: RegExp): void => {
    assert.throws(
      () => readGradientFields(file('bad.grad', text)),
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  };
  fails('not a file of coefficients', /bad\.grad: holds no coefficients/);
  fails('1 A( 3, 0) -0.09 z', /states no R0/);
  fails('0.25 m = R0\n1 A( 3, 0) -0.0.9 z', /bad\.grad:2: the coefficient is not a number/);
  fails('0.25 m = R0\n1 A( 3, 0) -0.09', /bad\.grad:2: '1 A\( 3, 0\) -0\.09' is not a coefficient/);
  fails('0.25 m = R0\n1 A( 3, 4) -0.09 x', /order 3, 4 does not exist/);
  fails('0.25 m = R0\n1 A( 3, 0) 0.1 z\n2 a(3,0) 0.1 Z', /:3: coefficient A\(3, 0\) of z is given twice; keep one/);
  fails('0.25 m = R0\n1 A( 1, 0) 1.0 z', /its linear terms describe the whole field, not the deviation from it/);
  fails('25 m = R0\n1 A( 3, 0) 0.1 z', /R0 is 25 m/);
});
