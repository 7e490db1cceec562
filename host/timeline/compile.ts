/**
 * Sequence → timeline, once per run. Each different block is turned into a short program of precession, pulses and
 * readouts; the walk over all blocks strings these together and merges the precession between them, so a static spin
 * pays per merged precession and not per raster step.
 */
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { GAMMA_BAR, type Hertz, type Seconds } from '../base/units.ts';
import { offsets } from '../sequence/offsets.ts';
import type { AdcEvent, Block, RfEvent, Sequence } from '../sequence/types.ts';
import { blockGradients, gradientPoints, integral, type PiecewiseLinear } from '../sequence/waveform.ts';
import { arrayBuilder, recordTable, splitRecords } from './intern.ts';
import { SLIDING } from './movement.ts';
import { movingEncoder, type Stretch } from './moving.ts';
import { movingReadouts } from './moving-readout.ts';
import { bodyTerms, rfDuration, rfSteps } from './pulse.ts';
import { checkSamples, pulseTable, rememberByEvents, trajectoryTable } from './tables.ts';
import { OP, type PhaseTerms, STRIDE, type Timeline, type TimelineOptions } from './types.ts';

/** What a block does to a spin, in order. Precession [kx, ky, kz, dt, terms] is merged with its neighbours later. */
type Action =
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
      readonly receive: readonly [number, number, number];
      readonly turned: number;
    }
  /** What happens to spins on paths: `OP.slide`, `hold`, `release`. */
  | { readonly kind: 'mark'; readonly op: number; readonly index: number };

interface BlockProgram {
  readonly actions: readonly Action[];
  /** Cycles by which the field common to all spins turns them over the block; `turned` of an action: from the block's start to the event's. */
  readonly turned: number;
}

/** Relative deviation below which sample positions count as equally spaced: rounding of f64 sums, nothing physical. */
const UNIFORM_TOLERANCE = 1e-10;

/** Longest piece of a sampled movement within a pulse [s]. */
const PULSE_PIECE = 10e-6;

/**
 * @throws LarmorError 65 when events of a block overlap or outlast it, or the run has no sample or more than 2³¹ − 1
 */
