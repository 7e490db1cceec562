/**
 * Positions of a sequence's readouts in k-space: one pass over the blocks that follows k = γ̄∫G dt
 * from excitation to readout, and the path of a readout's samples on demand. It stores values per
 * event, never per sample, so a scan of a million blocks costs a few hundred bytes per readout.
 *
 * k starts at 0 at an excitation's centre and is negated at a refocusing pulse's centre
 * (`pulse-effects.ts` distinguishes them). Within a block k(t) = base + R·K(t), where K is the
 * integral of its gradients as written and R its rotation.
 */
import type { Hertz, Meters, Radians, Seconds } from '../base/units.ts';
import { inversionPulses } from './inversions.ts';
import { applyLabels, type LabelState, NO_LABELS } from './labels.ts';
import { offsets } from './offsets.ts';
import { declaredEffect, type Effect, type Pulse, pulseEffects } from './pulse-effects.ts';
import { type Path, pathCollection } from './readout-path.ts';
import { bandwidth, flipAngle, isSelective } from './rf.ts';
import type { Scanner } from './scanner-types.ts';
import type { AdcEvent, Block, GradientEvent, RfEvent, Sequence } from './types.ts';
import { add, originOnLine, rotate, scale, type Vector, ZERO } from './vector.ts';
import { gradientPoints, integral, valueAt } from './waveform.ts';

/** An excitation, or an inversion: what a pulse does to which slice. */
export interface Excitation {
  /** Centre, since the start of the sequence. */
  readonly time: Seconds;
  readonly flip: Radians;
  readonly rf: RfEvent;
  /**
   * Gradient that selects a slice at the pulse's centre [T/m]; zero if the pulse is not selective.
   */
  readonly gradient: Vector;
  /**
   * Middle of the slice that the frequency offset selects along that gradient; the origin if the
   * pulse is not selective.
   */
  readonly position: readonly [Meters, Meters, Meters];
  /**
   * Thickness that the pulse's bandwidth selects in that gradient; absent if the pulse is not
   * selective.
   */
  readonly thickness?: Meters;
}

export interface WalkedReadout {
  readonly block: number;
  readonly adc: AdcEvent;
  /** Start of its block, since the start of the sequence. */
  readonly blockStart: Seconds;
  /** k at the block's start, or its value without the effect of the block's pulse [cycles/m]. */
  readonly base: Vector;
  readonly rotation: readonly number[] | undefined;
  readonly path: Path;
  /** Index of the last excitation; −1 before the first. */
  readonly excitation: number;
  /**
   * Centre of the excitation whose coherence is read: the last one, or the one before for the echo
   * of a DESS.
   */
  readonly excited: Seconds;
  /** Pulses of any kind so far. */
  readonly pulses: number;
  readonly labels: LabelState;
}

export interface Walk {
  readonly readouts: readonly WalkedReadout[];
  readonly excitations: readonly Excitation[];
  /** Inversion pulses, in the order played. */
  readonly inversions: readonly Excitation[];
  /**
   * Every pulse in the order played: its centre, since the start of the sequence, and its effect on
   * k.
   */
  readonly pulses: readonly { readonly time: Seconds; readonly rf: RfEvent; readonly effect: Effect }[];
  /** Labels that occur anywhere. */
  readonly labelsUsed: ReadonlySet<string>;
}

/** When pulses, excitations and readouts are played, without k. */
export interface WalkTimes {
  readonly pulses: Walk['pulses'];
  readonly excitations: readonly Pick<Excitation, 'time'>[];
  readonly readouts: readonly Pick<WalkedReadout, 'blockStart'>[];
}

/**
 * The times of a walk. Where all pulses declare their use, no gradient has to be followed and
 * nothing is kept of a readout but its time.
 */
export function walkTimes(sequence: Sequence, scanner: Scanner): WalkTimes {
  const pulses: WalkTimes['pulses'][number][] = [];
  const readouts: { readonly blockStart: Seconds }[] = [];
  let time = 0;
  for (let n = 0; n < sequence.blockCount; n++) {
    const { rf, adc, duration } = sequence.block(n);
    if (rf !== undefined) {
      const effect = declaredEffect(rf);
      if (effect === undefined) return walk(sequence, scanner);
      pulses.push({ time: time + (rf.delay + rf.center), rf, effect });
    }
    if (adc !== undefined) readouts.push({ blockStart: time });
    time += duration;
  }
  return { pulses, readouts, excitations: pulses.filter(({ effect }) => effect === 'start') };
}

