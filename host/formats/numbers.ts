/**
 * Arrays that numbers of a file are read into: those of its own type, so that nothing is converted.
 */
export type Numbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;
