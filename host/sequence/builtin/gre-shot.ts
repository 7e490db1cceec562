/**
 * One shot of a spoiled gradient echo, 2-D: the part that multi-slice, segmented and
 * velocity-encoding scans repeat.
 *
 *   RF + Gz | rephase z, prephase x, encode y | more lobes | wait for TE | readout |
 *   spoil z, rewind y | wait for TR
 */
import type { Meters, Radians, Seconds } from '../../base/units.ts';
import { areaTrapezoid, blockOf, durationOf } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block, LabelEvent } from '../types.ts';
import { phaseTable, readoutLobe } from './lines.ts';
import { sliceSelection } from './selection.ts';
import { spoilerLobe } from './spoiling.ts';
import { longestOf } from './times.ts';

interface GreOptions {
  readonly fov: Meters;
  readonly n: number;
  readonly thickness: Meters;
  readonly offset: Meters;
  readonly dwell: Seconds;
  readonly timeBandwidth: number;
  readonly flip: Radians;
  readonly rfDuration: Seconds;
  readonly spoiler: number;
}

export interface GreShot {
  /** Shortest echo time and repetition time without further lobes. */
  readonly TE: Seconds;
  readonly TR: Seconds;
  /**
   * @param phase of pulse and receiver
   * @param labels of the readout; undefined: it is played but not read
   * @param more blocks between encoding and readout
   * @param position of the slice; default: `offset`
   */
  blocks(
    line: number,
    phase: Radians,
    labels: readonly LabelEvent[] | undefined,
    more: readonly Block[],
    position?: Meters,
  ): Block[];
}

export function greShot(sequence: string, options: GreOptions, scanner: Scanner): GreShot {
  const { fov, n, thickness, offset, dwell, timeBandwidth, flip, rfDuration, spoiler: cycles } = options;
  const selection = sliceSelection(
    { sequence, flip, use: 'excitation', thickness, timeBandwidth, shortest: rfDuration },
    scanner,
  );
  const readout = readoutLobe(sequence, fov, n, dwell, scanner);
  const rephaser = areaTrapezoid(-selection.areaAfter, scanner);
  const prephaser = areaTrapezoid(-readout.areaBefore, scanner);
  const encode = phaseTable(fov, n, scanner, 1);
  const rewind = phaseTable(fov, n, scanner, -1);
  const spoiler = spoilerLobe(cycles, thickness, scanner);
  const windTime = longestOf(scanner, rephaser, prephaser, encode[0]);
  const spoilTime = longestOf(scanner, spoiler, rewind[0]);
  const blocks: GreShot['blocks'] = (line, phase, labels, more, position = offset) => [
    blockOf({ rf: selection.pulse(position, phase), gz: selection.gradient }, selection.duration),
    blockOf({ gx: prephaser, gy: encode[line], gz: rephaser }, windTime),
    ...more,
    readout.block(phase, labels),
    blockOf({ gy: rewind[line], gz: spoiler }, spoilTime),
  ];
  return {
    TE: selection.duration - selection.center + windTime + readout.center,
    TR: durationOf(blocks(0, 0, undefined, [])),
    blocks,
  };
}
