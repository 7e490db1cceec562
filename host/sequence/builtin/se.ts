/**
 * Spin echo, 2-D, one or more slices interleaved within a TR, with crushers on both sides of the
 * refocusing pulse:
 *
 *   90°x + Gz | rephase z, prephase x | wait | crush | 180°y + Gz | crush, encode y | wait |
 *   readout | spoil z, rewind y | wait
 *
 * The prephaser is before the refocusing pulse, which negates k, so its sign is opposite to that of
 * a gradient echo. The phase encoding is after it, so that both pulses of every TR act on the same
 * magnetisation. Otherwise the magnetisation that the flanks of the 180° pulse store along z would
 * have the encoding of its line and cause a second image, at 9 % for T1 = 2 TR.
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, roundUp, sequenceOf, setLabel } from '../designer.ts';
import { dummyScans, echoTime, repetitionTime, spinWarpParameters, spoilerCycles } from './common.ts';
import { phaseTable, readoutLobe } from './lines.ts';
import { multiSlice } from './multi-slice.ts';
import { builtin } from './parameters.ts';
import { slicePositions, sliceSelection } from './selection.ts';
import { spoilerLobe } from './spoiling.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...spinWarpParameters,
  te: echoTime(30e-3),
  tr: repetitionTime(0.5),
  flip: {
    default: 90 * DEGREE,
    unit: 'rad',
    doc: 'the excitation angle',
    minimum: 0,
    exclusive: true,
    maximum: 180 * DEGREE,
  },
  refocusing: {
    default: 180 * DEGREE,
    unit: 'rad',
    doc: 'the refocusing angle',
    minimum: 91 * DEGREE,
    maximum: 180 * DEGREE,
  },
  rfDuration: {
    default: 3e-3,
    unit: 's',
    doc: 'the duration of the pulses; lengthened if B1 would exceed the limit',
    minimum: 1e-4,
    plausible: 0.1,
  },
  crusher: { default: 4, unit: 'cycles', doc: 'the dephasing across the slice on each side of the 180°', minimum: 0 },
  spoiler: spoilerCycles(8),
  dummies: dummyScans(4),
} as const;

export const se = builtin('se', 'spin echo, 2-D multi-slice', parameters, (values, scanner, isGiven) => {
  const wanted = wantedTimes('se', isGiven);
  const { fov, n, slices, thickness, gap, offset, dwell, timeBandwidth, te, tr, flip, refocusing, dummies } = values;
  const common = { sequence: 'se', thickness, timeBandwidth, shortest: values.rfDuration };
  const excite = sliceSelection({ ...common, flip, use: 'excitation' }, scanner);
  const refocus = sliceSelection({ ...common, flip: refocusing, use: 'refocusing' }, scanner);
  const readout = readoutLobe('se', fov, n, dwell, scanner);
  const rephaser = areaTrapezoid(-excite.areaAfter, scanner);
  const prephaser = areaTrapezoid(readout.areaBefore, scanner);
  const encode = phaseTable(fov, n, scanner, 1);
  const rewind = phaseTable(fov, n, scanner, -1);
  const crusher = spoilerLobe(values.crusher, thickness, scanner);
  const spoiler = spoilerLobe(values.spoiler, thickness, scanner);

  const windTime = longestOf(scanner, rephaser, prephaser);
  const crushTime = longestOf(scanner, crusher);
  const encodeTime = longestOf(scanner, crusher, encode[0]);
  const spoilTime = longestOf(scanner, spoiler, rewind[0]);

  // Both halves of TE: excitation centre to refocusing centre to sample floor(n/2).
  const before = excite.duration - excite.center + windTime + crushTime + refocus.center;
  const after = refocus.duration - refocus.center + encodeTime + readout.center;
  const earliest = 2 * Math.max(before, after);
  const half = earliest / 2 + waiting(wanted('te', te), earliest, scanner) / 2;
  const firstWait = roundUp(half - before, scanner.blockRaster);
  // Not rounded: the spin echo and the gradient echo must not part.
  const secondWait = before + firstWait - after;

  const shot =
    excite.duration +
    windTime +
    firstWait +
    crushTime +
    refocus.duration +
    encodeTime +
    secondWait +
    readout.duration +
    spoilTime;
  const trWait = waiting(wanted('tr', tr), slices * shot, scanner);

  const positions = slicePositions(slices, thickness, gap, offset);
  const repetitions = { dummies, repeats: n, slices, wait: trWait };
  const blocks = multiSlice(repetitions, scanner, (repeat, slice) => {
    const line = Math.max(0, repeat);
    const z = positions[slice];
    const labels = repeat < 0 ? undefined : [setLabel('LIN', line), setLabel('SLC', slice)];
    return [
      blockOf({ rf: excite.pulse(z, 0), gz: excite.gradient }, excite.duration),
      blockOf({ gx: prephaser, gz: rephaser }, windTime),
      ...waitBlock(firstWait),
      blockOf({ gz: crusher }, crushTime),
      blockOf({ rf: refocus.pulse(z, Math.PI / 2), gz: refocus.gradient }, refocus.duration),
      blockOf({ gy: encode[line], gz: crusher }, encodeTime),
      ...waitBlock(secondWait),
      readout.block(0, labels),
      blockOf({ gy: rewind[line], gz: spoiler }, spoilTime),
    ];
  });
  return sequenceOf('se', blocks, {
    Name: 'se',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    Slices: slices,
    SliceThickness: thickness,
    SliceGap: gap,
    TE: 2 * (before + firstWait),
    TR: slices * shot + trWait,
    FlipAngle: flip / DEGREE,
  });
});
