/**
 * Contents of a phantom file that are not simulated: one warning for each kind, naming the file.
 */
import type { Hdf5Reader } from '../formats/hdf5/reader.ts';
import { COLUMN_PATHS } from './koma-layout.ts';
import type { TissueTable } from './tissue-table.ts';
import { type PhantomSource, spinBlock } from './types.ts';

type Warn = (message: string) => void;

/** Spins that are examined: the first ones are representative. */
const SPINS = 4096;
/** Relative difference of T2* from T2 that is not rounding; files round to six digits. */
const SHORTER = 1 - 1e-5;
/** JEMRIS's datasets in `sample`. */
const JEMRIS = ['data', 'resolution', 'offset'];

const NO_T2S = "has no effect: the signal decays with T2; --t2prime ensemble or analytic simulates T2'";

/** Warns if T2* is shorter than T2 among the first spins of a file. */
export function warnOfT2s(source: PhantomSource, warn: Warn): void {
  const count = Math.min(SPINS, source.spinCount);
  const spins = spinBlock(count);
  source.read(0, count, spins);
  if (spins.T2s.some((T2s, n) => T2s < spins.T2[n] * SHORTER)) warn(`${source.name}: T2* shorter than T2 ${NO_T2S}`);
}

/** The same for a tissue table. */
export function warnOfTableT2s({ path, tissues }: TissueTable, warn: Warn): void {
  const labels = [...tissues].flatMap(([label, tissue]) => (tissue && tissue.T2s < tissue.T2 * SHORTER ? label : []));
  if (labels.length > 0) warn(`${path}: T2s shorter than T2 (labels ${labels.join(', ')}) ${NO_T2S}`);
}

/** Warns of datasets that are not read. */
export function warnOfDatasets(file: Hdf5Reader, warn: Warn): void {
  const known = new Set(Object.values(COLUMN_PATHS).flat());
  const unknown = [
    ...['', 'position/', 'contrast/'].flatMap((group) => file.list(group || '/').map((name) => `${group}${name}`)),
    ...file.list('sample').flatMap((name) => (JEMRIS.includes(name) ? [] : `sample/${name}`)),
  ].filter((path) => !known.has(path) && !['position', 'contrast', 'motion', 'sample'].includes(path));
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 8).join(', ');
  const more = unknown.length > 8 ? ` and ${unknown.length - 8} more` : '';
  warn(`${file.path}: ${shown}${more}: unknown, ignored`);
}
