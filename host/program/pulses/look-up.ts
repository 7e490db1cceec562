/**
 * Pulses of a model, whose spins have another frequency at every use: they are looked up each time,
 * in a table that all pulses with the same B1 share (`drift-table.ts`), however spins move between
 * them. A pulse whose rates repeat, because nothing moves along its gradients, is looked up once
 * and cached, and one whose rates change little is interpolated between cached operators
 * (`course.ts`), but for spins on paths: their columns slide and resets change densities. Of the
 * pulse's share of the budget half goes to the table, half to the departure of frequencies from
 * straight lines and to interpolation between operators. Where B1 has maps, and where frequencies
 * do not change linearly, pulses are stepped.
 */
import type { Term } from '../../abi/abi.generated.ts';
import type { Values } from '../../abi/records.ts';
import { extremes } from '../../numerics/extremes.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseUses } from '../../timeline/windows.ts';
import { composedCost, driftLookUpCost, loadingCost, operatorCost, steppedCost } from '../cost.ts';
import type { Extent } from '../extent.ts';
import type { Context, Decision } from '../method.ts';
import { type Course, courseOf } from './course.ts';
import { type DriftTable, nodesOf, sizeDriftTable } from './drift-table.ts';
import { type PulseRates, pulseRates } from './rates.ts';
import type { PulseTables } from './reference.ts';
import type { DriftRange } from './relaxation.ts';
import { withPulses } from './scaled.ts';
import { driftSteps, type Shape, SPAN } from './shape.ts';

/** A pulse that is looked up. */
export interface LookUpUse {
  /** That it is looked up for; of a node of a course, any of those that are interpolated. */
  readonly excitation: number;
  readonly table: DriftTable;
  readonly rates: Pick<PulseRates, 'middle' | 'slope'>;
  /** Offset of the pulse [Hz]. */
  readonly offset: number;
  /** Where its operators are cached; undefined: they are looked up at every use. */
  readonly operator?: number;
}

export interface LookUps extends PulseTables {
  readonly uses: readonly LookUpUse[];
  /** By excitation: the cached operators that it is a sum of. */
  readonly sums: ReadonlyMap<number, OperatorSum>;
  /** Operators that are cached. */
  readonly cached: number;
  /** By pulse: the virtual spins that it is composed for. */
  readonly extents: ReadonlyMap<number, Extent>;
  readonly decisions: readonly Decision[];
  /** Operations per spin that they save, and the largest error of an entry. */
  readonly saved: number;
  readonly error: number;
}

type OperatorSum = readonly Values<typeof Term>[];

/** Durations and B1 that differ by less than this, relative to the largest, are equal. */
const SAME = 1e-9;
/** Share of the table in the error budget of an entry. */
const TABLE_SHARE = 1 / 2;
/** Pulses of a course: with fewer, hardly less is looked up. */
const FEWEST = 8;

interface Family {
  readonly shape: Shape;
  readonly members: Map<number, PulseRates>;
  uses: number;
  steps: number;
}

