/**
 * RF events as steps: how long, with which field, and in which frame; and when the spins relax
 * between them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adc, blockOf, hardPulse, sequenceOf, sincPulse, trapezoid } from '../../host/sequence/designer.ts';
import type { Block, RfEvent } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { asRotations, relaxation } from '../../host/timeline/relaxation.ts';
import { STRIDE, type Timeline } from '../../host/timeline/types.ts';

const GAMMA_BAR = 42.5774688e6;
const read = blockOf({ adc: adc(1, 1e-5, 0) });
const compile = (block: Block, maxRfStep = 50e-6): Timeline =>
  compileTimeline(sequenceOf('test', [block, read], {}), { B0: 1.5, maxRfStep });

interface Step {
  readonly dt: number;
  readonly re: number;
  readonly im: number;
  readonly G: readonly number[];
}
const steps = ({ rfSteps }: Timeline): Step[] =>
  Array.from({ length: rfSteps.length / STRIDE.rfStep }, (_, n) => {
    const [dt, re, im, ...G] = rfSteps.subarray(STRIDE.rfStep * n, STRIDE.rfStep * (n + 1));
    return { dt, re, im, G };
  });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

type Vector = readonly [number, number, number];

/** Clockwise about a field [T]. */
function turned([x, y, z]: Vector, field: Vector, dt: number): Vector {
  const size = Math.hypot(...field);
  const [u, v, w] = field.map((value) => value / size) as [number, number, number];
  const angle = -2 * Math.PI * GAMMA_BAR * size * dt;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = (u * x + v * y + w * z) * (1 - cos);
  return [
    x * cos + (v * z - w * y) * sin + u * along,
    y * cos + (w * x - u * z) * sin + v * along,
    z * cos + (u * y - v * x) * sin + w * along,
  ];
}

test('a held field is one step, however long and strong', () => {
  for (const pulse of [
    hardPulse(GAMMA_BAR * 2 * Math.PI * 2e-6 * 600e-6, 2e-6),
    hardPulse(Math.PI, 1),
    hardPulse(5e3, 1e-5),
  ]) {
    const list = steps(compile(blockOf({ rf: pulse }), 1e-6));
    assert.equal(list.length, 1);
    near(list[0].dt, pulse.time[1], 1e-15);
  }
});

test('equal samples are one block; a sampled pulse is held for its cells, its area kept', () => {
  const hundred: RfEvent = {
    ...hardPulse(1, 1),
    time: Float64Array.from({ length: 101 }, (_, n) => n * 1e-6),
    magnitude: new Float64Array(100).fill(2e-6),
    phase: new Float64Array(100),
  };
  assert.deepEqual(
    steps(compile(blockOf({ rf: hundred }))).map(({ dt }) => Math.round(dt * 1e9)),
    [100000],
  );
  const sinc = sincPulse({ flip: 1, duration: 1e-3, timeBandwidth: 4, raster: 1e-6 });
  const list = steps(compile(blockOf({ rf: sinc })));
  near(sum(list.map(({ dt, re }) => 2 * Math.PI * GAMMA_BAR * dt * re)), 1, 1e-12);
  near(sum(list.map(({ dt }) => dt)), 1e-3, 1e-15);
});

test('explicit times: B1 runs straight between the points; steps are pairs of a fourth-order rule', () => {
  const ramp: RfEvent = {
    ...hardPulse(1, 1),
    interpolation: 'linear',
    time: Float64Array.of(0, 1e-4, 3e-4),
    magnitude: Float64Array.of(0, 8e-6, 2e-6),
    phase: Float64Array.of(0, 0, 0),
  };
  const list = steps(compile(blockOf({ rf: ramp })));
  near(sum(list.map(({ dt, re }) => dt * re)), 8e-6 * 0.5e-4 + 5e-6 * 2e-4, 1e-22);
  let t = 0;
  for (const [n, { dt, re }] of list.entries()) {
    // Blanes and Moan's nodes: a third of the pair's length from its middle, where the steps' own
    // middles are a quarter.
    const node = t + dt / 2 + (n % 2 === 0 ? -dt : dt) / 6;
    near(re, t < 1e-4 - dt / 2 ? (8e-6 * node) / 1e-4 : 8e-6 - (6e-6 * (node - 1e-4)) / 2e-4, 1e-15);
    assert.ok(dt <= 1e-6 * (1 + 1e-9), 'a field that changes asks for short steps');
    t += dt;
  }
});

