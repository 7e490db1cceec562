/**
 * The compiler of a sequence for a scanner: gradients as they are played, the phase terms for the
 * spins' columns, and the column of B1+ of each pulse. It is separate from the spins because the
 * spins of a phantom of voxels depend on the timeline.
 */

import type { Movement } from '../base/movement.ts';
import type { Seconds } from '../base/units.ts';
import { readGirf } from '../fields/girf.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { compileTimeline } from '../timeline/compile.ts';
import { concomitantTerms } from '../timeline/concomitant.ts';
import { playedSequence } from '../timeline/gradient-errors/actual.ts';
import { joinTerms, momentTerms } from '../timeline/terms.ts';
import type { Timeline } from '../timeline/types.ts';
import { warnOfLowField } from './concomitant.ts';
import { openTransmit, type Transmit } from './transmit.ts';

export interface CompilerOptions {
  /** What messages call the scanner. */
  readonly scannerName: string;
  /** Timelines last until the end of the sequence, not until its last sample. */
  readonly toEnd: boolean;
  /** f64: no digit of a position may be lost. */
  readonly exact: boolean;
}

export interface Compiler {
  readonly sequence: Sequence;
  /** Of the sequence as it is played. */
  readonly duration: Seconds;
  /** B1+ that spins see; undefined: uniform. */
  readonly transmit: Transmit | undefined;
  /** The same sequence played with another B1+. */
  withTransmit(transmit: Transmit): Compiler;
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
  { scannerName, toEnd, exact }: CompilerOptions,
): Promise<Compiler> {
  const { girf, concomitant, nonlinearity } = scanner.gradients ?? {};
  const played = playedSequence(sequence, scanner, girf === undefined ? undefined : readGirf(girf));
  // In the order in which `bindScanner` adds their columns.
  const terms = joinTerms([
    ...(concomitant ? [concomitantTerms(scanner.B0, scanner.gammaBar)] : []),
    ...(nonlinearity !== undefined && exact ? [momentTerms(scanner.gammaBar)] : []),
  ]);
  const compilerWith = (transmit: Transmit | undefined): Compiler => ({
    sequence,
    duration: played.duration,
    transmit,
    withTransmit: compilerWith,
    compile: (maxRfStep, movement) =>
      compileTimeline(played, {
        ...scanner,
        maxRfStep,
        toEnd,
        ...(terms && { terms }),
        ...(transmit && { transmitOf: transmit.columnOf }),
        ...(movement && { movement }),
      }),
  });
  const compiler = compilerWith(scanner.transmit && (await openTransmit(scanner.transmit, sequence)));
  if (concomitant) warnOfLowField(scannerName, scanner.B0);
  return compiler;
}
