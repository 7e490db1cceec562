/**
 * Sequence → timeline, once per run. Each different block is turned into a short program of precession, pulses and
 * readouts; the walk over all blocks strings these together and merges the precession between them, so a static spin
 * pays per segment and not per raster step.
 */
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { GAMMA_BAR, type Hertz } from '../base/units.ts';
import { offsets } from '../sequence/offsets.ts';
import type { AdcEvent, RfEvent, Sequence } from '../sequence/types.ts';
import { blockGradients, gradientPoints, integral, type PiecewiseLinear } from '../sequence/waveform.ts';
import { growing, recordTable, splitRecords } from './intern.ts';
import { rfDuration, rfSteps } from './pulse.ts';
import { checkSamples, pulseTable, rememberByEvents, waveformTable } from './tables.ts';
import { OP, type PhaseTerms, STRIDE, type Timeline, type TimelineOptions } from './types.ts';

/** What a block does to a spin, in order. Precession [kx, ky, kz, dt, terms] is merged with its neighbours later. */
type Action =
  | { readonly kind: 'precess'; readonly moment: readonly number[] }
  | { readonly kind: 'excite'; readonly pulse: number; readonly phase: number; readonly turned: number }
  | {
      readonly kind: 'read';
      readonly waveform: number;
      readonly samples: number;
      readonly receive: readonly [number, number, number];
      readonly turned: number;
    };

interface BlockProgram {
  readonly actions: readonly Action[];
  /** Cycles by which the field common to all spins turns them over the block; `turned` of an action: from the block's start to the event's. */
  readonly turned: number;
}

/** Relative deviation below which sample positions count as equally spaced: rounding of f64 sums, nothing physical. */
const LINEAR_TOLERANCE = 1e-10;

/**
 * @throws LarmorError 65 when events of a block overlap or outlast it, or the run has no sample or more than 2³¹ − 1
 */
