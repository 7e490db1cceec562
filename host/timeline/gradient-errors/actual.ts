/**
 * The sequence as the scanner plays it: the same blocks with gradients, pulses and readouts delayed
 * and the gradients distorted. Only compilation uses it; encoding, checks and k-space use the
 * nominal sequence.
 */
import { badInput } from '../../base/errors.ts';
import type { EddyTerm } from '../../fields/eddy.ts';
import type { Girf } from '../../fields/girf.ts';
import type { EddyCurrent, Scanner } from '../../sequence/scanner-types.ts';
import type { Block, GradientEvent, Sequence } from '../../sequence/types.ts';
import type { PiecewiseLinear } from '../../sequence/waveform.ts';
import { eventKeys } from '../tables.ts';
import { eddyCurrents } from './eddy.ts';
import { impulseResponse } from './girf.ts';
import { type Distortion, knotsOf } from './pieces.ts';
import { movedBoundaries, neighbours, type SourceDelays, sourceBlock } from './source.ts';

/** Blocks cached for repetitions: more would only take memory where every repetition differs. */
const KEPT = 1024;

const AXES = ['x', 'y', 'z', 'B0'];
const termOf = ({ from, to, amplitude, timeConstant }: EddyCurrent): EddyTerm => ({
  from: AXES.indexOf(from),
  to: AXES.indexOf(to),
  amplitude,
  timeConstant,
});

/**
 * The sequence as a scanner plays it: the same object if nothing is delayed and no gradient is
 * distorted.
 */
export function playedSequence(
  nominal: Sequence,
  { delays, gradients }: Pick<Scanner, 'delays' | 'gradients'>,
  girf?: Girf,
): Sequence {
  const { x = 0, y = 0, z = 0, rf = 0, adc = 0 } = delays ?? {};
  const terms = (gradients?.eddyCurrents ?? []).filter(({ amplitude }) => amplitude !== 0).map(termOf);
  if (girf !== undefined && (terms.length > 0 || x !== 0 || y !== 0 || z !== 0)) {
    const what = `describes the whole gradient system, as ${terms.length > 0 ? 'eddyCurrents' : 'delays of axes'} would too`;
    throw badInput(girf.path, what, 'give only one of the two in the scanner file');
  }
  const distortion = girf ? impulseResponse(girf, nominal) : terms.length > 0 ? eddyCurrents(terms) : undefined;
  if (distortion === undefined && [x, y, z, rf, adc].every((delay) => delay === 0)) return nominal;
  return actualSequence(nominal, { axes: [x, y, z], rf, adc }, distortion);
}

/**
 * @param distortion undefined: only delays
 * @returns a sequence whose blocks must be requested in order, beginning with the first
 */
function actualSequence(nominal: Sequence, delays: SourceDelays, distortion?: Distortion): Sequence {
  const moved = movedBoundaries(nominal, delays);
  const keyOf = eventKeys();
  const known = new Map<string, { readonly block: Block; readonly left: Float64Array }>();
  const none = new Float64Array(0);
  let left: Float64Array = none;
  let next = 0;

  /** Everything that block n as it is played depends on. */
  const key = (n: number): string => {
    const own = neighbours(nominal, n, delays);
    const wider = distortion?.around(n) ?? own;
    const parts = [moved[n], moved[n + 1], n - Math.min(own[0], wider[0]), left.join(' ')];
    for (let m = Math.min(own[0], wider[0]); m <= Math.max(own[1], wider[1]); m++) parts.push(keyOf(nominal.block(m)));
    return parts.join('|');
  };
  const make = (n: number): { block: Block; left: Float64Array } => {
    const source = sourceBlock(nominal, n, delays, moved);
    const played = distortion?.play(n, source.gradients, knotsOf(source), left);
    const [gx, gy, gz, common] = (played?.waveforms ?? source.gradients).map(eventOf);
    const gradients = { ...(gx && { gx }), ...(gy && { gy }), ...(gz && { gz }), ...(common && { common }) };
    return { block: { duration: source.duration, ...source.events, ...gradients }, left: played?.left ?? none };
  };
  return {
    ...nominal,
    duration: nominal.duration + moved[nominal.blockCount],
    block(n) {
      if (n !== 0 && n !== next) throw new RangeError(`distorted block ${n} asked for after block ${next - 1}`);
      if (n === 0) left = distortion?.start ?? none;
      next = n + 1;
      const name = key(n);
      const found = known.get(name) ?? make(n);
      known.delete(name);
      known.set(name, found);
      if (known.size > KEPT) known.delete(known.keys().next().value!);
      left = found.left;
      return found.block;
    },
  };
}

function eventOf({ t, a }: PiecewiseLinear): GradientEvent | undefined {
  return t.length === 0 ? undefined : { kind: 'shape', delay: 0, time: t, amplitude: a };
}
