/**
 * Applies the scanner's fields to a phantom; the result is what a run simulates. Gradient fields
 * come last because all others are sampled at the true position.
 */
import { readGradientFields } from '../fields/nonlinearity.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { channelsOf, type PhantomSource } from '../phantom/types.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import { readB0Map, withB0Map } from './b0-map.ts';
import { concomitantLayer, rootLayer } from './concomitant.ts';
import { withGradientFields } from './gradient-fields.ts';
import { addLayer, type Layer, requireFit } from './layer.ts';
import { covarianceFactor } from './noise.ts';
import { receiveLayer } from './receive.ts';
import type { Transmit } from './transmit.ts';
import type { WholeRoot } from './whole-root.ts';

export interface BindOptions {
  /** The option or file that names the receive coils, for messages. */
  readonly coilsFile: string;
  /** B1 maps, which the timeline was compiled for. */
  readonly transmit: Transmit | undefined;
  /**
   * The whole root of concomitant fields, which the timeline was compiled for; undefined: second
   * order.
   */
  readonly root: WholeRoot | undefined;
  readonly surveyOf: SurveyOf;
  /** f64: no digit of a place may be lost. */
  readonly exact: boolean;
}

/** @throws LarmorError 65 if a field does not fit the phantom, 66 if one of its files is missing */
export async function bindScanner(
  phantom: PhantomSource,
  { B0, b0Map, receive, gradients }: Scanner,
  { coilsFile, transmit, root, surveyOf, exact }: BindOptions,
): Promise<PhantomSource> {
  let source = phantom;
  const lay = async (layer: Layer): Promise<void> => {
    await requireFit(source, layer, surveyOf);
    source = addLayer(source, layer);
  };
  if (b0Map !== undefined) source = await withB0Map(source, await readB0Map(b0Map), B0, surveyOf);
  if (gradients?.concomitant) await lay(root === undefined ? concomitantLayer(phantom.bounds) : rootLayer(root));
  if (transmit !== undefined) await lay(transmit.layer);
  if (receive !== undefined) {
    await lay(await receiveLayer(coilsFile, receive, phantom));
    // An impossible noise covariance is reported before the run, not at its end.
    if (receive.noiseCovariance !== undefined) covarianceFactor(coilsFile, receive.noiseCovariance, channelsOf(source));
  }
  const { nonlinearity } = gradients ?? {};
  return nonlinearity === undefined
    ? source
    : withGradientFields(source, readGradientFields(nonlinearity), exact, surveyOf);
}
