/**
 * Pulses that have no closed form, against the differential equation of `ode.ts`: slice profiles, a
 * frequency-swept inversion, pulses whose B1 and gradient run linearly, and the order of the RF
 * step shown as a slope.
 */
import type { SpinBlock } from '../host/phantom/types.ts';
import { adc, blockOf, hardPulse, sequenceOf, sincPulse, trapezoid } from '../host/sequence/designer.ts';
import type { Block, RfEvent, Sequence } from '../host/sequence/types.ts';
import { solveBloch } from '../testing/ode.ts';
import { compiled, relativeError, type Spin, simulate, simulateEach, spinsOf } from '../testing/run.ts';
import { MODES } from './modes.ts';
import { compare, type Row, type Section } from './report.ts';

const RADIANS = Math.PI / 180;

/** One sample, a nanosecond wide. */
const sample = blockOf({ adc: adc(1, 1e-9, 0) });
/** 90° about +x in a nanosecond: brings Mz into view. */
const tip = blockOf({ rf: hardPulse(90 * RADIANS, 5.8717) });

/** A pulse of some shape, held sample by sample. */
function shaped(
  count: number,
  raster: number,
  at: (t: number) => readonly [magnitude: number, phase: number],
): RfEvent {
  const cells = Array.from({ length: count }, (_, n) => at((n + 0.5 - count / 2) * raster));
  const pulse = hardPulse(1, 1, { use: 'inversion' });
  return {
    ...pulse,
    time: Float64Array.from({ length: count + 1 }, (_, n) => n * raster),
    magnitude: Float64Array.from(cells, ([magnitude]) => magnitude),
    phase: Float64Array.from(cells, ([, phase]) => phase),
    center: (count * raster) / 2,
  };
}

function exactly(sequence: Sequence, spins: SpinBlock, tolerance?: number): Float64Array {
  return Float64Array.from(Array.from(spins.x, (_, n) => [...solveBloch(sequence, spins, n, tolerance)]).flat());
}

async function against(what: string, blocks: readonly Block[], spins: readonly Spin[], f64: number): Promise<Row[]> {
  const sequence = sequenceOf(what, blocks, {});
  const reference = exactly(sequence, spinsOf(spins));
  const coarser = exactly(sequence, spinsOf(spins), 1e-13);
  const timeline = compiled(sequence);
  const rows = [compare(`${what}, ODE against itself at 10 times its tolerance`, coarser, reference, 1e-10)];
  for (const { name, ...mode } of MODES) {
    const bound = mode.precision === 'f64' ? f64 : 1e-5;
    rows.push(compare(`${what}, ${name}`, await simulateEach(timeline, spins, mode), reference, bound));
  }
  return rows;
}

/** 1 µs samples, 5 mm thick: 4 / 2 ms / (γ̄ 9.4 mT/m); rephased by half the area. */
function slice(flip: number, z: number): Block[] {
  const [duration, amplitude, ramp] = [2e-3, 9.394e-3, 1e-4];
  const pulse = sincPulse({
    flip: flip * RADIANS,
    duration,
    timeBandwidth: 4,
    raster: 1e-6,
    delay: ramp,
    frequencyOffset: 42.5774688e6 * amplitude * z,
    phaseOffset: 0.7,
  });
  return [
    blockOf({ rf: pulse, gz: trapezoid(amplitude, ramp, duration) }),
    blockOf({ gz: trapezoid(-amplitude / 2, ramp, duration) }),
  ];
}

const ALONG: readonly Spin[] = Array.from({ length: 17 }, (_, n) => ({
  z: (n - 8) * 1e-3,
  T1: 0.8,
  T2: 0.05,
  offset: 20 * (n % 3),
}));

export const pulses: Section = {
  title: 'Pulses against the differential equation',
  bounds:
    'f64: rounding of the ODE and of f64 where B1 holds between samples, fourth order of 1 µs where not; f32: as against references',
  async rows(some) {
    const along = some(ALONG, 3);
    const sech = shaped(2000, 4e-6, (t) => {
      const envelope = 1 / Math.cosh(800 * t);
      return [15e-6 * envelope, 5 * Math.log(envelope)];
    });
    const offsets = Array.from({ length: 13 }, (_, n) => 150 * (n - 6));
    const sweep: Spin[] = some(offsets, 3).map((offset) => ({ offset, T1: 0.8, T2: 0.05 }));
    const ramped: RfEvent = {
      ...hardPulse(1, 1),
      interpolation: 'linear',
      time: Float64Array.of(0, 2e-4, 5e-4, 6e-4),
      magnitude: Float64Array.of(0, 12e-6, 4e-6, 0),
      phase: Float64Array.of(0, 0, 1, 1),
    };
    const cases: readonly (readonly [string, readonly Block[], readonly Spin[], f64: number])[] = [
      ['90° slice at 0', [...slice(90, 0), sample], along, 1e-7],
      ['90° slice at +4 mm', [...slice(90, 4e-3), sample], along, 1e-7],
      ['180° slice at −3 mm after 90°', [tip, ...slice(180, -3e-3), sample], along, 1e-7],
      ['hyperbolic secant inversion', [blockOf({ rf: sech }), tip, sample], sweep, 1e-6],
      ['B1 and gradient linear in time', [blockOf({ rf: ramped, gz: trapezoid(10e-3, 3e-4, 0) }), sample], along, 1e-5],
    ];
    const rows: Row[] = [];
    for (const one of some(cases, 2)) rows.push(...(await against(...one)));
    return rows;
  },
};

export const order: Section = {
  title: 'Order of the RF step',
  bounds: 'a held field has no error at any step; where it changes, slope of log error over log step: 4, to 0.3',
  async rows() {
    const block = hardPulse(90 * RADIANS, (90 * RADIANS) / (2 * Math.PI * 42.5774688e6 * 600e-6));
    const run = async (what: string, blocks: readonly Block[], spin: Spin, maxRfStep: number): Promise<number> => {
      const sequence = sequenceOf(what, [...blocks, sample], {});
      const reference = exactly(sequence, spinsOf([spin]));
      return relativeError(await simulate(sequence, spinsOf([spin]), { precision: 'f64', maxRfStep }), reference);
    };
    const relaxing = { z: 4e-3, offset: 80, T1: 0.02, T2: 0.005 };
    const held = await run('a block pulse', [blockOf({ rf: block })], relaxing, 1e-3);
    const rows: Row[] = [{ what: 'a block pulse of 600 µs, T2 5 ms, in one step', value: held, bound: 1e-9 }];
    const gz = trapezoid(40e-3, 3e-4, 0);
    const errors: number[] = [];
    for (const maxRfStep of [2e-3, 1e-3, 5e-4])
      errors.push(await run('a gradient ramps', [blockOf({ rf: block, gz })], { ...relaxing, z: 0.02 }, maxRfStep));
    const listed = errors.map((error) => error.toExponential(1)).join(', ');
    rows.push({
      what: `a gradient that ramps during a block pulse: |slope − 4| of ${listed}`,
      value: Math.abs(Math.log2(errors[0] / errors[2]) / 2 - 4),
      bound: 0.3,
    });
    return rows;
  },
};
