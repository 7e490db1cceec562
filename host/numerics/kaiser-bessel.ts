/**
 * The Kaiser–Bessel kernel of gridding and its Fourier transform, for a grid twice as fine as the
 * image needs:
 *
 *     φ(u) = I₀(β √(1 − (2u/W)²)) / I₀(β), |u| ≤ W/2
 *     φ̂(x) = W sinh(√(β² − (πWx)²)) / (√(β² − (πWx)²) I₀(β))
 *
 * u in grid cells, x in cycles per cell. β = π √((W/2)²·(3/2)² − 0.8) keeps the aliased part
 * smallest (Beatty, Nishimura and Pauly, IEEE TMI 2005, eq. 5 with twofold oversampling).
 */

import { besselI0 } from './bessel.ts';

/** How many times finer than the image needs the grid is. */
export const OVERSAMPLING = 2;

/**
 * Table entries per grid cell; linear between them, which is good to 2e-7 of the kernel's height.
 */
const RESOLUTION = 1024;

export interface Kernel {
  /** W, grid cells. */
  readonly width: number;
  /** φ at u = n / `resolution`, up to W/2 and two zeros beyond. */
  readonly table: Float64Array;
  readonly resolution: number;
  /** φ̂ at x cycles per grid cell. */
  transform(x: number): number;
}

export function kaiserBessel(width: number, beta = leastAliasing(width)): Kernel {
  const height = besselI0(beta);
  const last = Math.floor((width / 2) * RESOLUTION);
  const table = new Float64Array(last + 3);
  for (let n = 0; n <= last; n++) {
    const u = (2 * n) / (RESOLUTION * width);
    table[n] = besselI0(beta * Math.sqrt(1 - u * u)) / height;
  }
  return {
    width,
    table,
    resolution: RESOLUTION,
    transform(x) {
      const square = beta * beta - (Math.PI * width * x) ** 2;
      const root = Math.sqrt(Math.abs(square));
      if (root < 1e-8) return width / height;
      return (width * (square > 0 ? Math.sinh(root) : Math.sin(root))) / (root * height);
    },
  };
}

/** β for images. */
function leastAliasing(width: number): number {
  const reach = (width / OVERSAMPLING) * (OVERSAMPLING - 0.5);
  return Math.PI * Math.sqrt(reach * reach - 0.8);
}