export function compileTimeline(
  sequence: Sequence,
  { B0, gammaBar = GAMMA_BAR, maxRfStep, terms, movement, transmitOf = () => -1, toEnd = false }: TimelineOptions,
): Timeline {
  const termCount = movement === undefined ? (terms?.count ?? 0) : movement.terms + (movement.sliding ? SLIDING : 0);
  const width = STRIDE.precession + termCount;
  const ops = arrayBuilder(Int32Array);
  const precessions = recordTable(width);
  const excitations = recordTable(STRIDE.excitation);
  const readouts = arrayBuilder(Int32Array);
  const receive = arrayBuilder(Float64Array);
  const receiveShapes: Float64Array[] = [];
  const budget = openBudget('signal', sequence.name, sequence.fileBytes);
  const pulses = pulseTable(budget, termCount);
  const trajectories = trajectoryTable(budget);
  const encoder = movement === undefined ? undefined : movingEncoder(movement);
  let sampleCount = 0;

  const programOf = (block: Block, n: number, start: Seconds): BlockProgram => {
    const gradients = blockGradients(block);
    const common = gradientPoints(block.common);
    const turned = (from: number, to: number): number => gammaBar * integral(common, from, to);
    const moving = encoder?.(gradients, start);
    const actions: Action[] = [];
    let now = 0;
    const mark = ({ marks }: Stretch): void => {
      for (const [op, index] of marks) actions.push({ kind: 'mark', op, index });
    };
    const precess = (stretch: Stretch, from: number, to: number): void => {
      if (to <= from) return;
      const precession = moving?.integrals(stretch, from, to).map((value) => gammaBar * value) ?? [
        ...moments(gradients, from, to, gammaBar),
        ...(terms?.integrals(gradients, from, to) ?? []),
      ];
      actions.push({ kind: 'precess', precession: [...precession.slice(0, 3), to - from, ...precession.slice(3)] });
    };
    const precessTo = (time: number): void => {
      if (time < now - 1e-12) throw outlasts(sequence, n);
      if (time > now) {
        for (const stretch of moving?.stretches(now, time) ?? [wholly(now, time)]) {
          mark(stretch);
          precess(stretch, stretch.from, stretch.to);
        }
      }
      now = Math.max(now, time);
    };
    const play = {
      rf(rf: RfEvent): void {
        precessTo(rf.delay);
        const { frequency, phase } = offsets(rf, gammaBar * B0);
        const end = rf.delay + rfDuration(rf);
        const frame = common.t.length > 0 ? { common, gammaBar } : undefined;
        const parts = moving?.stretches(rf.delay, end, [], PULSE_PIECE) ?? [wholly(rf.delay, end)];
        const column = transmitOf(block);
        const played = parts.flatMap((part) => moving?.played(part, column) ?? [{ part, transmit: column }]);
        for (const { part, transmit } of played) {
          mark(part);
          const whole = played.length === 1;
          const [from, to] = whole ? [0, rfDuration(rf)] : [part.from - rf.delay, part.to - rf.delay];
          const own = moving === undefined ? terms : bodyTerms(moving, part, termCount, gammaBar);
          const steps = rfSteps(rf, gradients, maxRfStep, budget, own, frame, whole ? undefined : { from, to });
          const pulse = pulses.intern(steps, frequency, to - from);
          // The frame of the pulse's frequency begins at phase 0 in every part; B1 has turned on in it since the pulse began.
          const late = 2 * Math.PI * ((frequency * from) % 1);
          actions.push({ kind: 'excite', pulse, phase: -phase - late, turned: turned(0, rf.delay), transmit });
        }
        now = end;
      },
      adc(adc: AdcEvent): void {
        const first = adc.delay + adc.dwell / 2;
        precessTo(first);
        const { frequency, phase } = offsets(adc, gammaBar * B0);
        const phases = receivePhases(adc, (time) => turned(first, time));
        const step = 2 * Math.PI * frequency * adc.dwell;
        checkSamples(budget, adc.samples);
        if (moving !== undefined) {
          const parts = movingReadouts(moving, adc, first, gammaBar, termCount);
          for (const [index, part] of parts.entries()) {
            mark(part.stretch);
            const { stretch, begin, sample, samples } = part;
            now = stretch.from;
            if (samples > 0) {
              precess(stretch, now, begin);
              now = begin;
              const cut = phases === undefined ? -1 : receiveShapes.push(phases.subarray(sample, sample + samples)) - 1;
              const receive = [phase + step / 2 + sample * step, step, cut] as const;
              actions.push({
                kind: 'readout',
                trajectory: trajectories.intern({ samples: part.positions, uniform: part.uniform, terms: part.terms }),
                samples,
                receive,
                turned: turned(0, first),
              });
            }
            if (index < parts.length - 1) precess(stretch, now, stretch.to);
          }
          return;
        }
        const shape = phases === undefined ? -1 : receiveShapes.push(phases) - 1;
        const trajectory = trajectories.intern({
          ...samplePositions(gradients, adc, first, gammaBar),
          ...(terms === undefined ? {} : { terms: sampleTerms(terms, gradients, adc, first) }),
        });
        const receive = [phase + step / 2, step, shape] as const;
        actions.push({ kind: 'readout', trajectory, samples: adc.samples, receive, turned: turned(0, first) });
      },
    };
    const { rf, adc } = block;
    if (rf !== undefined && adc !== undefined) {
      const rfFirst = rf.delay <= adc.delay;
      const apart = rfFirst ? rf.delay + rfDuration(rf) <= adc.delay + 1e-12 : adcEnd(adc) <= rf.delay + 1e-12;
      if (!apart) throw badInput(`${sequence.name}: block ${n + 1}`, 'RF pulse and ADC overlap', 'move one of them');
    }
    if (rf !== undefined && !(adc !== undefined && adc.delay < rf.delay)) play.rf(rf);
    if (adc !== undefined) {
      if (adcEnd(adc) > block.duration + 1e-9) throw outlasts(sequence, n);
      play.adc(adc);
    }
    if (rf !== undefined && adc !== undefined && adc.delay < rf.delay) play.rf(rf);
    if (now > block.duration + 1e-9) throw outlasts(sequence, n);
    precessTo(Math.max(now, block.duration));
    return { actions, turned: turned(0, block.duration) };

    /** Radians that the receiver adds to its phase and frequency: the event's own, less those that the common field turns the spins by. */
    function receivePhases(adc: AdcEvent, cycles: (time: number) => number): Float64Array | undefined {
      if (common.t.length === 0) return adc.phaseShape;
      const first = adc.delay + adc.dwell / 2;
      const own = adc.phaseShape ?? new Float64Array(adc.samples);
      return own.map((phase, sample) => phase - 2 * Math.PI * cycles(first + sample * adc.dwell));
    }
  };
  // Blocks of the same events are the same program, but not to spins that move on meanwhile.
  const remembered = rememberByEvents((block, n) => programOf(block, n, 0));

  const pending = new Float64Array(width);
  const flush = (): void => {
    if (pending[3] > 0) ops.push(OP.precess, precessions.intern(pending));
    pending.fill(0);
  };
  // Field common to all spins: the frame turns with it, so pulses and receiver do instead [cycles].
  let frame = 0;
  const frameAngle = (turned: number): number => 2 * Math.PI * (frame + turned);
  let start = 0;
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    const { actions, turned } = movement === undefined ? remembered(block, n) : programOf(block, n, start);
    start += block.duration;
    for (const action of actions) {
      if (action.kind === 'precess') {
        for (let i = 0; i < pending.length; i++) pending[i] = pending[i] + action.precession[i];
        continue;
      }
      flush();
      if (action.kind === 'mark') {
        ops.push(action.op, action.index);
      } else if (action.kind === 'excite') {
        ops.push(
          OP.excite,
          excitations.intern([action.pulse, action.phase + frameAngle(action.turned), action.transmit]),
        );
      } else {
        ops.push(OP.readout, readouts.length / STRIDE.readout);
        readouts.push(sampleCount, action.trajectory);
        const [phase, step, shape] = action.receive;
        receive.push(phase - frameAngle(action.turned), step, shape);
        sampleCount += action.samples;
        if (sampleCount > 0x7fffffff) throw badInput(sequence.name, 'more than 2³¹ − 1 samples', 'split the sequence');
      }
    }
    frame = (frame + turned) % 1;
  }
  if (toEnd) flush();
  else if (sampleCount === 0) throw badInput(sequence.name, 'no ADC event, so no signal to simulate', 'add a readout');
  // What follows the last sample is not seen in the signal.
  const walked = ops.finish();
  let end = walked.length;
  while (!toEnd && walked[end - STRIDE.op] !== OP.readout) end -= STRIDE.op;
  const [merged, precessionTerms] = splitRecords(precessions.finish(), width, STRIDE.precession);

  return {
    gammaBar,
    B0,
    sampleCount,
    ops: walked.slice(0, end),
    precessions: merged,
    excitations: excitations.finish(),
    ...pulses.finish(),
    readouts: readouts.finish(),
    ...trajectories.finish(),
    turned: frameAngle(0),
    receive: receive.finish(),
    receiveShapes,
    terms: termCount,
    precessionTerms,
  };
}

