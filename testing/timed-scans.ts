/**
 * Benchmark cases: random spins with properties of tissue, the reference EPI, and scans that each
 * stress one part. Sequences are made by the project's own designer; nothing is read from files, so
 * the bench runs anywhere.
 */

import { GAMMA_BAR } from '../host/base/units.ts';
import { randomNumbers } from '../host/numerics/random.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from '../host/phantom/types.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import {
  adc,
  areaTrapezoid,
  blockOf,
  delayOf,
  flatTop,
  hardPulse,
  sequenceOf,
  sincPulse,
  trapezoid,
} from '../host/sequence/designer.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Block, GradientEvent, RfEvent, Sequence, ShapedGradientEvent } from '../host/sequence/types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import { OP, STRIDE, type Timeline } from '../host/timeline/types.ts';
import { phantomOf } from './run.ts';

const B0 = 1.5;

/** Spins anywhere in a 20 cm square slab of 5 mm, T1 0.5–1.5 s, T2 40–150 ms, ±50 Hz. */
export function randomSpins(count: number): SpinBlock {
  const spins = spinBlock(count);
  const next = randomNumbers(20260);
  for (let n = 0; n < count; n++) {
    spins.x[n] = 0.2 * (next() - 0.5);
    spins.y[n] = 0.2 * (next() - 0.5);
    spins.z[n] = 0.005 * (next() - 0.5);
    spins.density[n] = 0.5 + 0.5 * next();
    spins.T1[n] = 0.5 + next();
    spins.T2[n] = 0.04 + 0.11 * next();
    spins.T2s[n] = spins.T2[n];
    spins.offResonance[n] = 2 * Math.PI * 100 * (next() - 0.5);
  }
  return spins;
}

/** The same at the places of a map, row by row. */
export function latticeSpins(count: number): SpinBlock {
  const spins = randomSpins(count);
  const columns = Math.ceil(Math.sqrt(count));
  for (let n = 0; n < count; n++) {
    spins.x[n] = 0.2 * ((0.5 + (n % columns)) / columns - 0.5);
    spins.y[n] = 0.2 * ((0.5 + Math.floor(n / columns)) / columns - 0.5);
  }
  return spins;
}

export function randomPhantom(count: number): PhantomSource {
  return phantomOf(randomSpins(count), B0);
}

export function timelineOf(sequence: Sequence): Timeline {
  return compileTimeline(sequence, { B0, maxRfStep: 50e-6 });
}

/** RF steps that each spin goes through. */
export function stepsWalked({ ops, excitations, pulses }: Timeline): number {
  let steps = 0;
  for (let op = 0; op < ops.length; op += STRIDE.op) {
    if (ops[op] !== OP.excite) continue;
    const pulse = excitations[STRIDE.excitation * ops[op + 1]];
    steps += pulses[STRIDE.pulse * pulse + 1];
  }
  return steps;
}

/**
 * The single-shot EPI of 101 × 101 that exact signals and other simulators' times are known for.
 */
export const epi = (): Sequence => makeBuiltin('epi', {}, DEFAULT_SCANNER);

const tip = hardPulse(Math.PI / 2, 100e-6);
const FOV = 0.23;

/** One line of equally spaced samples after a hard pulse. */
export function line(samples: number): Sequence {
  const dwell = 4e-6;
  const gx = flatTop(1 / (GAMMA_BAR * dwell * FOV), (samples + 2) * dwell, DEFAULT_SCANNER);
  const prewind = areaTrapezoid((-gx.amplitude * samples * dwell) / 2, DEFAULT_SCANNER);
  const readout = blockOf({ gx, adc: adc(samples, dwell, gx.rise) });
  return sequenceOf('line', [blockOf({ rf: tip }), blockOf({ gx: prewind }), readout], {});
}

/**
 * `shots` Archimedean spirals to the edge of k-space of a 101 matrix, each turned against the last,
 * with crushers between.
 */
