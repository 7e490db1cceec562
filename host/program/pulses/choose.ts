/**
 * Chooses the method of each pulse: for each family of pulses the cheapest proposal, then the
 * families whose operators save most, as long as there is room for those of a tile. Depends on
 * counts only.
 */
import { OperatorUse, Term } from '../../abi/abi.generated.ts';
import { type RecordList, recordList, type Values } from '../../abi/records.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseUses } from '../../timeline/windows.ts';
import { OPERATOR_GAIN } from '../accuracy.ts';
import { loadingCost, OPERATOR_BYTES, steppedCost } from '../cost.ts';
import type { Context, Decision, PulseFamily, PulseMethod, PulseProposal } from '../method.ts';
import { pulseFamilies, weights } from './families.ts';
import { type LookUps, type LookUpUse, lookUpPulses } from './look-up.ts';
import type { PulseTables } from './reference.ts';
import { scaledPulses } from './scaled.ts';
import type { PulseTable } from './table.ts';

export interface Operators extends PulseTables {
  /** Excitations that are looked up when they are played, of a model alone. */
  readonly lookUps: readonly LookUpUse[];
  /** Cached operators of a spin. */
  readonly cached: number;
  /** By pulse: spins that it is composed for, other than the phantom's. */
  readonly extents: LookUps['extents'];
  /** [operators] the pulse of each */
  readonly operators: Int32Array;
  /** [operators] where it is looked up; undefined: composed for every spin */
  readonly tables: readonly (PulseTable | undefined)[];
  readonly operatorUses: RecordList<typeof OperatorUse>;
  readonly terms: RecordList<typeof Term>;
  /** [excitations] its use of operators and of `lookUps`, or −1; neither: it is stepped */
  readonly useOf: Int32Array;
  readonly lookUpOf: Int32Array;
  /** By operator: the entry of `lookUps` that it is cached from; none: it is made with the tile. */
  readonly cachedFrom: ReadonlyMap<number, number>;
  readonly decisions: readonly Decision[];
  /**
   * Operations per spin of all pulses, and the largest error of a sample that they cause together.
   */
  readonly cost: number;
  readonly error: number;
}

/** Operators of a tile's spins [bytes], at most; every thread holds those of one tile. */
const MOST_BYTES = 2 ** 25;

/**
 * Made once for all tile sizes that have room for as many operators.
 * @param methods of all pulses, the definition last
 */
export function choosePulses(context: Context, methods: readonly PulseMethod[]): Operators {
  const { once, tileSize } = context;
  const room = Math.floor(MOST_BYTES / (OPERATOR_BYTES * tileSize));
  if (context.isModelled) {
    const most = Math.min(context.timeline.pulses.length / STRIDE.pulse, room);
    return once(`pulses, ${most} operators`, () => lookedUp(context, most));
  }
  const candidates = once('candidates of pulses', () => candidatesFor(context, methods));
  const wanted = candidates.reduce((sum, { family }) => sum + family.nodes.length, 0);
  const most = Math.min(wanted, room);
  return once(`pulses, ${most} operators`, () => chosenFrom(candidates, context, most));
}

/** @param most operators of a spin, for which there is room */
function chosenFrom(candidates: readonly Candidate[], { timeline }: Context, most: number): Operators {
  const { excitations } = timeline;
  const pulses = scaledPulses(timeline);
  const operators: number[] = [];
  const chosen: Candidate[] = [];
  /** By pulse: its terms. */
  const termsOf = new Map<number, readonly Values<typeof Term>[]>();
  for (const candidate of candidates) {
    const { nodes, pulse, members, uses } = candidate.family;
    const count = operators.length + nodes.length;
    if (count > most) continue;
    if (!(candidate.saved > uses * nodes.length * loadingCost(count))) continue;
    const first = operators.length;
    for (const node of nodes) {
      operators.push(pulses.add(pulse, node));
      chosen.push(candidate);
    }
    for (const [member, amplitude] of members)
      termsOf.set(
        member,
        weights(nodes, amplitude).map(({ even, odd }, n) => ({ operator: first + n, even, odd })),
      );
  }

  const useOf = new Int32Array(excitations.length / STRIDE.excitation).fill(-1);
  const operatorUses = recordList(OperatorUse);
  const terms = recordList(Term);
  const stepped = new Set(operators);
  for (const excitation of useOf.keys()) {
    const pulse = excitations[STRIDE.excitation * excitation];
    const own = termsOf.get(pulse);
    if (own === undefined) {
      stepped.add(pulse);
      continue;
    }
    useOf[excitation] = operatorUses.push({ excitation, firstTerm: terms.length, terms: own.length });
    for (const term of own) terms.push(term);
  }
  const made = pulses.finish(stepped);
  const all = { ...timeline, ...made };
  const saved = [...new Set(chosen)];
  return {
    ...made,
    operators: Int32Array.from(operators),
    tables: operators.map((pulse, n) => chosen[n].proposal.tableFor?.(all, pulse)),
    ...{ operatorUses, terms, useOf, cached: operators.length },
    ...{ lookUps: [], lookUpOf: new Int32Array(useOf.length).fill(-1), cachedFrom: new Map(), extents: new Map() },
    decisions: saved.map(decisionOf),
    cost: steppingCost(timeline) - saved.reduce((sum, one) => sum + one.saved, 0),
    error: OPERATOR_GAIN * saved.reduce((most, { proposal }) => Math.max(most, proposal.error), 0),
  };
}