test('a frequency offset is the frame, not more steps; phases are conjugated', () => {
  const rf = { ...hardPulse(0.1, 5e-6), frequencyOffset: 2345, phaseOffset: 0.7 };
  const timeline = compile(blockOf({ rf: { ...rf, phase: Float64Array.of(0.25) } }));
  const [first, count, offset, duration] = timeline.pulses;
  assert.deepEqual([first, count], [0, timeline.rfSteps.length / STRIDE.rfStep]);
  assert.equal(offset, 2345);
  near(duration, rf.time[1], 1e-18);
  assert.deepEqual([...timeline.excitations], [0, -0.7, -1]);
  near(Math.atan2(timeline.rfSteps[2], timeline.rfSteps[1]), -0.25, 1e-12);
});

test('a field common to all spins turns the frame: a block pulse is one off resonance, to fourth order', () => {
  const [frequency, duration, B1] = [3000, 300e-6, 20e-6];
  const common = trapezoid(frequency / GAMMA_BAR, 0, duration);
  const rf = hardPulse(2 * Math.PI * GAMMA_BAR * B1 * duration, B1);
  const list = steps(compile({ ...blockOf({ rf }), common }));
  // In the frame, then by the closed form about the effective field, brought into the same frame.
  let M: Vector = [0, 0, 1];
  for (const { dt, re, im } of list) M = turned(M, [re, im, 0], dt);
  const [x, y, z] = turned([0, 0, 1], [B1, 0, frequency / GAMMA_BAR], duration);
  const angle = 2 * Math.PI * frequency * duration;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const expected: Vector = [x * cos - y * sin, x * sin + y * cos, z];
  for (const [axis, value] of M.entries()) near(value, expected[axis], 1e-8);
  assert.ok(list.length <= duration / 1e-6 + 2, `${list.length} steps`);
});

test('gradients of a pulse: constant where they hold, short steps and their mean where they ramp', () => {
  const rf = { ...hardPulse(GAMMA_BAR * 2 * Math.PI * 1e-6 * 400e-6, 1e-6), delay: 5e-5 };
  const gz = trapezoid(10e-3, 1e-4, 2e-4); // ramps 0–100 and 300–400 µs, the pulse 50–450 µs
  const list = steps(compile(blockOf({ rf, gz })));
  near(sum(list.map(({ dt, G }) => dt * G[2])), 10e-3 * (3e-4 - 0.125e-4), 1e-14);
  const flat = list.filter(({ G }) => G[2] === 10e-3);
  near(sum(flat.map(({ dt }) => dt)), 2e-4, 1e-9);
  assert.equal(flat.length, 1, 'one step where all holds still');
  for (const { dt, G } of list) if (G[2] > 0 && G[2] < 10e-3) assert.ok(dt <= 1e-6 * (1 + 1e-6));
});

test('spins relax as long as the pulse lasts, at most every 10 µs of short steps, symmetrically', () => {
  const sinc = compile(blockOf({ rf: sincPulse({ flip: 1, duration: 1e-3, timeBandwidth: 4, raster: 1e-6 }) }));
  const { times, error } = relaxation(sinc, 0, 1 / 0.05);
  assert.equal(times.length, sinc.pulses[1] + 1);
  near(sum([...times]), 1e-3, 1e-15);
  const groups = [...times].filter((time) => time > 0);
  assert.ok(groups.length > 90 && groups.length < 130, `${groups.length} of ${times.length}`);
  assert.ok(groups.every((time) => time <= 15e-6));
  assert.ok(error < 3e-7, `${error}`);
  const short = relaxation(sinc, 0, 1 / 1e-3);
  assert.ok(short.error > 1e-6, 'a T2 as short as the pulse asks for the exact solution');
});

test('two equal samples that became one step do not raise the estimated error of splitting', () => {
  const estimate = (samples: number): number => {
    const rf = sincPulse({ flip: Math.PI / 2, duration: 1e-3, timeBandwidth: 4, raster: 1e-3 / samples });
    const pulse = compile(blockOf({ rf }));
    assert.equal(pulse.pulses[1], samples % 2 === 0 ? samples - 1 : samples, 'an even pulse has two equal samples');
    return relaxation(pulse, 0, 1 / 0.05).error;
  };
  const ratio = estimate(1000) / estimate(1001);
  assert.ok(Math.abs(ratio - 1) < 0.02, `${ratio}`);
});

test('engines that only split cut a long step until splitting does not show', () => {
  const block = compile(blockOf({ rf: hardPulse(Math.PI / 2, 1 / (4 * GAMMA_BAR * 500e-6)) }));
  for (const T2 of [1e-4, 1e-3, 0.1]) {
    const cut = { gammaBar: block.gammaBar, ...asRotations(block, 1 / T2, () => 100) };
    const { times, error } = relaxation(cut, 0, 1 / T2);
    near(sum([...times]), 500e-6, 1e-15);
    assert.ok(error < 2e-6, `T2 ${T2}: ${error} in ${cut.pulses[1]} parts`);
  }
});
