/**
 * Which pulses are kept as operators per spin (`assembly/operators.ts`), from counts alone. A pulse that is played often enough is
 * kept as it is: the same rotations in another order, exact up to rounding. With a tolerance, pulses that differ only in amplitude
 * are one family: the operator is an entire function of the amplitude a, so a polynomial through a few Chebyshev nodes
 * gives all of them; how many is found by the exact operators of random spins at amplitudes between the nodes. To turn B1 round is to turn it by π about
 * z, so what leads from Mxy to Mz and back is odd in a, all else even: polynomials in a², which take two thirds of the nodes.
 */
import { createHash } from 'node:crypto';
import { OperatorUse, Term } from '../../abi/abi.generated.ts';
import { type RecordList, recordList, type Values } from '../../abi/records.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { arrayBuilder } from '../../timeline/intern.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseUses } from '../../timeline/windows.ts';
import type { Choice } from '../readouts/nufft2d1.ts';
import { type PulseTables, pulseOperator, type RandomSpin, randomSpins } from './reference.ts';
import { type PulseTable, sizeTable, tableLanes, tableNodes } from './table.ts';

export interface Operators extends PulseTables {
  /** [operators] the pulse of each */
  readonly operators: Int32Array;
  /** [operators] where it is looked up; undefined: composed for every spin */
  readonly tables: readonly (PulseTable | undefined)[];
  readonly operatorUses: RecordList<typeof OperatorUse>;
  readonly terms: RecordList<typeof Term>;
  /** [excitations] its play, or −1: stepped */
  readonly playOf: Int32Array;
  readonly choices: readonly Choice[];
}

/**
 * Lanes: one step as a rotation or composed in f64 for an operator, what a pulse costs besides its steps, one term of a play and what a play
 * costs besides.
 */
const COST = { step: 40, compose: 280, pulse: 60, term: 15, play: 20 } as const;
/** Kept operators of one spin [bytes], at most: a tile of 1024 then fills half of a second-level cache. */
const MOST_BYTES = 1024;
const OPERATOR_BYTES = 48;
const MOST_NODES = 12;
interface Family {
  /** Pulse whose steps all others are multiples of. */
  readonly pulse: number;
  readonly members: ReadonlyMap<number, number>;
  /** Sizes of these multiples. */
  readonly amplitudes: readonly number[];
}

/** @param bound error of an entry of an operator, at most; undefined: exact operators alone */
export function chooseOperators(
  timeline: Timeline,
  source: Pick<PhantomSource, 'bounds' | 'B0' | 'spinCount'>,
  bound: number | undefined,
): Operators {
  const { excitations } = timeline;
  const uses = pulseUses(timeline);
  const stepCost = (pulse: number): number => COST.step * timeline.pulses[STRIDE.pulse * pulse + 1] + COST.pulse;
  const spins = randomSpins(timeline, source);
  const candidates = families(timeline, uses, bound !== undefined).map((family) => {
    const nodes = nodesFor(timeline, family, spins, bound ?? 0);
    const count = [...family.members.keys()].reduce((sum, pulse) => sum + uses[pulse], 0);
    const play = COST.term * nodes.length + COST.play;
    const stepped = COST.compose * timeline.pulses[STRIDE.pulse * family.pulse + 1] + COST.pulse;
    const table = bound === undefined ? undefined : sizeTable(timeline, source, family.pulse, bound);
    const lookedUp = table && tableLanes(table) + (tableNodes(table) * stepped) / source.spinCount;
    const isTable = lookedUp !== undefined && lookedUp < stepped;
    const saved = count * (stepCost(family.pulse) - play) - nodes.length * (isTable ? lookedUp : stepped);
    return { family, nodes, isTable, saved, play, count };
  });
  candidates.sort((a, b) => b.saved - a.saved);

  /** Pulses that only operators are made from, and their steps. */
  const pulses: number[] = [];
  const rfSteps: number[] = [];
  const operators: number[] = [];
  const isLookedUp: boolean[] = [];
  const choices: Choice[] = [];
  /** By pulse: its terms. */
  const termsOf = new Map<number, readonly Values<typeof Term>[]>();
  for (const { family, nodes, isTable, saved, play, count } of candidates) {
    if (!(saved > 0) || OPERATOR_BYTES * (operators.length + nodes.length) > MOST_BYTES) continue;
    const first = operators.length;
    const how = isTable ? 'looked up once per spin' : 'composed once per spin';
    choices.push({
      what: `a pulse of ${timeline.pulses[STRIDE.pulse * family.pulse + 1]} steps, played ${count} times`,
      chosen: nodes.length === 1 ? `an operator, ${how}` : `operators at ${nodes.length} amplitudes, ${how}`,
      lanes: play,
      instead: 'steps',
      insteadLanes: stepCost(family.pulse),
    });
    for (const node of nodes) {
      operators.push(scaledPulse(timeline, family.pulse, node, pulses, rfSteps));
      isLookedUp.push(isTable);
    }
    for (const [pulse, amplitude] of family.members)
      termsOf.set(
        pulse,
        weights(nodes, amplitude).map(({ even, odd }, n) => ({ operator: first + n, even, odd })),
      );
  }

  const playOf = new Int32Array(excitations.length / STRIDE.excitation).fill(-1);
  const played = recordList(OperatorUse);
  const terms = recordList(Term);
  playOf.forEach((_, excitation) => {
    const own = termsOf.get(excitations[STRIDE.excitation * excitation]);
    if (own === undefined) return;
    playOf[excitation] = played.push({ excitation, firstTerm: terms.length, terms: own.length });
    for (const term of own) terms.push(term);
  });
  const stepped = new Set(operators);
  for (const [excitation, play] of playOf.entries())
    if (play < 0) stepped.add(excitations[STRIDE.excitation * excitation]);
  const made = withSteps(append(timeline.pulses, pulses), append(timeline.rfSteps, rfSteps), stepped);
  const all = { ...timeline, ...made };
  return {
    ...made,
    operators: Int32Array.from(operators),
    tables: operators.map((pulse, n) => (isLookedUp[n] ? sizeTable(all, source, pulse, bound!) : undefined)),
    operatorUses: played,
    terms,
    playOf,
    choices,
  };
}

