/**
 * Whether a scanner could play a sequence: hardware limits, gradients that jump, dead times and
 * rasters. None of it changes the simulation, so all of it is returned as findings, one per kind
 * with the first block and the number of blocks. Only what cannot be simulated (an event past its
 * block's end, a readout during a pulse) is an error.
 */
import type { Seconds } from '../base/units.ts';
import { requirePlayable, SAME_TIME } from './block-checks.ts';
import { eventEnd } from './designer.ts';
import { blockExtremes } from './gradient-limits.ts';
import { peakOf } from './peaks.ts';
import type { Scanner } from './scanner-types.ts';
import type { Block, GradientEvent, Sequence } from './types.ts';
import type { Vector } from './vector.ts';

export interface Finding {
  /** First block concerned, from 0. */
  readonly block: number;
  /** Blocks concerned. */
  readonly count: number;
  readonly what: string;
  readonly fix: string;
  /**
   * `warning`: beyond what the hardware can do; `note`: off its rasters or within its dead times.
   */
  readonly severity: 'warning' | 'note';
}

/** Limits may be exceeded by the rounding of six-digit amplitudes. */
const ROUNDING = 1 + 1e-5;
/** Part of a raster step that a time may be off. */
const OFF_RASTER = 1e-3;
const AXES = ['x', 'y', 'z'] as const;

interface Kind {
  readonly severity: Finding['severity'];
  readonly fix: string;
  /** What is wrong, for the worst value met. */
  say(worst: number): string;
}

/**
 * Findings in the order of their first blocks.
 * @throws LarmorError 65 naming sequence and block for what cannot be simulated
 */
export function checkSequence(sequence: Sequence, scanner: Scanner): Finding[] {
  const kinds = findingKinds(sequence, scanner);
  const found = new Map<string, { block: number; last: number; count: number; worst: number }>();
  const report = (kind: string, block: number, value: number): void => {
    const known = found.get(kind);
    if (known === undefined) {
      found.set(kind, { block, last: block, count: 1, worst: value });
      return;
    }
    if (known.last !== block) known.count++;
    known.last = block;
    known.worst = Math.max(known.worst, value);
  };
  const rasters = rastersOf(sequence, scanner);
  let edge: Vector = [0, 0, 0];
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    requirePlayable(block, sequence.name, n);
    edge = checkGradients(block, n, edge, scanner, report);
    if (block.rf !== undefined && peakOf(block.rf) > scanner.B1 * ROUNDING) report('B1', n, peakOf(block.rf));
    if (rasters === undefined) continue;
    checkSwitching(block, n, scanner, report);
    checkRasters(block, n, rasters, report);
  }
  for (const [axis, name] of AXES.entries()) {
    const left = Math.abs(edge[axis]);
    if (left > largestJump(scanner)) report(`jump ${name}`, sequence.blockCount - 1, left);
  }
  return [...found].map(([name, { block, count, worst }]) => {
    const { severity, fix, say } = kinds(name);
    const what = say(worst);
    return { block, count, severity, fix, what: count === 1 ? what : `${what} (in ${count} blocks, this one first)` };
  });
}

type Report = (kind: string, block: number, value: number) => void;

/** Message of each kind of finding. Gradient kinds end in their axis. */
function findingKinds(sequence: Sequence, scanner: Scanner): (name: string) => Kind {
  const milli = (value: number): string => `${Number((value * 1e3).toPrecision(4))} mT/m`;
  const micro = (value: number): string => `${Number((value * 1e6).toFixed(3))} µs`;
  const rasters = rastersOf(sequence, scanner);
  const short = (what: (there: string) => string, needed: Seconds, fix: string): Kind => ({
    severity: 'note',
    fix,
    say: (missing) => `${what(micro(needed - missing))}, the scanner needs ${micro(needed)}`,
  });
  const raster = (what: string, step: Seconds | undefined): Kind => ({
    severity: 'note',
    fix: 'round it to the raster',
    say: () => `${what} is not on the raster of ${micro(step ?? 0)}`,
  });
  return (name) => {
    const axis = name.at(-1)!;
    switch (name) {
      case 'B1':
        return {
          severity: 'warning',
          fix: 'lengthen the pulse or lower its flip angle',
          say: (peak) =>
            `B1 reaches ${Number((peak * 1e6).toPrecision(4))} µT, the scanner allows ${scanner.B1 * 1e6} µT`,
        };
      case 'rf dead':
        return short((time) => `the pulse starts ${time} into its block`, scanner.rfDeadTime, 'delay the pulse');
      case 'rf ringdown':
        return short((time) => `the block ends ${time} after its pulse`, scanner.rfRingdown, 'lengthen the block');
      case 'adc dead':
        return short(
          (time) => `the readout is ${time} from an edge of its block`,
          scanner.adcDeadTime,
          'move it or lengthen the block',
        );
      case 'block raster':
        return raster('the duration', rasters?.block);
      case 'rf raster':
        return raster('the delay of the pulse', rasters?.rf);
      case 'adc raster':
        return raster('the dwell time', rasters?.adc);
      case 'adc delay raster':
        return raster('the delay of the readout', rasters?.rf);
      case 'gradient raster':
        return raster('the timing of a gradient', rasters?.gradient);
    }
    if (name.startsWith('peak'))
      return {
        severity: 'warning',
        fix: 'lengthen it or rotate it less',
        say: (peak) => `gradient ${axis} reaches ${milli(peak)}, the scanner allows ${milli(scanner.Gmax)}`,
      };
    if (name.startsWith('slew'))
      return {
        severity: 'warning',
        fix: 'lengthen its ramps',
        say: (slew) =>
          `gradient ${axis} changes by ${Number(slew.toPrecision(4))} T/m/s, the scanner allows ${scanner.Smax}`,
      };
    return {
      severity: 'warning',
      fix: 'ramp it, or continue it in the next block',
      say: (step) => `gradient ${axis} jumps by ${milli(step)}`,
    };
  };
}

