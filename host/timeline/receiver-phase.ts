/**
 * The receive phase. The receiver's offsets affect all spins alike, so they are applied once, to
 * the sum.
 */
import { STRIDE, type Timeline } from './types.ts';

/**
 * Multiplies each sample of `signal` ([coils][count][re, im], samples from `first` on) by its
 * e^{+i(phase + n·step + shape[n])}, in place.
 */
export function applyReceivePhase(
  timeline: Timeline,
  signal: Float64Array,
  first = 0,
  count = timeline.sampleCount,
): void {
  const { readouts, trajectories, receive, receiveShapes } = timeline;
  const end = first + count;
  for (let readout = readoutBefore(timeline, first); readout < readouts.length / STRIDE.readout; readout++) {
    if (readouts[STRIDE.readout * readout] >= end) return;
    const [phase, step, shape] = receive.subarray(STRIDE.receive * readout) as unknown as [number, number, number];
    if (phase === 0 && step === 0 && shape < 0) continue;
    const firstSample = readouts[STRIDE.readout * readout];
    const samples = trajectories[STRIDE.trajectory * readouts[STRIDE.readout * readout + 1] + 1];
    const phases = shape < 0 ? undefined : receiveShapes[shape];
    for (let n = Math.max(0, first - firstSample); n < Math.min(samples, end - firstSample); n++) {
      const angle = phase + n * step + (phases?.[n] ?? 0);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let at = 2 * (firstSample + n - first); at < signal.length; at += 2 * count) {
        const [re, im] = [signal[at], signal[at + 1]];
        signal[at] = re * c - im * s;
        signal[at + 1] = re * s + im * c;
      }
    }
  }
}

/** The last readout that begins at a sample or before it; they are in the order of samples. */
function readoutBefore({ readouts }: Timeline, sample: number): number {
  let [low, high] = [0, readouts.length / STRIDE.readout];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (readouts[STRIDE.readout * middle] <= sample) low = middle;
    else high = middle;
  }
  return low;
}
