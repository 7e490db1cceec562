/**
 * Runs to write: small encodings of every kind put together by hand, with a signal in which every
 * number is different and exact in f32, so that a file either returns it or not.
 */
import { join } from 'node:path';
import type { RawData } from '../../host/raw/types.ts';
import {
  COUNTERS,
  type Counter,
  type Encoding,
  type Readout,
  type TrajectoryKind,
} from '../../host/sequence/encoding-types.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

type Triple = readonly [number, number, number];

export interface Shape {
  readonly kind?: TrajectoryKind;
  /** Samples per readout, lines, partitions. */
  readonly matrix?: Triple;
  readonly coils?: number;
  readonly precision?: 'f32' | 'f64';
  /** Every second line runs backwards. */
  readonly zigzag?: boolean;
  readonly repetitions?: number;
  readonly dwell?: number;
  readonly sequenceName?: string;
  readonly phantomName?: string;
  /** Signal as [coils][samples][re, im]; counted up where absent. */
  readonly signal?: Float64Array;
}

const FOV: Triple = [0.23, 0.2, 0.1];

/**
 * A run of lines × partitions × repetitions readouts on a Cartesian grid of FOV 230 × 200 × 100 mm.
 */
export function run(shape: Shape = {}): RawData {
  const {
    kind = 'cartesian',
    matrix = [8, 6, 1],
    coils = 1,
    precision = 'f32',
    zigzag = false,
    repetitions = 1,
  } = shape;
  const { dwell = 3.3e-6 } = shape;
  const [nx, ny, nz] = matrix;
  const readouts: Readout[] = [];
  for (let n = 0; n < ny * nz * repetitions; n++) {
    const counters = Object.fromEntries(COUNTERS.map((counter) => [counter, 0])) as Record<Counter, number>;
    counters.kspace_encode_step_1 = n % ny;
    counters.kspace_encode_step_2 = Math.floor(n / ny) % nz;
    counters.repetition = Math.floor(n / (ny * nz));
    const reversed = zigzag && n % 2 === 1;
    readouts.push({
      firstSample: n * nx,
      samples: nx,
      dwell,
      start: 0.0123456789 + n * 0.1,
      counters,
      centerSample: reversed ? nx - 1 - Math.floor(nx / 2) : Math.floor(nx / 2),
      reversed,
      firstInSlice: n === 0,
      lastInSlice: n === ny * nz * repetitions - 1,
      role: 'image',
      position: [0.001, -0.002, 0.03],
    });
  }
  const limit = (maximum: number) => ({ minimum: 0, maximum, center: Math.floor((maximum + 1) / 2) });
  const limits = Object.fromEntries(COUNTERS.map((counter) => [counter, limit(0)])) as Record<
    Counter,
    ReturnType<typeof limit>
  >;
  limits.kspace_encode_step_1 = limit(ny - 1);
  limits.kspace_encode_step_2 = limit(nz - 1);
  limits.repetition = { minimum: 0, maximum: repetitions - 1, center: 0 };
  const encoding: Encoding = {
    kind,
    encodedMatrix: matrix,
    encodedFov: FOV,
    reconMatrix: matrix,
    reconFov: FOV,
    limits,
    TR: [0.1],
    TE: [0.02],
    TI: [0.9, 1.1],
    flipAngle: [Math.PI / 2],
    warnings: [],
    readouts,
    start: () => [0, 0, 0],
    trajectory: (n) => {
      const { counters, reversed } = readouts[n];
      const k = new Float64Array(3 * nx);
      for (let sample = 0; sample < nx; sample++) {
        const x = reversed ? nx - 1 - sample : sample;
        k[3 * sample] = (x - Math.floor(nx / 2)) / FOV[0];
        k[3 * sample + 1] = (counters.kspace_encode_step_1 - Math.floor(ny / 2)) / FOV[1];
        k[3 * sample + 2] = (counters.kspace_encode_step_2 - Math.floor(nz / 2)) / FOV[2];
      }
      return k;
    },
  };
  const samples = nx * readouts.length;
  return {
    signal: shape.signal ?? Float64Array.from({ length: coils * samples * 2 }, (_, n) => (n % 2 === 0 ? n : -n / 4)),
    coils,
    samples,
    precision,
    encoding,
    sequenceName: shape.sequenceName ?? 'grid',
    phantomName: shape.phantomName ?? 'ramp',
    B0: 1.5,
    frequency: 63866203.2,
  };
}

/** Paths in a folder of their own. */
export function scratch(): (name: string) => string {
  const folder = temporaryFolder();
  return (name) => join(folder, name);
}
