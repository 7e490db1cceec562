/**
 * The receive phase. The receiver's offsets affect all spins alike, so they are applied once, to
 * the sum.
 */
import { STRIDE, type Timeline } from './types.ts';

/**
 * Multiplies each sample of `signal` ([coils][samples][re, im]) by its e^{+i(phase + n·step +
 * shape[n])}, in place.
 */
export function applyReceivePhase(timeline: Timeline, signal: Float64Array): void {
  const { sampleCount, readouts, trajectories, receive, receiveShapes } = timeline;
  for (let readout = 0; readout < readouts.length / STRIDE.readout; readout++) {
    const [phase, step, shape] = receive.subarray(STRIDE.receive * readout) as unknown as [number, number, number];
    if (phase === 0 && step === 0 && shape < 0) continue;
    const firstSample = readouts[STRIDE.readout * readout];
    const samples = trajectories[STRIDE.trajectory * readouts[STRIDE.readout * readout + 1] + 1];
    const phases = shape < 0 ? undefined : receiveShapes[shape];
    for (let n = 0; n < samples; n++) {
      const angle = phase + n * step + (phases?.[n] ?? 0);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let at = 2 * (firstSample + n); at < signal.length; at += 2 * sampleCount) {
        const [re, im] = [signal[at], signal[at + 1]];
        signal[at] = re * c - im * s;
        signal[at + 1] = re * s + im * c;
      }
    }
  }
}
