/**
 * Moving spins against closed forms: behind a bipolar gradient a spin's phase is −2π v m₁, which is
 * how phase contrast measures its velocity, and a body that was turned sees gradients turned the
 * other way.
 */
import { simulate as simulateScan } from '../host/api/index.ts';
import { GAMMA_BAR } from '../host/base/units.ts';
import { rotationMatrix } from '../host/phantom/motion/places.ts';
import { type Motion, type NodeBlock, timeRange } from '../host/phantom/motion/types.ts';
import { type SpinBlock, spinBlock } from '../host/phantom/types.ts';
import { adc, blockOf, hardPulse, sequenceOf, trapezoid } from '../host/sequence/designer.ts';
import type { Block, Sequence } from '../host/sequence/types.ts';
import { phantomOf, simulate } from '../testing/run.ts';
import { compare, type Row, type Section } from './report.ts';

export const motion: Section = {
  title: 'Moving spins',
  bounds: 'rounding of f32 columns (places, displacements) in f64 runs; f32 runs round to some 1e-6',
  async rows() {
    return [...(await velocityRows()), ...(await turnRows())];
  },
};

const COUNT = 200;
const pulse = blockOf({ rf: hardPulse(Math.PI / 2, 10e-6, { delay: 1e-4 }) });

function spinsIn(extent: number): SpinBlock {
  const spins = spinBlock(COUNT);
  for (let n = 0; n < COUNT; n++) {
    for (const [axis, column] of [spins.x, spins.y, spins.z].entries())
      column[n] = extent * Math.sin(1 + 12.9898 * n + 78.233 * axis);
    [spins.density[n], spins.T1[n], spins.T2[n]] = [1, 1e6, 1e6];
  }
  return spins;
}

async function moved(sequence: Sequence, spins: SpinBlock, motions: Motion[], precision: 'f32' | 'f64') {
  const { signal } = await simulateScan(sequence, { ...phantomOf(spins), motions }, { precision, exact: true });
  return signal;
}

/**
 * Two trapezoids of area A and −A, one D after the other: m₁ = −A·D. Each spin has a velocity of
 * its own, up to 1 m/s.
 */
async function velocityRows(): Promise<Row[]> {
  const [amplitude, ramp, flat] = [10e-3, 2e-4, 1e-3];
  const lobe = (sign: number): Block => blockOf({ gx: trapezoid(sign * amplitude, ramp, flat) });
  const sequence = sequenceOf('bipolar', [pulse, lobe(1), lobe(-1), blockOf({ adc: adc(1, 1e-5, 0) })], {});
  const spins = spinsIn(0.05);
  const velocity = Float64Array.from({ length: COUNT }, (_, n) => Math.fround((2 * n) / COUNT - 1));
  const until = 2 ** -6;
  const nodes = (axis: number) => (first: number, count: number) =>
    Float64Array.from({ length: 2 * count }, (_, at) =>
      axis === 0 && at >= count ? velocity[first + at - count] * until : 0,
    );
  const read = (first: number, count: number): NodeBlock => {
    const [x, y, z] = [0, 1, 2].map((axis) => nodes(axis)(first, count));
    return { x, y, z };
  };
  const flow: Motion = {
    place: 'flow',
    action: { type: 'Path', nodes: { count: 2, spins: COUNT, flow: false, read } },
    time: timeRange(0, until),
    spins: { first: 0, last: COUNT - 1, step: 1 },
  };
  const m1 = -GAMMA_BAR * amplitude * (flat + ramp) * (flat + 2 * ramp);
  const [re, im] = await simulate(sequence, spins, { precision: 'f64' });
  let [sumRe, sumIm] = [0, 0];
  for (const v of velocity) {
    const angle = -2 * Math.PI * v * m1;
    sumRe += (re * Math.cos(angle) - im * Math.sin(angle)) / COUNT;
    sumIm += (re * Math.sin(angle) + im * Math.cos(angle)) / COUNT;
  }
  const rows: Row[] = [];
  for (const [precision, bound] of [
    ['f64', 1e-7],
    ['f32', 1e-5],
  ] as const) {
    const signal = await moved(sequence, spins, [flow], precision);
    rows.push(compare(`bipolar gradient, 200 velocities up to 1 m/s, ${precision}`, signal, [sumRe, sumIm], bound));
  }
  return rows;
}

async function turnRows(): Promise<Row[]> {
  const angles = { pitch: 35, roll: -20, yaw: 50 };
  const R = rotationMatrix(angles, 1);
  const blocks = [
    pulse,
    blockOf({ gx: trapezoid(-9e-3, 1e-4, 5e-4), gy: trapezoid(4e-3, 2e-4, 3e-4) }),
    blockOf({ gx: trapezoid(9e-3, 1e-4, 1.4e-3), gz: trapezoid(2e-3, 3e-4, 1e-4), adc: adc(128, 1e-5, 1.5e-4) }),
  ];
  const rotation = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => R[3 * column + row]));
  const spins = spinsIn(0.05);
  const turned = sequenceOf(
    'turned gradients',
    blocks.map((block) => ({ ...block, rotation })),
    {},
  );
  const expected = await simulate(turned, spins, { precision: 'f64' });
  const turn: Motion = {
    place: 'turn',
    action: { type: 'Rotate', ...angles, center: [0, 0, 0] },
    time: timeRange(-1, -0.5),
    spins: { first: 0, last: COUNT - 1, step: 1 },
  };
  const rows: Row[] = [];
  for (const [precision, bound] of [
    ['f64', 1e-10],
    ['f32', 1e-5],
  ] as const)
    rows.push(
      compare(
        `a turned body against turned gradients, ${precision}`,
        await moved(sequenceOf('body', blocks, {}), spins, [turn], precision),
        expected,
        bound,
      ),
    );
  return rows;
}
