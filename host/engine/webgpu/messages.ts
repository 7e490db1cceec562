/**
 * Messages between the engine and its worker. Spins and sums go through shared memory, not through
 * messages.
 */
import type { AdapterDescription } from './adapters.ts';
import type { Accuracy } from './probe.ts';
import type { SessionJob } from './session.ts';

/** What a worker is started for. */
export type WorkerTask =
  | { readonly kind: 'list' }
  | { readonly kind: 'probe'; readonly adapter: AdapterDescription }
  | {
      readonly kind: 'run';
      readonly adapter: AdapterDescription;
      readonly job: SessionJob;
      /** [samples][re, im] int64 */
      readonly sums: SharedArrayBuffer;
    };

export interface ProbeResult extends Accuracy {
  /** f32 multiply-adds per second. */
  readonly rate: number;
}

/** Batches in the order in which they are to be simulated. */
export type ToWorker =
  | { readonly kind: 'batch'; readonly spins: SharedArrayBuffer; readonly tiles: number }
  /** Destroys the device, as a driver's reset would. */
  | { readonly kind: 'abandon' }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'list'; readonly adapters: readonly AdapterDescription[] }
  | { readonly kind: 'probe'; readonly result: ProbeResult }
  | { readonly kind: 'ready'; readonly batchTiles: number; readonly tileStride: number }
  /** The oldest batch under way is in the sums. */
  | { readonly kind: 'added' }
  /** The oldest batch contains a tile that is not finite; nothing of the batch is in the sums. */
  | { readonly kind: 'notFinite'; readonly tile: number }
  /** The device is lost; none of the batches in progress is in the sums. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number };
