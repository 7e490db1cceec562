/**
 * Records with typed arrays as bytes, and back: JSON in which each array is a reference to the
 * bytes after it.
 *
 *     u32 length of the JSON | JSON | padding to 8 bytes | arrays
 *
 * Arrays are stored byte by byte (all first bytes, all second bytes, …; the shuffle filter of
 * HDF5): neighbouring numbers share their high bytes, and what is compressed afterwards becomes two
 * to ten times smaller. The writer packs and the page unpacks, so that both are here.
 */

const TYPES = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
};
type TypeName = keyof typeof TYPES;
type PackedArray = InstanceType<(typeof TYPES)[TypeName]>;

const NAMES = Object.entries(TYPES) as [TypeName, (typeof TYPES)[TypeName]][];
const ALIGNMENT = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Key of a reference; no record has it. */
const REFERENCE = '$';

export function pack(record: object): Uint8Array {
  const parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let size = 0;
  const json = JSON.stringify(record, (_, value: unknown) => {
    const found = NAMES.find(([, type]) => value instanceof type);
    if (found === undefined) return value;
    const array = value as PackedArray;
    const at = size;
    parts.push({ at, bytes: shuffled(array) });
    size = aligned(size + array.byteLength);
    return { [REFERENCE]: [found[0], at, array.length] };
  });
  const text = new TextEncoder().encode(json);
  const begin = aligned(4 + text.length);
  const packed = new Uint8Array(begin + size);
  new DataView(packed.buffer).setUint32(0, text.length, true);
  packed.set(text, 4);
  for (const { at, bytes } of parts) packed.set(bytes, begin + at);
  return packed;
}

export function unpack<T>(packed: Uint8Array): T {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const begin = aligned(4 + length);
  const text = new TextDecoder().decode(packed.subarray(4, 4 + length));
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(REFERENCE in value)) return value;
    const [name, at, count] = value[REFERENCE] as [TypeName, number, number];
    return restored(packed, begin + at, TYPES[name], count);
  }) as T;
}

function shuffled(array: PackedArray): Uint8Array {
  const { BYTES_PER_ELEMENT: width, length } = array;
  const from = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (width === 1) return from;
  const to = new Uint8Array(from.length);
  for (let byte = 0; byte < width; byte++)
    for (let n = 0; n < length; n++) to[byte * length + n] = from[n * width + byte];
  return to;
}

function restored(packed: Uint8Array, at: number, type: (typeof TYPES)[TypeName], length: number): PackedArray {
  const width = type.BYTES_PER_ELEMENT;
  const to = new Uint8Array(length * width);
  for (let byte = 0; byte < width; byte++)
    for (let n = 0; n < length; n++) to[n * width + byte] = packed[at + byte * length + n];
  return new type(to.buffer);
}
