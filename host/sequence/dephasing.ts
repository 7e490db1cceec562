/**
 * The time τ for which spins have dephased at each sample of a scan with one coherence pathway: 0
 * at the centre of an excitation, reversed by a refocusing pulse. If several pathways contribute to
 * the samples there is no such time, and the scan is rejected.
 */
import { badInput } from '../base/errors.ts';
import type { Seconds } from '../base/units.ts';
import { walk } from './kspace.ts';
import type { Scanner } from './scanner-types.ts';
import type { Sequence } from './types.ts';

/** Number of T2 after which excited magnetisation counts as decayed. */
const GONE = 5;
/**
 * If the phase increments of successive pulses differ by this [rad], the sequence is RF-spoiled.
 */
const SPOILED = 1e-3;

/** @returns [samples] |τ| @throws LarmorError 65 naming the pulse that splits the pathway */
export function dephasingTimes(sequence: Sequence, scanner: Scanner, longestT2: Seconds): Float64Array {
  const { pulses, readouts } = walk(sequence, scanner);
  const several = (n: number, what: string): Error =>
    badInput(
      `${sequence.name}: pulse ${n + 1}`,
      `${what}, so no single T2' weighting is right`,
      'use --t2prime ensemble, which follows every pathway',
    );
  /** Time at which τ is 0, after each pulse; undefined before the first excitation. */
  const zeros: (Seconds | undefined)[] = [];
  const starts = pulses.flatMap(({ effect }, n) => (effect === 'start' ? n : []));
  let zero: Seconds | undefined;
  let refocused = 0;
  for (const [n, { time, effect }] of pulses.entries()) {
    if (effect === 'start') {
      const order = starts.indexOf(n);
      const last = pulses[starts[order - 1] ?? -1];
      if (last !== undefined && time - last.time < GONE * longestT2 && !isSpoiled(pulses, starts))
        throw several(n, 'excites while magnetisation of an earlier pulse is still transverse');
      zero = time;
      refocused = 0;
    } else if (effect === 'negate' && zero !== undefined) {
      if (++refocused > 1) throw several(n, 'refocuses a second time');
      zero = 2 * time - zero;
    }
    zeros.push(zero);
  }
  const samples = readouts.reduce((sum, { adc }) => sum + adc.samples, 0);
  const times = new Float64Array(samples);
  let at = 0;
  for (const { adc, blockStart, pulses: before } of readouts) {
    const from = zeros[before - 1];
    for (let n = 0; n < adc.samples; n++, at++)
      times[at] = from === undefined ? 0 : Math.abs(blockStart + adc.delay + (n + 0.5) * adc.dwell - from);
  }
  return times;
}

/** Whether the phases of the excitations are those of RF spoiling: their increments change. */
function isSpoiled(pulses: ReturnType<typeof walk>['pulses'], starts: readonly number[]): boolean {
  const phase = (n: number): number => pulses[starts[n]].rf.phaseOffset;
  for (let n = 2; n < starts.length; n++) {
    const growth = phase(n) - 2 * phase(n - 1) + phase(n - 2);
    if (Math.abs(Math.sin(growth / 2)) > SPOILED / 2) return true;
  }
  return false;
}
