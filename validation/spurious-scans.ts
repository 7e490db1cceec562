/**
 * Spurious echoes of whole scans, predicted against measured: real pulses, phase encoding and
 * moments in the plane, on a sphere whose voxels have a forced number of spins; measured is the
 * difference to the same voxels with many more. Built-in scans, scans as other programs write them,
 * and files of other programs where the reference data is. The same spins are predicted a second
 * time as points of which nothing is known: then one layer is a plane that stands for itself.
 */

import { openPhantom } from '../host/phantom/open.ts';
import { evenPlaces, type SpinSampler } from '../host/phantom/sub-voxel.ts';
import { phaseGraph, sliceOf } from '../host/sampling/phase-graph.ts';
import { predictEcho } from '../host/sampling/predict-echo.ts';
import { pixelAlong, spinSampler, wantedOf } from '../host/sampling/sampler.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { encode } from '../host/sequence/encoding.ts';
import type { Encoding } from '../host/sequence/encoding-types.ts';
import { samplePositions, walk } from '../host/sequence/kspace.ts';
import { readPulseq } from '../host/sequence/pulseq/read.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import type { Timeline } from '../host/timeline/types.ts';
import { pulseCount } from '../host/timeline/windows.ts';
import { cases, skipWithoutCases } from '../testing/cases.ts';
import { radial, spiral } from '../testing/pypulseq-scans.ts';
import { relativeError, simulateTimeline } from '../testing/run.ts';
import { bssfp, epi, fatSaturated, gre, mprage, spinEcho, tse, ute } from '../testing/small-scans.ts';
import type { Row, Section } from './report.ts';
import { echoRows, type Pair } from './spurious-echo.ts';

interface Scan {
  readonly name: string;
  readonly make: () => Sequence;
  /** Spins per voxel that are forced. */
  readonly counts: readonly number[];
  /** Size of a voxel in pixels, and radius of the ball in voxels. */
  readonly voxel?: number;
  readonly radius?: number;
  /**
   * Samples count by the area of k-space that they stand for, |k|, as in an image of spokes or
   * arms; else all alike.
   */
  readonly weigh?: true;
}

const builtin = (name: string, settings: Readonly<Record<string, string | number>>) => () =>
  makeBuiltin(name, { n: 12, ...settings }, DEFAULT_SCANNER);
const file = (name: string) => () => readPulseq(cases(name));

export const SCANS: readonly Scan[] = [
  { name: 'gre', make: builtin('gre', {}), counts: [1, 5, 17, 41, 120] },
  { name: 'gre, TR 100 ms', make: builtin('gre', { tr: 0.1 }), counts: [1, 5, 17, 60] },
  { name: 'gre, 40°', make: builtin('gre', { flip: '40deg' }), counts: [8, 30, 120] },
  { name: 'se', make: builtin('se', {}), counts: [1, 6, 20, 60] },
  { name: 'se, TR 2 s', make: builtin('se', { tr: 2 }), counts: [1, 20, 60] },
  { name: 'epi', make: builtin('epi', {}), counts: [1, 5] },
  { name: 'bssfp', make: builtin('bssfp', {}), counts: [1, 4, 8] },
  { name: 'tse', make: builtin('tse', { turboFactor: 4 }), counts: [7, 40, 130] },
  { name: 'dwi', make: builtin('dwi', {}), counts: [30, 78, 130] },
  { name: 'dwi along x', make: builtin('dwi', { direction: 'x' }), counts: [7, 40] },
  { name: 'pc', make: builtin('pc', {}), counts: [17, 41, 120] },
  { name: 'cine', make: builtin('cine', { phases: 2, views: 4 }), counts: [17, 60, 150] },
  { name: 'mprage', make: builtin('mprage', { partitions: 4 }), counts: [1, 8] },
  { name: 'radial3d', make: builtin('radial3d', { n: 8 }), counts: [1, 8] },
  { name: 'GRE as PyPulseq writes it', make: () => gre(), counts: [1, 7, 40, 150] },
  { name: 'bSSFP', make: () => bssfp('excitation'), counts: [1, 5] },
  { name: 'EPI of one shot', make: () => epi(), counts: [1, 5] },
  { name: 'EPI of four volumes', make: () => epi({ volumes: 4 }), counts: [1, 7, 40] },
  { name: 'fat saturation', make: () => fatSaturated(), counts: [1, 7, 40] },
  { name: 'spin echo as PyPulseq writes it', make: () => spinEcho(180, 'excitation'), counts: [7, 40] },
  { name: 'fast spin echo', make: () => tse(180, 'excitation'), counts: [7, 40] },
  { name: 'fast spin echo, 120°', make: () => tse(120, 'excitation'), counts: [7, 40] },
  { name: 'MPRAGE', make: () => mprage('excitation'), counts: [1, 8] },
];

