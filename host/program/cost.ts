/**
 * The cost model, in operations per spin; the unit is the time of one f32 operation on one spin.
 * Operations are counted in the kernels and never timed, so choices that depend on them are the
 * same on every rank and at every start, for processors as for GPUs. Work that is done once per
 * tile is divided by the tile's spins. Every comparison of methods, the choice of threads and the
 * reported work of a run use this model.
 */

import type { Model } from '../phantom/types.ts';
import { STRIDE, type Timeline } from '../timeline/types.ts';
import { pulseUses } from '../timeline/windows.ts';
import type { LineAxis } from './nufft/line-axis.ts';

/** A sample whose phase, sine, cosine and decay are computed directly from the last pulse. */
const EXACT_SAMPLE = 55;
/**
 * A sample computed from the one before by a step in any direction; and one of equally spaced
 * samples, computed by recurrence from the one before the last.
 */
const STEPPED_SAMPLE = 43;
const RECURRENT_SAMPLE = 6;
/**
 * A sample of a line in a matrix product (three real products); an entry of the matrix for equally
 * spaced samples.
 */
const PRODUCT = 3;
const UNIFORM_ENTRY = 12;
/** The magnetisation at a line's first sample: most are computed from the line before. */
const LINE_START = 12;
/** The same multiplied by what a coil receives. */
const WEIGHED_START = 10;
/** A sample of a model without coils; in addition, for each phase term and each coil. */
const MODEL_SAMPLE = { alone: 54, term: 3, coil: 4.5 } as const;
/** A tap of a kernel on one line. */
const TAP = 8;
/**
 * Spreading on one part of a cell: two products, but twice as many loads and stores; and one point
 * in one stage of a transform.
 */
const CELL = 5;
const POINT = 13;
/** Reading a sample out of a transform, in a tile. */
const TRANSFORMED_SAMPLE = 40;

const padded = (samples: number): number => 8 * Math.ceil(samples / 8);

/**
 * Samples computed one by one.
 * @param coils columns of coils, 0 without any
 * @param terms of a model; undefined: no model besides coils
 * @param coilTerms of polynomials of coils where spins move among these
 */
export function directCost(samples: number, coils: number, terms?: number, coilTerms = 1): number {
  if (coils === 0 && terms === undefined) return samples * STEPPED_SAMPLE;
  const coil = MODEL_SAMPLE.coil * coilTerms * coils;
  return samples * (MODEL_SAMPLE.alone + MODEL_SAMPLE.term * (terms ?? 0) + coil);
}

/** A line transformed on its own, fitted to what it takes (test/program/line-cost.test.ts). */
const LINE = {
  /** Phases at its middle and per sample; a phase term in both, and in the bend. */
  place: 120,
  term: 35,
  /** Amplitudes of an order. */
  order: 16,
  /** A tap: its grid cells, and the products of each order. */
  tap: 4,
  product: 3,
  /** Joining four columns of a transform to a sample, in a tile. */
  sample: 160,
} as const;

/**
 * A line transformed on its own: phases at its middle and per sample, amplitudes, and the spreading
 * of each on its taps; its share of the tile's transform and samples. In coils weights are formed
 * once, and each coil takes a polynomial in the sample number from its sets of columns, and a
 * complex product for each tap and term of that.
 */
export function lineCost(
  axis: Pick<LineAxis, 'samples' | 'grid' | 'stages' | 'taps' | 'orders'>,
  terms: number,
  tileSize: number,
  received?: { readonly coils: number; readonly sets: number; readonly terms: number },
): number {
  const { samples, grid, stages, taps, orders } = axis;
  const place = LINE.place + LINE.term * terms + LINE.order * orders;
  const transform = (POINT * grid * stages.length + LINE.sample * samples) / tileSize;
  if (received === undefined) return place + taps * (LINE.tap + LINE.product * orders) + transform;
  const { coils, sets, terms: ofCoil } = received;
  const perCoil = sets * (2 + 3 * ofCoil) + taps * (6 * ofCoil + LINE.tap) + transform;
  return place + taps * orders * (2 + 4 * ofCoil) + coils * perCoil;
}

/**
 * Operations of the kernels in the time in which a process that has just started chooses the axis
 * of a line: 10 ms.
 */
