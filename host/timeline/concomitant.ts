/**
 * Concomitant fields. The field of a gradient cannot be along z everywhere; its transverse
 * components increase the magnitude of the field by
 *
 *     ((Gx² + Gy²)·z² + Gz²/4·(x² + y²) − GxGz·xz − GyGz·yz) / 2B0
 *
 * to second order in G (Bernstein et al., Magn. Reson. Med. 39, 300, 1998), with the symmetric z
 * gradient of a cylinder. Four phase terms with q = z², x² + y², xz, yz: products of two
 * piecewise-linear gradients are integrated exactly.
 */

import type { SeenFields } from '../base/movement.ts';
import type { Hertz, Tesla } from '../base/units.ts';
import { cornersWithin, type PiecewiseLinear, valueAt } from '../sequence/waveform.ts';
import type { PhaseTerms } from './types.ts';

export function concomitantTerms(B0: Tesla, gammaBar: Hertz): PhaseTerms {
  const unit = gammaBar / (2 * B0);
  return {
    count: 4,
    integrals(gradients, from, to) {
      const [xx, yy, zz, xz, yz] = products(gradients, from, to);
      return [unit * (xx + yy), (unit * zz) / 4, -unit * xz, -unit * yz];
    },
  };
}

/** The same field of spins that move, per unit of z², x² + y², xz, yz. */
export function concomitantRates(B0: Tesla): SeenFields['rates'] {
  const unit = 1 / (2 * B0);
  return ([gx, gy, gz]) => [unit * (gx * gx + gy * gy), (unit * gz * gz) / 4, -unit * gx * gz, -unit * gy * gz];
}

type Products = [xx: number, yy: number, zz: number, xz: number, yz: number];

/** ∫ of Gx², Gy², Gz², GxGz, GyGz dt. */
function products(gradients: readonly PiecewiseLinear[], from: number, to: number): Products {
  const sums: Products = [0, 0, 0, 0, 0];
  const times = [from, ...cornersWithin(gradients, from, to), to];
  for (let n = 1; n < times.length; n++) {
    const [start, end] = [times[n - 1], times[n]];
    const third = (end - start) / 3;
    const [a, b] = [
      gradients.map((gradient) => valueAt(gradient, start, 'after')),
      gradients.map((gradient) => valueAt(gradient, end, 'before')),
    ];
    for (const [i, [p, q]] of PAIRS.entries())
      sums[i] += third * (a[p] * a[q] + b[p] * b[q] + (a[p] * b[q] + b[p] * a[q]) / 2);
  }
  return sums;
}

const PAIRS = [
  [0, 0],
  [1, 1],
  [2, 2],
  [0, 2],
  [1, 2],
] as const;