/**
 * Largest step that still counts as continuous: what the slew rate allows in one step of the
 * raster.
 */
function largestJump({ Smax, gradRaster }: Scanner): number {
  return Smax * gradRaster * ROUNDING;
}

/** @returns the gradient with which the block ends */
function checkGradients(block: Block, n: number, before: Vector, scanner: Scanner, report: Report): Vector {
  const none = block.gx === undefined && block.gy === undefined && block.gz === undefined;
  // Blocks of zero duration, such as label changes, do not count.
  if (none && block.duration === 0) return before;
  const extremes = none ? undefined : blockExtremes(block, scanner);
  for (let axis = 0; axis < 3; axis++) {
    const step = Math.abs((extremes?.first[axis] ?? 0) - before[axis]);
    const jump = Math.max(step, extremes?.jump[axis] ?? 0);
    if (jump > largestJump(scanner)) report(`jump ${AXES[axis]}`, n, jump);
    if (extremes === undefined) continue;
    if (extremes.peak[axis] > scanner.Gmax * ROUNDING) report(`peak ${AXES[axis]}`, n, extremes.peak[axis]);
    if (extremes.slew[axis] > scanner.Smax * ROUNDING) report(`slew ${AXES[axis]}`, n, extremes.slew[axis]);
  }
  return extremes?.last ?? [0, 0, 0];
}

/** Dead times around pulses and readouts. */
function checkSwitching({ rf, adc, duration }: Block, n: number, scanner: Scanner, report: Report): void {
  const missing = (kind: string, there: Seconds, needed: Seconds): void => {
    if (there < needed - SAME_TIME) report(kind, n, needed - there);
  };
  if (rf !== undefined) {
    missing('rf dead', rf.delay, scanner.rfDeadTime);
    missing('rf ringdown', duration - eventEnd(rf), scanner.rfRingdown);
  }
  if (adc !== undefined) missing('adc dead', Math.min(adc.delay, duration - eventEnd(adc)), scanner.adcDeadTime);
}

interface Rasters {
  readonly block: Seconds;
  readonly gradient: Seconds;
  readonly rf: Seconds;
  readonly adc: Seconds;
}

/**
 * The rasters that a file declares, else the scanner's. Sequences that are not from a file are
 * ideal and have none.
 */
function rastersOf({ version, definitions }: Sequence, scanner: Scanner): Rasters | undefined {
  if (version === undefined) return undefined;
  const declared = (key: string, otherwise: Seconds): Seconds =>
    Number(definitions.get(key)) > 0 ? Number(definitions.get(key)) : otherwise;
  return {
    block: declared('BlockDurationRaster', scanner.blockRaster),
    gradient: declared('GradientRasterTime', scanner.gradRaster),
    rf: declared('RadiofrequencyRasterTime', scanner.rfRaster),
    adc: declared('AdcRasterTime', scanner.adcRaster),
  };
}

function checkRasters(block: Block, n: number, rasters: Rasters, report: Report): void {
  const { rf, adc, gx, gy, gz, duration } = block;
  if (!onRaster(duration, rasters.block)) report('block raster', n, duration);
  if (rf !== undefined && !onRaster(rf.delay, rasters.rf)) report('rf raster', n, rf.delay);
  if (adc !== undefined && !onRaster(adc.dwell, rasters.adc)) report('adc raster', n, adc.dwell);
  if (adc !== undefined && !onRaster(adc.delay, rasters.rf)) report('adc delay raster', n, adc.delay);
  for (const gradient of [gx, gy, gz]) {
    if (gradient === undefined) continue;
    const off = timesOf(gradient).find((time) => !onRaster(time, rasters.gradient));
    if (off !== undefined) report('gradient raster', n, off);
  }
}

/** Times of a gradient that lie on the raster; the points of a shape may lie between. */
function timesOf(gradient: GradientEvent): readonly Seconds[] {
  if (gradient.kind === 'shape') return [gradient.delay];
  return [gradient.delay, gradient.rise, gradient.flat, gradient.fall];
}

function onRaster(time: Seconds, raster: Seconds): boolean {
  const steps = time / raster;
  return Math.abs(steps - Math.round(steps)) < OFF_RASTER;
}
