/**
 * The magnetisation with which spins start a sequence, instead of thermal equilibrium: a file such
 * as `--magnetization` writes, or an array. It is stored in the order of the phantom's spins; later
 * stages (motion groups, tiles) request it by spin number.
 */
import { badInput } from '../base/errors.ts';
import { openNpyRows } from '../formats/npy.ts';
import type { SurveyOf } from './bounds.ts';
import { digestText } from './digest.ts';
import type { InitialMagnetization, PhantomSource, SpinBlock } from './types.ts';

/**
 * Relative amount by which |M| may exceed the density: rounding in f32 may lengthen M by 1e-7 per
 * step.
 */
const LONGER = 1e-3;

const SHAPE = 'give an array [spins, 3] that --magnetization wrote for the same phantom';

/** A file of f64 or f32 [spins, 3]. @throws LarmorError 65 or 66 */
function fileOf(path: string, { name, spinCount }: PhantomSource): InitialMagnetization & { close(): void } {
  const rows = openNpyRows(path);
  const [spins, width] = rows.shape;
  if (spins === spinCount && width === 3) return { name: path, read: rows.read, close: rows.close };
  rows.close();
  throw badInput(path, `its shape is (${spins}, ${width}), but ${name} has ${spinCount} spins`, SHAPE);
}

const ARRAY = 'initialMagnetization';

function arrayOf(values: ArrayLike<number>, { name, spinCount }: PhantomSource): InitialMagnetization {
  if (values.length !== 3 * spinCount)
    throw badInput(ARRAY, `it holds ${values.length} numbers, but ${name} has ${spinCount} spins`, SHAPE);
  return {
    name: ARRAY,
    read(first, count, into) {
      for (let n = 0; n < 3 * count; n++) into[n] = values[3 * first + n];
    },
  };
}

/**
 * The phantom with this initial magnetisation.
 * @param surveyOf distributes the check of all spins over the ranks
 * @throws LarmorError 65 naming the first spin whose magnetisation is not finite or exceeds its
 *   density, 66 if the file is missing
 */
export async function withInitial(
  source: PhantomSource,
  given: string | ArrayLike<number>,
  surveyOf: SurveyOf,
): Promise<PhantomSource> {
  const file = typeof given === 'string' ? fileOf(given, source) : undefined;
  const initial = file ?? arrayOf(given as ArrayLike<number>, source);
  let values = new Float64Array(0);
  try {
    const { digest } = await surveyOf(source.spinCount, (first, count, block) => {
      if (values.length < 3 * count) values = new Float64Array(3 * count);
      source.read(first, count, block);
      initial.read(first, count, values);
      checkStates(initial.name, first, count, values, block);
      intoColumns(values, count, block);
    });
    return {
      ...source,
      initial,
      identity: `${source.identity} initial=${digestText(digest)}`,
      close() {
        file?.close();
        source.close();
      },
    };
  } catch (error) {
    file?.close();
    throw error;
  }
}

const AXES = ['Mx', 'My', 'Mz'] as const;

function checkStates(name: string, first: number, count: number, values: Float64Array, { density }: SpinBlock): void {
  for (let n = 0; n < count; n++) {
    const [x, y, z] = values.subarray(3 * n, 3 * n + 3);
    const most = Math.abs(density[n]);
    const size = Math.hypot(x, y, z);
    if (size <= most * (1 + LONGER)) continue;
    const spin = `${name} spin ${first + n}`;
    const axis = [x, y, z].findIndex((value) => !Number.isFinite(value));
    if (axis >= 0) throw badInput(spin, `${AXES[axis]} is ${[x, y, z][axis]}`, 'give finite numbers');
    const beyond = `|M| is ${Number(size.toPrecision(6))}, more than its density ${Number(most.toPrecision(6))}`;
    throw badInput(spin, beyond, 'give the magnetisation of the same phantom, in units of its density');
  }
}

/** The bits of M in base columns, for the digest: each component as an f32 and the rest of it. */
function intoColumns(values: Float64Array, count: number, { x, y, z, T1, T2, T2s }: SpinBlock): void {
  for (const [axis, [upper, lower]] of [[x, T1] as const, [y, T2] as const, [z, T2s] as const].entries())
    for (let n = 0; n < count; n++) {
      upper[n] = values[3 * n + axis];
      lower[n] = values[3 * n + axis] - upper[n];
    }
}

/**
 * Writes the initial magnetisation of spins [first, first + count) of a source, in its own order.
 */
export function readInitial(
  { initial, numbersOf }: PhantomSource,
  first: number,
  count: number,
  into: Float64Array,
): void {
  const numbers = numbersOf?.(first, count);
  if (numbers === undefined) {
    initial!.read(first, count, into);
    return;
  }
  for (let n = 0; n < count; ) {
    let end = n + 1;
    while (end < count && numbers[end] === numbers[end - 1] + 1) end++;
    initial!.read(numbers[n], end - n, into.subarray(3 * n, 3 * end));
    n = end;
  }
}
