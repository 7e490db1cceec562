/**
 * The phantom in the scanner: spins with the columns of the fields at their positions, and the
 * corresponding timelines. Spins at rest share one timeline; moving spins have one per group.
 */
import { badInput } from '../base/errors.ts';
import { warn } from '../base/log.ts';
import { formatQuantity } from '../base/quantities.ts';
import type { Seconds } from '../base/units.ts';
import { readGradientFields } from '../fields/nonlinearity.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { movingPhantom } from '../phantom/motion/moving.ts';
import type { Motion } from '../phantom/motion/types.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Timeline, Timelines } from '../timeline/types.ts';
import { readB0Map, seenB0Map } from './b0-map.ts';
import { bindScanner } from './bind.ts';
import type { Compiler } from './compiler.ts';
import { seenConcomitant, seenRoot } from './concomitant.ts';
import { seenGradients } from './gradient-fields.ts';
import { type MovingInFields, movingInFields } from './moving-fields.ts';
import { receiveLayer } from './receive.ts';
import { phantomTransmit } from './transmit.ts';

export interface PlacingOptions {
  readonly maxRfStep: Seconds;
  /** The option or file that names the receive coils, for messages. */
  readonly coilsName: string;
  readonly surveyOf: SurveyOf;
  /** See `CompilerOptions`. */
  readonly exact: boolean;
}

export type Reach = Pick<PhantomSource['bounds'], 'min' | 'max'>;

export interface PlacedPhantom {
  readonly source: PhantomSource;
  /** Timeline of spins at rest. */
  readonly atRest: Timeline;
  /** One for each group of spins. */
  readonly timelines: Timelines;
  /** Box of all places that moving spins reach during the sequence; undefined: they rest. */
  readonly reach?: Reach;
  /** The same with other steps in pulses. */
  readonly compile: (maxRfStep: Seconds) => Timelines;
}

/**
 * @param atRest what the scanner's `compiler` makes for spins at rest
 * @throws LarmorError 65 where the fields do not fit the spins
 */
export async function placePhantom(
  phantom: PhantomSource,
  scanner: Scanner,
  compiler: Compiler,
  atRest: Timeline,
  options: PlacingOptions,
): Promise<PlacedPhantom> {
  const { maxRfStep, coilsName, surveyOf, exact } = options;
  const { motions } = phantom;
  const nominal = withOwnTransmit(phantom, compiler);
  const root = motions === undefined ? compiler.rootIn(phantom.bounds) : undefined;
  const own = root === undefined ? nominal : nominal.withRoot(root);
  const rest = own === compiler ? atRest : own.compile(maxRfStep);
  if (motions === undefined) {
    const { transmit } = own;
    const source = await bindScanner(phantom, scanner, { coilsFile: coilsName, transmit, root, surveyOf, exact });
    return { source, atRest: rest, timelines: [rest], compile: (step) => [own.compile(step)] };
  }
  const moving = await movingIn(phantom, scanner, own, { motions, coilsName });
  await moving.requireCoverage(surveyOf);
  const compile = (step: Seconds): Timelines =>
    moving.movements.map((movement) => own.compile(step, movement)) as unknown as Timelines;
  // Compiled first: timelines determine the times for which the source fills columns.
  const timelines = compile(maxRfStep);
  return { source: moving.source(), atRest: rest, timelines, reach: moving.reach, compile };
}

/** B1+ of the phantom is used if the scanner has no map of it. */
function withOwnTransmit(phantom: PhantomSource, compiler: Compiler): Compiler {
  if (phantom.transmit === undefined) return compiler;
  if (compiler.transmit === undefined && phantom.motions !== undefined)
    throw badInput(
      phantom.name,
      'its spins move, but its B1+ is known only at their positions at rest',
      'give B1+ as a map in space: --b1-map',
    );
  if (compiler.transmit === undefined)
    return compiler.withTransmit(phantomTransmit(phantom, phantom.transmit, compiler.sequence));
  warn(`${phantom.name}: the B1+ map of the phantom has no effect: the scanner file has one`);
  return compiler;
}

/**
 * Moving spins in fields that are fixed in space.
 * @throws LarmorError 65 if a field does not cover them, or sampling their movement would take too
 *   long
 */
async function movingIn(
  phantom: PhantomSource,
  { B0, gammaBar, b0Map, receive, gradients }: Scanner,
  { duration, transmit, rootIn }: Compiler,
  { motions, coilsName }: { readonly motions: readonly Motion[]; readonly coilsName: string },
): Promise<MovingInFields> {
  const { concomitant, nonlinearity } = gradients ?? {};
  const inFields = [b0Map, receive, transmit, concomitant || undefined, nonlinearity].some((one) => one !== undefined);
  const moving = movingPhantom(phantom, motions, duration, inFields);
  if (!moving.moves) {
    const lasts = formatQuantity(duration, 's');
    warn(`${motions[0].place}: its motions move no spin during the ${lasts} of the sequence; check their times`);
  }
  const { min, max } = moving.bounds;
  const reached = { ...phantom, bounds: { ...phantom.bounds, min, max } };
  const layer = receive && (await receiveLayer(coilsName, receive, reached));
  const root = rootIn(moving.bounds);
  const seen = [
    ...(b0Map === undefined ? [] : [seenB0Map(await readB0Map(b0Map), gammaBar)]),
    ...(concomitant ? [root === undefined ? seenConcomitant(B0, moving.bounds) : seenRoot(root)] : []),
    ...(nonlinearity === undefined ? [] : [seenGradients(readGradientFields(nonlinearity), moving.bounds)]),
  ];
  return movingInFields(moving, { receive: layer, transmit: transmit?.layer, seen }, phantom, duration);
}
