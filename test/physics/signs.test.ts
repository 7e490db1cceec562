/**
 * Physics that decides signs: which way offsets, phases and gradients move things. Every
 * expectation follows from DESIGN's conventions (clockwise precession, Pulseq phases conjugated),
 * written out here as formulas and not taken from the code.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceSelection } from '../../host/sequence/builtin/selection.ts';
import {
  adc,
  areaTrapezoid,
  blockOf,
  delayOf,
  hardPulse,
  sequenceOf,
  sincPulse,
  trapezoid,
} from '../../host/sequence/designer.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block, RfEvent } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { relativeError, type Spin, simulate, simulateTimeline, spinsOf } from '../../testing/run.ts';

const GAMMA_BAR = 42.5774688e6;
const RADIANS = Math.PI / 180;
const sample = blockOf({ adc: adc(1, 1e-9, 0) });

/** |Mxy| of spins along z after `blocks`. */
async function profile(blocks: readonly Block[], z: readonly number[]): Promise<number[]> {
  const timeline = compileTimeline(sequenceOf('slice', [...blocks, sample], {}), { B0: 1.5, maxRfStep: 50e-6 });
  const heights: number[] = [];
  for (const at of z) {
    const [re, im] = await simulateTimeline(timeline, spinsOf([{ z: at }]));
    heights.push(Math.hypot(re, im));
  }
  return heights;
}

const centroid = (z: readonly number[], heights: readonly number[]): number =>
  z.reduce((sum, at, n) => sum + at * heights[n], 0) / heights.reduce((sum, height) => sum + height, 0);

test('a frequency offset and a phase ramp select the same slice, at +z for f > 0 and Gz > 0', async () => {
  const [amplitude, ramp, duration, raster] = [10e-3, 1e-4, 2e-3, 1e-6];
  const base = sincPulse({ flip: 40 * RADIANS, duration, timeBandwidth: 4, raster, delay: ramp });
  const z = Array.from({ length: 41 }, (_, n) => (n - 20) * 1e-3);
  for (const [f, G] of [
    [4000, amplitude],
    [-4000, amplitude],
    [4000, -amplitude],
  ] as const) {
    const gz = trapezoid(G, ramp, duration);
    const offset: RfEvent = { ...base, frequencyOffset: f };
    const ramped: RfEvent = {
      ...base,
      phase: base.phase.map((phase, n) => phase + 2 * Math.PI * f * (n + 0.5) * raster),
    };
    const [byOffset, byRamp] = [
      await profile([blockOf({ rf: offset, gz })], z),
      await profile([blockOf({ rf: ramped, gz })], z),
    ];
    const at = f / (GAMMA_BAR * G);
    // 2 % of a slice of 4.7 mm; the profile's own ripples are symmetric about its middle.
    assert.ok(Math.abs(centroid(z, byOffset) - at) < 1e-4, `slice at ${centroid(z, byOffset)}, not ${at}`);
    // A ramp held for 1 µs is sinc(πf·1µs) = 1 − 2.6e-5 as high as one that runs on.
    assert.ok(relativeError(byRamp, byOffset) < 1e-4);
  }
});

test('a CPMG train refocuses slices off the centre as it does the one at the centre', async () => {
  const common = { sequence: 'cpmg', thickness: 5e-3, timeBandwidth: 4, shortest: 2e-3 };
  const scanner = { ...DEFAULT_SCANNER, B1: 30e-6 };
  const excite = sliceSelection({ ...common, flip: 90 * RADIANS, use: 'excitation' }, scanner);
  const refocus = sliceSelection({ ...common, flip: 180 * RADIANS, use: 'refocusing' }, scanner);
  const rephaser = areaTrapezoid(-excite.areaAfter, scanner);
  const crusher = trapezoid(60e-3, 1e-4, 8e-4);
  const gap = 9e-3; // between the middles of 90° and 180°, and half the echo spacing
  const rest = (busy: number): Block => delayOf(gap - busy);
  const crush = blockOf({ gz: crusher });
  const rephase = blockOf({ gz: rephaser });
  const [before, after] = [refocus.center, refocus.duration - refocus.center];

  const train = (z: number, refocusing: boolean): Block[] => {
    const blocks = [blockOf({ rf: excite.pulse(z, 0), gz: excite.gradient }, excite.duration), rephase];
    blocks.push(rest(excite.duration - excite.center + rephase.duration + crush.duration + before));
    const pulse = blockOf(
      refocusing ? { rf: refocus.pulse(z, -90 * RADIANS), gz: refocus.gradient } : {},
      refocus.duration,
    );
    for (let echo = 0; echo < 4; echo++) {
      blocks.push(crush, pulse, crush, rest(after + crush.duration), sample, rest(crush.duration + before + 1e-9));
    }
    return blocks;
  };
  const ensemble = (z: number): Spin[] =>
    Array.from({ length: 180 }, (_, n) => ({
      z: z + ((n % 60) - 29.5) * 4e-5,
      offset: 30 * (Math.floor(n / 60) - 1) + 3,
      T1: 10,
      T2: 0.2,
      // Tapered, so that what the crushers dephase sums to nothing wherever the slice is.
      density: (1 + Math.cos(((n % 60) - 29.5) * (Math.PI / 30))) / 180,
    }));

  const at = async (z: number, refocusing = true): Promise<Float64Array> =>
    simulate(sequenceOf('cpmg', train(z, refocusing), {}), spinsOf(ensemble(z)));
  const centre = await at(0);
  const echoes = [0, 1, 2, 3].map((n) => Math.hypot(centre[2 * n], centre[2 * n + 1]));
  for (const [n, echo] of echoes.entries()) {
    // 90°x leaves +y, 180°y keeps it: all echoes along +y, as high as T2 lets them, less what the
    // edges of 180° pulses miss.
    const ideal = Math.exp((-2 * gap * (n + 1)) / 0.2);
    assert.ok(echo > 0.85 * ideal && echo < 1.01 * ideal, `echo ${n + 1} is ${echo} of ${ideal}`);
    assert.ok(Math.abs(centre[2 * n]) < 0.05 * echo && centre[2 * n + 1] > 0, `echo ${n + 1} lies along +y`);
  }
  // Equal but for f32 rounding of z (1e-9 m) under 0.4 T/m·ms of crushers.
  for (const z of [-20e-3, 35e-3]) {
    const error = relativeError(await at(z), centre);
    assert.ok(error < 1e-3, `slice at ${z} m: ${error}`);
  }
  const unrefocused = await at(0, false);
  assert.ok(Math.hypot(unrefocused[0], unrefocused[1]) < 0.05, 'without 180° pulses there is no echo');
});

