/**
 * The interface of engines: simulate tiles of a phantom and add their partial signals, as exact
 * integers, to the sums of this rank. WASM and WebGPU share it.
 */
import type { ProgramJob } from '../program/types.ts';

/** What `--engine` takes. */
export const ENGINES = ['auto', 'wasm', 'webgpu'] as const;

export interface EngineJob extends ProgramJob {
  readonly tileCount: number;
  /** Sums hold round(signal · 2^scaleExponent). */
  readonly scaleExponent: number;
  /**
   * The sums are the f64 signal · 2^scaleExponent itself, before the conversion to integers: a
   * reference for them. WASM only, one thread, one tile at a time, since such sums depend on the
   * order of tiles.
   */
  readonly floatSums?: boolean;
}

export interface Engine {
  readonly name: 'wasm' | 'webgpu';
  /**
   * Everything about this engine that may affect bits of the result: kernel build, fused or
   * unfused, Node, adapter.
   */
  readonly build: string;
  readonly threads: number;
  /**
   * [coils][sampleCount][re, im] fixed-point sums over the tiles done so far; in shared memory at a
   * constant address.
   */
  readonly sums: BigInt64Array;
  /**
   * Simulates tiles [first, first + count) in order of their start and adds them to `sums`.
   * Resolves with the index after the last finished tile: less than first + count only after
   * `pause`, and then exactly the tiles before it are in `sums`.
   * @throws LarmorError 65 from the phantom source; 70 naming the tile if its partial signal is not
   * finite
   */
  run(first: number, count: number): Promise<number>;
  /** Requests that a running `run` finish the tiles that it has started and start no more. */
  pause(): void;
  /**
   * Whether the same tiles on the same build would give the same bits again; false after another
   * engine had to take over.
   */
  readonly reproducible: boolean;
  /** Number of readouts by method; empty if an engine has only one method. */
  readonly methods: Readonly<Record<string, number>>;
  /** Tiles finished so far in all runs, for progress. */
  readonly finished: number;
  close(): Promise<void>;
}
