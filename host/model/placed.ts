/**
 * The phantom in the scanner: spins with the columns of the fields at their positions, and the
 * corresponding timelines. Spins at rest share one timeline; of spins that move each group has its
 * own. Combinations with moving spins that are not supported are rejected.
 */
import { badInput, usage } from '../base/errors.ts';
import { warn } from '../base/log.ts';
import { formatQuantity } from '../base/quantities.ts';
import type { Seconds } from '../base/units.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { movingPhantom } from '../phantom/motion/moving.ts';
import type { Motion } from '../phantom/motion/types.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Timeline, Timelines } from '../timeline/types.ts';
import { bindScanner } from './bind.ts';
import type { Compiler } from './compiler.ts';
import { type MovingInFields, movingInFields } from './moving-fields.ts';
import { receiveLayer } from './receive.ts';
import type { T2Prime } from './t2prime.ts';
import { phantomTransmit } from './transmit.ts';

export interface PlacingOptions {
  readonly maxRfStep: Seconds;
  /** What messages call the receive coils. */
  readonly coilsName: string;
  readonly surveyOf: SurveyOf;
  /** See `CompilerOptions`. */
  readonly exact: boolean;
  readonly toEnd: boolean;
  readonly t2prime: T2Prime;
}

export interface PlacedPhantom {
  readonly source: PhantomSource;
  /** Of spins at rest. */
  readonly atRest: Timeline;
  /** One for each group of spins. */
  readonly timelines: Timelines;
  /** The same with other steps in pulses. */
  readonly compile: (maxRfStep: Seconds) => Timelines;
}

/**
 * @param atRest what the scanner's `compiler` makes for spins at rest
 * @throws LarmorError 2 or 65 if the fields do not fit the spins, or a combination with moving
 * spins is not supported
 */
export async function placePhantom(
  phantom: PhantomSource,
  scanner: Scanner,
  compiler: Compiler,
  atRest: Timeline,
  options: PlacingOptions,
): Promise<PlacedPhantom> {
  const { maxRfStep, coilsName, surveyOf, exact } = options;
  const own = withOwnTransmit(phantom, compiler);
  const rest = own === compiler ? atRest : own.compile(maxRfStep);
  const { motions } = phantom;
  if (motions === undefined) {
    const { transmit } = own;
    const source = await bindScanner(phantom, scanner, { coilsFile: coilsName, transmit, surveyOf, exact });
    return { source, atRest: rest, timelines: [rest], compile: (step) => [own.compile(step)] };
  }
  requireNoneOf(phantom, options);
  const moving = await movingIn(phantom, scanner, own, { motions, coilsName });
  const compile = (step: Seconds): Timelines =>
    moving.movements.map((movement) => own.compile(step, movement)) as unknown as Timelines;
  // Compiled first: timelines determine the times for which the source fills columns.
  const timelines = compile(maxRfStep);
  return { source: moving.source(), atRest: rest, timelines, compile };
}

/** B1+ of the phantom is used if the scanner has no map of it. */
function withOwnTransmit(phantom: PhantomSource, compiler: Compiler): Compiler {
  if (phantom.transmit === undefined) return compiler;
  if (compiler.transmit === undefined)
    return compiler.withTransmit(phantomTransmit(phantom, phantom.transmit, compiler.sequence));
  warn(`${phantom.name}: its B1+ has no effect: the scanner has a map of its own`);
  return compiler;
}

/** Throws what is not simulated of moving spins. */
function requireNoneOf({ name, transmit }: PhantomSource, { t2prime, toEnd }: PlacingOptions): void {
  const fix = 'leave it out, or simulate spins at rest';
  if (t2prime !== 'none') throw usage(`T2' (${t2prime}) is not simulated of spins that move`, fix);
  if (toEnd) throw usage('the magnetization at the end is not simulated of spins that move', fix);
  if (transmit !== undefined)
    throw badInput(name, 'its spins move, and it has a B1+ of its own', 'give the scanner a map of B1');
}

/**
 * Spins that move among coils and maps of B1 that are fixed in space.
 * @throws LarmorError 65 where they would move through fields that are sampled at their positions
 * at rest
 */
async function movingIn(
  phantom: PhantomSource,
  { b0Map, receive, gradients }: Scanner,
  { duration, transmit }: Compiler,
  { motions, coilsName }: { readonly motions: readonly Motion[]; readonly coilsName: string },
): Promise<MovingInFields> {
  const field = [
    b0Map && 'a B0 map',
    gradients?.nonlinearity && 'non-linear gradients',
    gradients?.concomitant && 'concomitant fields',
  ].find((part) => part);
  if (field) throw badInput(phantom.name, `its spins move, in ${field}`, `simulate it without ${field}, or at rest`);
  const moving = movingPhantom(phantom, motions, duration);
  if (!moving.moves) {
    const lasts = formatQuantity(duration, 's');
    warn(`${motions[0].place}: its motions move nothing in the ${lasts} of the sequence; check their times`);
  }
  const { min, max } = moving.bounds;
  const reached = { ...phantom, bounds: { ...phantom.bounds, min, max } };
  const layer = receive && (await receiveLayer(coilsName, receive, reached));
  return movingInFields(moving, { receive: layer, transmit: transmit?.layer });
}
