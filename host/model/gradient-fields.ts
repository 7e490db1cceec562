/**
 * Non-linear gradients: a spin is moved to the position where a linear gradient has the field that
 * it experiences. The last step of all, because maps and coils are sampled at the true position.
 */
import type { GradientFields } from '../fields/nonlinearity.ts';
import { checkSpins, type SurveyOf } from '../phantom/bounds.ts';
import type { PhantomBounds, PhantomSource } from '../phantom/types.ts';
import { addLayer, type Layer } from './layer.ts';
import type { SeenField } from './seen-fields.ts';

/**
 * The phantom at rest.
 * @param exact three more phase terms (`momentTerms`) for the rounding errors of b(r) in f32
 *   columns: 4e-6 of the signal of a GRE, which matters in f64
 * @throws LarmorError 65 if b(r) cannot be simulated
 */
export async function withGradientFields(
  source: PhantomSource,
  fields: GradientFields,
  exact: boolean,
  surveyOf: SurveyOf,
): Promise<PhantomSource> {
  const layered = exact ? addLayer(source, roundingLayer(fields)) : source;
  const read: PhantomSource['read'] = (first, count, into) => {
    if (exact && into.extra !== undefined) layered.read(first, count, into);
    else {
      source.read(first, count, into);
      fields.apply(into.x, into.y, into.z, count);
    }
    checkSpins(`${source.name} with ${fields.path}`, first, count, into);
  };
  const { bounds } = await surveyOf(source.spinCount, read);
  return { ...layered, bounds, identity: `${source.identity} gradients=${fields.identity}`, read };
}

/** Half a unit in the last place of any position there can be [m]. */
const MOST_LOST = 10 * 2 ** -24;

function roundingLayer(fields: GradientFields): Layer {
  return {
    adds: { terms: 3 },
    largest: { terms: [MOST_LOST, MOST_LOST, MOST_LOST] },
    identity: '',
    residentBytes: 0,
    fill: ({ block, count }, lost) => fields.apply(block.x, block.y, block.z, count, lost),
  };
}

/**
 * Positions along each axis of a box at which b(r) − r is evaluated for its bound, and the margin
 * for values in between.
 */
const LOOKS = 9;
const MARGIN = 1.5;

/** b(r) − r along the way of moving spins. @param bounds of all places that are reached */
export function seenGradients(fields: GradientFields, { min, max }: Pick<PhantomBounds, 'min' | 'max'>): SeenField {
  const at = (axis: number, step: (n: number) => number): Float64Array =>
    Float64Array.from(
      { length: LOOKS ** 3 },
      (_, n) => min[axis] + ((max[axis] - min[axis]) * (step(n) % LOOKS)) / (LOOKS - 1),
    );
  const grid = {
    x: at(0, (n) => n),
    y: at(1, (n) => Math.floor(n / LOOKS)),
    z: at(2, (n) => Math.floor(n / LOOKS ** 2)),
  };
  const found = [0, 1, 2].map(() => new Float64Array(LOOKS ** 3));
  fields.displacements(grid, LOOKS ** 3, found);
  return {
    largest: found.map((values) => MARGIN * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)),
    identity: `gradients=${fields.identity}`,
    residentBytes: 0,
    rates: (gradients) => gradients,
    sample: (places, columns) => fields.displacements(places, columns[0].length, columns),
  };
}
