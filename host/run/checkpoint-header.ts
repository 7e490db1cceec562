/**
 * Header of a checkpoint, and the record of a finished run. Both are checked field by field before
 * use, because any program may have written the files.
 */
import { isObject } from '../base/json.ts';
import type { Plan } from './plan.ts';
import type { TileRange } from './tiles.ts';

export interface Header {
  readonly plan: Pick<Plan, 'hash' | 'parts' | 'tileCount'>;
  /** Sequence and phantom, for messages. */
  readonly title: string;
  /** How the run was started; absent: by a program. */
  readonly command?: StartedBy;
  readonly coils: number;
  /** Length of the sums: two numbers per coil and sample. */
  readonly values: number;
  /** Of a run in several passes over the coils: which this is, and how many there are. */
  readonly pass?: number;
  readonly passes?: number;
  /** [first, count] of ranges of finished tiles, ascending and disjoint. */
  readonly done: readonly (readonly [number, number])[];
}

export interface StartedBy {
  /** Arguments of `larmor`. */
  readonly words: readonly string[];
  /** The folder in which it was called. */
  readonly folder: string;
}

/** A file that a run wrote. */
export interface WrittenFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Record of a finished run, stored beside its last checkpoint. */
export interface Completion {
  readonly planHash: string;
  readonly signalHash: string;
  /** What noise the outputs hold, as text. */
  readonly noise: string;
  readonly tiles: number;
  readonly title: string;
  readonly outputs: readonly WrittenFile[];
  readonly finishedAt: string;
  /** The object of `--json`. */
  readonly summary: unknown;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;

/** @returns the header, or the name of the field that is wrong */
export function checkHeader(value: unknown): Header | string {
  if (!isObject(value)) return 'header';
  const { plan, title, command, coils, values, pass = 0, passes = 1, done } = value;
  if (!isObject(plan)) return 'plan';
  if (!isText(plan.hash)) return 'plan.hash';
  if (!isObject(plan.parts) || !Object.values(plan.parts).every(isText)) return 'plan.parts';
  const { tileCount } = plan;
  if (!isCount(tileCount, 1)) return 'plan.tileCount';
  if (!isText(title)) return 'title';
  if (command !== undefined) {
    if (!isObject(command) || !isText(command.folder)) return 'command';
    if (!Array.isArray(command.words) || !command.words.every(isText)) return 'command';
  }
  if (!isCount(coils, 1)) return 'coils';
  if (!isCount(values, 0) || values % (2 * coils) !== 0) return 'values';
  if (!isCount(passes, 1)) return 'passes';
  if (!isCount(pass, 0) || pass >= passes) return 'pass';
  if (!Array.isArray(done)) return 'done';
  let end = 0;
  for (const range of done) {
    if (!Array.isArray(range) || range.length !== 2) return 'done';
    const [first, count] = range as unknown[];
    if (!isCount(first, end) || !isCount(count, 1) || first + count > tileCount) return 'done';
    end = first + count;
  }
  return value as unknown as Header;
}

/** @returns the record; undefined if it is not one */
export function checkCompletion(value: unknown): Completion | undefined {
  if (!isObject(value)) return undefined;
  const { planHash, signalHash, noise, tiles, title, outputs, finishedAt, summary } = value;
  if (![planHash, signalHash, noise, title, finishedAt].every(isText) || !isCount(tiles, 1)) return undefined;
  if (!isObject(summary) || !Array.isArray(outputs)) return undefined;
  const sound = (file: unknown): boolean =>
    isObject(file) && isText(file.path) && isCount(file.bytes, 0) && isText(file.sha256);
  return outputs.every(sound) ? (value as unknown as Completion) : undefined;
}

export function rangesOf({ done }: Header): TileRange[] {
  return done.map(([first, count]) => ({ first, count }));
}
