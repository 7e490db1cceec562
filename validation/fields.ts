/**
 * Fields that are not what they should be, against closed forms: concomitant fields where the whole
 * root counts, and a spiral in an off-resonance that grows along x.
 */
import { join } from 'node:path';
import { simulate as simulateScan } from '../host/api/index.ts';
import { GAMMA_BAR } from '../host/base/units.ts';
import { writeNiftiMap } from '../host/formats/nifti-write.ts';
import { rotationMatrix } from '../host/phantom/motion/places.ts';
import { type Motion, timeRange } from '../host/phantom/motion/types.ts';
import { type SpinBlock, spinBlock } from '../host/phantom/types.ts';
import { adc, blockOf, hardPulse, sequenceOf, trapezoid } from '../host/sequence/designer.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { GradientEvent } from '../host/sequence/types.ts';
import { phantomOf } from '../testing/run.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { compare, type Row, type Section } from './report.ts';

export const fields: Section = {
  title: 'Concomitant fields and B0 maps',
  bounds: 'f64: rounding of f32 columns, 6e-8 of phases of up to 100 rad; f32 runs round to some 1e-6 besides',
  async rows() {
    return [...(await lowFieldRows()), ...(await spiralRows())];
  },
};

const COUNT = 200;
const MODES = [
  ['f64', 3e-7],
  ['f32', 2e-6],
] as const;
/** So short that off resonance does not matter in it. */
const pulse = blockOf({ rf: hardPulse(Math.PI / 2, 5e-3, { delay: 1e-4 }) });

function spinsIn(extent: readonly [number, number, number]): SpinBlock {
  const spins = spinBlock(COUNT);
  for (let n = 0; n < COUNT; n++) {
    for (const [axis, column] of [spins.x, spins.y, spins.z].entries())
      column[n] = extent[axis] * Math.sin(1 + 12.9898 * n + 78.233 * axis);
    [spins.density[n], spins.T1[n], spins.T2[n]] = [1, 1e6, 1e6];
  }
  return spins;
}

/** Σ over spins of i·e^{−2πi·cycles}, as a 90° pulse about +x leaves them. */
function sumOf(cyclesOf: (n: number) => number): [number, number] {
  let [re, im] = [0, 0];
  for (let n = 0; n < COUNT; n++) {
    const angle = -2 * Math.PI * cyclesOf(n);
    re -= Math.sin(angle);
    im += Math.cos(angle);
  }
  return [re, im];
}

const LOBES = [
  { G: [15e-3, -8e-3, 5e-3], ramp: 2e-4, flat: 1e-3 },
  { G: [-25e-3, 13e-3, -8e-3], ramp: 3e-4, flat: 0.42e-3 },
] as const;

/**
 * Two lobes of unlike height at 0.05 T: ∫(|B| − B0) dt by Simpson's rule, spin by spin, at rest and
 * turned.
 */
async function lowFieldRows(): Promise<Row[]> {
  const B0 = 0.05;
  const blocks = LOBES.map(({ G: [x, y, z], ramp, flat }) =>
    blockOf({ gx: trapezoid(x, ramp, flat), gy: trapezoid(y, ramp, flat), gz: trapezoid(z, ramp, flat) }),
  );
  const sequence = sequenceOf('low field', [pulse, ...blocks, blockOf({ adc: adc(1, 1e-5, 0) })], {});
  const spins = spinsIn([0.1, 0.1, 0.1]);
  const angles = { pitch: 35, roll: -20, yaw: 50 };
  const turn: Motion = {
    place: 'turn',
    action: { type: 'Rotate', ...angles, center: [0, 0, 0] },
    time: timeRange(-1, -0.5),
    spins: { first: 0, last: COUNT - 1, step: 1 },
  };
  const R = rotationMatrix(angles, 1);
  const rows: Row[] = [];
  for (const [what, matrix, motions] of [
    ['at rest', [1, 0, 0, 0, 1, 0, 0, 0, 1], undefined],
    ['turned by a motion', R, [turn]],
  ] as const) {
    const expected = sumOf((n) => {
      const [x, y, z] = [0, 3, 6].map(
        (row) => matrix[row] * spins.x[n] + matrix[row + 1] * spins.y[n] + matrix[row + 2] * spins.z[n],
      ) as [number, number, number];
      return GAMMA_BAR * LOBES.reduce((sum, lobe) => sum + integralOf(lobe, B0, x, y, z), 0);
    });
    for (const [precision, bound] of MODES) {
      const phantom = { ...phantomOf(spins), ...(motions && { motions }) };
      const scanner = { ...DEFAULT_SCANNER, B0, gradients: { concomitant: true } };
      const { signal } = await simulateScan(sequence, phantom, { scanner, precision, exact: true });
      rows.push(compare(`two lobes at 0.05 T, spins within 10 cm ${what}, ${precision}`, signal, expected, bound));
    }
  }
  return rows;
}