const GOLDEN = (111.246 * Math.PI) / 180;
/**
 * Moments that turn from shot to shot. Voxels are small against a pixel here: where points fill a
 * voxel, the image is that of boxes instead of points, a smooth difference which is no echo.
 */
const turning = (name: string, make: () => Sequence, counts = [1, 4, 16]): Scan => {
  return { name, make, counts, voxel: 0.15, radius: 8, weigh: true };
};
export const TURNING: readonly Scan[] = [
  turning('spiral, built in', builtin('spiral', { n: 16, arms: 4 })),
  turning('radial, built in', builtin('radial', { n: 16 })),
  turning('mrf', builtin('mrf', { n: 16, frames: 24 }), [4]),
  turning('radial, rewound', () => radial(16, 24, 30)),
  turning('radial, balanced by its prewinder', () => radial(16, 24, 30, { spoiler: 0 })),
  turning('radial with a spoiler in the plane', () => radial(16, 24, 30, { spoiler: 1 })),
  turning('radial with a spoiler in the plane alone', () => radial(16, 24, 30, { spoiler: 4, across: 0 })),
  turning('golden angle with a spoiler in the plane', () => radial(16, 24, 30, { spoiler: 1, increment: GOLDEN })),
  turning('golden angle with a strong one', () => radial(16, 24, 30, { spoiler: 5, increment: GOLDEN })),
  turning('spiral', () => spiral(16, 8, 30)),
  turning('spiral with a spoiler in the plane', () => spiral(16, 8, 30, { spoiler: 1 })),
  turning('spiral with a spoiler in the plane alone', () => spiral(16, 8, 30, { spoiler: 2, across: 0 })),
];

/**
 * Its echoes are below 1 % from 4 spins on, where the prediction errs on the safe side: see
 * `UTE_FACTOR`.
 */
const UTE = turning('UTE', () => ute());

export const FILES: readonly Scan[] = [
  { name: 'gre8_good.seq', make: file('geometry/gre8_good.seq'), counts: [1, 7, 40] },
  { name: 'gre_fovshift20mm.seq', make: file('geometry/gre_fovshift20mm.seq'), counts: [1, 7, 40] },
  { name: 'no_rf_first_48.seq', make: file('geometry/no_rf_first_48.seq'), counts: [1, 7, 40] },
  { name: 'gre_JEMRIS.seq', make: file('sequences/gre_JEMRIS.seq'), counts: [1, 7] },
  { name: 'radial_JEMRIS.seq', make: file('sequences/radial_JEMRIS.seq'), counts: [1, 7] },
  { name: 'epi_100x100.seq', make: file('sequences/epi_100x100_te100_fov230.seq'), counts: [1] },
  { name: 'gre_read_y.seq', make: file('geometry/gre_read_y.seq'), counts: [1, 7, 40] },
  { name: 'tse_low_flip_v14.seq', make: file('geometry/tse_low_flip_v14.seq'), counts: [1, 7, 40] },
  { name: 'ge.seq', make: file('sequences/ge.seq'), counts: [1, 7, 40] },
  { name: 'epi_se.seq', make: file('sequences/epi_se.seq'), counts: [7, 40] },
  { name: 'epi_ref_2vol.seq', make: file('geometry/epi_ref_2vol.seq'), counts: [1, 7] },
];

/**
 * Between prediction and measurement: whole scans have edges of tissue and approaches to the steady
 * state, and the lines in the middle of k weigh most while the prediction weighs all alike (2.6 for
 * ge.seq); where echoes are twice the signal, they add up in phase (3 for MPRAGE).
 */
const FACTOR = 3.2;
const FACTOR_OF_MOST = 2.5;
/**
 * Where moments turn the prediction looks at the inside of an object, and these balls are 2.4
 * pixels wide: 2.6 for a spiral, 16 spins.
 */
const TURNING_FACTOR = 2.8;
const TURNING_FACTOR_OF_MOST = 2.3;
/** Measured: 2.6, 4 spins as they are chosen, 0.7 % where 1.9 % are predicted. */
const UTE_FACTOR = 2.8;
/** White matter. */
const WHITE = { T1: 0.8, T2: 0.08, offset: 0 };
/** Spins per voxel of the reference. */
const MANY = 400;

