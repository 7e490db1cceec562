/**
 * A dozen spins, three shots of a short sequence, and lists of motions that no file here has. Among
 * them are those whose movement is sampled.
 */
import { checkTimeCurve } from '../../host/phantom/motion/time-curve.ts';
import type { Action, Motion, PathNodes, TimeCurve } from '../../host/phantom/motion/types.ts';
import { type PhantomSource, spinBlock } from '../../host/phantom/types.ts';
import type { Block, RfEvent, Sequence } from '../../host/sequence/types.ts';

export const COUNT = 12;
const random = (seed: number): number => {
  const x = Math.sin(seed * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};
export const spins = spinBlock(COUNT);
for (let n = 0; n < COUNT; n++) {
  for (const [axis, column] of [spins.x, spins.y, spins.z].entries()) column[n] = 0.1 * (random(7 * n + axis) - 0.5);
  spins.density[n] = 0.5 + random(n + 0.3);
  spins.T1[n] = 0.8;
  spins.T2[n] = 0.07;
  spins.offResonance[n] = 300 * (random(n + 0.7) - 0.5);
}
export const rest: PhantomSource = {
  name: 'spins',
  spinCount: COUNT,
  B0: 1.5,
  identity: 'spins',
  residentBytes: 0,
  bounds: {
    maxDensity: 1.5,
    min: [-0.05, -0.05, -0.05],
    max: [0.05, 0.05, 0.05],
    maxOffResonance: 150,
    minT1: 0.8,
    minT2: 0.07,
  },
  read: (first, count, into) => {
    for (const [name, column] of Object.entries(spins))
      (into[name as 'x'] as Float32Array).set((column as Float32Array).subarray(first, first + count));
  },
  close: () => {},
};

const trapezoid = (amplitude: number, rise: number, flat: number, delay = 0) =>
  ({ kind: 'trapezoid', amplitude, rise, flat, fall: rise, delay }) as const;
const rf: RfEvent = {
  kind: 'rf',
  delay: 1e-4,
  interpolation: 'held',
  time: Float64Array.of(0, 1.3e-4),
  magnitude: Float64Array.of(40e-6),
  phase: Float64Array.of(0.4),
  center: 6.5e-5,
  use: 'excitation',
  frequencyOffset: 700,
  phaseOffset: 0.3,
  frequencyPpm: 0,
  phasePpm: 0,
};
const blocks: Block[] = [
  { duration: 4e-4, rf, gz: trapezoid(5e-3, 5e-5, 2.5e-4) },
  { duration: 1e-3, gx: trapezoid(-8e-3, 1e-4, 7e-4), gy: trapezoid(5e-3, 2e-4, 3e-4, 1e-4) },
  {
    duration: 1.4e-3,
    gx: trapezoid(8e-3, 1e-4, 1.1e-3),
    adc: {
      kind: 'adc',
      delay: 1.5e-4,
      samples: 20,
      dwell: 5e-5,
      frequencyOffset: 0,
      phaseOffset: 0,
      frequencyPpm: 0,
      phasePpm: 0,
    },
  },
];
const played = [...blocks, ...blocks, ...blocks];
export const sequence: Sequence = {
  name: 'three shots',
  definitions: new Map(),
  blockCount: played.length,
  duration: played.reduce((sum, { duration }) => sum + duration, 0),
  block: (n) => played[n],
};

const curve = (t: number[], unit: number[], periodic = false, periods = [1]): TimeCurve =>
  checkTimeCurve('curve', {
    ...{ t: Float64Array.from(t), unit: Float64Array.from(unit), periodic },
    periods: Float64Array.from(periods),
  });
const motion = (action: Action, time: TimeCurve, span: [number, number, number] = [1, 1, COUNT]): Motion => ({
  ...{ place: 'motion', action, time },
  spins: { first: span[0] - 1, step: span[1], last: span[2] - 1 },
});
const nodes = (count: number, of: number, seed: number, flow: boolean): PathNodes => ({
  ...{ count, spins: of, flow },
  read(first, width) {
    const value = (axis: number) =>
      Float64Array.from({ length: count * width }, (_, at) => {
        const [node, spin] = [Math.floor(at / width), first + (at % width)];
        return 0.02 * (random(seed + axis + 3 * node + 100 * spin) - 0.5);
      });
    const reset = Float64Array.from({ length: count * width }, (_, at) =>
      Number(random(seed + 55 + Math.floor(at / width) + 31 * (first + (at % width))) < 0.3),
    );
    return { x: value(0), y: value(1), z: value(2), ...(flow ? { reset } : {}) };
  },
});

const wave = curve([0, 1.1e-3, 2.9e-3], [0, 1, 0], true);
const beats = curve([0.2e-3, 0.9e-3, 1.5e-3, 2.2e-3], [0, 0.8, 1, 0], true, [1.2, 0.8]);
const rotate = (
  pitch: number,
  roll: number,
  yaw: number,
  center: [number, number, number] | 'CenterOfMass' = 'CenterOfMass',
) => ({ type: 'Rotate', pitch, roll, yaw, center }) as const;
const heart = (circumferential: number, radial: number) =>
  ({ type: 'HeartBeat', circumferential, radial, longitudinal: 0.1 }) as const;
const path = (count: number, of: number, seed = 1) => ({ type: 'Path', nodes: nodes(count, of, seed, false) }) as const;
const flow = (count: number, of: number, seed = 1) =>
  ({ type: 'FlowPath', nodes: nodes(count, of, seed, true) }) as const;

export const lists: Readonly<Record<string, Motion[]>> = {
  'ranges that overlap': [
    motion(rotate(20, 0, 40), wave, [1, 2, 11]),
    motion({ type: 'Translate', dx: 0.01, dy: -0.005, dz: 0.02 }, beats, [3, 1, 9]),
    motion(rotate(0, 30, -50, [0.01, 0.02, 0]), beats, [5, 1, 12]),
  ],
  'a mean of groups that moved': [
    motion(rotate(0, 0, 60, [0.03, 0, 0]), wave, [1, 1, 5]),
    motion(heart(-0.1, 0.1), wave, [8, 1, 12]),
    motion(path(3, 2), beats, [6, 1, 7]),
    motion(rotate(30, 10, 0), beats),
  ],
  'a beat before a twist': [motion(heart(0.2, -0.2), beats), motion(rotate(0, 0, 30), beats)],
  'radii that reach the axis': [motion(heart(-0.7, -0.1), beats), motion(rotate(10, 0, 30), wave)],
  'a beat after a turn': [
    motion(rotate(25, 0, 30), wave),
    motion(heart(-0.3, 0.1), { ...beats, t: beats.t.map((t) => t + 1e-4) }),
  ],
  'a path, plateau and all': [
    motion(path(7, COUNT), curve([0, 1e-3, 1.6e-3, 2.3e-3], [0, 1, 1, 0.2], true, [1.2, 1.2, 0.8])),
  ],
  'a path among rotations': [
    motion(rotate(0, 20, 10), wave),
    motion(path(5, COUNT), wave),
    motion(rotate(30, 0, 0, [0, 0, 0]), wave),
  ],
  'two paths': [motion(path(4, COUNT, 3), wave), motion(path(3, COUNT, 8), beats)],
  'flow with resets, wraps and falls': [
    motion(flow(6, 7), beats, [3, 1, 9]),
    motion(flow(4, 2), curve([0, 1.7e-3], [0, 1], true), [11, 1, 12]),
  ],
  'flow in a turning body': [motion(flow(5, COUNT), curve([0, 2.5e-3], [0, 1], true)), motion(rotate(0, 0, 40), wave)],
  'two flows': [
    motion(flow(5, COUNT), curve([0, 2.5e-3], [0, 1], true)),
    motion(flow(3, COUNT, 4), curve([0, 4e-3], [0, 1])),
  ],
};