/** @param most operators for which there is room */
export function lookUpPulses(context: Context, most: number): LookUps {
  const { timeline, source, budget, precision } = context;
  const { excitations, pulses: own } = timeline;
  const played = pulseUses(timeline);
  const inMaps = new Set<number>();
  for (let at = 0; at < excitations.length; at += STRIDE.excitation)
    if (excitations[at + 2] >= 0) inMaps.add(excitations[at]);
  const bound = budget === undefined ? 0 : budget.amplitudes + budget.table;
  const families = bound === 0 || precision === 'f64' ? [] : familiesOf(context, played, inMaps, bound);

  const [pulses, rfSteps]: [number[], number[]] = [[], []];
  const tables = new Map<number, { readonly table: DriftTable; readonly rates: PulseRates }>();
  const extents = new Map<number, Extent>();
  const decisions: Decision[] = [];
  /** By pulse: the operators that it is a sum of. */
  const sums = new Map<number, OperatorSum>();
  const cached: Omit<LookUpUse, 'excitation' | 'offset'>[] = [];
  const areFixed = (source.model?.nodes ?? 0) === 0 && source.model?.fields === undefined;
  let [saved, error] = [0, 0];
  for (const family of families) {
    const { shape, members, uses, steps } = family;
    const all = [...members.values()];
    const range = {
      low: extremes(all.map(({ low }) => low))[0],
      high: extremes(all.map(({ high }) => high))[1],
      drift: extremes(all.map(({ drift }) => drift))[1],
      ...{ R1: 1 / source.bounds.minT1, R2: 1 / source.bounds.minT2 },
    };
    const courses = areFixed ? coursesOf(context, family, range, (1 - TABLE_SHARE) * bound) : [];
    const growth = Math.max(1, ...courses.map((course) => course.growth));
    const sized = sizeDriftTable(timeline, shape, range, (TABLE_SHARE * bound) / growth);
    if (sized === undefined) continue;
    const made = Float64Array.from(driftSteps(shape, timeline.gammaBar, range.drift));
    const perUse = driftLookUpCost(sized.vectors, timeline.terms);
    const filling = (nodesOf(sized) * composedCost(made.length / STRIDE.rfStep)) / source.spinCount;
    const table = { ...sized, pulse: (own.length + pulses.length) / STRIDE.pulse, steps: made };
    /** Operators of this family. */
    const kept: typeof cached = [];
    const summed = new Map<number, OperatorSum>();
    let gain = uses * (steppedCost(steps) - perUse) - filling;
    /** @returns whether there is room, and operations are saved */
    const cache = (nodes: readonly Pick<PulseRates, 'middle' | 'slope'>[], often: number): number | undefined => {
      const first = cached.length + kept.length;
      const count = first + nodes.length;
      const perSum = operatorCost(nodes.length) + nodes.length * loadingCost(count);
      const own = often * (perUse - perSum) - nodes.length * perUse;
      if (count > most || own <= 0) return undefined;
      for (const [n, rates] of nodes.entries()) kept.push({ table, rates, operator: first + n });
      gain += own;
      return first;
    };
    for (const { nodes, weights, uses: often } of courses) {
      const first = cache(nodes, often);
      if (first === undefined) continue;
      for (const [member, of] of weights)
        summed.set(
          member,
          of.map((weight, n) => ({ operator: first + n, even: weight, odd: weight })),
        );
    }
    for (const [member, rates] of areFixed ? members : []) {
      if (summed.has(member)) continue;
      const operator = cache([rates], played[member]);
      if (operator !== undefined) summed.set(member, [{ operator, even: 1, odd: 1 }]);
    }
    if (gain <= 0) continue;
    cached.push(...kept);
    for (const [member, sum] of summed) sums.set(member, sum);
    pulses.push((timeline.rfSteps.length + rfSteps.length) / STRIDE.rfStep, made.length / STRIDE.rfStep);
    pulses.push(0, sized.duration);
    for (const value of made) rfSteps.push(value);
    for (const [member, rates] of members) tables.set(member, { table, rates });
    extents.set(table.pulse, {
      ...{ x: range.drift, y: 0, z: 0 },
      hertz: Math.max(Math.abs(range.low), Math.abs(range.high)),
    });
    saved += gain;
    error = Math.max(
      error,
      summed.size > 0 && courses.length > 0 ? bound : TABLE_SHARE * bound + extremes(all.map(departure))[1],
    );
    decisions.push(decisionOf(family, table, summed, perUse));
  }

  const uses: LookUpUse[] = [];
  const sumOf = new Map<number, OperatorSum>();
  const isCached = new Set<number>();
  for (let excitation = 0; excitation < excitations.length / STRIDE.excitation; excitation++) {
    const pulse = excitations[STRIDE.excitation * excitation];
    const found = tables.get(pulse);
    if (found === undefined) continue;
    const offset = own[STRIDE.pulse * pulse + 2];
    const sum = sums.get(pulse);
    if (sum === undefined) {
      uses.push({ excitation, ...found, offset });
      continue;
    }
    sumOf.set(excitation, sum);
    for (const { operator } of sum)
      if (!isCached.has(operator)) {
        isCached.add(operator);
        uses.push({ excitation, ...cached[operator], offset });
      }
  }
  const stepped = new Set(extents.keys());
  for (const pulse of played.keys()) if (!tables.has(pulse)) stepped.add(pulse);
  return {
    uses,
    sums: sumOf,
    cached: cached.length,
    extents,
    decisions,
    saved,
    error,
    ...withPulses(timeline, { pulses, rfSteps }, stepped),
  };
}

