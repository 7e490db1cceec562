/**
 * The designer: pulses turn what they promise, gradients split and join to the same moments, and
 * all of it is the same from a file.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { GAMMA_BAR } from '../../host/base/units.ts';
import * as design from '../../host/sequence/designer.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { writePulseq } from '../../host/sequence/pulseq/write.ts';
import { bandwidth, flipAngle } from '../../host/sequence/rf.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { GradientEvent, RfEvent, Sequence } from '../../host/sequence/types.ts';
import { gradientPoints, integral, valueAt } from '../../host/sequence/waveform.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { longitudinalEffect } from '../physics/column.ts';

const REST = { T1: 1e9, T2: 1e9 };
/** Mz after a pulse from equilibrium, off resonance [Hz], and with B1 so many times as strong. */
const mz = (rf: RfEvent, offset = 0, strength = 1): number =>
  longitudinalEffect(design.scaledPulse(rf, strength), REST, 1, offset / GAMMA_BAR).factor;
const common = { duration: 4e-3, raster: 2e-5 };

test('block, sinc, Gauss and arbitrary pulses have their flip angle and bandwidth', () => {
  const pulses = [
    design.hardPulse(1, 5e-6),
    design.sincPulse({ flip: 1, timeBandwidth: 4, ...common }),
    design.gaussPulse({ flip: 1, bandwidth: 800, ...common }),
    design.shapedPulse(
      Float64Array.from({ length: 50 }, (_, n) => n % 7),
      { flip: 1, raster: 2e-5 },
    ),
  ];
  for (const rf of pulses) {
    assert.ok(Math.abs(flipAngle(rf, GAMMA_BAR) - 1) < 1e-9);
    assert.ok(Math.abs(mz(rf) - Math.cos(1)) < 1e-6, `${mz(rf)}`);
  }
  assert.ok(Math.abs(bandwidth(pulses[2]) / 800 - 1) < 0.01, `${bandwidth(pulses[2])}`);
  const arbitrary = design.arbitraryPulse(Float64Array.of(1e-6, 2e-6), Float64Array.of(0, 1), {
    raster: 1e-5,
    center: 4e-6,
  });
  assert.deepEqual([arbitrary.center, ...arbitrary.time], [4e-6, 0, 1e-5, 2e-5]);
});

test('Shinnar–Le Roux pulses have their angle in all of the slice, where a sinc of 180° has not', () => {
  for (const [flip, worst] of [
    [Math.PI / 6, 0.01],
    [Math.PI / 2, 0.02],
    [Math.PI, 0.03],
  ] as const) {
    const rf = design.slrPulse({ flip, timeBandwidth: 8, ...common });
    const width = 8 / common.duration;
    for (const part of [0, 0.1, 0.2, 0.3])
      assert.ok(Math.abs(mz(rf, part * width) - Math.cos(flip)) < worst, `${flip} at ${part}: ${mz(rf, part * width)}`);
    for (const part of [0.8, 1, 1.5]) assert.ok(mz(rf, part * width) > 1 - worst, `${flip} at ${part}`);
  }
  const sinc = design.sincPulse({ flip: Math.PI, timeBandwidth: 8, ...common });
  assert.ok(mz(sinc, (0.3 * 8) / common.duration) > -0.95);
});

test('a hyperbolic secant inverts its band, and no more for a stronger B1', () => {
  const rf = design.hyperbolicSecant({ duration: 15e-3, bandwidth: 800, amplitude: 10e-6, raster: 1e-5 });
  for (const strength of [1, 1.5, 2]) {
    for (const offset of [0, 150, 250])
      assert.ok(mz(rf, offset, strength) < -0.97, `${offset} Hz: ${mz(rf, offset, strength)}`);
    for (const offset of [900, 1500]) assert.ok(mz(rf, offset, strength) > 0.97, `${offset} Hz`);
  }
  assert.equal(rf.use, 'inversion');
});

const moment = (event: GradientEvent, from: number, to: number): number => integral(gradientPoints(event), from, to);

test('gradients: polygons, scaled, joined and split', () => {
  const lobe = design.areaTrapezoid(1e-5, DEFAULT_SCANNER);
  const end = design.eventEnd(lobe);
  assert.ok(Math.abs(moment(lobe, 0, end) - 1e-5) < 1e-18);
  const polygon = design.extendedGradient(
    [
      [0, 0],
      [1e-4, 0.01],
      [3e-4, -0.01],
      [4e-4, 0],
    ],
    1e-4,
  );
  assert.ok(Math.abs(moment(polygon, 0, 1)) < 1e-15);
  assert.ok(Math.abs(moment(design.scaledGradient(polygon, -2), 0, 2e-4) + 2 * moment(polygon, 0, 2e-4)) < 1e-15);
  const joined = design.joinedGradients(lobe, polygon);
  for (let t = 0; t < 6e-4; t += 7e-6) {
    const sum = valueAt(gradientPoints(lobe), t) + valueAt(gradientPoints(polygon), t);
    assert.ok(Math.abs(valueAt(gradientPoints(joined), t) - sum) < 1e-15);
  }
  const at = 2.5e-4;
  const [before, after] = design.splitGradient(joined, at);
  assert.ok(Math.abs(moment(before, 0, at) + moment(after, 0, 1) - moment(joined, 0, 1)) < 1e-17);
  assert.equal(before.amplitude.at(-1), after.amplitude[0]);
  assert.throws(() => design.splitGradient(lobe, 1), /cannot be split at 1 s/);
});

test('labels, triggers, soft delays, rotations and shims come back from a file', () => {
  const rf = design.hardPulse(0.5, 5e-6, { delay: 1e-4 });
  const gx = design.areaTrapezoid(1e-5, DEFAULT_SCANNER);
  const blocks = [
    {
      ...design.blockOf({ rf }, 5e-4),
      shim: design.rfShim([
        [1, 0],
        [0.5, 1],
      ]),
    },
    { ...design.blockOf({ gx }), rotation: design.rotationAbout('z', 0.3) },
    design.softDelay('TE', 5e-3, { offset: -1e-3, factor: 2 }),
    design.inputTrigger(1, 1e-5),
    { ...design.delayOf(1e-3), triggers: [design.outputTrigger(2, 1e-4, 2e-4)] },
    design.blockOf({
      adc: design.adc(16, 1e-5, 1e-5),
      labels: [design.setLabel('LIN', 3), design.incrementLabel('REP', 1)],
    }),
  ];
  const made: Sequence = design.sequenceOf('extras', blocks, { FOV: [0.2, 0.2, 0.2] });
  const path = join(temporaryFolder(), 'extras.seq');
  writePulseq(path, made);
  const read = readPulseq(path, { softDelays: { TE: 20e-3 } });
  for (const [n, want] of blocks.entries()) {
    const { labels, triggers, shim, softDelay, rotation, duration } = read.block(n);
    assert.deepEqual(
      { labels, triggers, shim, softDelay },
      {
        labels: 'labels' in want ? want.labels : undefined,
        triggers: 'triggers' in want ? want.triggers : undefined,
        shim: 'shim' in want ? want.shim : undefined,
        softDelay: 'softDelay' in want ? want.softDelay : undefined,
      },
    );
    if ('rotation' in want)
      for (const [i, part] of want.rotation!.entries()) assert.ok(Math.abs(rotation![i] - part) < 1e-12);
    // value / factor + offset, as it was set.
    assert.ok(Math.abs(duration - (n === 2 ? 9e-3 : want.duration)) < 1e-12);
  }
});
