/**
 * Radial spoiled gradient echo, 3-D (koosh ball): the whole volume is excited by a short pulse, and
 * full spokes through the centre of k-space cover a sphere:
 *
 *   RF | prephase | wait for TE | readout | rewind | spoil z | wait for TR
 *
 * The spoiler after the rewound spoke is the same in every shot.
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, sequenceOf } from '../designer.ts';
import type { Block } from '../types.ts';
import {
  dummyScans,
  echoTime,
  flipAngle,
  pulseDuration,
  repetitionTime,
  rfSpoilingIncrement,
  spokeDwell,
  spokeParameters,
  volumeParameters,
} from './common.ts';
import { readoutLobe } from './lines.ts';
import { builtin } from './parameters.ts';
import { volumePulse } from './selection.ts';
import { spoilingPhase } from './spoiling.ts';
import { along, OVERSAMPLING, sphereSpokes } from './spokes.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...volumeParameters,
  dwell: spokeDwell,
  n: { ...volumeParameters.n, default: 32, doc: 'the matrix, along all three axes', maximum: 512 },
  ...spokeParameters('π/2 · n²'),
  te: echoTime(0),
  tr: repetitionTime(5e-3),
  flip: flipAngle(8 * DEGREE),
  rfDuration: pulseDuration(1e-4),
  rfSpoiling: rfSpoilingIncrement(117 * DEGREE),
  spoiler: { default: 2, unit: 'cycles', doc: 'the dephasing across a pixel along z after each spoke', minimum: 0 },
  dummies: dummyScans(200),
} as const;

export const radial3d = builtin(
  'radial3d',
  'radial spoiled gradient echo, 3-D (koosh ball)',
  parameters,
  (values, scanner, isGiven) => {
    const wanted = wantedTimes('radial3d', isGiven);
    const { fov, n, dwell, te, tr, flip, dummies } = values;
    const excite = volumePulse(flip, 'excitation', values.rfDuration, scanner);
    const readout = readoutLobe('radial3d', OVERSAMPLING * fov, OVERSAMPLING * n, dwell, scanner, { symmetric: true });
    const winder = areaTrapezoid(-readout.areaBefore, scanner);
    const spoiler = areaTrapezoid(values.spoiler / (scanner.gammaBar * (fov / n)), scanner);
    const windTime = longestOf(scanner, winder);
    const spoilTime = longestOf(scanner, spoiler);

    const earliest = excite.duration - excite.center + windTime + readout.center;
    const teWait = waiting(wanted('te', te), earliest, scanner);
    const shot = excite.duration + 2 * windTime + teWait + readout.duration + spoilTime;
    const trWait = waiting(wanted('tr', tr), shot, scanner);

    const spokes = sphereSpokes(values.spokes === 0 ? Math.ceil((Math.PI / 2) * n * n) : values.spokes, values.order);
    const phaseOf = spoilingPhase(values.rfSpoiling);
    const blocks: Block[] = [];
    for (let repeat = -dummies; repeat < spokes.length; repeat++) {
      const direction = spokes[Math.max(0, repeat)];
      const phase = phaseOf(repeat + dummies);
      const read = along(readout.gradient, direction);
      const wind = blockOf(along(winder, direction), windTime);
      blocks.push(
        blockOf({ rf: excite.pulse(phase) }, excite.duration),
        wind,
        ...waitBlock(teWait),
        blockOf(repeat < 0 ? read : { ...read, adc: readout.adc(phase) }, readout.duration),
        wind,
        blockOf({ gz: spoiler }, spoilTime),
        ...waitBlock(trWait),
      );
    }
    return sequenceOf('radial3d', blocks, {
      Name: 'radial3d',
      FOV: [fov, fov, fov],
      Matrix: [n, n, n],
      TE: earliest + teWait,
      TR: shot + trWait,
      FlipAngle: flip / DEGREE,
    });
  },
);
