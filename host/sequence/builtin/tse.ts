/**
 * Turbo spin echo (fast spin echo, RARE: Hennig et al. 1986), 2-D, slices interleaved within a TR:
 * an excitation and a train of refocusing pulses, a line of k-space in each echo. As Carr, Purcell,
 * Meiboom and Gill want it, pulses lie evenly spaced, the moment of every gradient is the same on
 * both sides of each refocusing pulse, and their phase is 90° from that of the excitation:
 *
 *   90°x + Gz | rephase z and crush, prephase x | wait
 *   180°y + Gz | crush, encode y | wait | readout | wait | crush, rewind y     (once per echo)
 *
 * Echo j of train i is line i + trains · band, so that each echo fills one band of k-space, and
 * that with the effective echo time the one in the middle.
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, durationOf, roundUp, sequenceOf, setLabel } from '../designer.ts';
import type { Block, TrapezoidEvent } from '../types.ts';
import { count, dummyScans, flipAngle, pulseDuration, repetitionTime, spinWarpParameters } from './common.ts';
import { phaseTable, readoutLobe } from './lines.ts';
import { multiSlice } from './multi-slice.ts';
import { builtin } from './parameters.ts';
import { slicePositions, sliceSelection } from './selection.ts';
import { spoilerLobe } from './spoiling.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...spinWarpParameters,
  turboFactor: count(16, 'the echoes of a train, each a line of k-space', 1, 512),
  spacing: {
    default: 10e-3,
    unit: 's',
    doc: 'the time between echoes (0 = shortest possible; lengthened if necessary unless set explicitly)',
    minimum: 0,
    plausible: 0.5,
  },
  te: {
    default: 0.08,
    unit: 's',
    doc: 'the effective echo time: that of the lines in the middle of k-space, in the echo nearest to it',
    minimum: 0,
    plausible: 2,
  },
  tr: repetitionTime(3),
  flip: { ...flipAngle(90 * DEGREE), doc: 'the excitation angle' },
  refocusing: {
    default: 180 * DEGREE,
    unit: 'rad',
    doc: 'the refocusing angle',
    minimum: 30 * DEGREE,
    maximum: 180 * DEGREE,
  },
  rfDuration: pulseDuration(2e-3),
  crusher: { default: 4, unit: 'cycles', doc: 'the dephasing across the slice on each side of a 180°', minimum: 0 },
  dummies: dummyScans(1),
} as const;

export const tse = builtin('tse', 'turbo spin echo, 2-D multi-slice', parameters, (values, scanner, isGiven) => {
  const { fov, n, slices, thickness, gap, offset, dwell, timeBandwidth, tr, flip, refocusing, dummies } = values;
  const wanted = wantedTimes('tse', isGiven);
  const common = { sequence: 'tse', thickness, timeBandwidth, shortest: values.rfDuration };
  const excite = sliceSelection({ ...common, flip, use: 'excitation' }, scanner);
  const refocus = sliceSelection({ ...common, flip: refocusing, use: 'refocusing' }, scanner);
  const readout = readoutLobe('tse', fov, n, dwell, scanner, { symmetric: true });
  const crusher = spoilerLobe(values.crusher, thickness, scanner);
  const crush = values.crusher / (scanner.gammaBar * thickness);
  const first = areaTrapezoid(crush - excite.areaAfter, scanner);
  const prephaser = areaTrapezoid(readout.areaBefore, scanner);
  const encode = phaseTable(fov, n, scanner, 1);
  const rewind = phaseTable(fov, n, scanner, -1);
  const firstTime = longestOf(scanner, first, prephaser);
  const windTime = longestOf(scanner, crusher, encode[0]);

  // Half the spacing: from the excitation to the first pulse, and from each pulse to its echo.
  const toPulse = excite.duration - excite.center + firstTime + refocus.center;
  const toEcho = refocus.duration - refocus.center + windTime + readout.center;
  const toNext = readout.duration - readout.center + windTime + refocus.center;
  const earliest = 2 * Math.max(toPulse, toEcho, toNext);
  const spacing = earliest + waiting(wanted('spacing', values.spacing), earliest, scanner);
  const half = roundUp(spacing / 2, scanner.blockRaster);

  const echoes = Math.min(values.turboFactor, n);
  const trains = Math.ceil(n / echoes);
  const middle = Math.floor(Math.floor(n / 2) / trains);
  const effective = Math.min(echoes, Math.max(1, Math.round(values.te / (2 * half)))) - 1;
  /** Band of k-space of an echo: the middle one where the effective echo is. */
  const band = (echo: number): number => (echo - effective + middle + echoes) % echoes;

  const positions = slicePositions(slices, thickness, gap, offset);
  const wait = (time: number): Block[] => waitBlock(half - time);
  const crushed = (gy: TrapezoidEvent): Block => blockOf({ gy, gz: crusher }, windTime);
  const trainOf = (train: number, slice: number): Block[] => {
    const z = positions[slice];
    const blocks = [
      blockOf({ rf: excite.pulse(z, 0), gz: excite.gradient }, excite.duration),
      blockOf({ gx: prephaser, gz: first }, firstTime),
      ...wait(toPulse),
    ];
    for (let echo = 0; echo < echoes; echo++) {
      const line = Math.max(0, train) + trains * band(echo);
      // Bands of a matrix that the trains do not divide are not full: nothing is read there.
      const isRead = train >= 0 && line < n;
      const at = Math.min(line, n - 1);
      blocks.push(
        blockOf({ rf: refocus.pulse(z, Math.PI / 2), gz: refocus.gradient }, refocus.duration),
        crushed(encode[at]),
        ...wait(toEcho),
        readout.block(0, isRead ? [setLabel('LIN', line), setLabel('SLC', slice)] : undefined),
        ...wait(toNext),
        crushed(rewind[at]),
      );
    }
    return blocks;
  };
  const shot = durationOf(trainOf(0, 0));
  const trWait = waiting(wanted('tr', tr), slices * shot, scanner);
  const blocks = multiSlice({ dummies, repeats: trains, slices, wait: trWait }, scanner, trainOf);
  return sequenceOf('tse', blocks, {
    Name: 'tse',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    Slices: slices,
    SliceThickness: thickness,
    SliceGap: gap,
    TE: 2 * half * (effective + 1),
    TR: slices * shot + trWait,
    EchoTrainLength: echoes,
    FlipAngle: flip / DEGREE,
  });
});
