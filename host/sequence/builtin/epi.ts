/**
 * Single-shot gradient-echo EPI: hard pulse, prewinder, one line per bipolar readout lobe with a
 * blip between lines, rewinder. Its defaults are the reference case that exact signals are known
 * for, so its timing is ideal (no raster): readout gradient 1/(γ̄·dwell·fov), ramps at the slew
 * limit, samples on both ends of the flat top.
 */
import { usage } from '../../base/errors.ts';
import { DEGREE } from '../../base/quantities.ts';
import { adc, blockOf, delayOf, hardPulse, roundUp, sequenceOf, setLabel, trapezoid } from '../designer.ts';
import type { Block } from '../types.ts';
import { flipAngle, matrixSize } from './common.ts';
import { builtin, tooShort } from './parameters.ts';

const parameters = {
  fov: { default: 0.23, unit: 'm', doc: 'the field of view, square', minimum: 0, exclusive: true, plausible: 1 },
  n: matrixSize(101),
  te: {
    default: 0,
    unit: 's',
    doc: 'the time from the pulse centre to the k-space centre (0: shortest)',
    minimum: 0,
    plausible: 2,
  },
  flip: flipAngle(90 * DEGREE, 360 * DEGREE),
  dwell: {
    default: 0,
    unit: 's',
    doc: 'the time per sample (0: shortest on the ADC raster within Gmax)',
    minimum: 0,
    plausible: 0.01,
  },
} as const;

export const epi = builtin(
  'epi',
  'single-shot gradient-echo EPI; no slice selection: a volume is projected along z',
  parameters,
  ({ fov, n, te, flip, dwell }, scanner) => {
    const shortest = 1 / (scanner.gammaBar * fov * scanner.Gmax);
    const step = dwell === 0 ? roundUp(shortest, scanner.adcRaster) : dwell;
    if (step < shortest * (1 - 1e-9))
      throw usage(
        `epi: dwell=${dwell} s with fov=${fov} m needs more than Gmax = ${scanner.Gmax} T/m`,
        `give dwell ≥ ${shortest.toExponential(3)} s or a larger fov`,
      );

    // Readout lobe. Sample n lies at delay + (n+½)·dwell, so the delay is half a dwell short of the
    // ramp.
    const amplitude = 1 / (scanner.gammaBar * step * fov);
    const ramp = Math.max(amplitude / scanner.Smax, step / 2);
    const flat = (n - 1) * step;
    const lobe = [trapezoid(amplitude, ramp, flat), trapezoid(-amplitude, ramp, flat)] as const;
    const readout = adc(n, step, ramp - step / 2);
    const blip = trapezoid((amplitude * step) / (step + ramp), ramp, step);

    // Areas in units of the readout amplitude: to index floor(n/2) at k = 0 on both axes, and back
    // to 0 at the end.
    const half = Math.floor(n / 2);
    const lobeTime = flat + ramp;
    const winder = (x: number, y: number): Block =>
      blockOf({
        gx: trapezoid((amplitude * x) / lobeTime, ramp, flat),
        gy: trapezoid((amplitude * y) / lobeTime, ramp, flat),
      });
    const prewind = winder(-(half * step + ramp / 2), -half * step);
    const endX = n % 2 === 1 ? lobeTime - (half * step + ramp / 2) : -(half * step + ramp / 2);
    const rewind = winder(-endX, -(n - 1 - half) * step);

    const rf = hardPulse(flip, scanner.B1);
    const excitation = blockOf({ rf });
    const blipBlock = blockOf({ gy: blip });

    // k-space centre: line `half`, and in it the sample at kx = 0, counted from the line's own
    // start.
    const centerInLine = ramp + (half % 2 === 0 ? half : n - 1 - half) * step;
    const lineTime = flat + 2 * ramp;
    const earliest =
      excitation.duration - rf.center + prewind.duration + half * (lineTime + blipBlock.duration) + centerInLine;
    if (te !== 0 && te < earliest - 1e-9) throw tooShort('epi', 'te', te, earliest);

    const blocks: Block[] = [excitation];
    if (te > earliest) blocks.push(delayOf(te - earliest));
    blocks.push(prewind);
    for (let line = 0; line < n; line++) {
      if (line > 0) blocks.push(blipBlock);
      const labels = [setLabel('LIN', line), setLabel('REV', line % 2)];
      blocks.push(blockOf({ gx: lobe[line % 2], adc: readout, labels }));
    }
    blocks.push(rewind);
    return sequenceOf('epi', blocks, {
      Name: 'epi',
      // Nothing selects in z: a voxel is drawn as a cube.
      FOV: [fov, fov, fov / n],
      Matrix: [n, n, 1],
      TE: te === 0 ? earliest : te,
      FlipAngle: flip / DEGREE,
    });
  },
);