const LINE_AXIS_CHOICE = 1e8;

/**
 * Whether transforming straight lines could save more time than choosing an axis takes. The saving
 * is overestimated: as if all samples were otherwise computed one by one, and transforms were free.
 */
export function isWorthLineAxes({ sampleCount }: Timeline, spinCount: number): boolean {
  return STEPPED_SAMPLE * sampleCount * spinCount > LINE_AXIS_CHOICE;
}

export const recurrenceCost = (samples: number): number => EXACT_SAMPLE + RECURRENT_SAMPLE * samples;

/** One of several lines that share a trajectory; phase terms are part of its entries. */
export function matrixCost(samples: number, isUniform: boolean, lines: number, coils: number, terms: number): number {
  const entry = isUniform ? UNIFORM_ENTRY : STEPPED_SAMPLE + MODEL_SAMPLE.term * terms;
  const entries = entry * padded(samples);
  return LINE_START + MODEL_SAMPLE.term * terms + PRODUCT * padded(samples) * Math.max(1, coils) + entries / lines;
}

/** An axis of a transform: grid points, and the kernel that spreads a spin on them. */
interface Axis {
  readonly samples: number;
  readonly grid: number;
  readonly kernel: { readonly width: number; readonly taps: number; readonly degree: number };
}

const weightsOf = ({ kernel: { taps, degree } }: Axis): number => 4 * taps * degree;

/**
 * One of several lines that share an axis, with or without coils; each coil computes the weights
 * again.
 */
export function nufft1d1Cost(axis: Axis, lines: number, tileSize: number, coils: number): number {
  const { samples, grid, kernel } = axis;
  const transform = grid * (5 * Math.log2(grid) + 8) + TRANSFORMED_SAMPLE * samples;
  const line = LINE_START + TAP * (kernel.width + 1) + weightsOf(axis) / lines + transform / tileSize;
  return coils === 0 ? line : coils * (line + WEIGHED_START);
}

/**
 * All lines of a train: cells and phases, weights of both axes, their products; the share of the
 * tile's transform, transposition and samples. Coils share cells and weights.
 */
export function nufft2d1Cost(sampleAxis: Axis, lineAxis: Axis, tileSize: number, coils: number): number {
  const [n, l] = [sampleAxis.grid, lineAxis.grid];
  const transform =
    5 * n * l * Math.log2(l) +
    n * lineAxis.samples * (5 * Math.log2(n) + 8) +
    TRANSFORMED_SAMPLE * sampleAxis.samples * lineAxis.samples;
  const products = 2 * CELL * sampleAxis.kernel.taps * lineAxis.kernel.width;
  const [stored, weighed] = coils === 0 ? [0, 0] : [2 * (sampleAxis.kernel.taps + lineAxis.kernel.taps), 60];
  const shared = 120 + weightsOf(sampleAxis) + weightsOf(lineAxis) + stored;
  return shared + Math.max(1, coils) * (products + weighed + transform / tileSize);
}

/** One axis of a plane. */
interface PlaneAxis {
  readonly cells: number;
  readonly grid: number;
  readonly count: number;
  readonly stages: number;
  readonly spreading: { readonly width: number; readonly taps: number; readonly degree: number };
  readonly interpolation: { readonly width: number };
}

interface Plane {
  readonly u: PlaneAxis;
  readonly v: PlaneAxis;
  /** 0: places are real. */
  readonly slope: number;
  readonly times: ArrayLike<number>;
}

/** A curve: a spin's phase and products; its share of the tile's transforms and samples. */
export function nufft2d3Cost({ u, v, slope, times }: Plane, samples: number, tileSize: number): number {
  // Rows of five to eight cells are spread as eight.
  const row = u.spreading.taps === 8 ? 8 : u.spreading.width;
  const ofRow = slope === 0 ? 2 : 5;
  const spreading = times.length * (16 + v.spreading.width * (ofRow + CELL * row));
  const transform = times.length * POINT * (u.cells * v.grid * v.stages + v.count * u.grid * u.stages);
  const sampling = samples * times.length * 2 * u.interpolation.width * v.interpolation.width;
  return 60 + spreading + (transform + sampling) / tileSize;
}