test('a positive ADC frequency offset centres a spin at +x under Gx > 0', async () => {
  const [G, x, dwell] = [8e-3, 0.03, 1e-5];
  const read = (frequencyOffset: number): Block =>
    blockOf({ gx: trapezoid(G, 0, 64 * dwell), adc: { ...adc(64, dwell, 0), frequencyOffset } });
  const turns = async (frequencyOffset: number): Promise<number> => {
    const sequence = sequenceOf('adc', [blockOf({ rf: hardPulse(Math.PI / 2, 1e-3) }), read(frequencyOffset)], {});
    const s = await simulate(sequence, spinsOf([{ x }]));
    let total = 0;
    for (let n = 1; n < 64; n++) {
      const [a, b, c, d] = s.subarray(2 * n - 2, 2 * n + 2);
      total += Math.atan2(a * d - b * c, a * c + b * d) / (2 * Math.PI);
    }
    return total;
  };
  const f = GAMMA_BAR * G * x;
  // f32 holds a phase to 1e-7 of a turn.
  assert.ok(Math.abs(await turns(f)) < 1e-5, 'demodulated: the spin stands still');
  assert.ok(Math.abs((await turns(0)) + f * 63 * dwell) < 1e-5, 'not demodulated: it turns clockwise');
});

test('equal phases of RF and ADC cancel, unequal ones turn the signal by ADC less RF', async () => {
  const fid = async (rfPhase: number, adcPhase: number): Promise<Float64Array> => {
    const rf = hardPulse(70 * RADIANS, 20e-6, { phaseOffset: rfPhase });
    const blocks = [blockOf({ rf }), blockOf({ adc: adc(5, 1e-4, 1e-4, adcPhase) })];
    return simulate(sequenceOf('phase', blocks, {}), spinsOf([{ offset: 40, T1: 1, T2: 0.1 }]));
  };
  const plain = await fid(0, 0);
  for (const phase of [0.7, 2.1, -1.3]) {
    assert.ok(relativeError(await fid(phase, phase), plain) < 1e-6, `phase ${phase}`);
    const [c, s] = [Math.cos(phase), Math.sin(phase)];
    const turned = plain.map((_, n) =>
      n % 2 === 0 ? plain[n] * c - plain[n + 1] * s : plain[n] * c + plain[n - 1] * s,
    );
    assert.ok(relativeError(await fid(0, phase), turned) < 1e-6, `ADC phase ${phase}`);
  }
});

test('a larger phase increment moves the dark bands of balanced SSFP to higher frequency', async () => {
  const TR = 5e-3;
  const rf = hardPulse(50 * RADIANS, 1);
  for (const increment of [90, 180, 270]) {
    const blocks: Block[] = [];
    for (let n = 0; n < 400; n++) {
      const phaseOffset = ((increment * n) % 360) * RADIANS;
      blocks.push(blockOf({ rf: { ...rf, phaseOffset } }, TR));
    }
    const timeline = compileTimeline(sequenceOf('bssfp', [...blocks, sample], {}), { B0: 1.5, maxRfStep: 50e-6 });
    // RF of phase −nψ makes spins that turn by −ψ a TR stand still against it: dark at offset·TR =
    // ψ/2π.
    const offsets = Array.from({ length: 40 }, (_, n) => n / 40 / TR);
    const heights: number[] = [];
    for (const offset of offsets) {
      const [re, im] = await simulateTimeline(timeline, spinsOf([{ offset, T1: 0.2, T2: 0.1 }]));
      heights.push(Math.hypot(re, im));
    }
    const dark = offsets[heights.indexOf(Math.min(...heights))] * TR;
    assert.equal(dark, increment / 360, `increment ${increment}°`);
  }
});
