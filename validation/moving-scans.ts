/**
 * Scans of bodies that flow and breathe. Blood that flows through a slab comes to a steady state of
 * its own, the mean over how many pulses each spin has met; a point that breathes with a period of
 * m lines of a phase-encoded scan has ghosts at every N/m-th pixel and nowhere else.
 */
import { simulate as simulateScan } from '../host/api/index.ts';
import { GAMMA_BAR } from '../host/base/units.ts';
import type { Motion, NodeBlock } from '../host/phantom/motion/types.ts';
import { spinBlock } from '../host/phantom/types.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, trapezoid } from '../host/sequence/designer.ts';
import type { Block } from '../host/sequence/types.ts';
import { phantomOf } from '../testing/run.ts';
import { compare, type Row, type Section } from './report.ts';

export const movingScans: Section = {
  title: 'Flow and breathing',
  bounds:
    'rounding: of f32 columns and of f32 runs, some 1e-7 and 1e-6; what T2 leaves over a repetition is below 1e-8',
  async rows() {
    return [...(await inflowRows()), ...(await breathingRows())];
  },
};

const MODES = [
  ['f64', 1e-6],
  ['f32', 1e-5],
] as const;
/** So short that relaxation does not matter in it. */
const pulseOf = (flip: number): Block => blockOf({ rf: hardPulse(flip, 5e-3, { delay: 1e-4 }) });
const ONES = Float64Array.of(1);

/**
 * Spins that are fresh every `PULSES` repetitions, each at another one, as plug flow through a slab
 * makes them.
 */
const PULSES = 12;

async function inflowRows(): Promise<Row[]> {
  const [TR, T1, T2, flip] = [0.05, 0.9, 2.5e-3, (40 * Math.PI) / 180];
  const spins = spinBlock(PULSES);
  spins.density.fill(1);
  spins.T1.fill(T1);
  spins.T2.fill(T2);
  const repeats = 3 * PULSES;
  const pulse = pulseOf(flip);
  const readout = blockOf({ adc: adc(1, 1e-5, 0) });
  const blocks = Array.from({ length: repeats }, () => [
    pulse,
    readout,
    delayOf(TR - pulse.duration - readout.duration),
  ]).flat();
  // Nodes every half repetition; spin n jumps back to the inlet and is held fresh in the second
  // half of repetition n − 1.
  const count = 2 * PULSES + 1;
  const read = (first: number, width: number): NodeBlock => {
    const at = (of: (node: number, spin: number) => number): Float64Array =>
      Float64Array.from({ length: count * width }, (_, n) => of(Math.floor(n / width), first + (n % width)));
    const still = new Float64Array(count * width);
    const age = (node: number, spin: number): number => (node / 2 - spin + PULSES) % PULSES;
    return {
      ...{ x: still, y: still },
      z: at((node, spin) => 0.01 * age(node, spin)),
      reset: at((node, spin) => Number(node > 0 && node === (spin === 0 ? 2 * PULSES : 2 * spin))),
    };
  };
  const flow: Motion = {
    place: 'flow',
    action: { type: 'FlowPath', nodes: { count, spins: PULSES, flow: true, read } },
    time: { t: Float64Array.of(0, PULSES * TR), unit: Float64Array.of(0, 1), periodic: true, periods: ONES },
    spins: { first: 0, last: PULSES - 1, step: 1 },
  };
  const E1 = Math.exp(-TR / T1);
  const q = Math.cos(flip) * E1;
  const steady = (1 - E1) / (1 - q);
  // From the pulse's middle, relaxation of some µs aside, to the first sample.
  const length = pulse.rf!.time.at(-1)!;
  const echo = pulse.duration - pulse.rf!.delay - length / 2 + 0.5e-5;
  const mean = PULSES * steady + ((1 - steady) * (1 - q ** PULSES)) / (1 - q);
  const expected = mean * Math.sin(flip) * Math.exp(-echo / T2);
  const rows: Row[] = [];
  for (const [precision] of MODES) {
    const source = { ...phantomOf(spins), motions: [flow] };
    const { signal } = await simulateScan(sequenceOf('inflow', blocks, {}), source, { precision, exact: true });
    const last = signal.subarray(2 * (repeats - PULSES));
    const wanted = Float64Array.from(last, (_, n) => (n % 2 === 1 ? expected : 0));
    // A held field of 1.8 µs: relaxation in it is a thousandth of T2 and of the second order here.
    rows.push(compare(`inflow steady state after ${repeats} pulses of 40°, ${precision}`, last, wanted, 1e-4));
  }
  return rows;
}

