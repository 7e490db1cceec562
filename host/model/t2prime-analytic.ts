/**
 * T2′ as one factor e^{−R2′|τ|} for each spin and sample, for scans with a single pathway. The
 * factor depends on the spin and on the sample; it is a short sum of products,
 *
 *     e^{−R2′|τ|} = Σ_p A_p(R2′)·e^{−R_p|τ|}
 *
 * so the spins are received in channels with weights A_p, and the channels are added with the
 * factors of the samples: with no more R2′ than channels each has its own, else A_p are the
 * Lagrange polynomials of Chebyshev points R_p.
 */
import { badInput } from '../base/errors.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { addLayer, type Layer } from './layer.ts';
import { dephasingRate, eachDephasing } from './t2prime.ts';

/** Different rates that get a channel each. */
const MOST_CLASSES = 12;
/** Largest error of the factor, and the channels that it may take. */
const PRECISE = 1e-7;
const MOST_CHANNELS = 40;

export interface Channels {
  readonly source: PhantomSource;
  /** Adds the channels of [channels][samples][re, im] to [samples][re, im]. */
  mix(signal: Float64Array): Float64Array;
}

/** @param times [samples] |τ| [s] */
export function withAnalytic(source: PhantomSource, times: Float64Array): Channels {
  if (source.model !== undefined && source.model.coils > 0)
    throw badInput(source.name, '--t2prime analytic and receive coils cannot be combined', 'use --t2prime ensemble');
  const rates = ratesOf(source);
  const longest = times.reduce((most, time) => Math.max(most, time), 0);
  const { nodes, weights } = rates.classes ? classes(rates.classes) : interpolation(rates.largest, longest);
  const values = new Float64Array(nodes.length);
  const layer: Layer = {
    adds: { coils: nodes.length },
    largest: { coil: largestWeight(weights, rates.largest, nodes.length) },
    identity: `t2prime=${nodes.join(',')}`,
    residentBytes: 0,
    fill({ block: { T2, T2s }, count }, columns) {
      for (let n = 0; n < count; n++) {
        weights(dephasingRate(T2[n], T2s[n]), values);
        for (const [p, value] of values.entries()) {
          columns[2 * p][n] = value;
          columns[2 * p + 1][n] = 0;
        }
      }
    },
  };
  return {
    source: addLayer(source, layer),
    mix(signal) {
      const mixed = new Float64Array(2 * times.length);
      for (const [p, rate] of nodes.entries())
        for (const [n, time] of times.entries()) {
          const factor = Math.exp(-rate * time);
          const at = 2 * (p * times.length + n);
          mixed[2 * n] = mixed[2 * n] + factor * signal[at];
          mixed[2 * n + 1] = mixed[2 * n + 1] + factor * signal[at + 1];
        }
      return mixed;
    },
  };
}

/** The largest rate, and all distinct rates if they are few. If there are none, a single 0. */
function ratesOf(source: PhantomSource): { readonly largest: number; readonly classes: readonly number[] | undefined } {
  const different = new Set([0]);
  let largest = 0;
  eachDephasing(source, (rate) => {
    largest = Math.max(largest, rate);
    if (different.size <= MOST_CLASSES) different.add(rate);
  });
  return { largest, classes: different.size <= MOST_CLASSES ? [...different].sort((a, b) => a - b) : undefined };
}

interface Basis {
  /** R_p [1/s] */
  readonly nodes: readonly number[];
  /** A_p of a rate. */
  readonly weights: (rate: number, into: Float64Array) => void;
}

function classes(nodes: readonly number[]): Basis {
  return {
    nodes,
    weights(rate, into) {
      into.fill(0);
      into[nodes.indexOf(rate)] = 1;
    },
  };
}

/**
 * A basis of as many points as represent e^{−rate·time} to `PRECISE` for rates up to `largest` and
 * times up to `longest`, within `MOST_CHANNELS`.
 */
function interpolation(largest: number, longest: number): Basis {
  for (let count = 4; ; count += 2) {
    const basis = chebyshev(largest, count);
    if (count >= MOST_CHANNELS || errorOf(basis, largest, longest) < PRECISE) return basis;
  }
}

function chebyshev(largest: number, count: number): Basis {
  const nodes = Array.from({ length: count }, (_, p) => (largest / 2) * (1 - Math.cos((Math.PI * (p + 0.5)) / count)));
  // Barycentric weights of Chebyshev points of the first kind.
  const factors = nodes.map((_, p) => (p % 2 === 0 ? 1 : -1) * Math.sin((Math.PI * (p + 0.5)) / count));
  return {
    nodes,
    weights(rate, into) {
      const hit = nodes.indexOf(rate);
      if (hit >= 0) {
        into.fill(0);
        into[hit] = 1;
        return;
      }
      let sum = 0;
      for (const [p, node] of nodes.entries()) {
        into[p] = factors[p] / (rate - node);
        sum += into[p];
      }
      for (let p = 0; p < count; p++) into[p] = into[p] / sum;
    },
  };
}

function errorOf({ nodes, weights }: Basis, largest: number, longest: number): number {
  const values = new Float64Array(nodes.length);
  let worst = 0;
  for (let i = 0; i <= 200; i++) {
    const rate = (largest * i) / 200;
    weights(rate, values);
    for (const part of [0.02, 0.1, 0.3, 0.6, 1]) {
      const time = part * longest;
      let sum = 0;
      for (const [p, node] of nodes.entries()) sum += values[p] * Math.exp(-node * time);
      worst = Math.max(worst, Math.abs(sum - Math.exp(-rate * time)));
    }
  }
  return worst;
}

function largestWeight(weights: Basis['weights'], largest: number, count: number): number {
  const values = new Float64Array(count);
  let most = 1;
  for (let i = 0; i <= 1000; i++) {
    weights((largest * i) / 1000, values);
    for (const value of values) most = Math.max(most, Math.abs(value));
  }
  return 1.01 * most;
}
