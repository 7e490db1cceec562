/**
 * Timelines written by hand, for cases that the built-in sequences do not cover: spirals, trains of
 * pulses, huge moments.
 */
import { openBudget } from '../host/base/budget.ts';
import { GAMMA_BAR } from '../host/base/units.ts';
import { arrayBuilder, recordTable } from '../host/timeline/intern.ts';
import { pulseTable, trajectoryTable } from '../host/timeline/tables.ts';
import { OP, STRIDE, type Timeline } from '../host/timeline/types.ts';

/** Parts in order, as `compileTimeline` would concatenate them. */
export type Part =
  | { readonly precess: readonly [kx: number, ky: number, kz: number, dt: number] }
  /** Steps [dt, B1re, B1im, Gx, Gy, Gz]; offset in Hz, phase in rad. */
  | {
      readonly pulse: readonly (readonly [number, number, number, number, number, number])[];
      readonly offset?: number;
      readonly phase?: number;
    }
  /** Samples [kx, ky, kz, t] relative to the first. */
  | { readonly read: readonly (readonly [number, number, number, number])[]; readonly linear: boolean };

export function timelineOf(parts: readonly Part[]): Timeline {
  const ops = arrayBuilder(Int32Array);
  const precessions = recordTable(STRIDE.precession);
  const excitations = recordTable(STRIDE.excitation);
  const readouts = arrayBuilder(Int32Array);
  const receive = arrayBuilder(Float64Array);
  const pulses = pulseTable(openBudget('signal', 'test', undefined));
  const trajectories = trajectoryTable(openBudget('signal', 'test', undefined));
  let sampleCount = 0;
  for (const part of parts) {
    if ('precess' in part) ops.push(OP.precess, precessions.intern(part.precess));
    else if ('pulse' in part) {
      const duration = part.pulse.reduce((sum, [dt]) => sum + dt, 0);
      const pulse = pulses.intern(Float64Array.from(part.pulse.flat()), part.offset ?? 0, duration);
      ops.push(OP.excite, excitations.intern([pulse, part.phase ?? 0, -1]));
    } else {
      ops.push(OP.readout, readouts.length / STRIDE.readout);
      const positions = Float64Array.from(part.read.flat());
      readouts.push(sampleCount, trajectories.intern({ positions, uniform: part.linear }));
      receive.push(0, 0, -1);
      sampleCount += part.read.length;
    }
  }
  return {
    gammaBar: GAMMA_BAR,
    B0: 1.5,
    sampleCount,
    ops: ops.finish(),
    terms: 0,
    precessions: precessions.finish(),
    precessionTerms: new Float64Array(0),
    excitations: excitations.finish(),
    ...pulses.finish(),
    readouts: readouts.finish(),
    ...trajectories.finish(),
    receive: receive.finish(),
    turned: 0,
    senses: new Float64Array(0),
    receiveShapes: [],
  };
}

/** A hard pulse of `flip` rad along x, in one step of 10 µs. */
export function hardPulse(flip: number): Extract<Part, { pulse: unknown }> {
  const dt = 1e-5;
  return { pulse: [[dt, flip / (2 * Math.PI * GAMMA_BAR * dt), 0, 0, 0, 0]] };
}

/** Samples at equal steps. */
export function straight(samples: number, [kx, ky, kz, dt]: readonly [number, number, number, number]) {
  const read = Array.from({ length: samples }, (_, n) => [n * kx, n * ky, n * kz, n * dt] as const);
  return { read, linear: true };
}

/**
 * An Archimedean spiral from the centre to `kMax` [1/m] in `turns` turns, begun at `angle` [rad], 4
 * µs a sample.
 */
export function spiral(samples: number, kMax: number, turns: number, angle = 0) {
  const read = Array.from({ length: samples }, (_, n) => {
    const k = (kMax * n) / (samples - 1);
    const phi = angle + (2 * Math.PI * turns * n) / (samples - 1);
    return [k * Math.cos(phi), k * Math.sin(phi), 0, 4e-6 * n] as const;
  });
  return { read, linear: false };
}