export function spiral(shots: number, samples: number, wait = 20e-3): Sequence {
  const dwell = 4e-6;
  const raster = 10e-6;
  const points = Math.ceil((samples * dwell) / raster) + 1;
  const turns = 101 / 2 / shots;
  const radius = 101 / 2 / FOV;
  const blocks: Block[] = [];
  const crusher = trapezoid(20e-3, 2e-4, 2e-3);
  for (let shot = 0; shot < shots; shot++) {
    const k = (n: number, axis: 0 | 1): number => {
      const u = Math.min(1, n / (points - 1)) ** 0.6;
      const angle = 2 * Math.PI * (turns * u + shot / shots);
      return radius * u * (axis === 0 ? Math.cos(angle) : Math.sin(angle));
    };
    const gradient = (axis: 0 | 1): ShapedGradientEvent => ({
      kind: 'shape',
      delay: 0,
      time: Float64Array.from({ length: points }, (_, n) => n * raster),
      amplitude: Float64Array.from({ length: points }, (_, n) => (k(n + 1, axis) - k(n, axis)) / raster / GAMMA_BAR),
    });
    blocks.push(
      blockOf({ rf: tip }),
      blockOf({ gx: gradient(0), gy: gradient(1), adc: adc(samples, dwell, 0) }),
      blockOf({ gz: crusher }),
      delayOf(wait),
    );
  }
  return sequenceOf('spiral', blocks, {});
}

export interface PulseTrain {
  readonly pulses: number;
  /** Samples of each 1 ms sinc: their raster is 1 ms over this. */
  readonly steps: number;
  /** T/m */
  readonly gradient: number;
  /** The gradient swings about its mean from sample to sample. */
  readonly varying?: boolean;
}

/**
 * Relative difference between the amplitudes of neighbouring pulses, so that none is cached as an
 * operator and all are stepped.
 */
const APART = 1e-6;

/** The same scan with pulses that never repeat: all are stepped, as other simulators do. */
export function noneReturns(sequence: Sequence): Sequence {
  const blocks = Array.from({ length: sequence.blockCount }, (_, n) => {
    const block = sequence.block(n);
    if (block.rf === undefined) return block;
    return { ...block, rf: { ...block.rf, magnitude: block.rf.magnitude.map((B1) => B1 * (1 + n * APART)) } };
  });
  return { ...sequence, block: (n) => blocks[n] };
}

/** Sinc pulses one after the other under a slice gradient, and one sample of the result. */
export function pulseTrain({ pulses, steps, gradient, varying = false }: PulseTrain): Sequence {
  const rf = (n: number): RfEvent =>
    sincPulse({ flip: (Math.PI / 2) * (1 + n * APART), duration: 1e-3, timeBandwidth: 4, raster: 1e-3 / steps });
  const swing: ShapedGradientEvent = {
    kind: 'shape',
    delay: 0,
    time: Float64Array.from({ length: 101 }, (_, n) => n * 1e-5),
    amplitude: Float64Array.from({ length: 101 }, (_, n) => gradient * (1 + 0.2 * Math.sin(n))),
  };
  const gx = varying ? swing : { ...trapezoid(gradient, 0, 1e-3) };
  const blocks = Array.from({ length: pulses }, (_, n) => blockOf({ rf: rf(n), gx }));
  return sequenceOf('pulses', [...blocks, blockOf({ adc: adc(1, 1e-5, 0) })], {});
}

/**
 * Hard pulses of 10° with a gradient lobe between each two, all different: precession is half the
 * work, and computed each time.
 */
export function hardPulses(count: number): Sequence {
  const rf = (n: number): RfEvent => hardPulse(Math.PI / 18, 100e-6 * (1 + n * APART));
  const gx = (n: number): GradientEvent => trapezoid(2e-3 * (1 + n * APART), 1e-4, 1e-3);
  const blocks = Array.from({ length: count }, (_, n) => [blockOf({ rf: rf(n) }), blockOf({ gx: gx(n) })]).flat();
  return sequenceOf('hard pulses', [...blocks, blockOf({ adc: adc(1, 1e-5, 0) })], {});
}

/**
 * 3-D spoiled gradient echo: 1 ms slab-selective sinc of 100 samples, `samples` per line, one phase
 * encoding per TR.
 */
