/**
 * Block → actions: the effects of the events of one block on a spin, in order, as precession,
 * pulses and readouts. Pulses and trajectories are stored in the tables of the timeline;
 * `compile.ts` concatenates the actions of all blocks and merges the precession between them.
 */
import type { Budget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { GAMMA_BAR, type Hertz, SAME_TIME, type Seconds } from '../base/units.ts';
import { offsets } from '../sequence/offsets.ts';
import type { AdcEvent, Block, RfEvent, Sequence } from '../sequence/types.ts';
import { blockGradients, gradientPoints, integral, type PiecewiseLinear } from '../sequence/waveform.ts';
import { type CommonField, commonField } from './common-field.ts';
import type { RecordTable } from './intern.ts';
import { type MovingBlock, movingEncoder, type Stretch } from './moving.ts';
import { movingReadouts } from './moving-readout.ts';
import { bodyTerms, rfDuration, rfSteps } from './pulse.ts';
import { sampledTrajectory } from './sampled-trajectory.ts';
import { checkSamples, type pulseTable, type trajectoryTable } from './tables.ts';
import type { TimelineOptions } from './types.ts';

export type Action =
  /** [kx, ky, kz, dt, terms], as a record of `Timeline.precessions` and `precessionTerms` */
  | { readonly kind: 'precess'; readonly precession: readonly number[] }
  | {
      readonly kind: 'excite';
      readonly pulse: number;
      readonly phase: number;
      readonly turned: number;
      readonly transmit: number;
    }
  | {
      readonly kind: 'readout';
      readonly trajectory: number;
      readonly samples: number;
      /** [phase, step, shape], as a record of `Timeline.receive` */
      readonly receive: readonly [number, number, number];
      readonly turned: number;
    }
  /** Ops for spins on paths: `OP.slide`, `field`, `hold`, `release`, `sense`. */
  | { readonly kind: 'mark'; readonly op: number; readonly index: number };

export interface BlockProgram {
  readonly actions: readonly Action[];
  /**
   * Rotation of spins by the field common to all over the block [cycles]; `turned` of an action is
   * that from the block's start to the event's.
   */
  readonly turned: number;
}

/** Tables of the timeline that blocks add to. */
export interface BlockTables {
  readonly budget: Budget;
  readonly termCount: number;
  readonly pulses: ReturnType<typeof pulseTable>;
  readonly trajectories: ReturnType<typeof trajectoryTable>;
  readonly receiveShapes: Float64Array[];
  readonly senses: RecordTable;
}

/** Steps of a pulse, and all that they depend on. */
interface KnownSteps {
  readonly rf: RfEvent;
  readonly block: Block;
  readonly steps: Float64Array;
}

/** One block while it is compiled. */
interface BlockState {
  /** The last steps of each shape of B1, by its array of magnitudes. */
  readonly known: WeakMap<Float64Array, KnownSteps>;
  readonly options: TimelineOptions;
  readonly tables: BlockTables;
  readonly gammaBar: Hertz;
  readonly block: Block;
  /** File and block, for errors. */
  readonly location: string;
  readonly gradients: readonly PiecewiseLinear[];
  readonly common: CommonField | undefined;
  /** undefined: spins are at rest, or all move alike without turning. */
  readonly moving: MovingBlock | undefined;
  readonly actions: Action[];
  /** End of the actions so far, in block time. */
  now: Seconds;
}

/** Longest piece of a sampled movement within a pulse [s]. */
const PULSE_PIECE: Seconds = 10e-6;

/**
 * Events may last this much longer than their block [s]: rounding of files that give times in
 * seconds.
 */
const OVERHANG: Seconds = 1e-9;

/**
 * @returns function that compiles block `n`, which begins at `start` (with moving spins, blocks
 *   must be compiled in order of time), and function for the end of the sequence
 * @throws LarmorError 65 when events of a block overlap or outlast it
 */
export function blockCompiler(sequence: Sequence, options: TimelineOptions, tables: BlockTables) {
  const { gammaBar = GAMMA_BAR, movement } = options;
  const encoder = movement === undefined ? undefined : movingEncoder(movement);
  const known: BlockState['known'] = new WeakMap();
  const compile = (block: Block, n: number, start: Seconds): BlockProgram => {
    const { rf, adc, duration } = block;
    const gradients = blockGradients(block);
    const moved = encoder?.block(gradients, start, duration);
    const alike = movement?.common && movement.isTranslation;
    const state: BlockState = {
      ...{ options, tables, gammaBar, block, gradients, known },
      location: `${sequence.name}: block ${n + 1}`,
      common: commonField(gradientPoints(block.common), moved?.common),
      moving: alike ? undefined : moved,
      actions: [],
      now: 0,
    };
    if (rf !== undefined && adc !== undefined) checkApart(rf, adc, state.location);
    const adcFirst = rf !== undefined && adc !== undefined && adc.delay < rf.delay;
    if (rf !== undefined && !adcFirst) addPulse(state, rf);
    if (adc !== undefined) {
      if (adcEnd(adc) > duration + OVERHANG) throw outlasts(state.location);
      addReadout(state, adc);
    }
    if (rf !== undefined && adcFirst) addPulse(state, rf);
    if (state.now > duration + OVERHANG) throw outlasts(state.location);
    precessTo(state, Math.max(state.now, duration));
    return { actions: state.actions, turned: turnsBy(state, 0, duration) };
  };
  const end = (): BlockProgram => ({
    actions: (encoder?.end() ?? []).map(([op, index]) => ({ kind: 'mark', op, index })),
    turned: 0,
  });
  return { compile, end };
}

function addPulse(state: BlockState, rf: RfEvent): void {
  const { options, tables, gammaBar, block, gradients, common, moving, actions } = state;
  precessTo(state, rf.delay);
  const { frequency, phase } = offsets(rf, gammaBar * options.B0);
  const end = rf.delay + rfDuration(rf);
  const frame = common && { common, gammaBar };
  const stretches = moving?.stretches(rf.delay, end, [], PULSE_PIECE) ?? [wholly(rf.delay, end)];
  const column = options.transmitOf?.(block) ?? -1;
  const parts = stretches.flatMap((part) => moving?.played(part, column) ?? [{ part, transmit: column }]);
  const turned = turnsBy(state, 0, rf.delay);
  for (const { part, transmit } of parts) {
    mark(state, part);
    const whole = parts.length === 1;
    const [from, to] = whole ? [0, rfDuration(rf)] : [part.from - rf.delay, part.to - rf.delay];
    const terms = moving === undefined ? options.terms : bodyTerms(moving, part, tables.termCount, gammaBar);
    const span = whole ? undefined : { from, to };
    const make = (): Float64Array => rfSteps(rf, gradients, options.maxRfStep, tables.budget, terms, frame, span);
    const isShared = whole && terms === undefined && frame === undefined;
    const steps = isShared ? sharedSteps(state, rf, make) : make();
    const pulse = tables.pulses.intern(steps, frequency, to - from);
    // In each part the frame of the pulse's frequency begins at phase 0, but B1 has advanced in
    // that frame since the pulse began.
    const late = 2 * Math.PI * ((frequency * from) % 1);
    actions.push({ kind: 'excite', pulse, phase: -phase - late, turned, transmit });
  }
  state.now = end;
}

/**
 * Steps of a pulse that differs from the one before in phase or frequency alone, which are not in
 * them: with RF spoiling every pulse of a scan does.
 */
function sharedSteps({ known, block }: BlockState, rf: RfEvent, make: () => Float64Array): Float64Array {
  const last = known.get(rf.magnitude);
  const isSame =
    last !== undefined &&
    (['time', 'phase', 'interpolation', 'delay'] as const).every((key) => last.rf[key] === rf[key]) &&
    (['gx', 'gy', 'gz', 'rotation'] as const).every((key) => last.block[key] === block[key]);
  if (isSame) return last.steps;
  const steps = make();
  known.set(rf.magnitude, { rf, block, steps });
  return steps;
}

function addReadout(state: BlockState, adc: AdcEvent): void {
  const { options, tables, gammaBar, gradients, moving, actions } = state;
  const first = adc.delay + adc.dwell / 2;
  precessTo(state, first);
  const { frequency, phase } = offsets(adc, gammaBar * options.B0);
  const phases = receivePhases(state, adc, first);
  const step = 2 * Math.PI * frequency * adc.dwell;
  checkSamples(tables.budget, adc.samples);
  if (moving !== undefined) {
    addMovingReadout(state, adc, first, moving, phases, phase + step / 2, step);
    return;
  }
  const shape = phases === undefined ? -1 : tables.receiveShapes.push(phases) - 1;
  const trajectory = tables.trajectories.intern(sampledTrajectory(gradients, adc, first, gammaBar, options.terms));
  const receive = [phase + step / 2, step, shape] as const;
  actions.push({ kind: 'readout', trajectory, samples: adc.samples, receive, turned: turnsBy(state, 0, first) });
}

/**
 * The readout in parts, between which the nodes in use, the held spins or the coils change.
 * @param phase of the first sample [rad]
 */
function addMovingReadout(
  state: BlockState,
  adc: AdcEvent,
  first: Seconds,
  moving: MovingBlock,
  phases: Float64Array | undefined,
  phase: number,
  step: number,
): void {
  const { tables, gammaBar, actions } = state;
  const parts = movingReadouts(moving, adc, first, gammaBar, tables.termCount, tables.senses);
  const turned = turnsBy(state, 0, first);
  for (const [index, { stretch, begin, sample, samples, ...own }] of parts.entries()) {
    mark(state, stretch);
    state.now = stretch.from;
    if (samples > 0) {
      precess(state, stretch, state.now, begin);
      state.now = begin;
      const cut = phases === undefined ? -1 : tables.receiveShapes.push(phases.subarray(sample, sample + samples)) - 1;
      const receive = [phase + sample * step, step, cut] as const;
      actions.push({ kind: 'readout', trajectory: tables.trajectories.intern(own), samples, receive, turned });
    }
    if (index < parts.length - 1) precess(state, stretch, state.now, stretch.to);
  }
}

/**
 * Phase [rad] that the receiver adds to that of its offsets: the event's own, minus the angle by
 * which the common field turns the spins from the first sample on.
 */
function receivePhases(state: BlockState, adc: AdcEvent, first: Seconds): Float64Array | undefined {
  if (state.common === undefined) return adc.phaseShape;
  const own = adc.phaseShape ?? new Float64Array(adc.samples);
  return own.map((phase, sample) => phase - 2 * Math.PI * turnsBy(state, first, first + sample * adc.dwell));
}

/** Cycles by which the field common to all spins turns them. */
const turnsBy = ({ gammaBar, common }: BlockState, from: Seconds, to: Seconds): number =>
  common === undefined ? 0 : gammaBar * common.integral(from, to);

function precessTo(state: BlockState, time: Seconds): void {
  const { now, moving } = state;
  if (time < now - SAME_TIME) throw outlasts(state.location);
  if (time > now) {
    for (const stretch of moving?.stretches(now, time) ?? [wholly(now, time)]) {
      mark(state, stretch);
      precess(state, stretch, stretch.from, stretch.to);
    }
  }
  state.now = Math.max(now, time);
}

function precess(state: BlockState, stretch: Stretch, from: Seconds, to: Seconds): void {
  if (to <= from) return;
  const { options, gammaBar, gradients, moving, actions } = state;
  const [kx, ky, kz, ...terms] = moving?.integrals(stretch, from, to).map((value) => gammaBar * value) ?? [
    ...gradients.map((gradient) => gammaBar * integral(gradient, from, to)),
    ...(options.terms?.integrals(gradients, from, to) ?? []),
  ];
  actions.push({ kind: 'precess', precession: [kx, ky, kz, to - from, ...terms] });
}

function mark({ actions }: BlockState, { marks }: Stretch): void {
  for (const [op, index] of marks) actions.push({ kind: 'mark', op, index });
}

/** Spins at rest have one stretch. */
const wholly = (from: Seconds, to: Seconds): Stretch => ({ from, to, marks: [] });

function checkApart(rf: RfEvent, adc: AdcEvent, location: string): void {
  const [rfEnd, end] = [rf.delay + rfDuration(rf), adcEnd(adc)];
  const apart = rf.delay <= adc.delay ? rfEnd <= adc.delay + SAME_TIME : end <= rf.delay + SAME_TIME;
  if (!apart) throw badInput(location, 'RF pulse and ADC overlap', 'move one of them');
}

function outlasts(location: string): Error {
  return badInput(location, 'an event lasts past the end of its block', 'lengthen the block');
}

const adcEnd = (adc: AdcEvent): number => adc.delay + adc.samples * adc.dwell;
