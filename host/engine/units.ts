/**
 * Densities in the engines' units: divided by the power of two at or below the largest density of
 * the phantom. This is exact, so it changes no bit of a result. Thresholds of the kernels are then
 * relative to the phantom: densities of 10⁻³⁰ are simulated like those of 1.
 */
import type { PhantomSource } from '../phantom/types.ts';

type Dense = { readonly bounds: Pick<PhantomSource['bounds'], 'maxDensity'> };

/**
 * Largest contribution of one spin to a sample: its density, times the sensitivity of a coil if
 * there are coils.
 */
export const largestShare = ({ bounds, model }: Pick<PhantomSource, 'bounds' | 'model'>): number =>
  bounds.maxDensity * (model !== undefined && model.coils > 0 ? model.largest.coil : 1);

/**
 * Largest signal of a tile over Σ|C·ρ|: |M| ≤ ρ, plus the rounding of f32 in 10⁷ steps. A larger
 * signal would be wrong, and might overflow the sums.
 */
export const MOST_SIGNAL = 1.5;

/** e, the engines' unit of density being 2^e. */
export const unitExponent = ({ bounds }: Dense): number => Math.floor(Math.log2(bounds.maxDensity));

/** Converts the first `count` densities, or components of magnetisation, to the engines' units. */
export function toUnits(values: Float32Array | Float64Array, count: number, source: Dense): void {
  const exponent = unitExponent(source);
  if (exponent === 0) return;
  const factor = 2 ** -exponent;
  for (let n = 0; n < count; n++) values[n] = values[n] * factor;
}

/** Converts magnetisation back from the engines' units, in place. */
export function fromUnits(magnetization: Float64Array, source: Dense): void {
  const factor = 2 ** unitExponent(source);
  if (factor === 1) return;
  for (let n = 0; n < magnetization.length; n++) magnetization[n] = magnetization[n] * factor;
}
