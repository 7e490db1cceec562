/**
 * Pictures in closed form: what a built-in scan of a built-in phantom shows if nothing spoils it.
 * k-space is s(k) = Σ_tissues L · e^{−(t − TE)(1/T2 + iΔω)} · Σ_voxels ρ e^{−i2πk·r}, with the
 * level L of the steady state averaged over the slice:
 *
 *   gre  L = ⟨C (1 − E1)/(1 − E1 E)⟩ e^{−TE/T2}, the Ernst formula with the rotation (A … E
 *        of pulse-rotation.ts) of the slice-selective pulse
 *   se   L = ⟨B* C M_z⟩ e^{−TE/T2} and the other ways to an echo, M_z in the steady state of both
 *        pulses, averaged over the crushers' phase
 *   epi  L = C e^{−TE/T2}
 *
 * Spins are those of the phantom without a sequence, one per voxel, so that the choice of sub-voxel
 * spins is not shared.
 */
import { openPhantom } from '../../host/phantom/open.ts';
import { type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { hardPulse, mergedSteps, ROTATION, rotate } from '../../host/sampling/pulse-rotation.ts';
import { spinSampler } from '../../host/sampling/sampler.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { STRIDE, type Timeline } from '../../host/timeline/types.ts';

export type Settings = Readonly<Record<string, string>>;

/** Heights that a profile is averaged over. */
const LAYERS = 800;

interface Tissue {
  readonly T1: number;
  readonly T2: number;
  /** [Hz] */
  readonly offset: number;
}

export interface Theory {
  readonly n: number;
  /** Pixel [m]. */
  readonly pixel: number;
  /** [y][x][re, im] */
  readonly image: Float64Array;
  /**
   * Tissue of the voxel that fills the pixel and all pixels at most three away (from 1 on); 0:
   * several, −1: nothing within four pixels.
   */
  readonly inside: Int8Array;
  /** Of a phantom of one tissue: 1 where all pixels at most five away are of it. */
  readonly deep: Int8Array;
}

export async function theoryOf(scan: string, phantom: string, settings: Settings): Promise<Theory> {
  const sequence = makeBuiltin(scan, settingsOf(settings, true), DEFAULT_SCANNER);
  const [fov, n] = ['FOV', 'Matrix'].map((key) => Number.parseFloat(`${sequence.definitions.get(key)}`)) as [
    number,
    number,
  ];
  const pixel = fov / n;
  const half = Math.floor(n / 2);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const region = spinSampler(timeline, encode(sequence, DEFAULT_SCANNER)).slab;
  const slab = region ? region.to - region.from : 0;
  const spins = await spinsOf(phantom, settingsOf(settings, false), slab);
  const { TE, TR } = { TE: Number(sequence.definitions.get('TE')), TR: Number(sequence.definitions.get('TR') ?? 0) };
  const times = sampleTimes(sequence, n, TE);
  const image = new Float64Array(2 * n * n);
  const classes = classesOf(spins);
  const voxel = spacing(spins.x);
  const points = phantom === 'grid' || phantom === 'column';
  const fill = points ? [0] : inVoxel(voxel, pixel);
  for (const { tissue, members } of classes) {
    const level = levelOf(timeline, tissue, TE, TR, slab);
    const object = spectrum(spins, members, n, fov, fill);
    for (let at = 0; at < n * n; at++) {
      const t = times[at];
      const size = Math.exp(-t / tissue.T2);
      const turn = -2 * Math.PI * tissue.offset * t;
      const [c, s] = [size * Math.cos(turn), size * Math.sin(turn)];
      const [re, im] = [object[2 * at] * c - object[2 * at + 1] * s, object[2 * at] * s + object[2 * at + 1] * c];
      image[2 * at] += level[0] * re - level[1] * im;
      image[2 * at + 1] += level[0] * im + level[1] * re;
    }
  }
  const seen = (reach: number): Int8Array =>
    insideOf(classes, spins, n, pixel, reach).map((tissue) => (points && tissue > 0 ? 0 : tissue));
  const deep = classes.length > 1 ? new Int8Array(n * n) : seen(5).map((tissue) => Math.max(0, tissue));
  return { n, pixel, image: centredInverse(image, n, half), inside: seen(3), deep };
}

/** Settings of the scan are given as sequence.NAME. */
const OF_SCAN = /^sequence\./;

function settingsOf(settings: Settings, scan: boolean): Settings {
  const own = Object.entries(settings).filter(([key]) => OF_SCAN.test(key) === scan);
  return Object.fromEntries(own.map(([key, value]) => [key.replace(OF_SCAN, ''), value]));
}

/** One spin per voxel; of bodies the slab alone where a slice is selected. */
async function spinsOf(phantom: string, settings: Settings, slab: number): Promise<SpinBlock> {
  const body = phantom === 'head3d' || phantom === 'sphere';
  const source = await openPhantom(phantom, { ...settings, ...(slab > 0 && body ? { slab: `${slab}` } : {}) });
  const spins = spinBlock(source.spinCount);
  source.read(0, source.spinCount, spins);
  // Points 10 mm apart fill the z axis where a slice is selected: of all ten in a column the slab's
  // share is seen.
  if (slab > 0 && phantom === 'grid') spins.density.fill(slab / (10 * spacing(spins.z)));
  return spins;
}

/** Distance of neighbours on a lattice. */
function spacing(places: Float32Array): number {
  const all = [...new Set(places)].sort((a, b) => a - b);
  return all.length > 1 ? (all.at(-1)! - all[0]) / (all.length - 1) : 0;
}

/** Offsets of points that fill a voxel along one axis. */
function inVoxel(voxel: number, pixel: number): number[] {
  const points = Math.max(1, Math.round(voxel / pixel));
  return Array.from({ length: points }, (_, n) => ((n + 0.5) / points - 0.5) * voxel);
}

function classesOf(spins: SpinBlock): { tissue: Tissue; members: number[] }[] {
  const classes = new Map<string, { tissue: Tissue; members: number[] }>();
  for (let n = 0; n < spins.x.length; n++) {
    const tissue = { T1: spins.T1[n], T2: spins.T2[n], offset: spins.offResonance[n] / (2 * Math.PI) };
    const key = `${tissue.T1} ${tissue.T2} ${tissue.offset} ${spins.density[n]}`;
    const one = classes.get(key) ?? { tissue, members: [] };
    one.members.push(n);
    classes.set(key, one);
  }
  return [...classes.values()];
}

/** [lines][samples] time from the echo of each sample [s]. */
function sampleTimes(sequence: Sequence, n: number, TE: number): Float64Array {
  const times = new Float64Array(n * n);
  let [start, pulse, line] = [0, 0, 0];
  for (let b = 0; b < sequence.blockCount; b++) {
    const { rf, adc, duration, gx } = sequence.block(b);
    if (rf && rf.use === 'excitation') pulse = start + rf.delay + rf.center;
    if (adc) {
      // Lines of an EPI alternate in direction.
      const backwards = gx?.kind === 'trapezoid' && gx.amplitude < 0;
      for (let i = 0; i < n; i++)
        times[line * n + (backwards ? n - 1 - i : i)] = start + adc.delay + (i + 0.5) * adc.dwell - pulse - TE;
      line++;
    }
    start += duration;
  }
  return times;
}

/** Complex level for density 1. */
function levelOf(
  timeline: Timeline,
  { T1, T2, offset }: Tissue,
  TE: number,
  TR: number,
  slab: number,
): [number, number] {
  let [re, im] = [0, 0];
  const refocuses = timeline.pulses.length > STRIDE.pulse;
  const [excite, refocus] = [mergedSteps(timeline, 0), refocuses ? mergedSteps(timeline, 1) : undefined];
  const { after } = hardPulse(timeline, 0);
  const [r, q] = [new Float64Array(ROTATION.length), new Float64Array(ROTATION.length)];
  const layers = slab > 0 ? LAYERS : 1;
  for (let layer = 0; layer < layers; layer++) {
    const z = ((layer + 0.5) / layers - 0.5) * slab;
    rotate(excite, timeline.gammaBar, [0, 0, z], offset, r);
    // The slice gradient's second half is rephased; off-resonance goes on from the pulse's centre,
    // unless it is refocused.
    const turn = 2 * Math.PI * (after[2] * z + offset * (after[3] - (refocus ? 0 : TE)));
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    const C = [r[ROTATION.C] * c - r[ROTATION.C + 1] * s, r[ROTATION.C] * s + r[ROTATION.C + 1] * c] as const;
    let echo: readonly number[];
    if (refocus) {
      rotate(refocus, timeline.gammaBar, [0, 0, z], offset, q);
      echo = spinEcho(C, r[ROTATION.E], q, { T1, T2 }, TE, TR);
    } else {
      const E1 = TR > 0 ? Math.exp(-TR / T1) : 0;
      echo = C.map((part) => (part * (1 - E1)) / (1 - E1 * r[ROTATION.E]));
    }
    re += echo[0] / layers;
    im += echo[1] / layers;
  }
  const decay = Math.exp(-TE / T2);
  return [decay * re, decay * im];
}

/**
 * Echo of order 0 at one height: M_z of the steady state for each phase φ that the first crusher
 * may have left, and the mean over φ of what the second one rephases. No transverse magnetisation
 * outlives TR.
 */
function spinEcho(
  [cr, ci]: readonly [number, number],
  E: number,
  q: Float64Array,
  { T1, T2 }: { T1: number; T2: number },
  TE: number,
  TR: number,
): [number, number] {
  const [Ea, Er, decay] = [Math.exp(-TE / 2 / T1), Math.exp(-(TR - TE / 2) / T1), Math.exp(-TE / 2 / T2)];
  const PHASES = 64;
  let [re, im] = [0, 0];
  for (let p = 0; p < PHASES; p++) {
    const [c, s] = [Math.cos((2 * Math.PI * p) / PHASES), Math.sin((2 * Math.PI * p) / PHASES)];
    // M+ before the second pulse for M_z = 1 before the first.
    const [x, y] = [decay * (cr * c - ci * s), decay * (cr * s + ci * c)];
    const stored = 2 * (q[ROTATION.D] * x - q[ROTATION.D + 1] * y);
    // M_z ← 1 + Er (q_E (1 + Ea (E M_z − 1)) + stored M_z − 1).
    const before = (1 + Er * (q[ROTATION.E] * (1 - Ea) - 1)) / (1 - Er * (q[ROTATION.E] * Ea * E + stored));
    const z = 1 + Ea * (E * before - 1);
    const [mx, my] = [before * x, before * y];
    const [A, B, C] = [ROTATION.A, ROTATION.B, ROTATION.C];
    const px = q[A] * mx - q[A + 1] * my + q[B] * mx + q[B + 1] * my + q[C] * z;
    const py = q[A] * my + q[A + 1] * mx - q[B] * my + q[B + 1] * mx + q[C + 1] * z;
    // `decay` once more is in the level.
    re += (px * c - py * s) / PHASES / decay;
    im += (px * s + py * c) / PHASES / decay;
  }
  return [re, im];
}

/**
 * [ky][kx][re, im] of spins, voxels wider than 1.5 pixels as several points; k = 0 at floor(n/2).
 */
function spectrum(
  spins: SpinBlock,
  members: readonly number[],
  n: number,
  fov: number,
  fill: readonly number[],
): Float64Array {
  const rows = new Map<number, number[]>();
  for (const m of members) {
    const row = rows.get(spins.y[m]);
    if (row) row.push(m);
    else rows.set(spins.y[m], [m]);
  }
  const half = Math.floor(n / 2);
  // Points that fill a voxel act on a line as one factor, the same for all.
  const filled = Float64Array.from({ length: n }, (_, i) =>
    fill.reduce((sum, at) => sum + Math.cos((2 * Math.PI * (i - half) * at) / fov) / fill.length, 0),
  );
  const out = new Float64Array(2 * n * n);
  for (const [y, row] of rows) {
    const line = new Float64Array(2 * n);
    for (const m of row)
      for (let i = 0; i < n; i++) {
        const turn = (-2 * Math.PI * (i - half) * spins.x[m]) / fov;
        line[2 * i] += spins.density[m] * Math.cos(turn);
        line[2 * i + 1] += spins.density[m] * Math.sin(turn);
      }
    for (let j = 0; j < n; j++) {
      const turn = (-2 * Math.PI * (j - half) * y) / fov;
      for (let i = 0; i < n; i++) {
        const size = filled[i] * filled[j];
        const [c, s] = [size * Math.cos(turn), size * Math.sin(turn)];
        out[2 * (j * n + i)] += line[2 * i] * c - line[2 * i + 1] * s;
        out[2 * (j * n + i) + 1] += line[2 * i] * s + line[2 * i + 1] * c;
      }
    }
  }
  return out;
}

/** Mean over k of s e^{+i2πk·r}, pixel floor(n/2) at r = 0: axis by axis. */
function centredInverse(data: Float64Array, n: number, half: number): Float64Array {
  const once = (from: Float64Array): Float64Array => {
    const to = new Float64Array(from.length);
    for (let line = 0; line < n; line++)
      for (let m = 0; m < n; m++) {
        let [re, im] = [0, 0];
        for (let i = 0; i < n; i++) {
          const turn = (2 * Math.PI * (i - half) * (m - half)) / n;
          const [c, s] = [Math.cos(turn), Math.sin(turn)];
          re += from[2 * (line * n + i)] * c - from[2 * (line * n + i) + 1] * s;
          im += from[2 * (line * n + i)] * s + from[2 * (line * n + i) + 1] * c;
        }
        // Transposed, so that twice is both axes.
        to[2 * (m * n + line)] = re / n;
        to[2 * (m * n + line) + 1] = im / n;
      }
    return to;
  };
  return once(once(data));
}

function insideOf(
  classes: readonly { members: readonly number[] }[],
  spins: SpinBlock,
  n: number,
  pixel: number,
  reach: number,
): Int8Array {
  const half = Math.floor(n / 2);
  // Nearest voxel by pixel: those of one pixel's width are nearly pixels themselves.
  const [xs, ys] = [[...new Set(spins.x)].sort((a, b) => a - b), [...new Set(spins.y)].sort((a, b) => a - b)];
  const step = xs.length > 1 ? (xs.at(-1)! - xs[0]) / (xs.length - 1) : pixel;
  const tissue = new Map<string, number>();
  for (const [number, { members }] of classes.entries())
    for (const m of members)
      tissue.set(`${Math.round((spins.x[m] - xs[0]) / step)} ${Math.round((spins.y[m] - ys[0]) / step)}`, number + 1);
  const own = Int8Array.from({ length: n * n }, (_, at) => {
    const [x, y] = [((at % n) - half) * pixel, (Math.floor(at / n) - half) * pixel];
    return tissue.get(`${Math.round((x - xs[0]) / step)} ${Math.round((y - ys[0]) / step)}`) ?? 0;
  });
  const same = (at: number, reach: number): boolean => {
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++) {
        const [x, y] = [(at % n) + dx, Math.floor(at / n) + dy];
        if (x >= 0 && y >= 0 && x < n && y < n && own[y * n + x] !== own[at]) return false;
      }
    return true;
  };
  return Int8Array.from(own, (number, at) => (number === 0 ? (same(at, 4) ? -1 : 0) : same(at, reach) ? number : 0));
}
