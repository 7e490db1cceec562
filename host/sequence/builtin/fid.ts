/** Pulse and acquire: one hard pulse, no gradients, one readout of the free induction decay. */
import { DEGREE } from '../../base/quantities.ts';
import { adc, blockOf, hardPulse, roundUp, sequenceOf } from '../designer.ts';
import type { Block } from '../types.ts';
import { flipAngle } from './common.ts';
import { builtin } from './parameters.ts';
import { waitBlock } from './times.ts';

const parameters = {
  flip: flipAngle(90 * DEGREE, 360 * DEGREE),
  samples: { default: 1024, unit: '', doc: 'the number of samples', minimum: 1, maximum: 1e8, integer: true },
  dwell: { default: 100e-6, unit: 's', doc: 'the time per sample', minimum: 0, exclusive: true, plausible: 0.1 },
  delay: {
    default: 100e-6,
    unit: 's',
    doc: 'the time from the end of the pulse to the start of the ADC',
    minimum: 0,
    plausible: 10,
  },
} as const;

export const fid = builtin('fid', 'hard pulse and free induction decay', parameters, (values, scanner) => {
  // The shortest pulse on the RF raster, its amplitude lowered to what that length needs.
  const cycles = values.flip / (2 * Math.PI * scanner.gammaBar);
  const length = roundUp(cycles / scanner.B1, scanner.rfRaster);
  const rf = hardPulse(values.flip, cycles / length, { delay: scanner.rfDeadTime, gammaBar: scanner.gammaBar });

  const pulseEnd = rf.delay + length;
  const first = roundUp(pulseEnd + scanner.rfRingdown, scanner.blockRaster);
  const lead = Math.max(scanner.adcDeadTime, values.delay - (first - pulseEnd));
  const wait = Math.floor((lead - scanner.adcDeadTime) / scanner.blockRaster + 1e-6) * scanner.blockRaster;
  const readout = adc(values.samples, values.dwell, roundUp(lead - wait, scanner.rfRaster));
  const recorded = readout.delay + values.samples * values.dwell + scanner.adcDeadTime;

  const blocks: Block[] = [
    blockOf({ rf }, first),
    ...waitBlock(wait),
    blockOf({ adc: readout }, roundUp(recorded, scanner.blockRaster)),
  ];
  return sequenceOf('fid', blocks, {
    Name: 'fid',
    TE: first + wait + readout.delay + values.dwell / 2 - rf.delay - rf.center,
    FlipAngle: values.flip / DEGREE,
  });
});
