/**
 * Diffusion-weighted spin-echo EPI, 2-D, slices interleaved within a TR: a volume without diffusion
 * weighting, then one for each direction.
 *
 *   90°x + Gz | rephase z | diffusion | wait | crush | 180°y + Gz | crush | diffusion | wait |
 *   prephase x and y | train | spoil | wait for TR
 *
 * Spins do not diffuse in the simulation unless their motion says so.
 */
import { usage } from '../../base/errors.ts';
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, durationOf, roundUp, sequenceOf, setLabel } from '../designer.ts';
import type { Block, TrapezoidEvent } from '../types.ts';
import { count, echoTime, flipAngle, matrixSize, pulseDuration, repetitionTime, spinWarpParameters } from './common.ts';
import { diffusionLobe } from './diffusion.ts';
import { epiTrain } from './epi-train.ts';
import { multiSlice } from './multi-slice.ts';
import { builtin } from './parameters.ts';
import { slicePositions, sliceSelection } from './selection.ts';
import { spoilerLobe } from './spoiling.ts';
import { along, type SpokeDirection } from './spokes.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...spinWarpParameters,
  n: matrixSize(64),
  dwell: { ...spinWarpParameters.dwell, default: 4e-6 },
  b: { default: 1e9, unit: 's/m2', doc: 'the b value (b=1000s/mm2)', minimum: 0, plausible: 2e10 },
  direction: {
    default: 'z',
    unit: 'x|y|z|all',
    doc: 'the direction of diffusion weighting; all: a volume for each of x, y and z',
  },
  te: echoTime(0),
  tr: repetitionTime(2),
  flip: { ...flipAngle(90 * DEGREE), doc: 'the excitation angle' },
  rfDuration: pulseDuration(3e-3),
  dummies: count(1, 'the number of volumes before the first one that is recorded, to reach the steady state', 0),
  crusher: { default: 4, unit: 'cycles', doc: 'the dephasing across the slice on each side of the 180°', minimum: 0 },
} as const;

const DIRECTIONS: Readonly<Record<string, SpokeDirection>> = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };

export const dwi = builtin(
  'dwi',
  'diffusion-weighted spin-echo EPI, 2-D multi-slice',
  parameters,
  (values, scanner, isGiven) => {
    const wanted = wantedTimes('dwi', isGiven);
    const { fov, n, slices, thickness, gap, offset, dwell, timeBandwidth, b, te, tr, flip, dummies } = values;
    const { blockRaster } = scanner;
    const common = { sequence: 'dwi', thickness, timeBandwidth, shortest: values.rfDuration };
    const excite = sliceSelection({ ...common, flip, use: 'excitation' }, scanner);
    const refocus = sliceSelection({ ...common, flip: 180 * DEGREE, use: 'refocusing' }, scanner);
    const train = epiTrain('dwi', fov, n, dwell, scanner);
    const rephaser = areaTrapezoid(-excite.areaAfter, scanner);
    const crusher = spoilerLobe(values.crusher, thickness, scanner);
    const spoiler = spoilerLobe(8, thickness, scanner);
    const rephaseTime = longestOf(scanner, rephaser);
    const crushTime = longestOf(scanner, crusher);
    const windTime = longestOf(scanner, train.winders.gx, train.winders.gy);

    // Both halves of TE without the lobes, and so how far these are apart.
    const before = excite.duration - excite.center + rephaseTime + crushTime + refocus.center;
    const after = refocus.duration - refocus.center + crushTime + windTime + train.center;
    const longer = roundUp(Math.max(before, after), blockRaster);
    const between = 2 * crushTime + refocus.duration;
    const apart = (lobe: number, half: number): number | undefined =>
      longer + lobe > half + 1e-9 ? undefined : half - before + between;
    const fixed = te === 0 ? undefined : roundUp(te / 2, blockRaster);
    const fitted = fixed === undefined ? undefined : diffusionLobe(b, scanner, (lobe) => apart(lobe, fixed));
    const lobe = fitted ?? diffusionLobe(b, scanner, (time) => apart(time, longer + time));
    if (lobe === undefined)
      throw usage(
        `dwi: b=${b} s/m² needs lobes of more than 0.5 s`,
        'give a smaller b or a scanner with a higher Gmax',
      );
    const lobeTime = longestOf(scanner, lobe);
    const shortest = 2 * (longer + lobeTime);
    if (fitted === undefined) waiting(wanted('te', te), shortest, scanner);
    const half = fitted === undefined || fixed === undefined ? shortest / 2 : fixed;
    const firstWait = Math.max(0, Math.floor((half - before - lobeTime) / blockRaster + 1e-6) * blockRaster);
    const secondWait = Math.max(0, Math.round((before + firstWait - after) / blockRaster) * blockRaster);

    const positions = slicePositions(slices, thickness, gap, offset);
    const weighted = values.direction === 'all' ? ['x', 'y', 'z'] : [values.direction];
    const shotOf = (volume: number, slice: number): Block[] => {
      const gradient = (): Block => {
        const silent: TrapezoidEvent = { ...lobe, amplitude: 0 };
        return blockOf(volume <= 0 ? { gz: silent } : along(lobe, DIRECTIONS[weighted[volume - 1]]), lobeTime);
      };
      const z = positions[slice];
      return [
        blockOf({ rf: excite.pulse(z, 0), gz: excite.gradient }, excite.duration),
        blockOf({ gz: rephaser }, rephaseTime),
        gradient(),
        ...waitBlock(firstWait),
        blockOf({ gz: crusher }, crushTime),
        blockOf({ rf: refocus.pulse(z, Math.PI / 2), gz: refocus.gradient }, refocus.duration),
        blockOf({ gz: crusher }, crushTime),
        gradient(),
        ...waitBlock(secondWait),
        blockOf(train.winders, windTime),
        ...train.blocks(volume < 0 ? undefined : [setLabel('SLC', slice), setLabel('REP', volume)]),
        blockOf({ gz: spoiler }, longestOf(scanner, spoiler)),
      ];
    };
    const shot = durationOf(shotOf(0, 0));
    const trWait = waiting(wanted('tr', tr), slices * shot, scanner);
    const repeats = weighted.length + 1;
    const blocks = multiSlice({ dummies, repeats, slices, wait: trWait }, scanner, shotOf);
    return sequenceOf('dwi', blocks, {
      Name: 'dwi',
      FOV: [fov, fov, thickness],
      Matrix: [n, n, 1],
      Slices: slices,
      SliceThickness: thickness,
      SliceGap: gap,
      TE: before + lobeTime + firstWait + after + lobeTime + secondWait,
      TR: slices * shot + trWait,
      bValue: b,
      FlipAngle: flip / DEGREE,
    });
  },
);
