/**
 * A sequence as a MATLAB file, level 5, which MATLAB, Octave and SciPy load: the tables of
 * `sequence.json` with numbers counted from 1, 0 where a block has no such event. SI units; phases
 * have the sign of Pulseq.
 *
 * Variables: `name`; `duration` s; `definitions` with the fields name and value; `blocks`, a struct
 * of columns [blocks, 1] duration, rf, gx, gy, gz, adc; `rf`, `gradients`, `adc`, struct arrays of
 * events, whose time, magnitude, phase (and the amplitude of a gradient of kind shape) are numbers
 * of cells of `shapes`; `labels`, `triggers`, `rotations`, `shims`, `soft_delays`, struct arrays of
 * what belongs to the `block` that each names.
 */
import { cannotWrite } from '../base/errors.ts';
import { cells, characters, doubles, MAX_VARIABLE_BYTES, matHeader, structs } from '../formats/matlab-write.ts';
import { type BlockRow, sequenceTables } from './tables.ts';
import type { Sequence } from './types.ts';

const COLUMNS = ['duration', 'rf', 'gx', 'gy', 'gz', 'adc'] as const;

/**
 * The file in pieces.
 * @throws LarmorError 73 if it does not fit.
 * @param path names it in that error
 */
export function* sequenceMat(path: string, sequence: Sequence): Generator<Buffer> {
  yield matHeader();
  for (const variable of variables(sequence)) {
    if (variable.length > MAX_VARIABLE_BYTES)
      throw cannotWrite(path, 'a .mat file holds no more than 2 GiB per variable', 'write .seq or .json instead');
    yield variable;
  }
}

function* variables(sequence: Sequence): Generator<Buffer> {
  const { blocks, rf, gradients, adc, shapes } = sequenceTables(sequence);
  const columns = COLUMNS.map(() => new Float64Array(sequence.blockCount));
  const parts = { labels: [], triggers: [], rotations: [], shims: [], soft_delays: [] } as Record<string, Part[]>;
  let n = 0;
  for (const block of blocks) {
    columns.forEach((column, c) => {
      const value = block[COLUMNS[c]];
      column[n] = c === 0 ? block.duration : value === undefined ? 0 : value + 1;
    });
    n++;
    for (const [name, found] of Object.entries(partsOf(block)))
      for (const part of found) parts[name].push({ block: n, ...part });
  }
  yield characters('name', [sequence.name]);
  yield doubles('duration', 1, [sequence.duration]);
  yield structs(
    'definitions',
    [...sequence.definitions].map(([name, value]) => ({ name, value })),
  );
  yield structs('blocks', [Object.fromEntries(COLUMNS.map((name, c) => [name, columns[c]]))]);
  yield structs(
    'rf',
    rf.map((row) => ({ ...row, time: row.time + 1, magnitude: row.magnitude + 1, phase: row.phase + 1 })),
  );
  yield structs(
    'gradients',
    gradients.map((row) =>
      row.time === undefined ? { ...row } : { ...row, time: row.time + 1, amplitude: row.amplitude + 1 },
    ),
  );
  yield structs(
    'adc',
    adc.map(({ phaseShape = -1, ...row }) => ({ ...row, phaseShape: phaseShape + 1 })),
  );
  yield cells(
    'shapes',
    shapes.map((values) => doubles('', values.length, values)),
  );
  for (const [name, found] of Object.entries(parts)) yield structs(name, found);
}

type Part = Readonly<Record<string, number | boolean | string | readonly number[] | Buffer>>;

/** Contents of blocks other than events, by the variable that lists them. */
function partsOf({ labels = [], triggers = [], rotation, shim, softDelay }: BlockRow): Record<string, readonly Part[]> {
  return {
    labels: labels.map((label) => ({ ...label })),
    triggers: triggers.map((trigger) => ({ ...trigger })),
    // Row-major here, columns first in MATLAB.
    rotations: rotation === undefined ? [] : [{ matrix: doubles('', 3, transposed(rotation)) }],
    shims: shim === undefined ? [] : [{ magnitude: shim.magnitude, phase: shim.phase, applied: shim.applied ?? false }],
    soft_delays: softDelay === undefined ? [] : [{ ...softDelay }],
  };
}

const transposed = (matrix: readonly number[]): number[] => [0, 3, 6, 1, 4, 7, 2, 5, 8].map((n) => matrix[n]);
