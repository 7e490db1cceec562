/**
 * Records shared by host and kernels, by field name: `abi.generated.ts` has the offset of each
 * field, and the types here make the host set every field of a record that it writes. Lists of
 * records grow in a buffer of their own until they are copied into the kernels' memory.
 */

type FieldType = 'i32' | 'u32' | 'f32' | 'f64';

/**
 * A record as `abi.generated.ts` describes it: size [bytes], and type and byte offset of each
 * field.
 */
export interface RecordLayout {
  readonly bytes: number;
  readonly fields: Readonly<Record<string, readonly [type: FieldType, offset: number]>>;
}

export type FieldOf<L extends RecordLayout> = keyof L['fields'] & string;
export type Values<L extends RecordLayout> = { readonly [F in FieldOf<L>]: number };

function write(view: DataView, [type, offset]: readonly [FieldType, number], at: number, value: number): void {
  if (type === 'f64') view.setFloat64(at + offset, value, true);
  else if (type === 'f32') view.setFloat32(at + offset, value, true);
  else if (type === 'u32') view.setUint32(at + offset, value, true);
  else view.setInt32(at + offset, value, true);
}

function read(view: DataView, [type, offset]: readonly [FieldType, number], at: number): number {
  if (type === 'f64') return view.getFloat64(at + offset, true);
  if (type === 'f32') return view.getFloat32(at + offset, true);
  return type === 'u32' ? view.getUint32(at + offset, true) : view.getInt32(at + offset, true);
}

/** Writes one record at byte `at` of a view. */
export function writeRecord<L extends RecordLayout>(view: DataView, at: number, layout: L, values: Values<L>): void {
  for (const name in layout.fields) write(view, layout.fields[name], at, values[name as FieldOf<L>]);
}

/** Writes one field of a record in memory. */
export function setField<L extends RecordLayout>(
  memory: ArrayBufferLike,
  at: number,
  layout: L,
  field: FieldOf<L>,
  value: number,
): void {
  write(new DataView(memory), layout.fields[field], at, value);
}

/** Index of an i32 field in an Int32Array over the whole memory, for Atomics. */
export function wordOf<L extends RecordLayout>(at: number, layout: L, field: FieldOf<L>): number {
  return (at + layout.fields[field][1]) / 4;
}

/** Records of one kind, one after the other. */
export interface RecordList<L extends RecordLayout> {
  readonly length: number;
  /** @returns its index */
  push(values: Values<L>): number;
  get(index: number, field: FieldOf<L>): number;
  set(index: number, field: FieldOf<L>, value: number): void;
  /** A copy of all bytes. */
  bytes(): Uint8Array<ArrayBuffer>;
}

export function recordList<L extends RecordLayout>(layout: L, capacity = 64): RecordList<L> {
  const { bytes } = layout;
  const fields = Object.entries(layout.fields) as [FieldOf<L>, readonly [FieldType, number]][];
  let view = new DataView(new ArrayBuffer(bytes * Math.max(1, capacity)));
  let length = 0;
  const grow = (): void => {
    const wider = new Uint8Array(2 * view.byteLength);
    wider.set(new Uint8Array(view.buffer));
    view = new DataView(wider.buffer);
  };
  return {
    get length() {
      return length;
    },
    push(values) {
      if ((length + 1) * bytes > view.byteLength) grow();
      for (const [name, field] of fields) write(view, field, length * bytes, values[name]);
      return length++;
    },
    get: (index, field) => read(view, layout.fields[field], index * bytes),
    set: (index, field, value) => write(view, layout.fields[field], index * bytes, value),
    bytes: () => new Uint8Array(view.buffer.slice(0, length * bytes)),
  };
}
