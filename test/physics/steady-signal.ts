/**
 * What a scan whose transverse magnetisation is gone before each pulse shows of one tissue, by a
 * recursion of its own: Bloch's equation without relaxation through each pulse at many heights, M_z
 * between the pulses by T1, transverse magnetisation from each pulse's centre by T2.
 *
 *     readout:  C(z) M_z(z) e^{−i2πk_z z} e^{−t/T2}
 *     a pulse:  M_z ← E(z) M_z
 *     between:  M_z ← 1 + (M_z − 1) e^{−t/T1}
 */
import { GAMMA_BAR } from '../../host/base/units.ts';
import type { Block, RfEvent, Sequence } from '../../host/sequence/types.ts';
import { gradientPoints, integral, valueAt } from '../../host/sequence/waveform.ts';

export interface Layers {
  /** Where they are averaged over [m]. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * [readouts][re, im] for a density of 1, on resonance, at the sample nearest to `echo` of 0 … 1 of
 * each readout.
 */
export function steadySignal(
  sequence: Sequence,
  { T1, T2 }: { T1: number; T2: number },
  { from, to, count }: Layers,
  echo: number,
): (readonly [number, number])[] {
  const heights = Float64Array.from({ length: count }, (_, n) => from + ((n + 0.5) / count) * (to - from));
  const Mz = new Float64Array(count).fill(1);
  const effects = new Map<string, Float64Array>();
  const readouts: (readonly [number, number])[] = [];
  let [start, centre, kz] = [0, 0, 0];
  let turned = new Float64Array(3 * count);
  const excited = new Float64Array(count);
  for (let b = 0; b < sequence.blockCount; b++) {
    const block = sequence.block(b);
    const { rf, adc, duration } = block;
    const gz = gradientPoints(block.gz);
    let played = 0;
    if (rf) {
      const pulse = start + rf.delay + rf.center;
      const back = Math.exp(-(pulse - centre) / T1);
      const key = `${rf.use} ${rf.magnitude.length} ${rf.time.at(-1)} ${rf.center} ${middleGradient(block, rf)}`;
      if (!effects.has(key)) effects.set(key, playedAt(heights, rf, middleGradient(block, rf)));
      turned = effects.get(key)! as Float64Array<ArrayBuffer>;
      for (let n = 0; n < count; n++) {
        excited[n] = 1 + (Mz[n] - 1) * back;
        Mz[n] = excited[n] * turned[3 * n + 2];
      }
      centre = pulse;
      kz = 0;
      played = rf.delay + rf.time.at(-1)!;
    }
    if (adc) {
      const sample = adc.delay + (Math.min(adc.samples - 1, Math.floor(echo * adc.samples)) + 0.5) * adc.dwell;
      const decay = Math.exp(-(start + sample - centre) / T2) / count;
      const k = kz + GAMMA_BAR * integral(gz, played, Math.max(played, sample));
      let [re, im] = [0, 0];
      for (const [n, z] of heights.entries()) {
        const [c, s] = [Math.cos(2 * Math.PI * k * z), -Math.sin(2 * Math.PI * k * z)];
        re += decay * excited[n] * (turned[3 * n] * c - turned[3 * n + 1] * s);
        im += decay * excited[n] * (turned[3 * n] * s + turned[3 * n + 1] * c);
      }
      readouts.push([re, im]);
    }
    kz += GAMMA_BAR * integral(gz, played, duration);
    start += duration;
  }
  return readouts;
}

const middleGradient = (block: Block, rf: RfEvent): number =>
  valueAt(gradientPoints(block.gz), rf.delay + rf.time.at(-1)! / 2);

/**
 * [heights][Mx, My, Mz] after a pulse of phase 0 from M = (0, 0, 1), step by step:
 * dM/dt = 2πγ̄ M × B.
 */
function playedAt(heights: Float64Array, { time, magnitude, phase }: RfEvent, gradient: number): Float64Array {
  const out = new Float64Array(3 * heights.length);
  for (const [n, z] of heights.entries()) {
    let [x, y, w] = [0, 0, 1];
    for (let i = 0; i < magnitude.length; i++) {
      const [bx, by] = [magnitude[i] * Math.cos(phase[i]), magnitude[i] * Math.sin(phase[i])];
      const bz = gradient * z;
      const size = Math.hypot(bx, by, bz);
      if (size === 0) continue;
      const [u, v, q] = [bx / size, by / size, bz / size];
      const angle = -2 * Math.PI * GAMMA_BAR * size * (time[i + 1] - time[i]);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const along = (1 - c) * (u * x + v * y + q * w);
      [x, y, w] = [
        c * x + s * (v * w - q * y) + u * along,
        c * y + s * (q * x - u * w) + v * along,
        c * w + s * (u * y - v * x) + q * along,
      ];
    }
    out.set([x, y, w], 3 * n);
  }
  return out;
}
