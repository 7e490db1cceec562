/** RF events as steps: how long, with which field, and in which frame; and when the spins relax between them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adc, blockOf, hardPulse, sequenceOf, sincPulse, trapezoid } from '../../host/sequence/designer.ts';
import type { Block, RfEvent } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { relaxationTimes } from '../../host/timeline/relaxation.ts';
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

test('a block pulse takes steps of at most dt-rf, and of at most 18° of B1', () => {
  const weak = hardPulse(GAMMA_BAR * 2 * Math.PI * 2e-6 * 600e-6, 2e-6);
  for (const [limit, count] of [
    [100e-6, 6],
    [50e-6, 12],
    [49e-6, 13],
  ] as const) {
    const list = steps(compile(blockOf({ rf: weak }), limit));
    assert.equal(list.length, count);
    near(sum(list.map(({ dt }) => dt)), 600e-6, 1e-15);
  }
  assert.equal(steps(compile(blockOf({ rf: hardPulse(Math.PI, 1) }))).length, 10);
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
    [50000, 50000],
  );
  const sinc = sincPulse({ flip: 1, duration: 1e-3, timeBandwidth: 4, raster: 1e-6 });
  const list = steps(compile(blockOf({ rf: sinc })));
  near(sum(list.map(({ dt, re }) => 2 * Math.PI * GAMMA_BAR * dt * re)), 1, 1e-12);
  near(sum(list.map(({ dt }) => dt)), 1e-3, 1e-15);
});

test('explicit times: B1 runs straight between the points, and steps hold its middle', () => {
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
  for (const { dt, re } of list) {
    const middle = t + dt / 2;
    near(re, middle < 1e-4 ? (8e-6 * middle) / 1e-4 : 8e-6 - (6e-6 * (middle - 1e-4)) / 2e-4, 1e-15);
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
  assert.deepEqual([...timeline.excitations], [0, -0.7]);
  near(Math.atan2(timeline.rfSteps[2], timeline.rfSteps[1]), -0.25, 1e-12);
});

test('gradients of a pulse: constant where they hold, short steps and their mean where they ramp', () => {
  const rf = { ...hardPulse(GAMMA_BAR * 2 * Math.PI * 1e-6 * 400e-6, 1e-6), delay: 5e-5 };
  const gz = trapezoid(10e-3, 1e-4, 2e-4); // ramps 0–100 and 300–400 µs, the pulse 50–450 µs
  const list = steps(compile(blockOf({ rf, gz })));
  near(sum(list.map(({ dt, G }) => dt * G[2])), 10e-3 * (3e-4 - 0.125e-4), 1e-14);
  const flat = list.filter(({ G }) => G[2] === 10e-3);
  near(sum(flat.map(({ dt }) => dt)), 2e-4, 1e-9);
  assert.equal(flat.length, 4, 'dt-rf where all holds still');
  for (const { dt, G } of list) if (G[2] > 0 && G[2] < 10e-3) assert.ok(dt <= 1e-6 * (1 + 1e-6));
});

test('spins relax as long as the pulse lasts, at most every 10 µs of short steps, symmetrically', () => {
  const sinc = compile(blockOf({ rf: sincPulse({ flip: 1, duration: 1e-3, timeBandwidth: 4, raster: 1e-6 }) }));
  const times = relaxationTimes(sinc, 0);
  assert.equal(times.length, sinc.pulses[1] + 1);
  near(sum([...times]), 1e-3, 1e-15);
  const groups = [...times].filter((time) => time > 0);
  assert.ok(groups.length > 90 && groups.length < 130, `${groups.length} of ${times.length}`);
  near(times[0], 5e-6, 1e-12);
  const block = relaxationTimes(compile(blockOf({ rf: hardPulse(1, 10e-6) })), 0);
  assert.ok(
    block.every((time) => time > 0),
    'long steps relax one by one',
  );
  near(block[0], block[1] / 2, 1e-15);
  near(block[block.length - 1], block[1] / 2, 1e-15);
});
