/**
 * The timeline: a sequence compiled once into the form that kernels need, as flat typed arrays that
 * the WASM and WebGPU engines both read. This file documents them. For each spin the `ops` are
 * executed from first to last: it precesses, is rotated by pulses and sampled in readouts. A
 * readout does not change the state: the precession during its samples follows as an ordinary
 * precession, so a method may sum readouts in another order without affecting the rest. Numbers are
 * f64 and relative to their block: absolute time is not used, so a scan of hours loses no
 * precision.
 */

import type { Movement } from '../base/movement.ts';
import type { Hertz, Tesla } from '../base/units.ts';
import type { Block } from '../sequence/types.ts';
import type { PiecewiseLinear } from '../sequence/waveform.ts';

/** Kinds of op: `ops` holds pairs [kind, index]. */
export const OP = {
  /** index into precessions */
  precess: 0,
  /** index into excitations */
  excite: 1,
  /** index into readouts */
  readout: 2,
  /**
   * node p of the paths that spins follow: from here on the six sliding columns are the
   * displacements of nodes p and p + 1 (at the start: of 0 and 1)
   */
  slide: 3,
  /**
   * node: from here on spins that are reset there have no magnetisation, not even in equilibrium
   */
  hold: 4,
  /** node: the same spins are at equilibrium */
  release: 5,
  /** index into senses: how coils change during the readouts from here on */
  sense: 6,
  /**
   * node p at which spins see fields fixed in space: from here on the columns of fields are their
   * values at nodes p and p + 1 (at the start: at 0 and 1)
   */
  field: 7,
} as const;

export interface Timeline {
  readonly gammaBar: Hertz;
  /** Field of the scanner; phantom off-resonance is scaled to it. */
  readonly B0: Tesla;
  /** Samples of the whole run; readouts fill them in order. */
  readonly sampleCount: number;
  /** [ops][kind, index] */
  readonly ops: Int32Array;

  /**
   * [precessions][kx, ky, kz, dt]: γ̄∫G dt [cycles/m] and duration [s] of a stretch with no RF and
   * no sample to record. A static spin turns by −2π(k·r + Δf·dt) and decays by e^{−dt/T2},
   * e^{−dt/T1}. Equal ones are stored once.
   */
  readonly precessions: Float64Array;

  /**
   * [excitations][pulse, phase, transmit]: index into pulses, phase [rad] by which its B1 is turned
   * (already conjugated), and the spins' column of B1 over its nominal value, or −1: the nominal
   * field.
   */
  readonly excitations: Float64Array;
  /**
   * [pulses][firstStep, steps, offset, duration]: offset [Hz] is the frequency of the rotating
   * frame of the steps' B1. In it a spin precesses at γ̄G·r + Δf − offset; at the end Mxy is
   * rotated back by −2π·offset·duration. At the start the frame has phase 0.
   */
  readonly pulses: Float64Array;
  /**
   * [rfSteps][dt, B1re, B1im, Gx, Gy, Gz]: duration [s], B1 [T] and G [T/m] at the step's middle. A
   * step is one rotation about (B1re, B1im, G·r + (Δf − offset)/γ̄); `relaxation.ts` determines
   * when the spins relax between steps.
   */
  readonly rfSteps: Float64Array;

  /** [readouts][firstSample, trajectory]: index of its first sample in the signal */
  readonly readouts: Int32Array;
  /**
   * [trajectories][first, count, uniform]: its samples in `samples`; uniform = 1 when they are
   * equally spaced in k and t.
   */
  readonly trajectories: Int32Array;
  /**
   * [samples][kx, ky, kz, t]: position of a sample relative to the readout's first sample
   * [cycles/m, s]. Shared by equal lines.
   */
  readonly samples: Float64Array;

  /**
   * Phase terms: in addition to k·r + Δf·t a spin rotates by Σ κ_i·q_i, with its columns q
   * (`phantom/columns.ts`). 0 for static spins in ideal fields, and the three arrays below are then
   * empty. If spins follow paths the last six terms slide: x, y, z of node p, and of node p + 1.
   * Before these are the values of fields at one field node and at the next, if moving spins see
   * any.
   */
  readonly terms: number;
  /** [precessions][terms] change of κ [cycles per unit of q] */
  readonly precessionTerms: Float64Array;
  /** [samples][terms] κ relative to the readout's first sample */
  readonly sampleTerms: Float64Array;
  /** [rfSteps][terms] rate of κ, its mean over the step [Hz per unit of q] */
  readonly rfStepTerms: Float64Array;

  /**
   * [senses][set, terms, start, step, shift]: sensitivities along the paths of moving spins, at
   * sample n of a readout Σ_k C_k·T_k(start + n·step), with Chebyshev's polynomials T_k and the
   * sets of coil columns C_0 = `set`, … (`terms` of them). Spins are never farther than `shift`
   * times their distance from a wire from where they are at x = 0. Empty: coils have one set.
   */
  readonly senses: Float64Array;

  /**
   * Angle [rad] by which the frame has turned clockwise at the end, in addition to B0, because of a
   * field common to all spins.
   */
  readonly turned: number;
  /**
   * [readouts][phase, step, shape]: receive phase of the first sample [rad] and its increment per
   * sample [rad], and an index into receiveShapes or −1. The samples of a readout are multiplied by
   * e^{+i(phase + n·step + shape[n])} after the sum over spins.
   */
  readonly receive: Float64Array;
  /** [shape][samples] rad */
  readonly receiveShapes: readonly Float64Array[];
}

/**
 * One timeline for each group of spins, all with the same readouts. Values common to all are those
 * of the first.
 */
export type Timelines = readonly [Timeline, ...Timeline[]];

/** Numbers per record of each array. */
export const STRIDE = {
  op: 2,
  precession: 4,
  excitation: 3,
  pulse: 4,
  rfStep: 6,
  readout: 2,
  trajectory: 3,
  sample: 4,
  receive: 3,
  sense: 5,
} as const;

/** κ of spins at rest, which depends only on the gradients of a block. */
export interface PhaseTerms {
  readonly count: number;
  /**
   * ∫ of each term's rate from `from` to `to` [cycles per unit of q].
   * @param gradients (x, y, z) of the block, in block time
   */
  integrals(gradients: readonly PiecewiseLinear[], from: number, to: number): readonly number[];
}

export interface TimelineOptions {
  readonly B0: Tesla;
  /** Default: that of ¹H. */
  readonly gammaBar?: Hertz;
  /** Longest step of a block pulse [s]; default 50 µs. */
  readonly maxRfStep: number;
  /** The column of B1 for a block's pulse; default: the nominal field. */
  readonly transmitOf?: (block: Block) => number;
  /** Phase terms of spins at rest; default: none. */
  readonly terms?: PhaseTerms;
  /** How spins move; default: not at all. */
  readonly movement?: Movement;
  /**
   * Whether to compile to the end of the sequence and not only to its last sample: for the final
   * magnetisation.
   */
  readonly toEnd?: boolean;
}