/** A readout whose position is only known relative to the previous pulse so far. */
type PlayedReadout = Omit<WalkedReadout, 'excitation' | 'excited'>;

export function walk(sequence: Sequence, scanner: Scanner): Walk {
  const { pulses, played, labelsUsed } = play(sequence, scanner.gammaBar);
  const effects = pulseEffects(pulses, played, scanner.gammaBar);
  const { before, after } = momentsAtPulses(pulses, effects);

  const excitations: Excitation[] = [];
  /** Index of the last excitation up to pulse n. */
  const excitationOf = pulses.map((pulse, n) => {
    if (effects[n] === 'start') excitations.push(excitationAt(pulse, scanner));
    return excitations.length - 1;
  });
  const readouts = played.map((readout): WalkedReadout => {
    const n = readout.pulses - 1;
    const excitation = excitationOf[n] ?? -1;
    const base = add(after[n] ?? ZERO, readout.base);
    const { block, adc, blockStart, rotation, path, pulses: count, labels } = readout;
    const excited = excitations[excitation]?.time ?? 0;
    // Named one by one: a spread of 10⁵ readouts costs half a second.
    const known = { block, adc, blockStart, base, rotation, path, excitation, excited, pulses: count, labels };
    if (effects[n] !== 'start' || passesCenter(readout, base, 0.9)) return known;
    const echo = echoBase(n, readout, pulses, effects, before);
    return echo === undefined ? known : { ...known, ...echo };
  });
  const acted = pulses.map(({ time, rf }, n) => ({ time, rf, effect: effects[n] }));
  const inversions = inversionPulses(pulses, effects, played, scanner.gammaBar).map((n) =>
    excitationAt(pulses[n], scanner),
  );
  return { readouts, excitations, inversions, pulses: acted, labelsUsed };
}

/**
 * Pulses and readouts in the order played, each with the gradient moment since the previous pulse.
 */
function play(
  sequence: Sequence,
  gammaBar: Hertz,
): {
  pulses: Pulse[];
  played: PlayedReadout[];
  labelsUsed: ReadonlySet<string>;
} {
  const pulses: Pulse[] = [];
  const played: PlayedReadout[] = [];
  const labelsUsed = new Set<string>();
  const pathOf = pathCollection(gammaBar);
  /** Moment since the centre of the last pulse. */
  let since: Vector = ZERO;
  let time = 0;
  let labels = NO_LABELS;
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    const { rf, adc, rotation } = block;
    if (block.labels !== undefined) {
      labels = applyLabels(labels, block.labels);
      for (const { label } of block.labels) labelsUsed.add(label);
    }
    const before = since;
    if (rf !== undefined) {
      const center = rf.delay + rf.center;
      const moved = rotate(rotation, momentUntil(block, center, gammaBar));
      const at = (event: GradientEvent | undefined): number => valueAt(gradientPoints(event), center);
      const gradient = rotate(rotation, [at(block.gx), at(block.gy), at(block.gz)]);
      pulses.push({ time: time + center, rf, moment: add(since, moved), gradient });
      since = scale(moved, -1);
    }
    if (adc !== undefined) {
      // An ADC before the pulse in the same block belongs to the previous excitation.
      const ahead = rf !== undefined && adc.delay < rf.delay + rf.center;
      const path = pathOf(block, adc);
      const base = ahead ? before : since;
      played.push({
        block: n,
        adc,
        blockStart: time,
        base,
        rotation,
        path,
        pulses: pulses.length - (ahead ? 1 : 0),
        labels,
      });
    }
    since = add(since, rotate(rotation, wholeMoment(block, gammaBar)));
    time += block.duration;
  }
  return { pulses, played, labelsUsed };
}

/** k just before and just after every pulse. */
function momentsAtPulses(
  pulses: readonly Pulse[],
  effects: readonly Effect[],
): { before: readonly Vector[]; after: readonly Vector[] } {
  const before: Vector[] = [];
  const after: Vector[] = [];
  for (const [n, { moment }] of pulses.entries()) {
    const k = n === 0 ? moment : add(after[n - 1], moment);
    before.push(k);
    after.push(effects[n] === 'start' ? ZERO : effects[n] === 'negate' ? scale(k, -1) : k);
  }
  return { before, after };
}

