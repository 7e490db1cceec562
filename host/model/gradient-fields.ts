/**
 * Non-linear gradients: a spin is moved to the position where a linear gradient has the field that
 * it experiences. The last step of all, because maps and coils are sampled at the true position.
 */
import { badInput } from '../base/errors.ts';
import type { GradientFields } from '../fields/nonlinearity.ts';
import { checkSpins, type SurveyOf } from '../phantom/bounds.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { addLayer, type Layer } from './layer.ts';

/**
 * @param exact three phase terms (`momentTerms`) contain the rounding errors of b(r) in f32
 * columns: 4e-6 of the signal of a GRE, which matters in f64
 * @throws LarmorError 65 for moving spins, which would need b along their path
 */
export async function withGradientFields(
  source: PhantomSource,
  fields: GradientFields,
  exact: boolean,
  surveyOf: SurveyOf,
): Promise<PhantomSource> {
  const { model } = source;
  if (model !== undefined && (model.nodes > 0 || (model.groups?.length ?? 1) > 1)) {
    const what = 'gradient non-linearity of moving spins is not simulated';
    throw badInput(fields.path, what, 'leave out the motion or the non-linearity');
  }
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
