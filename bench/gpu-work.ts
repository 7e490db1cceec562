/**
 * What `bench/gpu.ts` times: one job per kernel, and one as users run it. Each says the operations
 * it cannot do without, from which its paper limit on a card follows: limit = multiply-adds per
 * second / operations.
 */

import { randomNumbers } from '../host/numerics/random.ts';
import { surveyOf } from '../host/phantom/bounds.ts';
import { COLUMN_NAMES, type ColumnName } from '../host/phantom/columns.ts';
import { type PhantomSource, spinBlock } from '../host/phantom/types.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import type { Timeline } from '../host/timeline/types.ts';
import { hardPulse, type Part, spiral, straight, timelineOf } from '../testing/timelines.ts';

export interface Work {
  readonly name: string;
  readonly unit: 'spin·samples' | 'spin·steps';
  /** Samples or RF steps of one spin. */
  readonly perSpin: number;
  /** f32 multiply-adds, or what takes as long, per unit. */
  readonly operations: number;
  readonly timeline: Timeline;
}

/** Spin-warp lines: one waveform, another phase encoding each. */
function cartesian(lines: number, samples: number): Timeline {
  const parts: Part[] = [];
  for (let n = 0; n < lines; n++) {
    parts.push(hardPulse(0.2), { precess: [-2 * samples, 4 * (n - lines / 2), 0, 2e-3] });
    parts.push(straight(samples, [4, 0, 0, 5e-6]), { precess: [1000, 0, 0, 3e-3] });
  }
  return timelineOf(parts);
}

/** Spokes in all directions, so that no two share a waveform. */
function radial(spokes: number, samples: number): Timeline {
  const parts: Part[] = [];
  for (let n = 0; n < spokes; n++) {
    const [c, s] = [4 * Math.cos(n), 4 * Math.sin(n)];
    parts.push(hardPulse(0.2), { precess: [(-c * samples) / 2, (-s * samples) / 2, 0, 2e-3] });
    parts.push(straight(samples, [c, s, 0, 5e-6]), { precess: [0, 0, 900, 3e-3] });
  }
  return timelineOf(parts);
}

/** Pulses that never come again, under a gradient that holds still, and one sample to see. */
function pulses(count: number, steps: number): Timeline {
  const parts: Part[] = [];
  for (let n = 0; n < count; n++) {
    const b1 = (m: number): number => 5e-6 * Math.sin((Math.PI * (m + n)) / steps);
    const step = (m: number) => [4e-6, b1(m), 1e-6, 0, 0, 8e-3] as const;
    parts.push({ pulse: Array.from({ length: steps }, (_, m) => step(m)), phase: n }, { precess: [0, 0, -50, 1e-3] });
  }
  parts.push(straight(2, [1, 0, 0, 1e-5]));
  return timelineOf(parts);
}

/** @param scale 1 for a GPU; smaller for drivers in software */
export function works(scale: number): readonly Work[] {
  const n = Math.max(24, Math.round(256 * scale));
  const spokes = Math.max(2, Math.round(64 * scale));
  const steps = Math.max(50, Math.round(1000 * scale));
  const interleaves = Math.max(1, Math.round(4 * scale));
  const points = Math.max(256, Math.round(4096 * scale));
  const turns = Array.from({ length: interleaves }, (_, m): Part[] => [
    hardPulse(1),
    spiral(points, 250, 30, m),
  ]).flat();
  const side = scale < 1 ? 33 : 101;
  const epi = compileTimeline(makeBuiltin('epi', { n: side }, DEFAULT_SCANNER), { B0: 1.5, maxRfStep: 5e-5 });
  const samples = 'spin·samples';
  return [
    { name: `EPI ${side}×${side}`, unit: samples, perSpin: epi.sampleCount, operations: 4, timeline: epi },
    { name: `Cartesian ${n}×${n}`, unit: samples, perSpin: n * n, operations: 4, timeline: cartesian(n, n) },
    { name: `radial ${spokes}×${n}`, unit: samples, perSpin: spokes * n, operations: 6, timeline: radial(spokes, n) },
    {
      name: `spiral ${interleaves}×${points}`,
      unit: samples,
      perSpin: interleaves * points,
      operations: 42,
      timeline: timelineOf(turns),
    },
    { name: `RF 4×${steps}`, unit: 'spin·steps', perSpin: 4 * steps, operations: 55, timeline: pulses(4, steps) },
  ];
}

/**
 * A block of spins that comes again and again: costs a copy to read, so that the engine alone is
 * timed.
 */
export function endlessPhantom(spinCount: number): PhantomSource {
  const period = Math.min(spinCount, 65536);
  const block = spinBlock(period);
  const random = randomNumbers(1);
  const columns: Record<ColumnName, () => number> = {
    x: () => 0.2 * random() - 0.1,
    y: () => 0.2 * random() - 0.1,
    z: () => 0.01 * random() - 0.005,
    density: () => 0.5 + 0.5 * random(),
    T1: () => 0.5 + random(),
    T2: () => 0.05 + 0.1 * random(),
    T2s: () => 0.05,
    offResonance: () => 400 * random() - 200,
  };
  for (const key of COLUMN_NAMES) block[key].set(Float32Array.from({ length: period }, columns[key]));
  const read: PhantomSource['read'] = (first, count, into) => {
    for (let done = 0; done < count; ) {
      const at = (first + done) % period;
      const part = Math.min(period - at, count - done);
      for (const key of COLUMN_NAMES) into[key].set(block[key].subarray(at, at + part), done);
      done += part;
    }
  };
  const bounds = surveyOf(period, read).bounds;
  return {
    name: 'bench',
    spinCount,
    B0: 1.5,
    bounds,
    identity: `bench ${spinCount}`,
    residentBytes: 0,
    read,
    close() {},
  };
}
