/**
 * Cine of the heart, 2-D: a segment of k-space lines, over and over, after each R peak; the next
 * segment after the next one. The blocks that wait for the peak have an input trigger
 * (`--heart-rate`, `--r-peaks`).
 *
 *   trigger | phase 0: line 0 … views − 1 | phase 1: the same lines | …      (once per heart beat)
 */
import { DEGREE } from '../../base/quantities.ts';
import { inputTrigger, sequenceOf, setLabel } from '../designer.ts';
import type { Block } from '../types.ts';
import {
  count,
  echoTime,
  flipAngle,
  planeParameters,
  pulseDuration,
  repetitionTime,
  spoiledEchoParameters,
} from './common.ts';
import { greShot } from './gre-shot.ts';
import { builtin } from './parameters.ts';
import { spoilingPhase } from './spoiling.ts';
import { waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...planeParameters,
  dwell: { ...planeParameters.dwell, default: 10e-6 },
  phases: count(16, 'the number of pictures of a heart beat', 1, 1000),
  views: count(8, 'the lines of a phase in one heart beat', 1, 4096),
  te: echoTime(0),
  tr: repetitionTime(5e-3),
  ...spoiledEchoParameters,
  flip: flipAngle(12 * DEGREE),
  rfDuration: pulseDuration(1e-3),
  dummies: count(1, 'the number of heart beats before the first one that is recorded', 0),
} as const;

export const cine = builtin(
  'cine',
  'triggered spoiled gradient echo of the heart, 2-D',
  parameters,
  (values, scanner, isGiven) => {
    const wanted = wantedTimes('cine', isGiven);
    const { fov, n, thickness, phases, views, te, tr, flip, dummies } = values;
    const shot = greShot('cine', values, scanner);
    const teWait = waiting(wanted('te', te), shot.TE, scanner);
    const trWait = waiting(wanted('tr', tr), shot.TR + teWait, scanner);
    const phaseOf = spoilingPhase(values.rfSpoiling);
    const blocks: Block[] = [];
    let pulses = 0;
    for (let beat = -dummies; beat < Math.ceil(n / views); beat++) {
      blocks.push(inputTrigger(1, scanner.blockRaster));
      for (let phase = 0; phase < phases; phase++)
        for (let view = 0; view < views; view++) {
          const line = Math.max(0, beat) * views + view;
          const isRead = beat >= 0 && line < n;
          const labels = isRead ? [setLabel('LIN', line), setLabel('PHS', phase)] : undefined;
          blocks.push(
            ...shot.blocks(Math.min(line, n - 1), phaseOf(pulses++), labels, waitBlock(teWait)),
            ...waitBlock(trWait),
          );
        }
    }
    return sequenceOf('cine', blocks, {
      Name: 'cine',
      FOV: [fov, fov, thickness],
      Matrix: [n, n, 1],
      SliceThickness: thickness,
      TE: shot.TE + teWait,
      TR: shot.TR + teWait + trWait,
      Phases: phases,
      FlipAngle: flip / DEGREE,
    });
  },
);
