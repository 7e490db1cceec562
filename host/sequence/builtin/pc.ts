/**
 * Phase contrast, 2-D (Bryant et al. 1984): each line once for every velocity encoding, by a pair
 * of opposite lobes between encoding and readout. Sets differ in the sign of the pair on one axis,
 * so that spins of velocity v differ by
 *
 *     φ(set i) − φ(set 0) = π v_i / venc,   a pair having the first moment ∓1/(4γ̄·venc).
 */
import { DEGREE } from '../../base/quantities.ts';
import { areaTrapezoid, blockOf, eventEnd, sequenceOf, setLabel } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block, TrapezoidEvent } from '../types.ts';
import { echoTime, planeParameters, repetitionTime, spoiledEchoParameters } from './common.ts';
import { greShot } from './gre-shot.ts';
import { builtin } from './parameters.ts';
import { spoilingPhase } from './spoiling.ts';
import { longestOf, waitBlock, waiting, wantedTimes } from './times.ts';

const parameters = {
  ...planeParameters,
  venc: { default: 1, unit: 'm/s', doc: 'the velocity of a phase of 180°', minimum: 1e-4, plausible: 10 },
  direction: {
    default: 'z',
    unit: 'x|y|z|all',
    doc: 'the direction of velocity encoding; all: a set for each of x, y and z',
  },
  te: echoTime(0),
  tr: repetitionTime(20e-3),
  ...spoiledEchoParameters,
} as const;

/**
 * The lobe of the shortest pair with a first moment of `moment` [T·s²/m]: its area times its
 * duration.
 */
function pairLobe(moment: number, scanner: Scanner): TrapezoidEvent {
  let duration = 4 * scanner.gradRaster;
  for (;;) {
    const lobe = areaTrapezoid(moment / duration, scanner);
    const least = longestOf(scanner, lobe);
    // Longer lobes need less area: the first that fits its own duration is the shortest.
    if (least <= duration + 1e-9) {
      const { rise } = lobe;
      const flat = Math.round((duration - 2 * rise) / scanner.gradRaster) * scanner.gradRaster;
      return { ...lobe, flat, amplitude: moment / duration / (flat + rise) };
    }
    duration += Math.max(scanner.gradRaster, scanner.blockRaster);
  }
}

export const pc = builtin('pc', 'phase contrast gradient echo, 2-D', parameters, (values, scanner, isGiven) => {
  const wanted = wantedTimes('pc', isGiven);
  const { fov, n, thickness, te, tr, flip, dummies, venc } = values;
  const shot = greShot('pc', values, scanner);
  const lobe = pairLobe(1 / (4 * scanner.gammaBar * venc), scanner);
  const axes = values.direction === 'all' ? ['x', 'y', 'z'] : [values.direction];
  /** Both lobes of a set: on its own axis of the other sign. */
  const pairOf = (set: number): Block[] =>
    [1, -1].map((sign) => {
      const own = axes.map((axis, i) => {
        const amplitude = (i + 1 === set ? 1 : -1) * sign * lobe.amplitude;
        return [`g${axis}`, { ...lobe, amplitude }];
      });
      return blockOf(Object.fromEntries(own), eventEnd(lobe));
    });
  const pairs = Array.from({ length: axes.length + 1 }, (_, set) => pairOf(set));

  const earliest = shot.TE + 2 * eventEnd(lobe);
  const teWait = waiting(wanted('te', te), earliest, scanner);
  const played = shot.TR + 2 * eventEnd(lobe) + teWait;
  const trWait = waiting(wanted('tr', tr), played, scanner);
  const phaseOf = spoilingPhase(values.rfSpoiling);
  const blocks: Block[] = [];
  let count = 0;
  for (let repeat = -Math.ceil(dummies / pairs.length); repeat < n; repeat++)
    for (const [set, pair] of pairs.entries()) {
      const line = Math.max(0, repeat);
      const labels = repeat < 0 ? undefined : [setLabel('LIN', line), setLabel('SET', set)];
      blocks.push(
        ...shot.blocks(line, phaseOf(count++), labels, [...pair, ...waitBlock(teWait)]),
        ...waitBlock(trWait),
      );
    }
  return sequenceOf('pc', blocks, {
    Name: 'pc',
    FOV: [fov, fov, thickness],
    Matrix: [n, n, 1],
    SliceThickness: thickness,
    TE: earliest + teWait,
    TR: played + trWait,
    VENC: venc,
    FlipAngle: flip / DEGREE,
  });
});
