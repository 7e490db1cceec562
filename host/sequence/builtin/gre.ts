/**
 * Spoiled gradient echo, 2-D, one or more slices interleaved within a TR:
 *
 *   RF + Gz | rephase z, prephase x, encode y | wait for TE | readout | spoil z, rewind y |
 *   wait for TR
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, delayOf, sequenceOf, setLabel } from '../designer.ts';
import type { Block } from '../types.ts';
import { echoTime, repetitionTime, spinWarpParameters, spoiledEchoParameters } from './common.ts';
import { phaseTable, readoutLobe } from './lines.ts';
import { builtin } from './parameters.ts';
import { interleaved, slicePositions, sliceSelection } from './selection.ts';
import { spoilerLobe, spoilingPhase } from './spoiling.ts';
import { isWait, longestOf, waiting, waitPerSlice, wantedTimes } from './times.ts';

const parameters = {
  ...spinWarpParameters,
  te: echoTime(5e-3),
  tr: repetitionTime(20e-3),
  ...spoiledEchoParameters,
} as const;

export const gre = builtin('gre', 'spoiled gradient echo, 2-D multi-slice', parameters, (values, scanner, isGiven) => {
  const wanted = wantedTimes('gre', isGiven);
  const { fov, n, slices, thickness, gap, offset, dwell, timeBandwidth, te, tr, flip, dummies } = values;
  const phaseOf = spoilingPhase(values.rfSpoiling);
  const selection = sliceSelection(
    {
      sequence: 'gre',
      flip,
      use: 'excitation',
      thickness,
      timeBandwidth,
      shortest: values.rfDuration,
    },
    scanner,
  );
  const readout = readoutLobe('gre', fov, n, dwell, scanner);
  const rephaser = areaTrapezoid(-selection.areaAfter, scanner);
  const prephaser = areaTrapezoid(-readout.areaBefore, scanner);
  const encode = phaseTable(fov, n, scanner, 1);
  const rewind = phaseTable(fov, n, scanner, -1);
  const spoiler = spoilerLobe(values.spoiler, thickness, scanner);

  const windTime = longestOf(scanner, rephaser, prephaser, encode[0]);
  const spoilTime = longestOf(scanner, spoiler, rewind[0]);

  const earliest = selection.duration - selection.center + windTime + readout.center;
  const teWait = waiting(wanted('te', te), earliest, scanner);
  const shot = selection.duration + windTime + teWait + readout.duration + spoilTime;
  const trWait = waiting(wanted('tr', tr), slices * shot, scanner);
  const share = waitPerSlice(trWait, slices, scanner);

  const positions = slicePositions(slices, thickness, gap, offset);
  const order = interleaved(slices);
  const blocks: Block[] = [];
  for (let repeat = -dummies; repeat < n; repeat++) {
    const line = Math.max(0, repeat);
    for (const [turn, slice] of order.entries()) {
      // Counted over the pulses of one slice: all slices of a TR share it.
      const phase = phaseOf(repeat + dummies);
      blocks.push(
        blockOf({ rf: selection.pulse(positions[slice], phase), gz: selection.gradient }, selection.duration),
        blockOf({ gx: prephaser, gy: encode[line], gz: rephaser }, windTime),
      );
      if (isWait(teWait)) blocks.push(delayOf(teWait));
      const labels = [setLabel('LIN', line), setLabel('SLC', slice)];
      blocks.push(
        repeat < 0
          ? blockOf({ gx: readout.gradient }, readout.duration)
          : blockOf({ gx: readout.gradient, adc: readout.adc(phase), labels }, readout.duration),
        blockOf({ gy: rewind[line], gz: spoiler }, spoilTime),
      );
      const wait = turn + 1 < slices ? share : trWait - share * (slices - 1);
      if (isWait(wait)) blocks.push(delayOf(wait));
    }
  }
  return sequenceOf('gre', blocks, {
    Name: 'gre',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    Slices: slices,
    SliceThickness: thickness,
    SliceGap: gap,
    TE: earliest + teWait,
    TR: slices * shot + trWait,
    FlipAngle: flip / DEGREE,
  });
});
