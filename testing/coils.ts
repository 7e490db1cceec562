/** Spins in receive coils, in memory: for tests, validation and bench. */
import { cylinderArray, loopSensitivity } from '../host/fields/loops.ts';
import type { Model, PhantomSource, SpinBlock } from '../host/phantom/types.ts';
import { phantomOf } from './run.ts';

/** Loops on a cylinder about the spins [m]. */
const RADIUS = 0.15;
const LENGTH = 0.2;

/**
 * Spins with the sensitivities of a given number of loops, scaled so that the largest real or
 * imaginary part is 1.
 */
export function inCoils(spins: SpinBlock, coils: number): PhantomSource {
  const count = spins.x.length;
  const columns = cylinderArray(coils, RADIUS, LENGTH).flatMap((loop) => {
    const [re, im] = [new Float32Array(count), new Float32Array(count)];
    loopSensitivity(loop, spins, count, re, im, () => {});
    return [re, im];
  });
  const most = columns.reduce((all, own) => own.reduce((a, b) => Math.max(a, Math.abs(b)), all), 0);
  const extra = columns.map((own) => own.map((value) => value / most));
  const model: Model = {
    ...{ terms: 0, transmits: 0, coils, nodes: 0 },
    largest: { terms: [], transmit: 0, coil: Math.SQRT2, node: 0 },
  };
  return phantomOf({ ...spins, extra }, 1.5, model);
}

/**
 * Largest error of a sample of any coil over Σ|C·ρ| of that coil.
 * @param a, b [coils][samples][re, im]
 */
export function errorInCoils(a: Float64Array, b: Float64Array, source: PhantomSource, spins: SpinBlock): number {
  const { coils } = source.model!;
  const into = { ...spins, extra: Array.from({ length: 2 * coils }, () => new Float32Array(spins.x.length)) };
  source.read(0, spins.x.length, into);
  const samples = a.length / coils;
  let worst = 0;
  for (let coil = 0; coil < coils; coil++) {
    const [re, im] = [into.extra[2 * coil], into.extra[2 * coil + 1]];
    const total = spins.density.reduce((sum, density, n) => sum + density * Math.hypot(re[n], im[n]), 0);
    for (let n = coil * samples; n < (coil + 1) * samples; n += 2)
      worst = Math.max(worst, Math.hypot(a[n] - b[n], a[n + 1] - b[n + 1]) / total);
  }
  return worst;
}
