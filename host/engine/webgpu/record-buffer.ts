/**
 * A table of fixed-width records for the GPU that grows as records are added: integers and f32 in
 * one buffer, as the kernels read them.
 */
export interface RecordBuffer {
  /** Views of the current buffer; invalid after `grow`. */
  words(): Uint32Array;
  floats(): Float32Array;
  /** Records so far. */
  count(): number;
  /** Adds a record of zeros. @returns index of its first word */
  grow(): number;
  finish(): Uint32Array;
}

/** @param width words per record */
export function recordBuffer(width: number): RecordBuffer {
  let words = new Uint32Array(64 * width);
  let floats = new Float32Array(words.buffer);
  let used = 0;
  return {
    words: () => words,
    floats: () => floats,
    count: () => used / width,
    grow() {
      if (used + width > words.length) {
        const wider = new Uint32Array(2 * words.length);
        wider.set(words);
        words = wider;
        floats = new Float32Array(words.buffer);
      }
      used += width;
      return used - width;
    },
    finish: () => words.slice(0, used),
  };
}

/** Record n of a flat array of the timeline. @typeParam T a tuple of its numbers */
export function record<T extends readonly number[]>(array: Float64Array | Int32Array, stride: number, n: number): T {
  return array.subarray(stride * n, stride * (n + 1)) as unknown as T;
}
