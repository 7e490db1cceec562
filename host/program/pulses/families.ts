/**
 * Pulses that differ only in amplitude, and the amplitudes at which operators are needed. An
 * operator is an entire function of the amplitude a, so a polynomial through a few Chebyshev nodes
 * gives all of them; how many is found by the exact operators of random spins at amplitudes between
 * the nodes. To turn B1 round is to turn it by π about z, so what leads from Mxy to Mz and back is
 * odd in a, all else even: polynomials in a², which take two thirds of the nodes.
 */
import { createHash } from 'node:crypto';
import { extremes } from '../../numerics/extremes.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseUses } from '../../timeline/windows.ts';
import type { Context, PulseFamily } from '../method.ts';
import { pulseOperator, type RandomSpin, randomSpins } from './reference.ts';

const MOST_NODES = 12;

/** All pulses; without a budget each by itself. */
export function pulseFamilies({ timeline, source, budget }: Context): PulseFamily[] {
  const uses = pulseUses(timeline);
  const spins = randomSpins(timeline, source);
  return grouped(timeline, uses, budget !== undefined).map((family) => ({
    ...family,
    nodes: nodesFor(timeline, family, spins, budget?.amplitudes ?? 0),
    uses: [...family.members.keys()].reduce((sum, pulse) => sum + uses[pulse], 0),
    steps: timeline.pulses[STRIDE.pulse * family.pulse + 1],
  }));
}

/**
 * Groups pulses whose steps are equal up to a real factor; without `scaled`, each pulse is a group
 * of its own.
 */
function grouped(timeline: Timeline, uses: Int32Array, scaled: boolean) {
  const found = new Map<string, { pulse: number; members: Map<number, number> }[]>();
  for (const pulse of uses.keys()) {
    const shape = scaled ? shapeKey(timeline, pulse) : String(pulse);
    const alike = found.get(shape) ?? [];
    found.set(shape, alike);
    for (const family of alike) {
      const factor = ratio(timeline, pulse, family.pulse);
      if (factor === undefined) continue;
      family.members.set(pulse, factor);
      break;
    }
    if (!alike.some(({ members }) => members.has(pulse))) alike.push({ pulse, members: new Map([[pulse, 1]]) });
  }
  return [...found.values()].flat().map(({ pulse, members }) => ({
    pulse,
    members,
    amplitudes: [...new Set([...members.values()].map(Math.abs))],
  }));
}

/** All of a pulse but its B1, as a digest. */
function shapeKey({ pulses, rfSteps }: Timeline, pulse: number): string {
  const [first, count, offset, duration] = pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
  const steps = rfSteps.slice(STRIDE.rfStep * first!, STRIDE.rfStep * (first! + count!));
  for (let n = 0; n < steps.length; n += STRIDE.rfStep) {
    steps[n + 1] = 0;
    steps[n + 2] = 0;
  }
  return createHash('sha1').update(steps).update(Float64Array.of(offset!, duration!)).digest('base64');
}

/**
 * Real factor between the B1 of `pulse` and that of `base`; undefined if they deviate by more than
 * rounding.
 */
function ratio({ pulses, rfSteps }: Timeline, pulse: number, base: number): number | undefined {
  const [from, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
  const [to] = pulses.subarray(STRIDE.pulse * base) as unknown as [number];
  let product = 0;
  let norm = 0;
  for (let n = 0; n < STRIDE.rfStep * count; n += STRIDE.rfStep)
    for (let i = n + 1; i < n + 3; i++) {
      const reference = rfSteps[STRIDE.rfStep * to + i];
      product += rfSteps[STRIDE.rfStep * from + i] * reference;
      norm += reference * reference;
    }
  if (norm === 0) return undefined;
  const factor = product / norm;
  let deviation = 0;
  for (let n = 0; n < STRIDE.rfStep * count; n += STRIDE.rfStep)
    for (let i = n + 1; i < n + 3; i++) {
      const difference = rfSteps[STRIDE.rfStep * from + i] - factor * rfSteps[STRIDE.rfStep * to + i];
      deviation = Math.max(deviation, Math.abs(difference));
    }
  return deviation <= 1e-9 * Math.sqrt(norm) ? factor : undefined;
}

/** Entries of an operator that are odd in the amplitude: [12], three per image. */
const IS_ODD = [false, false, true, false, false, true, true, true, false, true, true, false] as const;

/**
 * Fewest Chebyshev nodes over the squares of the amplitudes whose polynomials stay within `bound`
 * of stepping halfway between them.
 */
function nodesFor(
  timeline: Timeline,
  family: Pick<PulseFamily, 'pulse' | 'amplitudes'>,
  spins: readonly RandomSpin[],
  bound: number,
): number[] {
  const { amplitudes, pulse } = family;
  if (amplitudes.length === 1) return [amplitudes[0]];
  const [low, high] = extremes(amplitudes.map((amplitude) => amplitude ** 2));
  const node = (n: number, count: number): number =>
    Math.sqrt((low + high) / 2 - ((high - low) / 2) * Math.cos((Math.PI * (2 * n + 1)) / (2 * count)));
  for (let count = 2; count < Math.min(MOST_NODES, amplitudes.length); count++) {
    const nodes = Array.from({ length: count }, (_, n) => node(n, count));
    const between = Array.from({ length: count + 1 }, (_, n) => {
      const amplitude = n === 0 ? Math.sqrt(low) : n === count ? Math.sqrt(high) : node(n - 0.5, count);
      return { amplitude, terms: weights(nodes, amplitude) };
    });
    // The first spin, at the phantom's corner, usually suffices to show that there are too few.
    const areEnough = spins.every((spin) => {
      const known = nodes.map((amplitude) => pulseOperator(timeline, pulse, amplitude, spin));
      return between.every(({ amplitude, terms }) => {
        const exact = pulseOperator(timeline, pulse, amplitude, spin);
        return exact.every((value, i) => {
          const approximate = terms.reduce((sum, { even, odd }, n) => sum + (IS_ODD[i] ? odd : even) * known[n][i], 0);
          return Math.abs(value - approximate) <= bound;
        });
      });
    });
    if (areEnough) return nodes;
  }
  return [...amplitudes];
}

/**
 * Weights of the operators at `nodes` for the operator at amplitude a: for the entries even in a,
 * and for the odd ones.
 */
export function weights(nodes: readonly number[], a: number): { even: number; odd: number }[] {
  return nodes.map((own, n) => {
    const even = nodes.reduce(
      (product, other, m) => (m === n ? product : (product * (a ** 2 - other ** 2)) / (own ** 2 - other ** 2)),
      1,
    );
    return { even, odd: own === 0 ? 0 : (even * a) / own };
  });
}
