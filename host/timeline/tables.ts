/**
 * The tables of the timeline in which equal entries are stored once: pulses, trajectories of
 * readouts, and the programs of blocks.
 */
import { createHash } from 'node:crypto';
import type { Budget } from '../base/budget.ts';
import type { Block } from '../sequence/types.ts';
import { arrayBuilder, splitRecords } from './intern.ts';
import { STRIDE } from './types.ts';

/**
 * Memory of an RF step, and of a sample of a trajectory, in these tables and in the kernels
 * [bytes]; measured.
 */
const BYTES_PER_STEP = 350;
const BYTES_PER_SAMPLE = 100;

/** Throws exit 65 if a budget has no room for so many steps of a pulse. */
export function checkSteps(budget: Budget, count: number): void {
  budget.check(BYTES_PER_STEP * count, `${count} RF steps of a pulse`);
}

/** Throws exit 65 if a budget has no room for a readout of so many samples. */
export function checkSamples(budget: Budget, count: number): void {
  budget.check(BYTES_PER_SAMPLE * count, `a readout of ${count} samples`);
}

const NONE = new Float64Array(0);

/** Pulses and their steps, by content. @param terms phase terms of a step */
export function pulseTable(budget: Budget, terms = 0) {
  const width = STRIDE.rfStep + terms;
  const pulses = arrayBuilder(Float64Array);
  const steps = arrayBuilder(Float64Array);
  const known = new Map<string, number>();
  /** Of lists that came before: with RF spoiling all pulses of a scan share one. */
  const digests = new WeakMap<Float64Array, string>();
  return {
    /** @param list [steps][dt, B1re, B1im, Gx, Gy, Gz, rates of the terms]; must not change */
    intern(list: Float64Array, offset: number, duration: number): number {
      const content = digests.get(list) ?? digest(list, NONE);
      digests.set(list, content);
      const key = `${content} ${offset} ${duration}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const index = pulses.length / STRIDE.pulse;
      const count = list.length / width;
      budget.take(BYTES_PER_STEP * count, `${steps.length / width + count} RF steps`);
      pulses.push(steps.length / width, count, offset, duration);
      steps.append(list);
      known.set(key, index);
      return index;
    },
    finish() {
      const [rfSteps, rfStepTerms] = splitRecords(steps.finish(), width, STRIDE.rfStep);
      return { pulses: pulses.finish(), rfSteps, rfStepTerms };
    },
  };
}

/** A readout's samples, and whether they are equally spaced in k and t. */
export interface Trajectory {
  /** [samples][kx, ky, kz, t] relative to the first sample [cycles/m, s] */
  readonly positions: Float64Array;
  readonly uniform: boolean;
  /** [samples][terms] relative to the first sample; default: there are none. */
  readonly terms?: Float64Array;
}

/** Sample positions of readouts, by content. */
export function trajectoryTable(budget: Budget) {
  const trajectories = arrayBuilder(Int32Array);
  const all = arrayBuilder(Float64Array);
  const allTerms = arrayBuilder(Float64Array);
  const known = new Map<string, number>();
  return {
    intern({ positions, uniform, terms = NONE }: Trajectory): number {
      const key = digest(positions, Float64Array.from([Number(uniform), ...terms]));
      const found = known.get(key);
      if (found !== undefined) return found;
      const index = trajectories.length / STRIDE.trajectory;
      const count = positions.length / STRIDE.sample;
      budget.take(BYTES_PER_SAMPLE * count, `${all.length / STRIDE.sample + count} different samples`);
      trajectories.push(all.length / STRIDE.sample, count, Number(uniform));
      all.append(positions);
      allTerms.append(terms);
      known.set(key, index);
      return index;
    },
    finish: () => ({ trajectories: trajectories.finish(), samples: all.finish(), sampleTerms: allTerms.finish() }),
  };
}

function digest(values: Float64Array, more: Float64Array): string {
  return createHash('sha1').update(values).update(more).digest('base64');
}

/** Keys that are equal for blocks of the same events (by identity), rotation and duration. */
export function eventKeys(): (block: Block) => string {
  const ids = new WeakMap<object, number>();
  let next = 1;
  const id = (event: object | undefined): number => {
    if (event === undefined) return 0;
    let known = ids.get(event);
    if (known === undefined) {
      known = next++;
      ids.set(event, known);
    }
    return known;
  };
  return ({ duration, rf, gx, gy, gz, common, adc, rotation, shim }) =>
    `${duration} ${id(rf)} ${id(gx)} ${id(gy)} ${id(gz)} ${id(common)} ${id(adc)} ${id(shim)} ${rotation ?? ''}`;
}

/** Runs `make` once per different combination of events (by identity), rotation and duration. */
export function rememberByEvents<T>(make: (block: Block, n: number) => T): (block: Block, n: number) => T {
  const keyOf = eventKeys();
  const results = new Map<string, T>();
  return (block, n) => {
    const key = keyOf(block);
    let result = results.get(key);
    if (result === undefined) {
      result = make(block, n);
      results.set(key, result);
    }
    return result;
  };
}
