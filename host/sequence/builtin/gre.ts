/**
 * Spoiled gradient echo, 2-D, one or more slices interleaved within a TR:
 *
 *   RF + Gz | rephase z, prephase x, encode y | wait for TE | readout | spoil z, rewind y |
 *   wait for TR
 */
import { DEGREE } from '../../base/quantities.ts';
import { durationOf, sequenceOf, setLabel } from '../designer.ts';
import { echoTime, repetitionTime, spinWarpParameters, spoiledEchoParameters } from './common.ts';
import { greShot } from './gre-shot.ts';
import { multiSlice } from './multi-slice.ts';
import { builtin } from './parameters.ts';
import { slicePositions } from './selection.ts';
import { spoilingPhase } from './spoiling.ts';
import { waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...spinWarpParameters,
  te: echoTime(5e-3),
  tr: repetitionTime(20e-3),
  ...spoiledEchoParameters,
} as const;

export const gre = builtin('gre', 'spoiled gradient echo, 2-D multi-slice', parameters, (values, scanner, isGiven) => {
  const wanted = wantedTimes('gre', isGiven);
  const { fov, n, slices, thickness, gap, offset, te, tr, flip, dummies } = values;
  const phaseOf = spoilingPhase(values.rfSpoiling);
  const gre = greShot('gre', values, scanner);
  const teWait = waiting(wanted('te', te), gre.TE, scanner);
  const shot = durationOf(gre.blocks(0, 0, undefined, waitBlock(teWait)));
  const trWait = waiting(wanted('tr', tr), slices * shot, scanner);

  const positions = slicePositions(slices, thickness, gap, offset);
  const repetitions = { dummies, repeats: n, slices, wait: trWait };
  const blocks = multiSlice(repetitions, scanner, (repeat, slice) => {
    const line = Math.max(0, repeat);
    // Counted over the pulses of one slice: all slices of a TR share it.
    const phase = phaseOf(repeat + dummies);
    const labels = repeat < 0 ? undefined : [setLabel('LIN', line), setLabel('SLC', slice)];
    return gre.blocks(line, phase, labels, waitBlock(teWait), positions[slice]);
  });
  return sequenceOf('gre', blocks, {
    Name: 'gre',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    Slices: slices,
    SliceThickness: thickness,
    SliceGap: gap,
    TE: gre.TE + teWait,
    TR: slices * shot + trWait,
    FlipAngle: flip / DEGREE,
  });
});
