/**
 * The largest radius of a HeartBeat has corners over time where another spin becomes the farthest
 * from the axis: the mean displacement over a long piece is right all the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleMovement } from '../../host/phantom/motion/sampled.ts';
import { unitTime } from '../../host/phantom/motion/time-curve.ts';
import type { Motion } from '../../host/phantom/motion/types.ts';

const END = 1e-3;
const curve = (...unit: readonly number[]) => ({
  t: Float64Array.from(unit, (_, n) => (n * END) / (unit.length - 1)),
  unit: Float64Array.from(unit),
  periodic: false,
  periods: Float64Array.of(1),
});
const STRAIN = -0.2;
const degrees = 60;
const spins = { first: 0, last: 1, step: 1 };
const motions: readonly Motion[] = [
  {
    place: 'turn',
    action: { type: 'Rotate', pitch: degrees, roll: 0, yaw: 0, center: [0, 0, 0] },
    time: curve(0, 1),
    spins,
  },
  {
    place: 'beat',
    action: { type: 'HeartBeat', circumferential: STRAIN, radial: 0, longitudinal: 0 },
    time: curve(1, 1),
    spins,
  },
];
// The first spin comes nearer to the z axis while the second goes away from it.
const rest = { x: Float32Array.of(0, 0), y: Float32Array.of(0.08, 0.04), z: Float32Array.of(0, -0.07) };

/** y of both spins, by hand. */
function turned(time: number): { y: readonly number[]; radius: number } {
  const angle = ((degrees * Math.PI) / 180) * (time / END);
  const y = [0, 1].map((n) => rest.y[n] * Math.cos(angle) - rest.z[n] * Math.sin(angle));
  return { y, radius: Math.max(...y.map(Math.abs)) };
}

test('the mean over a long piece', () => {
  const measures = (time: number) => [{}, { radius: turned(time).radius }];
  const units = motions.map(({ time }) => unitTime(time));
  const { columns } = sampleMovement(motions, units, [0, 1], rest, [{ from: 0, to: END }], measures);
  const STEPS = 20_000;
  const want = [0, 0];
  for (let n = 0; n < STEPS; n++) {
    const { y, radius } = turned(((n + 0.5) * END) / STEPS);
    for (const spin of [0, 1]) want[spin] += (y[spin] + STRAIN * radius * Math.sign(y[spin]) - rest.y[spin]) / STEPS;
  }
  for (const spin of [0, 1]) {
    const mean = (columns[0][1][spin] + columns[1][1][spin]) / 2;
    // A corner in the middle of a cubic over the whole piece is 1e-4 m off.
    assert.ok(Math.abs(mean - want[spin]) < 1e-7, `spin ${spin}: ${mean} for ${want[spin]}`);
  }
});
