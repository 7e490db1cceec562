/**
 * Radial spoiled gradient echo, 2-D: full spokes through the centre of k-space, turned from shot to
 * shot:
 *
 *   RF + Gz | rephase z, prephase | wait for TE | readout | spoil z, rewind | wait for TR
 *
 * Spokes are rewound: a moment that turns from shot to shot would add to the quadratic phase of the
 * pulses by an amount that depends on the place, and RF spoiling would fail in bands.
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, sequenceOf } from '../designer.ts';
import type { Block } from '../types.ts';
import {
  echoTime,
  matrixSize,
  planeParameters,
  repetitionTime,
  spoiledEchoParameters,
  spokeDwell,
  spokeParameters,
} from './common.ts';
import { readoutLobe } from './lines.ts';
import { builtin } from './parameters.ts';
import { sliceSelection } from './selection.ts';
import { spoilerLobe, spoilingPhase } from './spoiling.ts';
import { along, OVERSAMPLING, planeSpokes } from './spokes.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...planeParameters,
  n: matrixSize(64, 'the matrix'),
  dwell: spokeDwell,
  ...spokeParameters('π/2 · n'),
  te: echoTime(0),
  tr: repetitionTime(20e-3),
  ...spoiledEchoParameters,
} as const;

export const radial = builtin('radial', 'radial spoiled gradient echo, 2-D', parameters, (values, scanner, isGiven) => {
  const wanted = wantedTimes('radial', isGiven);
  const { fov, n, thickness, offset, dwell, timeBandwidth, te, tr, flip, dummies } = values;
  const selection = sliceSelection(
    { sequence: 'radial', flip, use: 'excitation', thickness, timeBandwidth, shortest: values.rfDuration },
    scanner,
  );
  const readout = readoutLobe('radial', OVERSAMPLING * fov, OVERSAMPLING * n, dwell, scanner, { symmetric: true });
  const rephaser = areaTrapezoid(-selection.areaAfter, scanner);
  const winder = areaTrapezoid(-readout.areaBefore, scanner);
  const spoiler = spoilerLobe(values.spoiler, thickness, scanner);
  const windTime = longestOf(scanner, rephaser, winder);
  const spoilTime = longestOf(scanner, spoiler, winder);

  const earliest = selection.duration - selection.center + windTime + readout.center;
  const teWait = waiting(wanted('te', te), earliest, scanner);
  const shot = selection.duration + windTime + teWait + readout.duration + spoilTime;
  const trWait = waiting(wanted('tr', tr), shot, scanner);

  const spokes = planeSpokes(values.spokes === 0 ? Math.ceil((Math.PI / 2) * n) : values.spokes, values.order);
  const phaseOf = spoilingPhase(values.rfSpoiling);
  const blocks: Block[] = [];
  for (let repeat = -dummies; repeat < spokes.length; repeat++) {
    const direction = spokes[Math.max(0, repeat)];
    const phase = phaseOf(repeat + dummies);
    const read = along(readout.gradient, direction);
    blocks.push(
      blockOf({ rf: selection.pulse(offset, phase), gz: selection.gradient }, selection.duration),
      blockOf({ ...along(winder, direction), gz: rephaser }, windTime),
      ...waitBlock(teWait),
      blockOf(repeat < 0 ? read : { ...read, adc: readout.adc(phase) }, readout.duration),
      blockOf({ ...along(winder, direction), gz: spoiler }, spoilTime),
      ...waitBlock(trWait),
    );
  }
  return sequenceOf('radial', blocks, {
    Name: 'radial',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    SliceThickness: thickness,
    TE: earliest + teWait,
    TR: shot + trWait,
    FlipAngle: flip / DEGREE,
  });
});
