/**
 * MPRAGE (Mugler and Brookeman 1990): an adiabatic inversion of the volume, a wait, and a train of
 * spoiled gradient echoes of small flip angle through one plane of k-space; then the next
 * partition:
 *
 *   inversion | spoil | wait for TI
 *   once per line:
 *     α | prephase x, encode y and z | wait for TE | readout | spoil x, rewind y and z | wait
 *   wait for TR
 *
 * TI is the time from the inversion to the pulse before the line in the middle, TR that between
 * inversions.
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, sequenceOf, setLabel } from '../designer.ts';
import type { Block } from '../types.ts';
import {
  count,
  echoTime,
  flipAngle,
  pulseDuration,
  repetitionTime,
  rfSpoilingIncrement,
  volumeParameters,
} from './common.ts';
import { inversionOf } from './inversion.ts';
import { phaseTable, readoutLobe } from './lines.ts';
import { builtin } from './parameters.ts';
import { volumePulse } from './selection.ts';
import { spoilingPhase } from './spoiling.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...volumeParameters,
  partitions: count(32, 'the matrix along z', 1, 1024),
  thickness: { default: 4e-3, unit: 'm', doc: 'the size of a partition', minimum: 0, exclusive: true, plausible: 0.1 },
  ti: {
    default: 0.9,
    unit: 's',
    doc: 'the inversion time, to the middle of the train (0 = shortest possible; lengthened if necessary unless set explicitly)',
    minimum: 0,
    plausible: 5,
  },
  tr: {
    ...repetitionTime(2),
    doc: 'the time between inversions (0 = shortest possible; lengthened if necessary unless set explicitly)',
  },
  te: echoTime(0),
  spacing: {
    default: 8e-3,
    unit: 's',
    doc: 'the time between echoes (0 = shortest possible; lengthened if necessary unless set explicitly)',
    minimum: 0,
    plausible: 0.5,
  },
  flip: flipAngle(8 * DEGREE),
  rfDuration: pulseDuration(2e-4),
  rfSpoiling: rfSpoilingIncrement(50 * DEGREE),
  spoiler: { default: 2, unit: 'cycles', doc: 'the dephasing across a pixel along x after each readout', minimum: 0 },
  dummies: count(1, 'the number of trains before the first one that is recorded', 0),
} as const;

export const mprage = builtin(
  'mprage',
  'inversion-prepared gradient echo, 3-D',
  parameters,
  (values, scanner, isGiven) => {
    const { fov, n, partitions, thickness, dwell, ti, tr, te, flip, dummies } = values;
    const wanted = wantedTimes('mprage', isGiven);
    const depth = partitions * thickness;
    const [inversion, crush] = inversionOf(thickness, scanner);

    const excite = volumePulse(flip, 'excitation', values.rfDuration, scanner);
    const readout = readoutLobe('mprage', fov, n, dwell, scanner);
    const prephaser = areaTrapezoid(-readout.areaBefore, scanner);
    const spoiler = areaTrapezoid(values.spoiler / (scanner.gammaBar * (fov / n)), scanner);
    const tables = [phaseTable(fov, n, scanner, 1), phaseTable(fov, n, scanner, -1)] as const;
    const stacks = [phaseTable(depth, partitions, scanner, 1), phaseTable(depth, partitions, scanner, -1)] as const;
    const windTime = longestOf(scanner, prephaser, tables[0][0], stacks[0][0]);
    const spoilTime = longestOf(scanner, spoiler, tables[0][0], stacks[0][0]);

    const toEcho = excite.duration - excite.center + windTime + readout.center;
    const teWait = waiting(wanted('te', te), toEcho, scanner);
    const shot = excite.duration + windTime + teWait + readout.duration + spoilTime;
    const spacingWait = waiting(wanted('spacing', values.spacing), shot, scanner);
    const spacing = shot + spacingWait;
    const { delay, center } = inversion.rf!;
    const toMiddle = inversion.duration - delay - center + crush.duration + Math.floor(n / 2) * spacing + excite.center;
    const tiWait = waiting(wanted('ti', ti), toMiddle, scanner);
    const train = inversion.duration + crush.duration + tiWait + n * spacing;
    const trWait = waiting(wanted('tr', tr), train, scanner);

    const phaseOf = spoilingPhase(values.rfSpoiling);
    const blocks: Block[] = [];
    for (let repeat = -dummies; repeat < partitions; repeat++) {
      const partition = Math.max(0, repeat);
      blocks.push(inversion, crush, ...waitBlock(tiWait));
      for (let line = 0; line < n; line++) {
        const phase = phaseOf((repeat + dummies) * n + line);
        const labels = [setLabel('LIN', line), setLabel('PAR', partition)];
        blocks.push(
          blockOf({ rf: excite.pulse(phase) }, excite.duration),
          blockOf({ gx: prephaser, gy: tables[0][line], gz: stacks[0][partition] }, windTime),
          ...waitBlock(teWait),
          readout.block(phase, repeat < 0 ? undefined : labels),
          blockOf({ gx: spoiler, gy: tables[1][line], gz: stacks[1][partition] }, spoilTime),
          ...waitBlock(spacingWait),
        );
      }
      blocks.push(...waitBlock(trWait));
    }
    return sequenceOf('mprage', blocks, {
      Name: 'mprage',
      FOV: [fov, fov, depth],
      Matrix: [n, n, partitions],
      TE: toEcho + teWait,
      TI: toMiddle + tiWait,
      TR: train + trWait,
      FlipAngle: flip / DEGREE,
    });
  },
);