/** Nothing kept: every pulse is stepped, as the reference does. */
export function noOperators({ pulses, rfSteps, excitations }: Timeline): Operators {
  const playOf = new Int32Array(excitations.length / STRIDE.excitation).fill(-1);
  return {
    pulses,
    rfSteps,
    operators: new Int32Array(0),
    tables: [],
    operatorUses: recordList(OperatorUse),
    terms: recordList(Term),
    playOf,
    choices: [],
  };
}

/** Pulses grouped by their steps up to a real factor; each alone unless `scaled`. */
function families(timeline: Timeline, uses: Int32Array, scaled: boolean): Family[] {
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

/** Real factor by which the B1 of `pulse` is that of `base`, or undefined: deviations beyond rounding. */
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

/** Entries of an operator that are odd in the amplitude: [12], three of each image. */
const IS_ODD = [false, false, true, false, false, true, true, true, false, true, true, false] as const;

/** Fewest Chebyshev nodes over the squares of the amplitudes whose polynomials stay within `bound` of stepping halfway between them. */
function nodesFor(timeline: Timeline, family: Family, spins: readonly RandomSpin[], bound: number): number[] {
  const { amplitudes, pulse } = family;
  if (amplitudes.length === 1) return [amplitudes[0]];
  const low = Math.min(...amplitudes) ** 2;
  const high = Math.max(...amplitudes) ** 2;
  const node = (n: number, count: number): number =>
    Math.sqrt((low + high) / 2 - ((high - low) / 2) * Math.cos((Math.PI * (2 * n + 1)) / (2 * count)));
  for (let count = 2; count < Math.min(MOST_NODES, amplitudes.length); count++) {
    const nodes = Array.from({ length: count }, (_, n) => node(n, count));
    const between = Array.from({ length: count + 1 }, (_, n) => {
      const amplitude = n === 0 ? Math.sqrt(low) : n === count ? Math.sqrt(high) : node(n - 0.5, count);
      return { amplitude, terms: weights(nodes, amplitude) };
    });
    // The first spin, at the phantom's corner, mostly tells already that there are too few.
    const areEnough = spins.every((spin) => {
      const kept = nodes.map((amplitude) => pulseOperator(timeline, pulse, amplitude, spin));
      return between.every(({ amplitude, terms }) => {
        const exact = pulseOperator(timeline, pulse, amplitude, spin);
        return exact.every((value, i) => {
          const approximate = terms.reduce((sum, { even, odd }, n) => sum + (IS_ODD[i] ? odd : even) * kept[n][i], 0);
          return Math.abs(value - approximate) <= bound;
        });
      });
    });
    if (areEnough) return nodes;
  }
  return [...amplitudes];
}

/** Weights of the operators at `nodes` in that at amplitude a: of what is even in a, and of what is odd. */
function weights(nodes: readonly number[], a: number): { even: number; odd: number }[] {
  return nodes.map((own, n) => {
    const even = nodes.reduce(
      (product, other, m) => (m === n ? product : (product * (a ** 2 - other ** 2)) / (own ** 2 - other ** 2)),
      1,
    );
    return { even, odd: own === 0 ? 0 : (even * a) / own };
  });
}

function append(array: Float64Array, values: readonly number[]): Float64Array {
  if (values.length === 0) return array;
  const both = new Float64Array(array.length + values.length);
  both.set(array);
  both.set(values, array.length);
  return both;
}

/** The same pulses, of which all but the `stepped` ones have lost their steps. */
function withSteps(pulses: Float64Array, rfSteps: Float64Array, stepped: ReadonlySet<number>): PulseTables {
  const count = pulses.length / STRIDE.pulse;
  if (stepped.size === count) return { pulses, rfSteps };
  const left = pulses.slice();
  const steps = arrayBuilder(Float64Array);
  for (let pulse = 0; pulse < count; pulse++) {
    const at = STRIDE.pulse * pulse;
    const [first, own] = pulses.subarray(at) as unknown as [number, number];
    left[at] = steps.length / STRIDE.rfStep;
    if (stepped.has(pulse)) steps.append(rfSteps.subarray(STRIDE.rfStep * first, STRIDE.rfStep * (first + own)));
    else left[at + 1] = 0;
  }
  return { pulses: left, rfSteps: steps.finish() };
}

/** Appends a multiple of a pulse to those that follow the timeline's own, unless it is one of these. @returns its index */
function scaledPulse(timeline: Timeline, pulse: number, factor: number, pulses: number[], rfSteps: number[]): number {
  if (factor === 1) return pulse;
  const [first, count, offset, duration] = timeline.pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
  pulses.push((timeline.rfSteps.length + rfSteps.length) / STRIDE.rfStep, count!, offset!, duration!);
  for (let n = STRIDE.rfStep * first!; n < STRIDE.rfStep * (first! + count!); n++) {
    const isB1 = n % STRIDE.rfStep === 1 || n % STRIDE.rfStep === 2;
    rfSteps.push(timeline.rfSteps[n] * (isB1 ? factor : 1));
  }
  return (timeline.pulses.length + pulses.length) / STRIDE.pulse - 1;
}
