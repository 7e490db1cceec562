/**
 * Pictures of the built-in scans beyond those of pictures.test.ts, of a ball off the centre,
 * through the built command: in its place, even, dark outside, and as bright as Bloch's equations
 * on a column of layers (column.ts) or a closed form has it, for two tissues.
 */
import { test } from 'node:test';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { some } from '../../testing/some.ts';
import { assertBall, framesOf, magnitudes, measureBall, PLACE, SLAB, type Tissue, VOXEL, windowed } from './ball.ts';
import { columnSignal, longitudinalEffect } from './column.ts';
import type { Layers } from './steady-signal.ts';

export const [FOV, N, R] = [0.192, 48, 0.05];
export const BRAIN: Tissue = { T1: 0.8, T2: 0.08 };
export const FLUID: Tissue = { T1: 2, T2: 0.3 };

const slice: Layers = { from: -SLAB / 2, to: SLAB / 2, count: 400 };

interface Scan {
  readonly settings: Readonly<Record<string, number | string>>;
  readonly n?: number;
  /** Where in a readout k = 0 lies, 0 … 1; default: the middle. */
  readonly echo?: number;
  /** Readouts that pass k = 0; default: all. */
  readonly middle?: (sequence: Sequence) => readonly number[];
  /** Volume scans: thickness of a plane of the image, and the one in the middle. */
  readonly volume?: {
    readonly depth: number;
    readonly plane: number;
    /** Of the phantom. */
    readonly voxel: number;
    /**
     * There is no profile of a slice, and what spoils may lie in the plane, where a column has
     * nothing.
     */
    readonly level: (tissue: Tissue, sequence: Sequence) => number;
  };
}

/** Number of the readout whose labels are these. */
const readoutWith = (sequence: Sequence, wanted: Readonly<Record<string, number>>): number => {
  let read = 0;
  for (let b = 0; b < sequence.blockCount; b++) {
    const { adc, labels } = sequence.block(b);
    if (!adc) continue;
    const fits = Object.entries(wanted).every(([name, value]) =>
      labels?.some((one) => one.label === name && one.value === value),
    );
    if (fits) return read;
    read++;
  }
  throw new Error('no such readout');
};
const line = (sequence: Sequence): readonly number[] => [readoutWith(sequence, { LIN: N / 2 })];
const defined = (sequence: Sequence, key: string): number => Number(sequence.definitions.get(key));

/**
 * Spoiled along z by whole cycles across a pixel, a pixel stands for the volume: the mean of all
 * readouts.
 */
const spoiled = (tissue: Tissue, sequence: Sequence): number => {
  const half = FOV / Number.parseInt(sequence.definitions.get('Matrix')!, 10) / 2;
  return meanSize(columnSignal(sequence, tissue, { from: -half, to: half, count: 200 }, 0.5));
};

const meanSize = (readouts: readonly (readonly [number, number])[]): number => {
  const mean = (part: 0 | 1): number => readouts.reduce((sum, signal) => sum + signal[part], 0) / readouts.length;
  return Math.hypot(mean(0), mean(1));
};

/**
 * Inversion, n pulses and a wait, over and over: the signal of the pulse in the middle of a train,
 * if all that is transverse is spoiled.
 */
const inverted = ({ T1, T2 }: Tissue, sequence: Sequence): number => {
  const [TE, TR] = ['TE', 'TR'].map((key) => defined(sequence, key)) as [number, number, number];
  const [flip, n] = [
    (defined(sequence, 'FlipAngle') * Math.PI) / 180,
    Number.parseInt(sequence.definitions.get('Matrix')!, 10),
  ];
  const times: number[] = [];
  const inversion = longitudinalEffect(sequence.block(0).rf!, { T1, T2 });
  let start = 0;
  for (let b = 0; b < sequence.blockCount && times.length < n + 1; b++) {
    const { rf, duration } = sequence.block(b);
    if (rf) times.push(start + rf.delay + rf.center);
    start += duration;
  }
  const recover = (M: number, time: number): number => 1 + (M - 1) * Math.exp(-time / T1);
  const spacing = times[2] - times[1];
  const { delay, time } = sequence.block(0).rf!;
  const inverted = delay + time.at(-1)!;
  let [M, signal] = [1, 0];
  for (let repeat = 0; repeat < 50; repeat++) {
    M = recover(inversion.factor * M + inversion.added, times[1] - inverted);
    for (let pulse = 0; pulse < n; pulse++) {
      if (pulse > 0) M = recover(M, spacing);
      if (pulse === Math.floor(n / 2)) signal = M * Math.sin(flip) * Math.exp(-TE / T2);
      M *= Math.cos(flip);
    }
    M = recover(M, TR - (times[n] - delay));
  }
  return Math.abs(signal);
};

const scans: Readonly<Record<string, Scan>> = {
  bssfp: { settings: { dummies: 600 }, middle: line },
  tse: {
    settings: { turboFactor: 8, te: 0.04 },
    middle: line,
  },
  mprage: {
    settings: { partitions: 12, thickness: 10e-3, ti: 1.2, tr: 2 },
    n: 32,
    middle: (sequence) => [readoutWith(sequence, { LIN: 16, PAR: 6 })],
    volume: { depth: 10e-3, plane: 6, voxel: VOXEL, level: inverted },
  },
  spiral: { settings: { arms: 8 }, echo: 0 },
  radial: { settings: {} },
  dwi: { settings: { direction: 'x' }, middle: line },
  radial3d: { settings: {}, n: 24, volume: { depth: FOV / 24, plane: 12, voxel: 8e-3, level: spoiled } },
};

/** A test of each scan of a ball of a tissue. */
export function testPictures(kind: string, tissue: Tissue): void {
  for (const [name, scan] of some(Object.entries(scans), 2))
    test(`${name} of a ball of ${kind}`, async (t) => {
      const { n = N, volume } = scan;
      const own = { n, fov: FOV, ...scan.settings };
      const sequence = makeBuiltin(name, own, DEFAULT_SCANNER);
      const ball = {
        ...{ ...PLACE, ...tissue, radius: R },
        ...(volume === undefined ? { slab: SLAB } : { voxel: volume.voxel }),
      };
      const given = (of: string, values: object): [string, number | string][] =>
        Object.entries(values).map(([key, value]) => [`${of}.${key}`, value]);
      const frames = await framesOf(name, Object.fromEntries([...given('sequence', own), ...given('phantom', ball)]));
      const perVoxel = FOV ** 2 / n ** 2 / (volume?.voxel ?? VOXEL) ** 3;
      const [values, depth, level] =
        volume === undefined
          ? [magnitudes(frames), VOXEL, profiled(scan, sequence, tissue) * perVoxel]
          : [windowed(frames, volume.plane), volume.depth, volume.level(tissue, sequence) * perVoxel];
      const found = measureBall(values, n, FOV, R, () => depth);
      t.diagnostic(`${JSON.stringify(found)}, level ${found.level / level}`);
      assertBall(found, R, level);
    });
}

/** Level of the readouts that pass k = 0, averaged over the slice. */
function profiled({ middle, echo }: Scan, sequence: Sequence, tissue: Tissue): number {
  const readouts = columnSignal(sequence, tissue, slice, echo ?? 0.5);
  return meanSize((middle?.(sequence) ?? [...readouts.keys()]).map((r) => readouts[r]));
}