const LINES = 64;
const BREATHS = 4;

/**
 * Moments of a lobe while the chest moves evenly are those of its middle: the phase of line l is
 * 2π·K·d(t_l).
 */
async function breathingRows(): Promise<Row[]> {
  const TR = 0.1;
  const [fov, y, depth] = [0.256, 0.02, 5e-3];
  const spins = spinBlock(1);
  [spins.y[0], spins.density[0], spins.T1[0], spins.T2[0]] = [y, 1, 4e-3, 4e-3];
  const pulse = pulseOf(Math.PI / 2);
  const [ramp, flat] = [1e-4, 4e-4];
  const widest = LINES / 2 / fov / (GAMMA_BAR * (flat + ramp));
  const gz = trapezoid(8e-3, ramp, flat);
  const readout = blockOf({ adc: adc(1, 1e-5, 0) });
  const blocks = Array.from({ length: LINES }, (_, line) => {
    const encode = blockOf({ gy: trapezoid((widest * (line - LINES / 2)) / (LINES / 2), ramp, flat), gz });
    return [pulse, encode, readout, delayOf(TR - pulse.duration - encode.duration - readout.duration)];
  }).flat();
  // Corners half way between lobes: the chest moves evenly in each.
  const period = (LINES / BREATHS) * TR;
  const start = -0.03;
  const motion: Motion = {
    place: 'breathing',
    action: { type: 'Translate', dx: 0, dy: 0, dz: depth },
    time: {
      t: Float64Array.of(start, start + 0.375 * period, start + period),
      unit: Float64Array.of(0, 1, 0),
      periodic: true,
      periods: ONES,
    },
    spins: { first: 0, last: 0, step: 1 },
  };
  const middle = pulse.duration + ramp + flat / 2;
  const K = GAMMA_BAR * 8e-3 * (flat + ramp);
  const u = (time: number): number => {
    const inside = (((time - start) % period) + period) % period;
    return inside < 0.375 * period ? inside / (0.375 * period) : (period - inside) / (0.625 * period);
  };
  const phases = Array.from({ length: LINES }, (_, line) => -2 * Math.PI * K * depth * u(line * TR + middle));
  const [coefficients, rows] = [imageOf((line) => [-Math.sin(phases[line]), Math.cos(phases[line])], 0), [] as Row[]];
  for (const [precision, bound] of MODES) {
    const source = { ...phantomOf(spins), motions: [motion] };
    const { signal } = await simulateScan(sequenceOf('breathing', blocks, {}), source, { precision, exact: true });
    const image = imageOf((line) => [signal[2 * line], signal[2 * line + 1]], y / fov);
    const isGhost = (n: number): boolean => Math.floor(n / 2) % BREATHS === 0;
    const scale = norm(image) / norm(coefficients);
    rows.push(
      compare(
        `breathing, ${LINES / BREATHS} lines a breath: the point and its ghosts, ${precision}`,
        image,
        coefficients.map((value) => scale * value),
        bound,
      ),
      {
        what: `the same: what is not at every ${BREATHS}th pixel, ${precision}`,
        value: norm(image.filter((_, n) => !isGhost(n))) / norm(image),
        bound,
      },
    );
  }
  return rows;
}

const norm = (values: Float64Array): number => Math.hypot(...values);

/**
 * Σ_l s_l·e^{2πi(l − N/2)(p/N + shift)}/N for pixels p from the point at `shift` fields of view.
 */
function imageOf(line: (n: number) => readonly [number, number], shift: number): Float64Array {
  const image = new Float64Array(2 * LINES);
  for (let pixel = 0; pixel < LINES; pixel++)
    for (let n = 0; n < LINES; n++) {
      const angle = 2 * Math.PI * (n - LINES / 2) * (pixel / LINES + shift);
      const [re, im] = line(n);
      image[2 * pixel] += (re * Math.cos(angle) - im * Math.sin(angle)) / LINES;
      image[2 * pixel + 1] += (re * Math.sin(angle) + im * Math.cos(angle)) / LINES;
    }
  return image;
}
