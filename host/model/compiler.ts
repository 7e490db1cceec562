/**
 * The compiler of a sequence for a scanner: gradients as they are played, the phase terms for the
 * spins' columns, and the column of B1+ of each pulse. It is separate from the spins because the
 * spins of a phantom of voxels depend on the timeline.
 */

import type { Movement } from '../base/movement.ts';
import type { Seconds } from '../base/units.ts';
import { readGirf } from '../fields/girf.ts';
import type { PhantomBounds } from '../phantom/types.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { compileTimeline } from '../timeline/compile.ts';
import { concomitantTerms } from '../timeline/concomitant.ts';
import { playedSequence } from '../timeline/gradient-errors/actual.ts';
import { joinTerms, momentTerms, rateTerms } from '../timeline/terms.ts';
import type { PhaseTerms, Timeline } from '../timeline/types.ts';
import { isWholeRoot, rootOf } from './concomitant.ts';
import { openTransmit, type Transmit } from './transmit.ts';
import type { WholeRoot } from './whole-root.ts';

export interface CompilerOptions {
  /** Timelines last until the end of the sequence, not until its last sample. */
  readonly toEnd: boolean;
  /** f64: no digit of a position may be lost. */
  readonly exact: boolean;
}

export interface Compiler {
  readonly sequence: Sequence;
  /** Duration of the sequence as it is played. */
  readonly duration: Seconds;
  /** B1+ that spins see; undefined: uniform. */
  readonly transmit: Transmit | undefined;
  /** The same sequence played with another B1+. */
  withTransmit(transmit: Transmit): Compiler;
  /** Concomitant fields as the whole root for spins in a box; undefined: not asked for. */
  rootIn(box: Pick<PhantomBounds, 'min' | 'max'>): WholeRoot | undefined;
  /** The same with the whole root for spins at rest, instead of the second order. */
  withRoot(root: WholeRoot): Compiler;
  /** @param movement of a group of spins; default: at rest */
  compile(maxRfStep: Seconds, movement?: Movement): Timeline;
}

/**
 * @throws LarmorError 65 if the sequence does not suit the scanner's fields, 66 if one of its files
 * is missing
 */
export async function makeCompiler(
  sequence: Sequence,
  scanner: Scanner,
  { toEnd, exact }: CompilerOptions,
): Promise<Compiler> {
  const { girf, concomitant, nonlinearity } = scanner.gradients ?? {};
  const played = playedSequence(sequence, scanner, girf === undefined ? undefined : readGirf(girf));
  // In the order in which `bindScanner` adds their columns.
  const { B0, gammaBar } = scanner;
  const termsWith = (root: WholeRoot | undefined): PhaseTerms | undefined =>
    joinTerms([
      ...(root ? [rateTerms(root.count, gammaBar, root.rates)] : concomitant ? [concomitantTerms(B0, gammaBar)] : []),
      ...(nonlinearity !== undefined && exact ? [momentTerms(gammaBar)] : []),
    ]);
  const compilerWith = (transmit: Transmit | undefined, root?: WholeRoot): Compiler => {
    const terms = termsWith(root);
    return {
      sequence,
      duration: played.duration,
      transmit,
      withTransmit: (other) => compilerWith(other, root),
      rootIn: (box) => (isWholeRoot(scanner) ? rootOf(scanner, played, box, exact) : undefined),
      withRoot: (other) => compilerWith(transmit, other),
      compile: (maxRfStep, movement) =>
        compileTimeline(played, {
          ...scanner,
          maxRfStep,
          toEnd,
          ...(terms && { terms }),
          ...(transmit && { transmitOf: transmit.columnOf }),
          ...(movement && { movement }),
        }),
    };
  };
  return compilerWith(scanner.transmit && (await openTransmit(scanner.transmit, sequence)));
}
