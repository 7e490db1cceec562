/**
 * The slowest, plainest simulation of a timeline: one spin after the other, one step after the other, f64, Math.sin.
 * It shares no code with any engine, so an engine that agrees with it agrees for a reason.
 */
import type { SpinBlock } from '../../host/phantom/types.ts';
import { relaxationTimes } from '../../host/timeline/relaxation.ts';
import { OP, STRIDE, type Timeline } from '../../host/timeline/types.ts';

const TURN = 2 * Math.PI;

/** [samples][re, im], receive phase not applied. `phantomB0` is the field `spins.offResonance` belongs to [T]. */
export function simulateSlowly(timeline: Timeline, spins: SpinBlock, phantomB0: number): Float64Array {
  const { ops, segments, excitations, pulses, rfSteps, readouts, waveforms, points, gammaBar } = timeline;
  const signal = new Float64Array(2 * timeline.sampleCount);
  for (let n = 0; n < spins.x.length; n++) {
    const r = [spins.x[n]!, spins.y[n]!, spins.z[n]!] as const;
    const density = spins.density[n]!;
    const [T1, T2] = [spins.T1[n]!, spins.T2[n]!];
    const hertz = ((spins.offResonance[n]! / TURN) * timeline.B0) / phantomB0;
    let [mx, my, mz] = [0, 0, density];
    const relax = (dt: number): void => {
      mx *= Math.exp(-dt / T2);
      my *= Math.exp(-dt / T2);
      mz = density + (mz - density) * Math.exp(-dt / T1);
    };
    /** Turns Mxy counter-clockwise by `angle`. */
    const turn = (angle: number): void => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      [mx, my] = [mx * c - my * s, mx * s + my * c];
    };
    const dot = (a: Float64Array, at: number): number => a[at]! * r[0] + a[at + 1]! * r[1] + a[at + 2]! * r[2];

    for (let op = 0; op < ops.length; op += STRIDE.op) {
      const index = ops[op + 1]!;
      if (ops[op] === OP.precess) {
        const dt = segments[4 * index + 3]!;
        turn(-TURN * (dot(segments, 4 * index) + hertz * dt));
        relax(dt);
      } else if (ops[op] === OP.excite) {
        const pulse = excitations[2 * index]!;
        const phase = excitations[2 * index + 1]!;
        const [first, count, offset, duration] = pulses.subarray(4 * pulse, 4 * pulse + 4);
        const rests = relaxationTimes(timeline, pulse);
        for (let step = first!; step < first! + count!; step++) {
          const [dt, re, im] = rfSteps.subarray(6 * step, 6 * step + 3);
          const bx = re! * Math.cos(phase) - im! * Math.sin(phase);
          const by = re! * Math.sin(phase) + im! * Math.cos(phase);
          const bz = dot(rfSteps, 6 * step + 3) + (hertz - offset!) / gammaBar;
          relax(rests[step - first!]!);
          [mx, my, mz] = rotateClockwise([mx, my, mz], [bx, by, bz], TURN * gammaBar * dt!);
        }
        relax(rests[count!]!);
        turn(-TURN * offset! * duration!);
      } else {
        const [firstSample, waveform] = readouts.subarray(2 * index, 2 * index + 2);
        const [firstPoint, samples] = waveforms.subarray(3 * waveform!, 3 * waveform! + 2);
        for (let k = 0; k < samples!; k++) {
          const at = 4 * (firstPoint! + k);
          const t = points[at + 3]!;
          const angle = -TURN * (dot(points, at) + hertz * t);
          const decay = Math.exp(-t / T2);
          const out = 2 * (firstSample! + k);
          signal[out] = signal[out]! + decay * (mx * Math.cos(angle) - my * Math.sin(angle));
          signal[out + 1] = signal[out + 1]! + decay * (mx * Math.sin(angle) + my * Math.cos(angle));
        }
      }
    }
  }
  return signal;
}

/** Rodrigues' rotation of m about b by −|b|·factor. */
function rotateClockwise(m: readonly number[], b: readonly number[], factor: number): [number, number, number] {
  const norm = Math.hypot(b[0]!, b[1]!, b[2]!);
  if (norm === 0) return [m[0]!, m[1]!, m[2]!];
  const [x, y, z] = [b[0]! / norm, b[1]! / norm, b[2]! / norm];
  const [c, s] = [Math.cos(-norm * factor), Math.sin(-norm * factor)];
  const along = (x * m[0]! + y * m[1]! + z * m[2]!) * (1 - c);
  return [
    m[0]! * c + (y * m[2]! - z * m[1]!) * s + x * along,
    m[1]! * c + (z * m[0]! - x * m[2]!) * s + y * along,
    m[2]! * c + (x * m[1]! - y * m[0]!) * s + z * along,
  ];
}
