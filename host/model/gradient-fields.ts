/**
 * Gradients that are not linear: a spin is moved to where a linear gradient has the field that it sees. Outermost of all that is added to a phantom,
 * since maps and coils are sampled at the true place.
 */
import { badInput } from '../base/errors.ts';
import type { GradientFields } from '../fields/nonlinearity.ts';
import { checkSpins, type SurveyOf } from '../phantom/bounds.ts';
import type { PhantomSource } from '../phantom/types.ts';

/** @throws LarmorError 65 for moving spins, which would need b along their path */
export async function withGradientFields(
  source: PhantomSource,
  fields: GradientFields,
  surveyOf: SurveyOf,
): Promise<PhantomSource> {
  const { model } = source;
  if (model !== undefined && (model.nodes > 0 || (model.groups?.length ?? 1) > 1)) {
    const what = 'gradient non-linearity of moving spins is not simulated';
    throw badInput(fields.path, what, 'leave out the motion or the non-linearity');
  }
  const read: PhantomSource['read'] = (first, count, into) => {
    source.read(first, count, into);
    fields.apply(into.x, into.y, into.z, count);
    checkSpins(`${source.name} with ${fields.path}`, first, count, into);
  };
  const { bounds } = await surveyOf(source.spinCount, read);
  return { ...source, bounds, identity: `${source.identity} gradients=${fields.identity}`, read };
}
