/**
 * The interface of a method: a descriptor here, a kernel in assembly/ and an entry in the registry
 * (methods.ts). A descriptor states what it supports, what it proposes for the readouts of a window
 * or for a pulse, at what cost and error, and how chosen work is laid out for its kernel. It
 * declines by proposing nothing. `direct` and `stepped` support everything and are the definition.
 */
import type { KernelContext } from '../abi/abi.generated.ts';
import type { Arena } from '../abi/arena.ts';
import type { Values } from '../abi/records.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Timeline } from '../timeline/types.ts';
import type { WindowReadout } from '../timeline/windows.ts';
import type { ErrorBudget } from './accuracy.ts';
import type { PulseTable } from './pulses/table.ts';
import type { Precision } from './types.ts';

/** Inputs of a program as every method sees them. */
export interface Context {
  readonly timeline: Timeline;
  readonly source: Pick<PhantomSource, 'bounds' | 'B0' | 'spinCount' | 'model'>;
  readonly precision: Precision;
  readonly tileSize: number;
  /** Whether no tolerance was given: a budget then allows errors below those of rounding. */
  readonly isExact: boolean;
  /** Undefined: exact methods alone. Exact runs of moving spins have one. */
  readonly budget: ErrorBudget | undefined;
  /** The error budget of readouts, which exact runs with several coils have as well. */
  readonly readoutBudget: ErrorBudget | undefined;
  /**
   * Whether the run has a model: columns of spins that only kernels for models support, or several
   * timelines.
   */
  readonly isModelled: boolean;
  /** Columns of coils; 0: one coil that receives from all spins alike. */
  readonly coils: number;
  /** [trajectories] readouts that follow each */
  readonly uses: Int32Array;
  /** A value that does not depend on the tile size, made once for all programs of the job. */
  readonly once: <T>(key: string, make: () => T) => T;
}

/** Where a chosen proposal goes. */
export interface ProgramWriter {
  /** An op of the kernels: one of `OP` and an index into the table that it reads. */
  op(kind: number, index: number): void;
  /** A readout by itself. @returns index of its line run, for an op */
  lineRun(readout: WindowReadout): number;
  /** A line that is summed together with other lines of its trajectory, from any windows. */
  batchLine(readout: WindowReadout): void;
  /** Lines that a batch holds at most, a multiple of 4. */
  readonly batchLines: number;
  /** Reserves memory of a thread's scratch, which all methods share. */
  scratch(needed: Scratch): void;
}

/**
 * Cost of a proposal in operations per spin (cost.ts), and the largest error of a sample, relative
 * to Σ|ρ|.
 */
interface Estimate {
  readonly cost: number;
  readonly error: number;
  /** For `larmor plan -v`: what is computed and how. */
  readonly what?: string;
  readonly how?: string;
}

/** Any readout of one trajectory, by itself or in batches. */
export interface LineProposal extends Estimate {
  readonly isBatched: boolean;
  emit(writer: ProgramWriter, readout: WindowReadout): void;
  /** For a batch: address of the data that its kernel needs for this trajectory; default: none. */
  place?(arena: Arena): number;
}

/** Some readouts of one window, together. */
export interface WindowProposal extends Estimate {
  readonly readouts: readonly WindowReadout[];
  emit(writer: ProgramWriter): void;
}

/** Memory of a thread's scratch for transforms. */
export interface Scratch {
  /** Bytes of each of the two grids that a transform alternates between. */
  readonly gridBytes: number;
  /** Bytes stored per spin. */
  readonly pointBytes: number;
}

/** Tables of the kernels. */
export type ContextValues = Partial<Values<typeof KernelContext>>;

/** A method at work for one program. */
interface Opened {
  /** Places what was chosen: fields of the kernels' context. */
  lower?(arena: Arena): ContextValues;
}

export interface OpenedLineMethod extends Opened {
  /** @param below a method that cannot cost less may decline before it looks closer */
  propose(trajectory: number, below: number): LineProposal | undefined;
}

export interface OpenedWindowMethod extends Opened {
  /**
   * Proposals for different readouts.
   * @param below the cost of all readouts one by one: a method that takes them all, and cannot cost
   *   less, may decline before it looks closer
   */
  propose(readouts: readonly WindowReadout[], below: number): readonly WindowProposal[];
}

/**
 * Readouts of each window that are left by the methods before this one. @param wanted windows that
 * may contain suitable ones
 */
export type Remaining = (wanted: (readouts: readonly WindowReadout[]) => boolean) => Iterable<readonly WindowReadout[]>;

export interface LineMethod {
  readonly name: string;
  /** Undefined: it does not support what the context asks for. */
  open(context: Context): OpenedLineMethod | undefined;
}

export interface WindowMethod {
  readonly name: string;
  open(context: Context, remaining: Remaining): OpenedWindowMethod | undefined;
}

/** Pulses that are the same up to a real factor of their B1. */
export interface PulseFamily {
  /** Pulse whose steps all others are multiples of. */
  readonly pulse: number;
  /** Amplitude factor of each pulse. */
  readonly members: ReadonlyMap<number, number>;
  /** Sizes of these factors. */
  readonly amplitudes: readonly number[];
  /**
   * Amplitude factors at which operators are needed, so that operators at all other factors follow
   * within the budget.
   */
  readonly nodes: readonly number[];
  /** How often its pulses are played. */
  readonly uses: number;
  readonly steps: number;
}

/** How the pulses of a family are played. */
export interface PulseProposal {
  /** Once per spin and tile, and each time. */
  readonly setUp: number;
  readonly perUse: number;
  readonly how: string;
  /** Largest error of an entry of an operator. */
  readonly error: number;
  /** The table in which an operator is looked up. @param timeline with the pulse at `pulse` */
  tableFor?(timeline: Timeline, pulse: number): PulseTable | undefined;
}

export interface PulseMethod {
  readonly name: string;
  supports(context: Context): boolean;
  /** Undefined: it does not support these pulses. */
  propose(context: Context, family: PulseFamily): PulseProposal | undefined;
}

/** One decision and the operations per spin behind it, for `larmor plan -v`. */
export interface Decision {
  readonly what: string;
  readonly chosen: string;
  readonly cost: number;
  readonly instead: string;
  readonly insteadCost: number;
}