/** Pulses of a model: operators are cached only if several uses are made of them. */
function lookedUp(context: Context, most: number): Operators {
  const { timeline } = context;
  const { uses, sums, saved, error, decisions, extents, ...tables } = lookUpPulses(context, most);
  const [useOf, lookUpOf] = [0, 1].map(() =>
    new Int32Array(timeline.excitations.length / STRIDE.excitation).fill(-1),
  ) as [Int32Array, Int32Array];
  const operatorUses = recordList(OperatorUse);
  const terms = recordList(Term);
  const cachedFrom = new Map<number, number>();
  for (const [use, { excitation, operator }] of uses.entries()) {
    if (operator === undefined) lookUpOf[excitation] = use;
    else cachedFrom.set(operator, use);
  }
  for (const [excitation, sum] of sums) {
    useOf[excitation] = operatorUses.push({ excitation, firstTerm: terms.length, terms: sum.length });
    for (const term of sum) terms.push(term);
  }
  return {
    ...tables,
    ...{ operators: new Int32Array(0), tables: [], operatorUses, terms, useOf },
    ...{ lookUps: uses, lookUpOf, cachedFrom, extents, decisions },
    cost: steppingCost(timeline) - saved,
    error: OPERATOR_GAIN * error,
  };
}

/** A family and the cheapest of the methods that are not the definition. */
interface Candidate {
  readonly family: PulseFamily;
  readonly proposal: PulseProposal;
  readonly stepped: PulseProposal;
  /** Operations per spin of the whole run, against the definition. */
  readonly saved: number;
}

/** In order of what they save. */
function candidatesFor(context: Context, methods: readonly PulseMethod[]): Candidate[] {
  const definition = methods.at(-1)!;
  const open = methods.filter((method) => method !== definition && method.supports(context));
  if (open.length === 0) return [];
  const candidates = pulseFamilies(context).flatMap((family): Candidate[] => {
    const stepped = definition.propose(context, family)!;
    const totalOf = ({ setUp, perUse }: PulseProposal): number => setUp + family.uses * perUse;
    const proposals = open.flatMap((method) => method.propose(context, family) ?? []);
    if (proposals.length === 0) return [];
    const proposal = proposals.reduce((best, other) => (totalOf(other) < totalOf(best) ? other : best));
    return [{ family, proposal, stepped, saved: totalOf(stepped) - totalOf(proposal) }];
  });
  return candidates.sort((a, b) => b.saved - a.saved);
}

function decisionOf({ family, proposal, stepped }: Candidate): Decision {
  const count = family.nodes.length;
  return {
    what: `a pulse of ${family.steps} steps, played ${family.uses} times`,
    chosen: `${count === 1 ? 'an operator' : `operators at ${count} amplitudes`}, ${proposal.how}`,
    cost: proposal.perUse,
    instead: 'steps',
    insteadCost: stepped.perUse,
  };
}

/** All pulses step by step. */
function steppingCost(timeline: Timeline): number {
  const { pulses } = timeline;
  return pulseUses(timeline).reduce(
    (sum, uses, pulse) => sum + uses * steppedCost(pulses[STRIDE.pulse * pulse + 1]),
    0,
  );
}