export function gradientEcho3d(repetitions: number, samples: number): Sequence {
  const dwell = 10e-6;
  const gz = flatTop(2e-3, 1e-3, DEFAULT_SCANNER);
  const gx = flatTop(1 / (GAMMA_BAR * dwell * FOV), samples * dwell, DEFAULT_SCANNER);
  const winder = areaTrapezoid((-gx.amplitude * (gx.rise + samples * dwell)) / 2, DEFAULT_SCANNER);
  const spoiler = areaTrapezoid(4 / (GAMMA_BAR * 5e-3), DEFAULT_SCANNER);
  const rephase = areaTrapezoid(-(gz.amplitude * (1e-3 + gz.fall)) / 2, DEFAULT_SCANNER);
  const largest = areaTrapezoid(samples / 2 / (GAMMA_BAR * FOV), DEFAULT_SCANNER);
  const pulses = new Map<number, RfEvent>();
  const pulse = (degrees: number): RfEvent => {
    const known = pulses.get(degrees);
    if (known !== undefined) return known;
    const shape = { flip: Math.PI / 12, duration: 1e-3, timeBandwidth: 4, raster: 1e-5 };
    const made = sincPulse({ ...shape, delay: gz.rise, phaseOffset: (degrees * Math.PI) / 180 });
    pulses.set(degrees, made);
    return made;
  };
  const blocks: Block[] = [];
  for (let n = 0; n < repetitions; n++) {
    const step = (n % samples) - samples / 2;
    const gy = areaTrapezoid(step / (GAMMA_BAR * FOV), DEFAULT_SCANNER, largest);
    blocks.push(
      blockOf({ rf: pulse((58.5 * n * (n + 1)) % 360), gz }),
      blockOf({ gx: winder, gy, gz: rephase }),
      blockOf({ gx, adc: adc(samples, dwell, gx.rise) }),
      blockOf({ gy: { ...gy, amplitude: -gy.amplitude }, gz: spoiler }),
      delayOf(5e-3),
    );
  }
  return sequenceOf('3-D gradient echo', blocks, {});
}

/**
 * Fingerprinting by unbalanced steady states: a different flip angle in every TR, one short line
 * each.
 */
export function fingerprinting(repetitions: number, samples: number): Sequence {
  const dwell = 10e-6;
  const gx = flatTop(1 / (GAMMA_BAR * dwell * FOV), samples * dwell, DEFAULT_SCANNER);
  const winder = areaTrapezoid((-gx.amplitude * (gx.rise + samples * dwell)) / 2, DEFAULT_SCANNER);
  const spoiler = areaTrapezoid(4 / (GAMMA_BAR * 5e-3), DEFAULT_SCANNER);
  const blocks: Block[] = [blockOf({ rf: hardPulse(Math.PI, 10e-6, { use: 'inversion' }) }), delayOf(20e-3)];
  for (let n = 0; n < repetitions; n++) {
    const flip = (Math.PI / 180) * (5 + 55 * Math.abs(Math.sin((Math.PI * n) / 200)));
    const rf = sincPulse({ flip, duration: 1e-3, timeBandwidth: 4, raster: 1e-5 });
    blocks.push(
      blockOf({ rf }),
      blockOf({ gx: winder }),
      blockOf({ gx, adc: adc(samples, dwell, gx.rise) }),
      blockOf({ gz: spoiler }),
      delayOf(3e-3 + 2e-3 * Math.abs(Math.sin(n))),
    );
  }
  return sequenceOf('fingerprinting', blocks, {});
}

/** Spokes of equally spaced samples after hard pulses, in a plane or, `koosh`, to all sides. */
export function radial(spokes: number, samples: number, koosh = false): Sequence {
  const dwell = 4e-6;
  const amplitude = 1 / (GAMMA_BAR * dwell * FOV);
  const flat = flatTop(amplitude, (samples + 2) * dwell, DEFAULT_SCANNER);
  const winder = areaTrapezoid((-amplitude * (flat.rise + (samples + 2) * dwell)) / 2, DEFAULT_SCANNER);
  const crusher = trapezoid(20e-3, 2e-4, 2e-3);
  const blocks = Array.from({ length: spokes }, (_, n) => {
    const [angle, z] = koosh ? [2.4 * n, (2 * n + 1) / spokes - 1] : [(Math.PI * n) / spokes, 0];
    const way = [Math.cos(angle) * Math.sqrt(1 - z * z), Math.sin(angle) * Math.sqrt(1 - z * z), z] as const;
    const along = (event: typeof flat, axis: 0 | 1 | 2): typeof flat => ({
      ...event,
      amplitude: event.amplitude * way[axis],
    });
    const readout = { gx: along(flat, 0), gy: along(flat, 1), gz: along(flat, 2) };
    return [
      blockOf({ rf: hardPulse(Math.PI / 6, 100e-6) }),
      blockOf({ gx: along(winder, 0), gy: along(winder, 1), gz: along(winder, 2) }),
      blockOf({ ...readout, adc: adc(samples, dwell, flat.rise) }),
      blockOf({ gz: crusher }),
    ];
  }).flat();
  return sequenceOf('radial', blocks, {});
}
