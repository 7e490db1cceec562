/**
 * Balanced steady-state free precession (TrueFISP, FIESTA), 2-D: every gradient is rewound within a
 * repetition, pulses alternate in phase, and the echo lies in the middle between two of them:
 *
 *   α/2 + Gz | balance z | wait, so that half a TR is over
 *   ±α + Gz | rephase z, prephase x, encode y | readout | rewind x, y, balance z
 *
 * The half pulse ahead brings the magnetisation near to its steady state (Deimling and Heid 1994).
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, roundUp, scaledPulse, sequenceOf, setLabel } from '../designer.ts';
import type { Block } from '../types.ts';
import { dummyScans, flipAngle, planeParameters, pulseDuration, repetitionTime } from './common.ts';
import { phaseTable, readoutLobe } from './lines.ts';
import { builtin } from './parameters.ts';
import { sliceSelection } from './selection.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...planeParameters,
  dwell: { ...planeParameters.dwell, default: 10e-6 },
  tr: repetitionTime(0),
  flip: flipAngle(50 * DEGREE),
  rfDuration: pulseDuration(1e-3),
  dummies: dummyScans(100),
} as const;

export const bssfp = builtin(
  'bssfp',
  'balanced steady-state free precession, 2-D',
  parameters,
  (values, scanner, isGiven) => {
    const { fov, n, thickness, offset, dwell, timeBandwidth, tr, flip, dummies } = values;
    const selection = sliceSelection(
      { sequence: 'bssfp', flip, use: 'excitation', thickness, timeBandwidth, shortest: values.rfDuration },
      scanner,
    );
    const readout = readoutLobe('bssfp', fov, n, dwell, scanner, { symmetric: true });
    const winder = areaTrapezoid(-readout.areaBefore, scanner);
    // What a pulse leaves behind along z is what it finds before.
    const rephaser = areaTrapezoid(-selection.areaAfter, scanner);
    const balance = areaTrapezoid(-2 * selection.areaAfter, scanner);
    const encode = phaseTable(fov, n, scanner, 1);
    const rewind = phaseTable(fov, n, scanner, -1);
    const windTime = longestOf(scanner, winder, rephaser, encode[0]);
    const balanceTime = longestOf(scanner, balance);

    const before = selection.duration - selection.center + windTime + readout.center;
    const after = readout.duration - readout.center + windTime + selection.center;
    const toFirst = selection.duration + balanceTime;
    const earliest = 2 * roundUp(Math.max(before, after, toFirst), scanner.blockRaster);
    const half =
      earliest / 2 +
      roundUp(waiting(wantedTimes('bssfp', isGiven)('tr', tr), earliest, scanner) / 2, scanner.blockRaster);
    const wait = (time: number): Block[] => waitBlock(half - time);

    const first = scaledPulse(selection.pulse(offset, 0), 0.5);
    const blocks: Block[] = [
      blockOf({ rf: first, gz: selection.gradient }, selection.duration),
      blockOf({ gz: balance }, balanceTime),
      ...wait(toFirst),
    ];
    for (let repeat = -dummies; repeat < n; repeat++) {
      const line = Math.max(0, repeat);
      const phase = (repeat + dummies) % 2 === 0 ? Math.PI : 0;
      blocks.push(
        blockOf({ rf: selection.pulse(offset, phase), gz: selection.gradient }, selection.duration),
        blockOf({ gx: winder, gy: encode[line], gz: rephaser }, windTime),
        ...wait(before),
        readout.block(phase, repeat < 0 ? undefined : [setLabel('LIN', line)]),
        ...wait(after),
        blockOf({ gx: winder, gy: rewind[line], gz: rephaser }, windTime),
      );
    }
    return sequenceOf('bssfp', blocks, {
      Name: 'bssfp',
      FOV: [fov, fov, thickness],
      Matrix: [n, n, 1],
      SliceThickness: thickness,
      TE: half,
      TR: 2 * half,
      FlipAngle: flip / DEGREE,
    });
  },
);
