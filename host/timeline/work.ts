/**
 * What a spin costs, by counting and never by timing: in operations of which a thread does some 10⁸ to 5·10⁹ a second. What hangs on
 * it (threads, batches, where a tile is walked) hangs on the sequence alone, so it is the same on every rank and at every start.
 */
import { OP, STRIDE, type Timeline } from './types.ts';

/** Beside a sample in a batch of lines. */
const RF_STEP = 10;
const OTHER = 20;

/** Operations per spin: samples at one, RF steps and all other ops at what they cost beside one. */
export function workPerSpin({ sampleCount, ops, excitations, pulses }: Timeline): number {
  let work = sampleCount + OTHER * (ops.length / STRIDE.op);
  for (let op = 0; op < ops.length; op += STRIDE.op) {
    if (ops[op] !== OP.excite) continue;
    const pulse = excitations[STRIDE.excitation * ops[op + 1]!]!;
    work += RF_STEP * pulses[STRIDE.pulse * pulse + 1]!;
  }
  return work;
}
