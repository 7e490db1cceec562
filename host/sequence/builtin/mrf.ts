/**
 * Magnetic resonance fingerprinting (Ma et al. 2013; unbalanced as Jiang et al. 2015): an inversion
 * of the volume, then one spiral arm per repetition, with flip angles and repetition times that
 * vary so that each tissue has its own course of signal. Frames are counted as repetitions.
 *
 *   once per frame:
 *     inversion | spoil | RF(n) + Gz | rephase z | arm | spoil z, rewind | wait for TR(n)
 */
import { DEGREE } from '../../base/quantities.ts';
import type { Radians, Seconds } from '../../base/units.ts';
import { areaTrapezoid, blockOf, roundUp, scaledPulse, sequenceOf, setLabel } from '../designer.ts';
import type { Block } from '../types.ts';
import {
  count,
  flipAngle,
  matrixSize,
  planeParameters,
  pulseDuration,
  repetitionTime,
  spoilerCycles,
} from './common.ts';
import { inversionOf } from './inversion.ts';
import { builtin } from './parameters.ts';
import { sliceSelection } from './selection.ts';
import { spiralArm } from './spiral-arm.ts';
import { spoilerLobe } from './spoiling.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...planeParameters,
  n: matrixSize(64, 'the matrix'),
  dwell: { ...planeParameters.dwell, default: 4e-6 },
  frames: count(240, 'the number of frames, one arm each', 1, 1e5),
  arms: count(8, 'the number of arms that cover k-space; frame by frame they take turns', 1, 4096),
  flip: { ...flipAngle(60 * DEGREE), doc: 'the largest flip angle' },
  flipMin: { ...flipAngle(5 * DEGREE), doc: 'the smallest flip angle' },
  period: count(
    120,
    'the frames from one smallest flip angle to the next; every second time flips grow half as far',
    2,
  ),
  tr: {
    ...repetitionTime(12e-3),
    doc: 'the shortest time between frames (0 = shortest possible; lengthened if necessary unless set explicitly)',
  },
  trRange: {
    default: 2e-3,
    unit: 's',
    doc: 'the range of times between frames above the shortest',
    minimum: 0,
    plausible: 1,
  },
  rfDuration: pulseDuration(2e-3),
  spoiler: spoilerCycles(4),
} as const;

/** Frames after which repetition times come again, no multiple of the period of flip angles. */
const TR_PERIOD = 37;

export const mrf = builtin(
  'mrf',
  'magnetic resonance fingerprinting, spiral, 2-D',
  parameters,
  (values, scanner, isGiven) => {
    const { fov, n, arms, thickness, offset, timeBandwidth, frames, period, tr, flip, trRange } = values;
    const { blockRaster } = scanner;
    const selection = sliceSelection(
      { sequence: 'mrf', flip, use: 'excitation', thickness, timeBandwidth, shortest: values.rfDuration },
      scanner,
    );
    const largest = selection.pulse(offset, 0);
    const inversion = inversionOf(thickness, scanner);
    const arm = spiralArm('mrf', values, scanner);
    const rephaser = areaTrapezoid(-selection.areaAfter, scanner);
    const spoiler = spoilerLobe(values.spoiler, thickness, scanner);
    const windTime = longestOf(scanner, rephaser);
    const spoilTime = Math.max(longestOf(scanner, spoiler), arm.rewindTime);
    const shot = selection.duration + windTime + arm.duration + spoilTime;
    const trWait = waiting(wantedTimes('mrf', isGiven)('tr', tr), shot, scanner);

    /** Lobes of a sine, every second one half as high. */
    const flipOf = (frame: number): Radians => {
      const lobe = Math.floor(frame / period) % 2 === 0 ? 1 : 0.5;
      const most = Math.min(flip, values.flipMin + lobe * (flip - values.flipMin));
      return values.flipMin + (most - values.flipMin) * Math.sin((Math.PI * ((frame % period) + 0.5)) / period);
    };
    const moreOf = (frame: number): Seconds =>
      roundUp((trRange / 2) * (1 - Math.cos((2 * Math.PI * frame) / TR_PERIOD)), blockRaster);

    const blocks: Block[] = [...inversion];
    for (let frame = 0; frame < frames; frame++) {
      const angle = (2 * Math.PI * (frame % arms)) / arms;
      blocks.push(
        blockOf({ rf: scaledPulse(largest, flipOf(frame) / flip), gz: selection.gradient }, selection.duration),
        blockOf({ gz: rephaser }, windTime),
        blockOf({ ...arm.gradients(angle), adc: arm.adc(0), labels: [setLabel('REP', frame)] }, arm.duration),
        blockOf({ ...arm.rewinders(angle), gz: spoiler }, spoilTime),
        ...waitBlock(trWait + moreOf(frame)),
      );
    }
    return sequenceOf('mrf', blocks, {
      Name: 'mrf',
      FOV: [fov, fov, thickness],
      Matrix: [n, n, 1],
      SliceThickness: thickness,
      TE: selection.duration - selection.center + windTime + arm.center,
      TR: shot + trWait,
      Frames: frames,
    });
  },
);
