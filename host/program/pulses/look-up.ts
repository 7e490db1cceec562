/**
 * Pulses of a model, whose spins have another frequency at every use: they are looked up each time,
 * in a table that all pulses with the same B1 share (`drift-table.ts`), however spins move between
 * them. A pulse whose rates repeat, because nothing moves along its gradients, is looked up once
 * and cached, but for spins on paths: their columns slide and resets change densities. Of the
 * pulse's share of the budget half goes to the table, half to the departure of frequencies from
 * straight lines. Where B1 has maps, and where frequencies do not change linearly, pulses are
 * stepped.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseUses } from '../../timeline/windows.ts';
import { composedCost, driftLookUpCost, operatorCost, steppedCost } from '../cost.ts';
import type { Extent } from '../extent.ts';
import type { Context, Decision } from '../method.ts';
import { type DriftTable, driftSteps, nodesOf, type Shape, SPAN, sizeDriftTable } from './drift-table.ts';
import { type PulseRates, pulseRates } from './rates.ts';
import type { PulseTables } from './reference.ts';
import { withPulses } from './scaled.ts';

/** An excitation that is looked up. */
export interface LookUpUse {
  readonly excitation: number;
  readonly table: DriftTable;
  readonly rates: PulseRates;
  /** Offset of the pulse [Hz]. */
  readonly offset: number;
  /** Where its operators are cached; undefined: they are looked up at every use. */
  readonly operator?: number;
}

export interface LookUps extends PulseTables {
  readonly uses: readonly LookUpUse[];
  /** Operators that are cached. */
  readonly cached: number;
  /** By pulse: the virtual spins that it is composed for. */
  readonly extents: ReadonlyMap<number, Extent>;
  readonly decisions: readonly Decision[];
  /** Operations per spin that they save, and the largest error of an entry. */
  readonly saved: number;
  readonly error: number;
}

/** Durations and B1 that differ by less than this, relative to the largest, are equal. */
const SAME = 1e-9;
/** Share of the table in the error budget of an entry. */
const TABLE_SHARE = 1 / 2;
/** Applying a cached operator. */
const APPLIED = operatorCost(1);

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
  const operators = new Map<number, number>();
  const areFixed = (source.model?.nodes ?? 0) === 0 && source.model?.fields === undefined;
  let [saved, error] = [0, 0];
  for (const { shape, members, uses, steps } of families) {
    const all = [...members.values()];
    const range = {
      low: Math.min(...all.map(({ low }) => low)),
      high: Math.max(...all.map(({ high }) => high)),
      drift: Math.max(...all.map(({ drift }) => drift)),
      ...{ R1: 1 / source.bounds.minT1, R2: 1 / source.bounds.minT2 },
    };
    const sized = sizeDriftTable(timeline, shape, range, TABLE_SHARE * bound);
    if (sized === undefined) continue;
    const made = driftSteps(shape, timeline.gammaBar, range.drift);
    const perUse = driftLookUpCost(sized.terms.length, timeline.terms);
    const filling = (nodesOf(sized) * composedCost(made.length / STRIDE.rfStep)) / source.spinCount;
    const repeated = [...members.keys()].filter((member) => areFixed && savedByCache(played[member], perUse) > 0);
    const cached = repeated.slice(0, most - operators.size);
    const gain =
      uses * (steppedCost(steps) - perUse) -
      filling +
      cached.reduce((sum, member) => sum + savedByCache(played[member], perUse), 0);
    if (gain <= 0) continue;
    for (const member of cached) operators.set(member, operators.size);
    const pulse = (own.length + pulses.length) / STRIDE.pulse;
    pulses.push((timeline.rfSteps.length + rfSteps.length) / STRIDE.rfStep, made.length / STRIDE.rfStep);
    pulses.push(0, sized.duration);
    for (const value of made) rfSteps.push(value);
    const table = { ...sized, pulse };
    for (const [member, rates] of members) tables.set(member, { table, rates });
    extents.set(pulse, {
      ...{ x: range.drift, y: 0, z: 0 },
      hertz: Math.max(Math.abs(range.low), Math.abs(range.high)),
    });
    saved += gain;
    error = Math.max(error, TABLE_SHARE * bound + Math.max(...all.map(departure)));
    const often =
      cached.length === members.size ? 'once per spin' : cached.length > 0 ? 'once per spin or each time' : 'each time';
    decisions.push({
      ...{ what: `pulses of ${steps} steps on spins that move or have phase terms, played ${uses} times` },
      ...{ chosen: `looked up ${often}, ${table.terms.length} terms` },
      cost: often === 'once per spin' ? APPLIED : perUse,
      ...{ instead: 'steps', insteadCost: steppedCost(steps) },
    });
  }

  const uses: LookUpUse[] = [];
  for (let excitation = 0; excitation < excitations.length / STRIDE.excitation; excitation++) {
    const pulse = excitations[STRIDE.excitation * excitation];
    const found = tables.get(pulse);
    if (found === undefined) continue;
    const operator = operators.get(pulse);
    const offset = own[STRIDE.pulse * pulse + 2];
    uses.push({ excitation, ...found, offset, ...(operator !== undefined && { operator }) });
  }
  const stepped = new Set(extents.keys());
  for (const pulse of played.keys()) if (!tables.has(pulse)) stepped.add(pulse);
  return {
    uses,
    cached: operators.size,
    extents,
    decisions,
    saved,
    error,
    ...withPulses(timeline, { pulses, rfSteps }, stepped),
  };
}

/** Operations saved by looking a pulse up once and applying its operators from then on. */
const savedByCache = (uses: number, perUse: number): number => (uses - 1) * perUse - uses * APPLIED;

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
