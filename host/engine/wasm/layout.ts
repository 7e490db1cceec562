/**
 * The records host and kernels share, field for field as `assembly/layout.ts` declares them, and a bump allocator that
 * lays them and the run's arrays out in the shared memory. Nothing allocates on the other side.
 */

/** Fields of `Job`, each four bytes; `scale` and `largest` follow as f64. */
const JOB_FIELDS = [
  ...([
    'ops',
    'opCount',
    'moments',
    'excitations',
    'pulses',
    'pulseForms',
    'steps',
    'reads',
    'batches',
    'waveforms',
    'operators',
    'operatorCount',
    'plays',
    'terms',
    'trains',
    'gridBytes',
    'curves',
    'sheetBytes',
    'keptMoments',
    'keptCount',
  ] as const),
  ...(['precision', 'capacity', 'rows', 'areas', 'longest', 'wide', 'slots', 'slotTable', 'scratch', 'sums'] as const),
  ...(['accumulators', 'atomicSums', 'sampleCount', 'filled', 'next', 'finished', 'stop', 'failed'] as const),
] as const;
const SLOT_FIELDS = ['spins', 'count', 'done'] as const;
const START_FIELDS = ['job', 'thread', 'error', 'tid'] as const;

/** Kinds of op in a program, as `OP` has them. */
export const KERNEL = {
  precess: 0,
  excite: 1,
  read: 2,
  record: 3,
  flush: 4,
  play: 5,
  train: 6,
  curve: 7,
  turn: 8,
  carry: 9,
} as const;

/** Fields of a read: [firstSample, waveform, moment, area, row, lines, step] */
export const READ = { fields: 7, moment: 2, area: 3, lines: 5, step: 6 } as const;

type Field<F extends readonly string[]> = F[number];

/** `place` that is asked once for each value. */
export function placedOnce<T>(place: (value: T) => number): (value: T) => number {
  const placed = new Map<T, number>();
  return (value) => {
    const address = placed.get(value) ?? place(value);
    placed.set(value, address);
    return address;
  };
}

/** An i32 record in memory: fields by name, and the index of a field in the memory's Int32Array for Atomics. */
export interface RecordView<F extends readonly string[]> {
  readonly address: number;
  set(field: Field<F>, value: number): void;
  index(field: Field<F>): number;
}

export interface JobView extends RecordView<typeof JOB_FIELDS> {
  setScale(scale: number, largest: number): void;
}
export interface SlotView extends RecordView<typeof SLOT_FIELDS> {
  setFieldRatio(ratio: number): void;
}

const align8 = (bytes: number): number => (bytes + 7) & ~7;

/** [Job, Slot] sizes that `recordBytes` of the kernels must report. */
export const RECORD_BYTES = [align8(4 * JOB_FIELDS.length) + 16, align8(4 * SLOT_FIELDS.length) + 8] as const;

const PAGE = 65536;

/** The kernels' constants lie below this address; `heapBase` of the kernels must not exceed it. */
export const KERNEL_DATA = 4096;

/**
 * Hands out 64-byte aligned stretches of a shared memory of fixed size: an instance may not see a growth in time, and
 * untouched pages cost nothing.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  #end = KERNEL_DATA;

  constructor(bytes: number) {
    const pages = Math.ceil(bytes / PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }

  allocate(bytes: number): number {
    const address = 64 * Math.ceil(this.#end / 64);
    this.#end = address + bytes;
    if (this.#end > this.memory.buffer.byteLength) throw new RangeError('the arena was sized too small');
    return address;
  }

  /** Copies a typed array in. @returns its address */
  place(array: Int32Array | Float64Array): number {
    const address = this.allocate(Math.max(8, array.byteLength));
    if (array instanceof Int32Array) new Int32Array(this.memory.buffer, address, array.length).set(array);
    else new Float64Array(this.memory.buffer, address, array.length).set(array);
    return address;
  }

  /** Copies numbers in as f32. @returns their address */
  placeSingle(array: Float64Array): number {
    const address = this.allocate(Math.max(8, 4 * array.length));
    new Float32Array(this.memory.buffer, address, array.length).set(array);
    return address;
  }

  /** Bytes that `allocate(bytes)` takes at most. */
  static room(bytes: number): number {
    return bytes + 64;
  }

  job(): JobView {
    const address = this.allocate(RECORD_BYTES[0]);
    return {
      ...this.#record(JOB_FIELDS, address),
      setScale: (scale, largest) =>
        new Float64Array(this.memory.buffer, address + RECORD_BYTES[0] - 16, 2).set([scale, largest]),
    };
  }

  slots(count: number): SlotView[] {
    const table = this.allocate(RECORD_BYTES[1] * count);
    return Array.from({ length: count }, (_, n) => {
      const address = table + RECORD_BYTES[1] * n;
      return {
        ...this.#record(SLOT_FIELDS, address),
        setFieldRatio: (ratio) => new Float64Array(this.memory.buffer, address + RECORD_BYTES[1] - 8, 1).fill(ratio),
      };
    });
  }

  start(): RecordView<typeof START_FIELDS> {
    return this.#record(START_FIELDS, this.allocate(4 * START_FIELDS.length));
  }

  #record<F extends readonly string[]>(fields: F, address: number): RecordView<F> {
    const index = (field: Field<F>): number => address / 4 + fields.indexOf(field);
    return {
      address,
      index,
      set: (field, value) => {
        new Int32Array(this.memory.buffer)[index(field)] = value;
      },
    };
  }
}