/**
 * A plane, once per tile: a spin's cells and weights, sorting, and its phase factor at each time
 * node. (For a single line of 256 samples this takes 1.15 times as long as by recurrence.)
 */
export function planeCost({ u, v, slope, times }: Plane): number {
  const onV = (slope === 0 ? 1 : 4) * v.spreading.taps * v.spreading.degree;
  return 120 + u.spreading.taps * u.spreading.degree + onV + 50 * times.length;
}

/** Playing a pulse step by step; composing its operator, in f64. */
export const steppedCost = (steps: number): number => 60 + 40 * steps;
export const composedCost = (steps: number): number => 60 + 280 * steps;
/** Applying a sum of operators, by their number. */
export const operatorCost = (terms: number): number => 20 + 15 * terms;
export const OPERATOR_BYTES = 48;
/**
 * Operators of one spin that stay in the cache [bytes]: those of a tile of 1024 spins fill half of
 * a second-level cache. Further ones come from memory at each use, which pulses of many steps are
 * worth: those of many slices.
 */
const CACHED_BYTES = 1024;
/**
 * What an operator costs besides where it comes from memory, not from the cache.
 * @param operators of one spin
 */
export const loadingCost = (operators: number): number => (OPERATOR_BYTES * operators > CACHED_BYTES ? 60 : 0);
/** Looking an operator up in a table, by its numbers of rates and coefficients. */
export const lookUpCost = (rates: number, coefficients: number): number => 100 + coefficients * rates;
/**
 * Looking up an operator and applying it: by the number of vectors of coefficients, and of phase
 * terms of the spins.
 */
export const driftLookUpCost = (vectors: number, terms: number): number => 240 + 6 * terms + 4.4 * vectors;

/**
 * A run before its methods are chosen: samples by matrix products, also with coils (transforms take
 * less), but one by one where coils change along paths; RF steps and everything else as they occur.
 * @param model undefined: spins at rest in one coil
 */
export function roughCost(timeline: Timeline, model?: Model): number {
  const { sampleCount, ops, pulses, terms } = timeline;
  const { alone, term, coil } = MODEL_SAMPLE;
  const coils = model?.coils ?? 0;
  const isDirect = model !== undefined && (model.nodes > 0 || (model.coilSets ?? 1) > 1 || model.fields !== undefined);
  const sample = isDirect ? alone + term * terms + coil * coils : PRODUCT * Math.max(1, coils);
  // A pulse of a model is solved exactly.
  const step = terms === 0 && (model?.transmits ?? 0) === 0 ? 30 : 90;
  let cost = sample * sampleCount + (60 * ops.length) / STRIDE.op;
  for (const [pulse, uses] of pulseUses(timeline).entries()) cost += uses * step * pulses[STRIDE.pulse * pulse + 1];
  return cost;
}

/**
 * On GPUs, in the same unit: an f32 multiply-add of one spin, or what takes as long there. Counted
 * in the kernels' text (docs/how-to/gpu.md).
 */
export const GPU_COST = {
  /** A record of the walk kernel: phase, sine, decay, and a cached operator. */
  record: 75,
  /** An RF step with gradient and step length unchanged. */
  step: 55,
  /** The same while composing an operator: four columns. */
  composedStep: 165,
  /** A line and sample; the matrix forms count whole blocks of 64 × 64. */
  matrixLinear: 4.3,
  matrixDirect: 4.8,
  line: 10,
  scattered: 42,
} as const;

/** What a spin costs on a GPU at most, if each thing that is done were done in the dearest way. */
export function mostGpuCost(timeline: Timeline): number {
  const { sampleCount, readouts, pulses } = timeline;
  let cost = GPU_COST.scattered * sampleCount + (GPU_COST.record * readouts.length) / STRIDE.readout;
  for (const [pulse, uses] of pulseUses(timeline).entries())
    cost += uses * (GPU_COST.record + GPU_COST.composedStep * pulses[STRIDE.pulse * pulse + 1]);
  return cost;
}

/**
 * Operations of a job from which a GPU is worth its start: loading Dawn, opening a device and
 * compiling kernels takes one or two seconds, in which the WASM engine does 10¹⁰ operations on each
 * of the eight cores that a job commonly has beside a GPU.
 */
export const WORTH_A_GPU = 2e11;