export async function scanEchoes(scans: readonly Scan[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const { name, make, counts, voxel: part = 0.9, radius = 3, weigh } of scans) {
    const sequence = make();
    const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
    const encoding = encode(sequence, DEFAULT_SCANNER);
    const weights = weigh ? distances(sequence) : undefined;
    const weighed = (signal: Float64Array): Float64Array =>
      weights === undefined ? signal : signal.map((value, at) => value * Math.sqrt(weights[at >> 1]));
    const sampler = (count: number): SpinSampler => spinSampler(timeline, encoding, count);
    // Layers that fill a voxel in the plane as well, not chosen by what is looked at here.
    const even: SpinSampler = {
      slab: sampler(MANY).slab,
      choose: ({ tissues }) => ({ places: tissues.map(() => evenPlaces(MANY, 3)), level: 0 }),
    };
    const reference = weigh ? even : sampler(MANY);
    // The image must not tell the voxels apart, which would be an echo of another kind.
    const voxel =
      part * Math.min(0.02, pixelAlong(encoding, [1, 0, 0]) ?? 0.02, pixelAlong(encoding, [0, 1, 0]) ?? 0.02);
    const settings = { voxel: `${voxel}`, radius: `${radius * voxel}`, T1: `${WHITE.T1}`, T2: `${WHITE.T2}` };
    const signalOf = async (sampler: SpinSampler, slab: Readonly<Record<string, string>> = {}) => {
      const phantom = await openPhantom('sphere', { ...settings, ...slab }, { sampler });
      return { phantom, signal: weighed(await simulateTimeline(timeline, phantom)) };
    };
    const { signal: exact } = await signalOf(reference);
    const period = periodOf(timeline, encoding);
    for (const count of counts) {
      const { phantom, signal } = await signalOf(sampler(count));
      pairs.push({
        name: `${name}, ${count}`,
        predicted: phantom.spins?.level ?? 0,
        measured: relativeError(signal, exact),
      });
      const plane = count === 1 && Number.isFinite(sliceOf(timeline).thickness);
      if (plane && period === undefined) continue;
      const own = plane ? (await signalOf(reference, { slab: `${period}` })).signal : exact;
      const { spins: _, ...points } = phantom;
      pairs.push({
        name: `${name}, ${count}, as points`,
        predicted: predictEcho(points, timeline, encoding).level,
        measured: apart(signal, own, pulseCount(timeline) < 2),
      });
    }
  }
  return pairs;
}

/** |k| of every sample [cycles/m]. */
function distances(sequence: Sequence): number[] {
  return walk(sequence, DEFAULT_SCANNER).readouts.flatMap((readout) => {
    const k = samplePositions(readout);
    return Array.from({ length: k.length / 3 }, (_, n) => Math.hypot(k[3 * n], k[3 * n + 1]));
  });
}

/**
 * Thickness of a slab in which all orders are whole cycles [m], if there is one: a plane stands for
 * it.
 */
function periodOf(timeline: Timeline, encoding: Encoding): number | undefined {
  const { moment, orders } = phaseGraph(timeline, WHITE, wantedOf(timeline, encoding));
  const whole = orders.slice(0, 5).every(({ kappa }) => {
    const cycles = kappa[2] / moment[2];
    return Math.abs(cycles - Math.round(cycles)) < 0.02;
  });
  return Math.abs(moment[2]) > 100 && orders.length > 0 && whole ? 1 / Math.abs(moment[2]) : undefined;
}

/**
 * Relative difference; of one excitation, which has no echo, but for the size that few layers give
 * the slice.
 */
function apart(few: Float64Array, exact: Float64Array, anySize: boolean): number {
  if (!anySize) return relativeError(few, exact);
  let [re, im, norm] = [0, 0, 0];
  for (let n = 0; n < few.length; n += 2) {
    re += few[n] * exact[n] + few[n + 1] * exact[n + 1];
    im += few[n + 1] * exact[n] - few[n] * exact[n + 1];
    norm += exact[n] ** 2 + exact[n + 1] ** 2;
  }
  const scaled = exact.map((value, n) => (re * value + (n % 2 === 0 ? -im * exact[n + 1] : im * exact[n - 1])) / norm);
  return relativeError(few, scaled);
}

export const spuriousScans: Section = {
  title: 'Spurious echoes of whole scans, predicted before the run',
  bounds:
    'a warning from 1 % on: none missed, no false alarm. Of the levels above that 95 % are within a factor of 2.5: ' +
    'of 189 images, whose error was computed with the Bloch equations, 95 % were within 2.25',
  async rows(some): Promise<Row[]> {
    const files = skipWithoutCases().skip ? [] : FILES;
    return [
      ...echoRows(await scanEchoes(some([...SCANS, ...files], 8)), FACTOR, FACTOR_OF_MOST),
      ...echoRows(await scanEchoes(some(TURNING, 6)), TURNING_FACTOR, TURNING_FACTOR_OF_MOST).map((row) => ({
        ...row,
        what: `moments that turn: ${row.what}`,
      })),
      {
        what: 'UTE under hard pulses: largest factor by which its echo is overrated',
        value: Math.max(...(await scanEchoes([UTE])).map(({ predicted, measured }) => predicted / measured)),
        bound: UTE_FACTOR,
      },
    ];
  },
};