/** ∫(|B| − B0) dt of a lobe at a place [T·s]. */
function integralOf({ G, ramp, flat }: (typeof LOBES)[number], B0: number, x: number, y: number, z: number): number {
  const at = (part: number): number => {
    const [gx, gy, gz] = G.map((value) => part * value) as [number, number, number];
    const along = B0 + gx * x + gy * y + gz * z;
    return Math.hypot(gx * z - (gz * x) / 2, gy * z - (gz * y) / 2, along) - B0;
  };
  const steps = 64;
  let sum = 0;
  for (let n = 0; n <= steps; n++) sum += (n === 0 || n === steps ? 1 : n % 2 === 0 ? 2 : 4) * at(n / steps);
  return (2 * ramp * sum) / (3 * steps) + flat * at(1);
}

const DWELL = 1e-5;
const SAMPLES = 1500;

/**
 * A spiral of 15 ms in an off-resonance of a·x + b, which a trilinear map holds exactly: each point
 * is blurred as its frequency has it, S(t) = Σ e^{−2πi(k(t)·r + (a·x + b)·t)}.
 */
async function spiralRows(): Promise<Row[]> {
  const raster = 1e-4;
  const time = Float64Array.from({ length: Math.round((SAMPLES * DWELL) / raster) + 2 }, (_, n) => n * raster);
  const wave = (phase: number): GradientEvent => ({
    kind: 'shape',
    delay: 0,
    time,
    amplitude: time.map((t) => 0.4 * t * Math.sin(2 * Math.PI * 900 * t + phase)),
  });
  const axes = [wave(0), wave(Math.PI / 2)];
  const sequence = sequenceOf(
    'spiral',
    [pulse, blockOf({ gx: axes[0], gy: axes[1], adc: adc(SAMPLES, DWELL, 0) })],
    {},
  );
  const spins = spinsIn([0.08, 0.08, 0]);
  const [slope, offset] = [1500, 40];
  const b0Map = join(temporaryFolder(), 'b0.nii');
  const edges = [-0.1, 0.1];
  const steps = [
    [0.2, 0, 0],
    [0, 0.2, 0],
    [0, 0, 0.2],
  ] as const;
  writeNiftiMap(
    b0Map,
    { size: [2, 2, 2], origin: [-0.1, -0.1, -0.1], steps },
    Float32Array.from({ length: 8 }, (_, n) => slope * edges[n % 2] + offset),
  );
  // Off resonance by little a 90° block pulse of length τ acts like an instant one 2τ/π before its
  // end.
  const length = pulse.rf!.time.at(-1)!;
  const lead = pulse.duration - pulse.rf!.delay - (1 - 2 / Math.PI) * length;
  const expected: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const t = (sample + 0.5) * DWELL;
    const [kx, ky] = axes.map((axis) => GAMMA_BAR * momentOf(axis, t)) as [number, number];
    expected.push(...sumOf((n) => kx * spins.x[n] + ky * spins.y[n] + (slope * spins.x[n] + offset) * (t + lead)));
  }
  const rows: Row[] = [];
  for (const [precision, bound] of MODES) {
    const scanner = { ...DEFAULT_SCANNER, b0Map };
    const { signal } = await simulateScan(sequence, phantomOf(spins), { scanner, precision, exact: true });
    rows.push(compare(`spiral blurred by a B0 map of 1.5 Hz/mm, ${precision}`, signal, expected, bound));
  }
  return rows;
}

/** ∫G dt of a polyline from its beginning [T·s/m]. */
function momentOf(axis: GradientEvent, until: number): number {
  if (axis.kind !== 'shape') throw new RangeError('a polyline');
  const { time, amplitude } = axis;
  let sum = 0;
  for (let n = 1; n < time.length && time[n - 1] < until; n++) {
    const width = time[n] - time[n - 1];
    const part = Math.min(1, (until - time[n - 1]) / width);
    sum += width * part * (amplitude[n - 1] + (part * (amplitude[n] - amplitude[n - 1])) / 2);
  }
  return sum;
}