/** Intervals of the pulses of a steady state agree within this fraction. */
const SAME_INTERVAL = 0.01;

/**
 * The second echo of a steady state (PSIF, the later one of DESS): magnetisation that dephased for
 * a whole interval after the previous excitation is refocused by this one and forms an echo before
 * the next. Assumed if the path of the free induction decay misses the centre of k-space and this
 * one passes through it.
 */
function echoBase(
  n: number,
  readout: PlayedReadout,
  pulses: readonly Pulse[],
  effects: readonly Effect[],
  before: readonly Vector[],
): { base: Vector; excited: Seconds } | undefined {
  const isStart = (m: number): boolean => effects[m] === 'start';
  const interval = (m: number): Seconds => (isStart(m) && isStart(m + 1) ? pulses[m + 1].time - pulses[m].time : 0);
  const own = interval(n);
  const previous = interval(n - 1);
  // The first interval has no predecessor; in a steady state it would have dephased as much.
  const [dephased, period] = previous > 0 ? [before[n], previous] : [before[n + 1], own];
  const next = previous > 0 ? own : interval(n + 1);
  if (dephased === undefined || period === 0) return undefined;
  if (next > 0 && Math.abs(next - period) > SAME_INTERVAL * period) return undefined;
  const base = add(readout.base, dephased, -1);
  return passesCenter(readout, base, 0.3) ? { base, excited: pulses[n].time - period } : undefined;
}

/**
 * Whether a readout from `base` is nearest to the centre of k-space within `reach` of the middle of
 * its line, in lengths of the line; curved readouts and those without gradient always count. Half
 * spokes begin at the centre, or a gap of a few samples later.
 */
function passesCenter({ path, rotation }: PlayedReadout, base: Vector, reach: number): boolean {
  if (path.largestStep === 0 || path.bend > 1e-3) return true;
  const fraction = originOnLine(add(base, rotate(rotation, path.first)), add(base, rotate(rotation, path.last)));
  return Math.abs(fraction - 0.5) < reach;
}

/** k of the first sample of a readout, physical axes. */
export function startOf({ base, path, rotation }: WalkedReadout): Vector {
  return add(base, rotate(rotation, path.first));
}

/** k of every sample of a readout, physical axes: [samples][x, y, z] cycles/m. */
export function samplePositions({ base, path, rotation }: WalkedReadout): Float64Array {
  const k = path.points().slice();
  // No vectors where none are needed: most runs are over before V8 has compiled this.
  for (let n = 0; n < k.length; n += 3) {
    if (rotation !== undefined) k.set(rotate(rotation, [k[n], k[n + 1], k[n + 2]]), n);
    k[n] += base[0];
    k[n + 1] += base[1];
    k[n + 2] += base[2];
  }
  return k;
}

function excitationAt({ rf, time, gradient }: Pulse, scanner: Scanner): Excitation {
  const { gammaBar, B0 } = scanner;
  const flip = flipAngle(rf, gammaBar);
  const strength = Math.hypot(...gradient);
  if (!isSelective(rf, strength, gammaBar)) return { time, flip, rf, gradient: ZERO, position: ZERO };
  const { frequency } = offsets(rf, gammaBar * B0);
  const position = scale(gradient, frequency / (gammaBar * strength ** 2));
  return { time, flip, rf, gradient, position, thickness: bandwidth(rf) / (gammaBar * strength) };
}

function momentUntil(block: Block, time: Seconds, gammaBar: Hertz): Vector {
  const one = (event: GradientEvent | undefined): number => gammaBar * integral(gradientPoints(event), 0, time);
  return [one(block.gx), one(block.gy), one(block.gz)];
}

/** Areas of gradients [T·s/m]. */
const areas = new WeakMap<GradientEvent, number>();

/** Moment of a whole block [cycles/m]. */
function wholeMoment(block: Block, gammaBar: Hertz): Vector {
  const one = (event: GradientEvent | undefined): number => {
    if (event === undefined) return 0;
    const known = areas.get(event);
    if (known !== undefined) return gammaBar * known;
    const points = gradientPoints(event);
    const area = integral(points, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    areas.set(event, area);
    return gammaBar * area;
  };
  return [one(block.gx), one(block.gy), one(block.gz)];
}
