/**
 * Spurious echoes, predicted against measured: hard-pulse sequences on columns of few layers, each
 * simulated by the engine and compared with a column of many. A part of it is a test.
 */

import { checkPoints } from '../host/sampling/point-check.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, trapezoid } from '../host/sequence/designer.ts';
import type { Block, Sequence } from '../host/sequence/types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import { phantomOf, simulateTimeline, spinsOf } from '../testing/run.ts';
import type { Row, Section } from './report.ts';

const GAMMA_BAR = 42.5774688e6;
const RADIANS = Math.PI / 180;
/** Thickness of the column [m]; moments below wind up whole cycles across it. */
const THICKNESS = 5e-3;
const MANY = 2003;

interface Train {
  readonly name: string;
  readonly flip: number;
  readonly TR: number;
  /** Cycles across the column per TR. */
  readonly cycles: number;
  /** Increment of the RF phase increment [deg]. */
  readonly spoiling: number;
}

export const TRAINS: readonly Train[] = [
  { name: 'FLASH 20 ms 15°', flip: 15, TR: 20e-3, cycles: 4, spoiling: 117 },
  { name: 'FLASH 10 ms 10°', flip: 10, TR: 10e-3, cycles: 4, spoiling: 117 },
  { name: 'FLASH 100 ms 25°', flip: 25, TR: 0.1, cycles: 4, spoiling: 117 },
  { name: 'FISP 20 ms 30°', flip: 30, TR: 20e-3, cycles: 3, spoiling: 0 },
  { name: 'bSSFP-like 5 ms 40°, balanced', flip: 40, TR: 5e-3, cycles: 0, spoiling: 0 },
  { name: 'EPI-like 2 s 90°', flip: 90, TR: 2, cycles: 4, spoiling: 0 },
];

export const TISSUES = [
  { name: 'WM', T1: 0.8, T2: 0.08 },
  { name: 'CSF', T1: 2.569, T2: 0.329 },
] as const;

export const LAYERS = [1, 4, 11, 40, 41];

export interface Pair {
  readonly name: string;
  readonly predicted: number;
  readonly measured: number;
}

function trainOf({ name, flip, TR, cycles, spoiling }: Train): Sequence {
  const gradient = trapezoid(cycles / (GAMMA_BAR * THICKNESS * 1.1e-3), 1e-4, 1e-3);
  const blocks: Block[] = [];
  for (let n = 0; n < 150; n++) {
    const phase = (((spoiling * n * (n + 1)) / 2) % 360) * RADIANS;
    const rf = { ...hardPulse(flip * RADIANS, 20e-6), phaseOffset: phase };
    blocks.push(blockOf({ rf }), blockOf({ adc: adc(1, 1e-5, 1e-3) }));
    if (cycles > 0) blocks.push(blockOf({ gz: gradient }));
    const played = blocks.slice(cycles > 0 ? -3 : -2).reduce((sum, { duration }) => sum + duration, 0);
    blocks.push(delayOf(TR - played));
  }
  return sequenceOf(name, blocks, {});
}

const column = (layers: number, tissue: { T1: number; T2: number }) =>
  spinsOf(
    Array.from({ length: layers }, (_, n) => ({
      z: ((n + 0.5) / layers - 0.5) * THICKNESS,
      density: 1 / layers,
      T1: tissue.T1,
      T2: tissue.T2,
    })),
  );

/** All pairs of some trains, tissues and numbers of layers. */
export async function spuriousEchoes(trains: readonly Train[], layers: readonly number[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const train of trains) {
    const timeline = compileTimeline(trainOf(train), { B0: 1.5, maxRfStep: 50e-6 });
    for (const tissue of TISSUES) {
      const exact = await simulateTimeline(timeline, column(MANY, tissue), { precision: 'f64' });
      for (const count of layers) {
        const spins = column(count, tissue);
        const few = await simulateTimeline(timeline, spins, { precision: 'f64' });
        const { level } = checkPoints(phantomOf(spins), timeline, () => [0, 0, 0], [undefined, undefined, undefined]);
        const measured = Math.hypot(...few.map((value, at) => value - exact[at])) / Math.hypot(...exact);
        pairs.push({ name: `${train.name}, ${tissue.name}, ${count} layers`, predicted: level, measured });
      }
    }
  }
  return pairs;
}

/** Hits, misses and false alarms of a warning from `threshold` on. */
export function alarms(
  pairs: readonly Pair[],
  threshold: number,
): { hits: number; missed: number; falseAlarms: number } {
  const count = (said: boolean, true_: boolean): number =>
    pairs.filter(({ predicted, measured }) => predicted >= threshold === said && measured >= threshold === true_)
      .length;
  return { hits: count(true, true), missed: count(false, true), falseAlarms: count(true, false) };
}

/** Spurious signal, as a share of the true one, from which on there is a warning. */
const THRESHOLD = 0.01;
/** The page on spins per voxel promises predictions within a factor of two. */
const FACTOR = 2;

/** What is promised of pairs, as rows. */
export function echoRows(pairs: readonly Pair[], factor: number, ofMost = factor): Row[] {
  const { hits, missed, falseAlarms } = alarms(pairs, THRESHOLD);
  const factors = pairs
    .filter(({ measured }) => measured >= THRESHOLD)
    .map(({ predicted, measured }) => Math.max(predicted / measured, measured / predicted))
    .sort((a, b) => a - b);
  return [
    { what: `echoes missed, of ${hits + missed}`, value: missed, bound: 0 },
    { what: `false alarms, of ${pairs.length - hits - missed} pairs without an echo`, value: falseAlarms, bound: 0 },
    { what: 'largest factor between prediction and measurement', value: factors.at(-1) ?? 1, bound: factor },
    {
      what: 'factor that 95 % of them keep',
      value: factors[Math.floor(0.95 * (factors.length - 1))] ?? 1,
      bound: ofMost,
    },
  ];
}

export const spuriousEcho: Section = {
  title: 'Spurious echoes of few spins, predicted before the run',
  bounds: 'a warning from 1 % on: none missed, no false alarm; every level above that predicted within a factor of 2',
  rows: async () => echoRows(await spuriousEchoes(TRAINS, LAYERS), FACTOR),
};