function decisionOf(
  { members, uses, steps }: Family,
  table: DriftTable,
  summed: ReadonlyMap<number, OperatorSum>,
  perUse: number,
): Decision {
  const operators = Math.max(0, ...[...summed.values()].map((sum) => sum.length));
  const cached = operators > 1 ? `interpolated between ${operators} operators per spin` : 'looked up once per spin';
  const how =
    summed.size === members.size
      ? cached
      : summed.size > 0
        ? `${cached}, or looked up each time`
        : 'looked up each time';
  return {
    ...{ what: `pulses of ${steps} steps on spins that move or have phase terms, played ${uses} times` },
    ...{ chosen: `${how}, ${table.vectors} vectors of coefficients` },
    cost: summed.size === members.size ? operatorCost(operators) : perUse,
    ...{ instead: 'steps', insteadCost: steppedCost(steps) },
  };
}

/** Courses of the pulses with equal offsets, with the number of their uses. */
function coursesOf(
  { timeline, source }: Context,
  { shape, members }: Family,
  range: DriftRange,
  bound: number,
): readonly (Course & { readonly uses: number })[] {
  const groups = new Map<number, Map<number, PulseRates>>();
  for (const [member, rates] of members) {
    const offset = timeline.pulses[STRIDE.pulse * member + 2];
    const group = groups.get(offset) ?? new Map<number, PulseRates>();
    groups.set(offset, group.set(member, rates));
  }
  const played = pulseUses(timeline);
  return [...groups.values()].flatMap((group) => {
    if (group.size < FEWEST) return [];
    const left = bound - extremes([...group.values()].map(departure))[1];
    const course = courseOf(timeline, source, shape, group, range, left);
    const uses = [...group.keys()].reduce((sum, member) => sum + played[member], 0);
    return course === undefined ? [] : [{ ...course, uses }];
  });
}

/**
 * Effect of a deviation from straight lines on an entry: it rotates spins, and B1 relative to them.
 */
const departure = ({ residual, flip }: PulseRates): number => residual * (1 + flip);

/** Pulses of the same B1, but for those that have to be stepped. */
function familiesOf(
  { timeline, source }: Context,
  played: Int32Array,
  inMaps: ReadonlySet<number>,
  bound: number,
): Family[] {
  const families: Family[] = [];
  for (const [pulse, uses] of played.entries()) {
    if (uses === 0 || inMaps.has(pulse)) continue;
    const rates = pulseRates(timeline, source, pulse);
    if (departure(rates) > (1 - TABLE_SHARE) * bound) continue;
    const shape = shapeOf(timeline, pulse);
    let family = families.find((known) => isAlike(known.shape, shape));
    if (family === undefined) {
      family = { shape, members: new Map(), uses: 0, steps: 0 };
      families.push(family);
    }
    family.members.set(pulse, rates);
    family.uses += uses;
    family.steps = Math.max(family.steps, timeline.pulses[STRIDE.pulse * pulse + 1]);
  }
  return families;
}

/** B1 of a pulse over time, consecutive steps of equal B1 as one span. */
function shapeOf({ pulses, rfSteps }: Timeline, pulse: number): Shape {
  const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
  const spans: number[] = [];
  for (let at = STRIDE.rfStep * first; at < STRIDE.rfStep * (first + count); at += STRIDE.rfStep) {
    const [dt, re, im] = rfSteps.subarray(at) as unknown as [number, number, number];
    const last = spans.length - SPAN;
    if (last >= 0 && spans[last + 1] === re && spans[last + 2] === im) spans[last] += dt;
    else spans.push(dt, re, im);
  }
  return Float64Array.from(spans);
}

function isAlike(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  const largest = [0, 0];
  for (let n = 0; n < a.length; n++) {
    const kind = n % SPAN === 0 ? 0 : 1;
    largest[kind] = Math.max(largest[kind], Math.abs(a[n]));
  }
  return a.every((value, n) => Math.abs(value - b[n]) <= SAME * largest[n % SPAN === 0 ? 0 : 1]);
}
