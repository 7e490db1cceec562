/**
 * What a program is made for and what it is: the ops of the kernels, and the tables they refer to.
 */
import type { LineRun, Op } from '../abi/abi.generated.ts';
import type { Arena } from '../abi/arena.ts';
import type { RecordList } from '../abi/records.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Timeline, Timelines } from '../timeline/types.ts';
import type { OpRange } from '../timeline/windows.ts';
import type { Batch } from './line-batches.ts';
import type { ContextValues, Decision, Scratch } from './method.ts';
import type { Operators } from './pulses/choose.ts';

export type Precision = 'f32' | 'f64';

export interface ProgramJob {
  /** One per group of the source's spins. All have the same readouts and samples. */
  readonly timelines: Timelines;
  readonly source: PhantomSource;
  readonly precision: Precision;
  /** Largest error of a sample by fast methods, relative to Σ|ρ|; undefined: exact methods only. */
  readonly tolerance?: number;
  /** Spins per tile; the last one of a group may hold fewer. */
  readonly tileSize: number;
  /**
   * Receives the final magnetisation [count][x, y, z], in units of the density, of spins [first,
   * first + count): called once for each tile of a run, in any order, before `run` resolves.
   * Timelines are then compiled with `toEnd`. The array must not be used after the call returns.
   */
  readonly onMagnetization?: (first: number, count: number, magnetization: Float64Array) => void;
}

export interface Program {
  readonly ops: RecordList<typeof Op>;
  /** [groups] the ops that each group of spins goes through */
  readonly groups: readonly OpRange[];
  /** What it is made of; of several groups all in one. */
  readonly timeline: Timeline;
  /** Whether it is of the ops that support any model of the spins, and of no others. */
  readonly isModelled: boolean;
  /** [precessions][kx, ky, kz, dt, phase terms] */
  readonly precessions: Float64Array;
  /** [cached] indices into precessions: those frequent enough to be cached for every spin */
  readonly cachedPrecessions: Int32Array;
  readonly lineRuns: RecordList<typeof LineRun>;
  readonly batches: readonly Batch[];
  /** First sample of every line of every batch. */
  readonly firstSamples: Int32Array;
  /**
   * Lines per batch buffer (a multiple of 4), buffers in use at a time, and longest line of a
   * matrix product (a multiple of 8); 0 without batches.
   */
  readonly lines: number;
  readonly buffers: number;
  readonly longest: number;
  /** How many readouts are summed by which method, of all methods. */
  readonly methods: Readonly<Record<string, number>>;
  /** Decisions and their reasons, without repetition; seldom asked for. */
  decisions(): readonly Decision[];
  /** Pulses played as operators, and the pulses these are composed from. */
  readonly operators: Operators;
  /**
   * Operations per spin (cost.ts), and the largest error of a sample, relative to Σ|ρ|, besides the
   * rounding of exact methods.
   */
  readonly cost: number;
  readonly error: number;
  /** Address of what the kernel of a batch needs for its trajectory, 0: nothing. */
  placeBatchData(arena: Arena): (trajectory: number) => number;
  /** Places the tables of the readout methods: fields of the kernels' context. */
  lower(arena: Arena): ContextValues;
  /** What the readout methods need of a thread's scratch. */
  readonly scratch: Scratch;
}
