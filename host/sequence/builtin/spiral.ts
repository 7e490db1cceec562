/**
 * Spiral spoiled gradient echo, 2-D: arms from the centre of k-space outwards, as fast as the
 * scanner's gradients are, turned from shot to shot:
 *
 *   RF + Gz | rephase z | wait for TE | arm | spoil z, rewind | wait for TR
 *
 * Arms are rewound, for the reason that spokes are (radial.ts).
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, sequenceOf } from '../designer.ts';
import type { Block } from '../types.ts';
import { count, echoTime, matrixSize, planeParameters, repetitionTime, spoiledEchoParameters } from './common.ts';
import { builtin } from './parameters.ts';
import { sliceSelection } from './selection.ts';
import { spiralArm } from './spiral-arm.ts';
import { spoilerLobe, spoilingPhase } from './spoiling.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...planeParameters,
  n: matrixSize(64, 'the matrix'),
  arms: count(8, 'the number of arms that cover k-space', 1, 4096),
  dwell: { ...planeParameters.dwell, default: 4e-6 },
  te: echoTime(0),
  tr: repetitionTime(20e-3),
  ...spoiledEchoParameters,
} as const;

export const spiral = builtin('spiral', 'spiral spoiled gradient echo, 2-D', parameters, (values, scanner, isGiven) => {
  const wanted = wantedTimes('spiral', isGiven);
  const { fov, n, arms, thickness, offset, timeBandwidth, te, tr, flip, dummies } = values;
  const selection = sliceSelection(
    { sequence: 'spiral', flip, use: 'excitation', thickness, timeBandwidth, shortest: values.rfDuration },
    scanner,
  );
  const arm = spiralArm('spiral', values, scanner);
  const rephaser = areaTrapezoid(-selection.areaAfter, scanner);
  const spoiler = spoilerLobe(values.spoiler, thickness, scanner);
  const windTime = longestOf(scanner, rephaser);
  const spoilTime = Math.max(longestOf(scanner, spoiler), arm.rewindTime);

  const earliest = selection.duration - selection.center + windTime + arm.center;
  const teWait = waiting(wanted('te', te), earliest, scanner);
  const shot = selection.duration + windTime + teWait + arm.duration + spoilTime;
  const trWait = waiting(wanted('tr', tr), shot, scanner);

  const phaseOf = spoilingPhase(values.rfSpoiling);
  const blocks: Block[] = [];
  for (let repeat = -dummies; repeat < arms; repeat++) {
    const angle = (2 * Math.PI * Math.max(0, repeat)) / arms;
    const phase = phaseOf(repeat + dummies);
    const read = arm.gradients(angle);
    blocks.push(
      blockOf({ rf: selection.pulse(offset, phase), gz: selection.gradient }, selection.duration),
      blockOf({ gz: rephaser }, windTime),
      ...waitBlock(teWait),
      blockOf(repeat < 0 ? read : { ...read, adc: arm.adc(phase) }, arm.duration),
      blockOf({ ...arm.rewinders(angle), gz: spoiler }, spoilTime),
      ...waitBlock(trWait),
    );
  }
  return sequenceOf('spiral', blocks, {
    Name: 'spiral',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    SliceThickness: thickness,
    TE: earliest + teWait,
    TR: shot + trWait,
    FlipAngle: flip / DEGREE,
  });
});
