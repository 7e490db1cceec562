/**
 * The slowest, plainest simulation of a timeline: one spin after the other, one step after the other, f64, Math.sin.
 * It shares no code with any engine, so an engine that agrees with it agrees for a reason.
 */
import { modelColumns } from '../host/phantom/columns.ts';
import type { Model, SpinBlock } from '../host/phantom/types.ts';
import { OP, STRIDE, type Timeline } from '../host/timeline/types.ts';

const TURN = 2 * Math.PI;

/**
 * [samples][re, im], receive phase not applied.
 * @param phantomB0 the field `spins.offResonance` belongs to [T]
 * @param model of the columns that `spins.extra` holds; of them terms, nodes and resets are used
 */
export function simulateSlowly(timeline: Timeline, spins: SpinBlock, phantomB0: number, model?: Model): Float64Array {
  const { terms, segmentTerms, pointTerms, rfStepTerms } = timeline;
  const columns = modelColumns(model);
  const { ops, segments, excitations, pulses, rfSteps, readouts, waveforms, points, gammaBar } = timeline;
  const signal = new Float64Array(2 * timeline.sampleCount);
  for (let n = 0; n < spins.x.length; n++) {
    const r = [spins.x[n]!, spins.y[n]!, spins.z[n]!] as const;
    const density = spins.density[n]!;
    const [T1, T2] = [spins.T1[n]!, spins.T2[n]!];
    const hertz = ((spins.offResonance[n]! / TURN) * timeline.B0) / phantomB0;
    let [mx, my, mz] = [0, 0, density];
    let node = 0;
    let equilibrium = density;
    /** Σ κ_i·q_i, the last six over the nodes in use. */
    const more = (kappa: Float64Array, record: number): number => {
      let sum = 0;
      for (let i = 0; i < terms; i++) {
        const sliding = model !== undefined && i >= model.terms;
        const column = sliding ? columns.nodes + 3 * node + i - model.terms : i;
        sum += kappa[terms * record + i]! * spins.extra![column]![n]!;
      }
      return sum;
    };
    const relax = (dt: number): void => {
      mx *= Math.exp(-dt / T2);
      my *= Math.exp(-dt / T2);
      mz = equilibrium + (mz - equilibrium) * Math.exp(-dt / T1);
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
        turn(-TURN * (dot(segments, 4 * index) + more(segmentTerms, index) + hertz * dt));
        relax(dt);
      } else if (ops[op] === OP.excite) {
        const pulse = excitations[STRIDE.excitation * index]!;
        const phase = excitations[STRIDE.excitation * index + 1]!;
        const [first, count, offset, duration] = pulses.subarray(4 * pulse, 4 * pulse + 4);
        for (let step = first!; step < first! + count!; step++) {
          const [dt, re, im] = rfSteps.subarray(6 * step, 6 * step + 3);
          const bx = re! * Math.cos(phase) - im! * Math.sin(phase);
          const by = re! * Math.sin(phase) + im! * Math.cos(phase);
          const bz = dot(rfSteps, 6 * step + 3) + (more(rfStepTerms, step) + hertz - offset!) / gammaBar;
          const field = [bx, by, bz].map((b) => TURN * gammaBar * b) as [number, number, number];
          [mx, my, mz] = heldField([mx, my, mz], field, dt!, equilibrium, T1, T2);
        }
        turn(-TURN * offset! * duration!);
      } else if (ops[op] === OP.slide) {
        node = index;
      } else if (ops[op] === OP.hold || ops[op] === OP.release) {
        if (spins.extra![columns.resets + index]![n] !== 1) continue;
        equilibrium = ops[op] === OP.hold ? 0 : density;
        [mx, my, mz] = [0, 0, equilibrium];
      } else {
        const [firstSample, waveform] = readouts.subarray(2 * index, 2 * index + 2);
        const [firstPoint, samples] = waveforms.subarray(3 * waveform!, 3 * waveform! + 2);
        for (let k = 0; k < samples!; k++) {
          const at = 4 * (firstPoint! + k);
          const t = points[at + 3]!;
          const angle = -TURN * (dot(points, at) + more(pointTerms, firstPoint! + k) + hertz * t);
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

/**
 * Bloch equations under a held field ω [rad/s] for `dt`: Taylor's series of M(t) over parts in which neither angle nor relaxation
 * exceeds 1, to 22 terms.
 */
function heldField(
  m: readonly [number, number, number],
  [wx, wy, wz]: readonly [number, number, number],
  dt: number,
  density: number,
  T1: number,
  T2: number,
): [number, number, number] {
  const parts = Math.max(1, Math.ceil(dt * (Math.hypot(wx, wy, wz) + 1 / T1 + 1 / T2)));
  let [mx, my, mz] = m;
  for (let part = 0; part < parts; part++) {
    let [x, y, z] = [mx, my, mz];
    for (let order = 1; order <= 22; order++) {
      const by = dt / parts / order;
      const towards = order === 1 ? density : 0;
      [x, y, z] = [
        by * (y * wz - z * wy - x / T2),
        by * (z * wx - x * wz - y / T2),
        by * (x * wy - y * wx - (z - towards) / T1),
      ];
      mx += x;
      my += y;
      mz += z;
    }
  }
  return [mx, my, mz];
}
