/**
 * The signal at k = 0 of a scan of one tissue, by Bloch's equations on a column of layers along z,
 * with transverse magnetisation, relaxation during pulses and gradients along z and all: what
 * balanced, refocused and unspoiled scans show. It shares no code with the engine. The column
 * stands where gradients in the plane are zero.
 *
 *     during a step of a pulse: M ← rotation about (B1 cos φ, B1 sin φ, G_z z) of
 *                               e^{−dt/T1}, e^{−dt/T2} M + (1 − e^{−dt/T1})
 *     between:                  Mxy ← Mxy e^{−i2πγ̄∫G_z dt z} e^{−t/T2},
 *                               Mz ← 1 + (Mz − 1) e^{−t/T1}
 */
import { GAMMA_BAR } from '../../host/base/units.ts';
import type { Block, RfEvent, Sequence } from '../../host/sequence/types.ts';
import { gradientPoints, integral, valueAt } from '../../host/sequence/waveform.ts';
import type { Tissue } from './ball.ts';
import type { Layers } from './steady-signal.ts';

/** [layers][9 of the matrix, 3 that are added] */
type Effect = Float64Array;

/**
 * [readouts][re, im], for a density of 1, at the sample nearest to `echo` of 0 … 1 of each readout.
 */
export function columnSignal(
  sequence: Sequence,
  tissue: Tissue,
  { from, to, count }: Layers,
  echo: number,
): (readonly [number, number])[] {
  const z = Float64Array.from({ length: count }, (_, n) => from + ((n + 0.5) / count) * (to - from));
  const M = new Float64Array(3 * count);
  for (let n = 0; n < count; n++) M[3 * n + 2] = 1;
  const effects = new Map<string, Effect>();
  const readouts: (readonly [number, number])[] = [];
  const free = (time: number, k: number): void => {
    const [E1, E2] = [Math.exp(-time / tissue.T1), Math.exp(-time / tissue.T2)];
    for (let n = 0; n < count; n++) {
      const [c, s] = [Math.cos(2 * Math.PI * k * z[n]), -Math.sin(2 * Math.PI * k * z[n])];
      const [x, y] = [M[3 * n], M[3 * n + 1]];
      M[3 * n] = E2 * (x * c - y * s);
      M[3 * n + 1] = E2 * (x * s + y * c);
      M[3 * n + 2] = 1 + (M[3 * n + 2] - 1) * E1;
    }
  };
  for (let b = 0; b < sequence.blockCount; b++) {
    const block = sequence.block(b);
    const { rf, adc, duration } = block;
    const gz = gradientPoints(block.gz);
    let now = 0;
    const until = (time: number): void => {
      free(time - now, GAMMA_BAR * integral(gz, now, time));
      now = time;
    };
    if (rf) {
      until(rf.delay);
      const gradient = middleGradient(block, rf);
      const key = `${rf.use} ${rf.magnitude.length} ${rf.time.at(-1)} ${rf.magnitude[rf.magnitude.length >> 1]} ${gradient}`;
      const known = effects.get(key) ?? effectAt(z, rf, gradient, tissue);
      effects.set(key, known);
      play(M, known, rf.phaseOffset);
      now = rf.delay + rf.time.at(-1)!;
    }
    if (adc) {
      until(adc.delay + (Math.min(adc.samples - 1, Math.floor(echo * adc.samples)) + 0.5) * adc.dwell);
      let [re, im] = [0, 0];
      for (let n = 0; n < count; n++) {
        re += M[3 * n] / count;
        im += M[3 * n + 1] / count;
      }
      // The receiver's phase is the conjugate of the pulses' one.
      const [c, s] = [Math.cos(adc.phaseOffset), Math.sin(adc.phaseOffset)];
      readouts.push([re * c - im * s, re * s + im * c]);
    }
    until(duration);
  }
  return readouts;
}

const middleGradient = (block: Block, rf: RfEvent): number =>
  valueAt(gradientPoints(block.gz), rf.delay + rf.time.at(-1)! / 2);

/**
 * M ← matrix · M + added, in the frame that is turned by the pulse's phase, which enters
 * conjugated.
 */
function play(M: Float64Array, effect: Effect, phase: number): void {
  const [c, s] = [Math.cos(phase), Math.sin(phase)];
  for (let n = 0, at = 0; n < M.length; n += 3, at += 12) {
    const [x, y, w] = [c * M[n] - s * M[n + 1], s * M[n] + c * M[n + 1], M[n + 2]];
    const row = (r: number): number =>
      effect[at + 3 * r] * x + effect[at + 3 * r + 1] * y + effect[at + 3 * r + 2] * w + effect[at + 9 + r];
    const [u, v] = [row(0), row(1)];
    M[n] = c * u + s * v;
    M[n + 1] = c * v - s * u;
    M[n + 2] = row(2);
  }
}

/**
 * What a pulse makes of Mz alone, at a height in a gradient: its factor, and what relaxation adds.
 */
export function longitudinalEffect(
  rf: RfEvent,
  tissue: Tissue,
  gradient = 0,
  z = 0,
): { factor: number; added: number } {
  const effect = effectAt(Float64Array.of(z), rf, gradient, tissue);
  return { factor: effect[8], added: effect[11] };
}

/** The pulse at every height, for a phase of 0: its effect on 0 and on the three axes. */
function effectAt(z: Float64Array, rf: RfEvent, gradient: number, { T1, T2 }: Tissue): Effect {
  const out = new Float64Array(12 * z.length);
  const dt = rf.time[1] - rf.time[0];
  const [E1, E2] = [Math.exp(-dt / T1), Math.exp(-dt / T2)];
  for (const [n, height] of z.entries())
    for (let column = -1; column < 3; column++) {
      let [x, y, w] = [0, 1, 2].map((axis) => (axis === column ? 1 : 0)) as [number, number, number];
      for (let i = 0; i < rf.magnitude.length; i++) {
        const [bx, by] = [rf.magnitude[i] * Math.cos(rf.phase[i]), -rf.magnitude[i] * Math.sin(rf.phase[i])];
        const bz = gradient * height;
        const size = Math.hypot(bx, by, bz);
        const [u, v, q] = size === 0 ? [0, 0, 1] : [bx / size, by / size, bz / size];
        const angle = -2 * Math.PI * GAMMA_BAR * size * dt;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const along = (1 - c) * (u * x + v * y + q * w);
        [x, y, w] = [
          E2 * (c * x + s * (v * w - q * y) + u * along),
          E2 * (c * y + s * (q * x - u * w) + v * along),
          1 + (c * w + s * (u * y - v * x) + q * along - 1) * E1,
        ];
      }
      for (const [row, value] of [x, y, w].entries()) {
        if (column < 0) out[12 * n + 9 + row] = value;
        else out[12 * n + 3 * row + column] = value - out[12 * n + 9 + row];
      }
    }
  return out;
}
