/**
 * Passes of a run. The sums of all coils and samples may exceed what a rank can hold (64 coils of
 * 10⁷ samples: 10 GB), so a run simulates its tiles once for each group of coils that fits, one
 * group after the other, and rank 0 keeps the sums of each pass in a file. Methods are chosen for
 * all coils, and coils do not affect each other, so the bits are those of a single pass.
 */
import { sumsLimit } from '../base/environment.ts';
import { modelColumns } from '../phantom/columns.ts';
import type { PhantomSource, SpinBlock } from '../phantom/types.ts';

/** Coils [first, first + coils) of a run. */
export interface CoilPass {
  readonly first: number;
  readonly coils: number;
}

/** Largest size of the sums of a pass [bytes]: half of a WASM memory. */
const MOST_SUMS = 2 ** 31;

/** Bytes of one coil's sums: real and imaginary part of each sample in 64 bits. */
export const sumBytes = (samples: number): number => 16 * samples;

/**
 * The passes of so many coils. All passes have the same number of coils, so that they share an
 * engine; the last one may therefore begin with coils of the one before it, whose sums have the
 * same bits.
 */
export function passesOf(coils: number, samples: number): readonly CoilPass[] {
  const fitting = Math.max(1, Math.floor((sumsLimit() ?? MOST_SUMS) / Math.max(1, sumBytes(samples))));
  const count = Math.ceil(coils / fitting);
  const each = Math.ceil(coils / count);
  return Array.from({ length: count }, (_, n) => ({ first: Math.min(n * each, coils - each), coils: each }));
}

/** Bytes of the files that hold the sums of these passes. */
export const bytesOfPasses = (passes: readonly CoilPass[], samples: number): number =>
  passes.reduce((bytes, { coils }) => bytes + coils * sumBytes(samples), 0);

/** One source for the engine of all passes: it reads the columns of the pass begun last. */
export function passingSource(source: PhantomSource, passes: readonly CoilPass[]) {
  const sources = passes.map((pass) => inPass(source, pass));
  let current = 0;
  return {
    source: { ...sources[0], read: (...spins: Parameters<PhantomSource['read']>) => sources[current].read(...spins) },
    begin(pass: number): void {
      current = pass;
    },
    /** The pass begun last. */
    pass: (): number => current,
  };
}

/** The source as the coils of one pass receive it. */
export function inPass(source: PhantomSource, { first, coils }: CoilPass): PhantomSource {
  const { model } = source;
  if (model === undefined || coils >= model.coils) return source;
  const own = { ...model, coils, allCoils: model.coils };
  const [all, some] = [modelColumns(model), modelColumns(own)];
  /** Of each column of the source: its number among those of the pass; −1: of another coil. */
  const columnOf = Array.from({ length: all.total }, (_, n) => {
    if (n < all.coils) return n;
    if (n >= all.nodes) return n - all.nodes + some.nodes;
    const coil = Math.floor((n - all.coils) / 2);
    const inSet = (coil % model.coils) - first;
    if (inSet < 0 || inSet >= coils) return -1;
    return some.coils + 2 * (Math.floor(coil / model.coils) * coils + inSet) + ((n - all.coils) % 2);
  });
  return {
    ...source,
    model: own,
    read(start, count, into: SpinBlock) {
      if (into.extra === undefined) return source.read(start, count, into);
      const { extra } = into;
      const unused = new Float32Array(into.x.length);
      source.read(start, count, { ...into, extra: columnOf.map((n) => (n < 0 ? unused : extra[n])) });
    },
  };
}
