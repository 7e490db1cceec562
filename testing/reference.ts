/**
 * The slowest, plainest simulation of a timeline: one spin after the other, one step after the
 * other, f64, Math.sin. It shares no code with any engine.
 */
import type { Model, SpinBlock } from '../host/phantom/types.ts';
import { OP, STRIDE, type Timeline } from '../host/timeline/types.ts';

const TURN = 2 * Math.PI;

/**
 * Result of a simulation: [coils][samples][re, im], receive phase not applied; and [spins][x, y, z]
 * at the end.
 */
export interface Simulated {
  readonly signal: Float64Array;
  readonly magnetization: Float64Array;
}

/**
 * The signal of spins that share one timeline. `phantomB0` is the field `spins.offResonance`
 * belongs to [T].
 */
export function simulateSlowly(timeline: Timeline, spins: SpinBlock, phantomB0: number, model?: Model): Float64Array {
  return simulateModelSlowly([timeline], spins, phantomB0, model).signal;
}

/** The same with a model: phase terms, B1 maps, coils, paths and resets, groups of spins. */
export function simulateModelSlowly(
  timelines: readonly Timeline[],
  spins: SpinBlock,
  phantomB0: number,
  model?: Model,
): Simulated {
  const {
    terms: fixed = 0,
    transmits = 0,
    coils = 0,
    coilSets = 1,
    nodes = 0,
    fields,
    groups = [spins.x.length],
  } = model ?? {};
  const { sampleCount } = timelines[0];
  const signal = new Float64Array(2 * Math.max(1, coils) * sampleCount);
  const magnetization = new Float64Array(3 * spins.x.length);
  for (let n = 0; n < spins.x.length; n++) {
    let [group, before] = [0, 0];
    while (n >= before + groups[group]) before += groups[group++];
    const { ops, precessions, excitations, pulses, rfSteps, readouts, trajectories, samples, gammaBar, B0, ...own } =
      timelines[group];
    const r = [spins.x[n], spins.y[n], spins.z[n]] as const;
    const extra = (spins.extra ?? []).map((column) => column[n]);
    const q = extra.slice(0, fixed);
    const transmit = extra.slice(fixed, fixed + 2 * transmits);
    const coilsOf = (set: number): number[] => {
      const first = fixed + 2 * (transmits + set * coils);
      return coils === 0 ? [1, 0] : extra.slice(first, first + 2 * coils);
    };
    /** Coils at sample k, by the definition of Chebyshev's polynomials. */
    let coilAt = (_: number): number[] => coilsOf(0);
    const path = extra.slice(fixed + 2 * (transmits + coils * coilSets));
    const jumps = path.splice(3 * nodes);
    const seen = jumps.splice(nodes);
    const width = fields?.largest.length ?? 0;
    q.push(...seen.slice(0, 2 * width), ...path.slice(0, 6));
    const density = spins.density[n];
    let equilibrium = density;
    const [T1, T2] = [spins.T1[n], spins.T2[n]];
    const hertz = ((spins.offResonance[n] / TURN) * B0) / phantomB0;
    let [mx, my, mz] = [0, 0, density];
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
    const dot = (a: Float64Array, at: number): number => a[at] * r[0] + a[at + 1] * r[1] + a[at + 2] * r[2];
    /** Σ κ·q */
    const phase = (table: Float64Array, row: number): number =>
      Array.from({ length: own.terms }, (_, i) => table[own.terms * row + i] * q[i]).reduce((a, c) => a + c, 0);

    for (let op = 0; op < ops.length; op += STRIDE.op) {
      const index = ops[op + 1];
      if (ops[op] === OP.precess) {
        const dt = precessions[4 * index + 3];
        turn(-TURN * (dot(precessions, 4 * index) + phase(own.precessionTerms, index) + hertz * dt));
        relax(dt);
      } else if (ops[op] === OP.excite) {
        const [pulse, angle, column] = excitations.subarray(3 * index, 3 * index + 3);
        const [bRe, bIm] = column! < 0 ? [1, 0] : [transmit[2 * column!], transmit[2 * column! + 1]];
        const [first, count, offset, duration] = pulses.subarray(4 * pulse!, 4 * pulse! + 4);
        for (let step = first!; step < first! + count!; step++) {
          const [dt, re, im] = rfSteps.subarray(6 * step, 6 * step + 3);
          const [c, s] = [Math.cos(angle!), Math.sin(angle!)];
          const [x, y] = [re! * c - im! * s, re! * s + im! * c];
          const precession = hertz + phase(own.rfStepTerms, step) - offset!;
          const bz = dot(rfSteps, 6 * step + 3) + precession / gammaBar;
          const field = [x * bRe - y * bIm, x * bIm + y * bRe, bz].map((b) => TURN * gammaBar * b);
          [mx, my, mz] = heldField([mx, my, mz], field as [number, number, number], dt!, equilibrium, T1, T2);
        }
        turn(-TURN * offset! * duration!);
      } else if (ops[op] === OP.slide) {
        q.splice(fixed + 2 * width, 6, ...path.slice(3 * index, 3 * index + 6));
      } else if (ops[op] === OP.field) {
        q.splice(fixed, 2 * width, ...seen.slice(width * index, width * (index + 2)));
      } else if (ops[op] === OP.sense) {
        const [set, count, start, step] = own.senses.subarray(5 * index, 5 * index + 4);
        coilAt = (k) => {
          const x = Math.max(-1, Math.min(1, start! + k * step!));
          const sum = new Array<number>(2 * coils).fill(0);
          for (let term = 0; term < count!; term++)
            for (const [c, value] of coilsOf(set! + term).entries())
              sum[c] = sum[c]! + value * Math.cos(term * Math.acos(x));
          return sum;
        };
      } else if (ops[op] === OP.hold || ops[op] === OP.release) {
        if (jumps[index] === 0) continue;
        equilibrium = ops[op] === OP.hold ? 0 : density;
        [mx, my, mz] = [0, 0, equilibrium];
      } else {
        const [firstSample, trajectory] = readouts.subarray(2 * index, 2 * index + 2);
        const [first, count] = trajectories.subarray(3 * trajectory!, 3 * trajectory! + 2);
        for (let k = 0; k < count!; k++) {
          const coil = coilAt(k);
          const at = 4 * (first! + k);
          const t = samples[at + 3];
          const angle = -TURN * (dot(samples, at) + phase(own.sampleTerms, first! + k) + hertz * t);
          const decay = Math.exp(-t / T2);
          const re = decay * (mx * Math.cos(angle) - my * Math.sin(angle));
          const im = decay * (mx * Math.sin(angle) + my * Math.cos(angle));
          for (let c = 0; c < coil.length / 2; c++) {
            const out = 2 * (c * sampleCount + firstSample! + k);
            signal[out] = signal[out] + coil[2 * c] * re - coil[2 * c + 1] * im;
            signal[out + 1] = signal[out + 1] + coil[2 * c] * im + coil[2 * c + 1] * re;
          }
        }
      }
    }
    magnetization.set([mx, my, mz], 3 * n);
  }
  return { signal, magnetization };
}

/**
 * Bloch equations under a constant field ω [rad/s] for `dt`: Taylor's series of M(t) over parts in
 * which neither angle nor relaxation exceeds 1, to 22 terms.
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