function outlasts(sequence: Sequence, n: number): Error {
  return badInput(`${sequence.name}: block ${n + 1}`, 'an event lasts past the end of its block', 'lengthen the block');
}

const adcEnd = (adc: AdcEvent): number => adc.delay + adc.samples * adc.dwell;

/** Spins at rest have one stretch. */
const wholly = (from: Seconds, to: Seconds): Stretch => ({ from, to, marks: [] });

/** γ̄∫G dt along x, y, z [cycles/m]. */
function moments(
  gradients: readonly PiecewiseLinear[],
  from: number,
  to: number,
  gammaBar: Hertz,
): [number, number, number] {
  return gradients.map((g) => gammaBar * integral(g, from, to)) as [number, number, number];
}

/** [samples][terms] relative to the first sample. */
function sampleTerms(
  terms: PhaseTerms,
  gradients: readonly PiecewiseLinear[],
  { samples, dwell }: AdcEvent,
  first: number,
): Float64Array {
  const { count } = terms;
  const all = new Float64Array(count * samples);
  for (let n = 1; n < samples; n++) {
    const steps = terms.integrals(gradients, first + (n - 1) * dwell, first + n * dwell);
    for (let i = 0; i < count; i++) all[count * n + i] = all[count * (n - 1) + i] + steps[i];
  }
  return all;
}

/** [samples][kx, ky, kz, t] relative to the first sample; exactly equal steps where the gradients hold still. */
function samplePositions(
  gradients: readonly PiecewiseLinear[],
  adc: AdcEvent,
  first: number,
  gammaBar: Hertz,
): { samples: Float64Array; uniform: boolean } {
  const { samples, dwell } = adc;
  const positions = new Float64Array(STRIDE.sample * samples);
  for (let n = 1; n < samples; n++) positions[4 * n + 3] = n * dwell;
  for (const [i, gradient] of gradients.entries()) {
    if (gradient.t.length === 0) continue;
    for (let n = 1; n < samples; n++) {
      const step = gammaBar * integral(gradient, first + (n - 1) * dwell, first + n * dwell);
      positions[4 * n + i] = positions[4 * (n - 1) + i] + step;
    }
  }
  const last = 4 * (samples - 1);
  const reach = Math.max(Math.abs(positions[last]), Math.abs(positions[last + 1]), Math.abs(positions[last + 2]));
  const uniform =
    samples > 1 &&
    [0, 1, 2].every((i) => {
      for (let n = 1; n < samples; n++) {
        if (Math.abs(positions[4 * n + i] - (positions[last + i] * n) / (samples - 1)) > UNIFORM_TOLERANCE * reach)
          return false;
      }
      return true;
    });
  if (uniform) {
    for (let n = 1; n < samples; n++)
      for (let i = 0; i < 3; i++) positions[4 * n + i] = (positions[last + i] * n) / (samples - 1);
  }
  return { samples: positions, uniform };
}