export function compileTimeline(
  sequence: Sequence,
  { B0, gammaBar = GAMMA_BAR, maxRfStep, terms, toEnd = false }: TimelineOptions,
): Timeline {
  const termCount = terms?.count ?? 0;
  const width = STRIDE.segment + termCount;
  const ops = growing(Int32Array);
  const segments = recordTable(width);
  const excitations = recordTable(STRIDE.excitation);
  const readouts = growing(Int32Array);
  const receive = growing(Float64Array);
  const receiveShapes: Float64Array[] = [];
  const budget = openBudget('signal', sequence.name, sequence.fileBytes);
  const pulses = pulseTable(budget, termCount);
  const waveforms = waveformTable(budget);
  let sampleCount = 0;

  const blockProgram = rememberByEvents((block, n): BlockProgram => {
    const gradients = blockGradients(block);
    const common = gradientPoints(block.common);
    const turned = (from: number, to: number): number => gammaBar * integral(common, from, to);
    const actions: Action[] = [];
    let now = 0;
    const precessTo = (time: number): void => {
      if (time < now - 1e-12) throw outlasts(sequence, n);
      if (time > now) {
        const more = terms?.integrals(gradients, now, time) ?? [];
        actions.push({ kind: 'precess', moment: [...moments(gradients, now, time, gammaBar), time - now, ...more] });
      }
      now = Math.max(now, time);
    };
    const play = {
      rf(rf: RfEvent): void {
        precessTo(rf.delay);
        const { frequency, phase } = offsets(rf, gammaBar * B0);
        const steps = rfSteps(
          rf,
          gradients,
          maxRfStep,
          budget,
          terms,
          common.t.length > 0 ? { common, gammaBar } : undefined,
        );
        const pulse = pulses.intern(steps, frequency, rfDuration(rf));
        actions.push({ kind: 'excite', pulse, phase: -phase, turned: turned(0, rf.delay) });
        now = rf.delay + rfDuration(rf);
      },
      adc(adc: AdcEvent): void {
        const first = adc.delay + adc.dwell / 2;
        precessTo(first);
        const { frequency, phase } = offsets(adc, gammaBar * B0);
        const phases = receivePhases(adc, (time) => turned(first, time));
        const shape = phases === undefined ? -1 : receiveShapes.push(phases) - 1;
        const step = 2 * Math.PI * frequency * adc.dwell;
        checkSamples(budget, adc.samples);
        const waveform = waveforms.intern({
          ...samplePoints(gradients, adc, first, gammaBar),
          ...(terms === undefined ? {} : { terms: sampleTerms(terms, gradients, adc, first) }),
        });
        const receive = [phase + step / 2, step, shape] as const;
        actions.push({ kind: 'read', waveform, samples: adc.samples, receive, turned: turned(0, first) });
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
  });

  const pending = new Float64Array(width);
  const flush = (): void => {
    if (pending[3]! > 0) ops.push(OP.precess, segments.intern(pending));
    pending.fill(0);
  };
  // Field common to all spins: the frame turns with it, so pulses and receiver do instead [cycles].
  let frame = 0;
  const frameAngle = (turned: number): number => 2 * Math.PI * (frame + turned);
  for (let n = 0; n < sequence.blockCount; n++) {
    const { actions, turned } = blockProgram(sequence.block(n), n);
    for (const action of actions) {
      if (action.kind === 'precess') {
        for (let i = 0; i < pending.length; i++) pending[i] = pending[i]! + action.moment[i]!;
        continue;
      }
      flush();
      if (action.kind === 'excite') {
        ops.push(OP.excite, excitations.intern([action.pulse, action.phase + frameAngle(action.turned), -1]));
      } else {
        ops.push(OP.read, readouts.length / STRIDE.readout);
        readouts.push(sampleCount, action.waveform);
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
  while (!toEnd && walked[end - STRIDE.op] !== OP.read) end -= STRIDE.op;
  const [moment, segmentTerms] = splitRecords(segments.finish(), width, STRIDE.segment);

  return {
    gammaBar,
    B0,
    sampleCount,
    ops: walked.slice(0, end),
    segments: moment,
    excitations: excitations.finish(),
    ...pulses.finish(),
    readouts: readouts.finish(),
    ...waveforms.finish(),
    receive: receive.finish(),
    receiveShapes,
    terms: termCount,
    segmentTerms,
  };
}

function outlasts(sequence: Sequence, n: number): Error {
  return badInput(`${sequence.name}: block ${n + 1}`, 'an event lasts past the end of its block', 'lengthen the block');
}

const adcEnd = (adc: AdcEvent): number => adc.delay + adc.samples * adc.dwell;

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
    for (let i = 0; i < count; i++) all[count * n + i] = all[count * (n - 1) + i]! + steps[i]!;
  }
  return all;
}

/** [samples][kx, ky, kz, t] relative to the first sample; exactly equal steps where the gradients hold still. */
function samplePoints(
  gradients: readonly PiecewiseLinear[],
  adc: AdcEvent,
  first: number,
  gammaBar: Hertz,
): { points: Float64Array; linear: boolean } {
  const { samples, dwell } = adc;
  const points = new Float64Array(STRIDE.point * samples);
  for (let n = 1; n < samples; n++) points[4 * n + 3] = n * dwell;
  for (const [i, gradient] of gradients.entries()) {
    if (gradient.t.length === 0) continue;
    for (let n = 1; n < samples; n++) {
      const step = gammaBar * integral(gradient, first + (n - 1) * dwell, first + n * dwell);
      points[4 * n + i] = points[4 * (n - 1) + i]! + step;
    }
  }
  const last = 4 * (samples - 1);
  const reach = Math.max(Math.abs(points[last]!), Math.abs(points[last + 1]!), Math.abs(points[last + 2]!));
  const linear =
    samples > 1 &&
    [0, 1, 2].every((i) => {
      for (let n = 1; n < samples; n++) {
        if (Math.abs(points[4 * n + i]! - (points[last + i]! * n) / (samples - 1)) > LINEAR_TOLERANCE * reach)
          return false;
      }
      return true;
    });
  if (linear) {
    for (let n = 1; n < samples; n++)
      for (let i = 0; i < 3; i++) points[4 * n + i] = (points[last + i]! * n) / (samples - 1);
  }
  return { points, linear };
}
