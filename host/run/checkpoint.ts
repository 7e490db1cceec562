/**
 * Checkpoints: the integer sums, the set of tiles that are in them, and the parts of the plan's
 * hash. One file, written by rank 0 under a temporary name and renamed, so the previous one stays
 * until the new one is complete. It can be resumed on any number of ranks and threads and with any
 * schedule, because the sums do not depend on them.
 *
 *     "LARMORCK" · format u32 · header length u32 · header (JSON)
 *     · sums i64 [coils][samples][re, im] · sha256 of all before
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { badInput, cannotWrite, missingInput } from '../base/errors.ts';
import { createOutput, digestOfFile, removeFile, writeOutput } from '../base/files.ts';
import {
  type Completion,
  checkCompletion,
  checkHeader,
  type Header,
  rangesOf,
  type WrittenFile,
} from './checkpoint-header.ts';
import { differences, type Plan } from './plan.ts';
import type { SumsFile } from './sums.ts';
import type { TileRange } from './tiles.ts';

const MAGIC = 'LARMORCK';
const FORMAT = 2;
const PREFIX_BYTES = 16;
const HASH_BYTES = 32;
/** Read and hashed at once. */
const PIECE = 1 << 24;

const HALF_WRITTEN = /^(checkpoint(-\d+)?\.larmor|complete\.json)\.\d+\.partial$/;
const CHECKPOINT = /^checkpoint(-\d+)?\.larmor$/;

export interface Checkpoint {
  readonly done: readonly TileRange[];
  readonly sums: BigInt64Array;
}

/** Which pass, of how many; how many signals its sums hold, of how many samples. */
export interface SumsSize {
  readonly pass: number;
  readonly passes: number;
  readonly coils: number;
  readonly samples: number;
}

/** Each pass of a run has a file of its own, which stays when it is complete. */
const checkpointPath = (directory: string, pass = 0): string =>
  join(directory, pass === 0 ? 'checkpoint.larmor' : `checkpoint-${pass + 1}.larmor`);
const completionPath = (directory: string): string => join(directory, 'complete.json');

/**
 * Creates the folder if necessary, removes files that a killed run left half written, and checks
 * that it is writable.
 * @throws LarmorError 73 if it is not
 */
export function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    for (const name of readdirSync(directory)) {
      if (HALF_WRITTEN.test(name)) removeFile(join(directory, name));
    }
  } catch (error) {
    throw cannotWrite(directory, (error as Error).message, 'name another folder with --checkpoint');
  }
  createOutput(checkpointPath(directory)).abandon();
}

/** @throws LarmorError 73 if it cannot be written; the previous checkpoint then still exists */
export function writeCheckpoint(
  directory: string,
  plan: Plan,
  {
    title,
    command,
    coils,
    done,
    sums,
    pass = 0,
    passes = 1,
  }: Checkpoint & Pick<Header, 'title' | 'command' | 'coils'> & Partial<SumsSize>,
): void {
  const header: Header = {
    plan: { hash: plan.hash, parts: plan.parts, tileCount: plan.tileCount },
    title,
    ...(command && { command }),
    coils,
    values: sums.length,
    ...(passes > 1 ? { pass, passes } : {}),
    done: done.map(({ first, count }) => [first, count] as const),
  };
  const bytes = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(FORMAT, 8);
  prefix.writeUInt32LE(bytes.length, 12);
  const file = createOutput(checkpointPath(directory, pass));
  const hash = createHash('sha256');
  try {
    for (const part of [prefix, bytes, ...pieces(new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength))]) {
      hash.update(part);
      file.write(part);
    }
    file.write(hash.digest());
    file.commit();
  } finally {
    file.abandon();
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE) yield bytes.subarray(from, from + PIECE);
}

/** Whether the folder holds a checkpoint, valid or not. */
export function hasCheckpoint(directory: string): boolean {
  return existsSync(checkpointPath(directory));
}

/**
 * Reads the checkpoint of this plan; undefined if there is none.
 * @param size of the sums
 * @throws LarmorError 65, naming the file, if it is damaged or belongs to another run
 */
export function readCheckpoint(directory: string, plan: Plan, size: SumsSize): Checkpoint | undefined {
  const { pass, passes, coils, samples } = size;
  const found = inspectCheckpoint(directory, pass);
  if (found === undefined) return undefined;
  const { header, sums } = found;
  const other =
    header.plan.hash === plan.hash &&
    header.coils === coils &&
    header.values === 2 * coils * samples &&
    (header.pass ?? 0) === pass &&
    (header.passes ?? 1) === passes &&
    header.plan.tileCount === plan.tileCount
      ? undefined
      : differences(plan.parts, header.plan.parts).join(', ') || 'plan format';
  if (other !== undefined) {
    throw badInput(
      checkpointPath(directory, pass),
      `belongs to another run (${header.title}), which differs in: ${other}`,
      'give another folder, or remove it to start from the beginning',
    );
  }
  return { done: rangesOf(header), sums };
}

/** What of a plan decides what the sums mean, not how they were computed. */
const OF_SCAN = ['motion', 'sequence', 'phantom'];

/**
 * @param size of the sums
 * @throws LarmorError 65, naming the file, if a checkpoint is of another sequence or phantom than
 *   the plan
 */
export function requireSameScan(path: string, header: Header, plan: Plan, { coils, samples }: SumsSize): void {
  const others = differences(plan.parts, header.plan.parts).filter((name) => OF_SCAN.includes(name));
  if (others.length === 0 && header.coils === coils && header.values === 2 * coils * samples) return;
  const what = others.join(' and ') || 'number of coils or samples';
  throw badInput(path, `was made with another ${what} than its command gives now`, 'restore the files of its run');
}

/**
 * Reads the checkpoint of any run; undefined if there is none.
 * @throws LarmorError 65 if it is damaged, 66 if it cannot be read
 */
export function inspectCheckpoint(directory: string, pass = 0): { header: Header; sums: BigInt64Array } | undefined {
  const path = checkpointPath(directory, pass);
  if (!existsSync(path)) return undefined;
  let fd: number;
  try {
    // Non-blocking: a named pipe of that name would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw missingInput(path, (error as Error).message, 'make it readable');
  }
  try {
    return readFrom(fd, path);
  } finally {
    closeSync(fd);
  }
}

function readFrom(fd: number, path: string): { header: Header; sums: BigInt64Array } {
  const damaged = (what: string): Error => badInput(path, what, 'remove it to start from the beginning');
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw damaged('is not a regular file');
  const { size } = stat;
  const hash = createHash('sha256');
  let at = 0;
  const take = (into: Uint8Array): void => {
    for (let done = 0; done < into.length; ) {
      const count = readSync(fd, into, done, Math.min(PIECE, into.length - done), at);
      if (count === 0) throw damaged('is cut short');
      hash.update(into.subarray(done, done + count));
      done += count;
      at += count;
    }
  };
  const prefix = Buffer.alloc(PREFIX_BYTES);
  if (size < PREFIX_BYTES + HASH_BYTES) throw damaged('is cut short');
  take(prefix);
  if (prefix.toString('latin1', 0, 8) !== MAGIC) throw damaged('is not a checkpoint');
  const format = prefix.readUInt32LE(8);
  if (format !== FORMAT) throw damaged(`has format ${format} of another version of Larmor, not ${FORMAT}`);
  const headerBytes = prefix.readUInt32LE(12);
  if (size < PREFIX_BYTES + headerBytes + HASH_BYTES) throw damaged('is cut short');
  const text = Buffer.alloc(headerBytes);
  take(text);
  const header = headerIn(text);
  if (typeof header === 'string') throw damaged(`is damaged (${header})`);
  // The file's own size bounds what is allocated.
  const expected = PREFIX_BYTES + headerBytes + 8 * header.values + HASH_BYTES;
  if (size !== expected) throw damaged(size < expected ? 'is cut short' : 'is damaged');
  const sums = new BigInt64Array(header.values);
  take(new Uint8Array(sums.buffer));
  const stated = Buffer.alloc(HASH_BYTES);
  const digest = hash.copy().digest();
  take(stated);
  if (!digest.equals(stated)) throw damaged('is damaged (its checksum is wrong)');
  return { header, sums };
}

/** Opens the sums of a complete pass, whose file was checked or written before. */
export function openSums(directory: string, pass: number): SumsFile {
  const path = checkpointPath(directory, pass);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  const fd = openSync(path, 'r');
  readSync(fd, prefix, 0, PREFIX_BYTES, 0);
  return { path, fd, offset: PREFIX_BYTES + prefix.readUInt32LE(12) };
}

/** @returns the header, or what is wrong with it */
function headerIn(text: Buffer): Header | string {
  try {
    const checked = checkHeader(JSON.parse(text.toString()));
    return typeof checked === 'string' ? `its field '${checked}' is wrong` : checked;
  } catch {
    return 'its header is no JSON';
  }
}

/**
 * Records that the run is complete. Its last checkpoint stays: lost outputs are written again from
 * it.
 * @throws LarmorError 73
 */
export function recordCompletion(directory: string, completion: Completion): void {
  writeOutput(completionPath(directory), Buffer.from(`${JSON.stringify(completion, undefined, 2)}\n`));
}

/** Reads the record of a finished run; undefined if there is no valid one. */
export function readCompletion(directory: string): Completion | undefined {
  try {
    return checkCompletion(JSON.parse(readFileSync(completionPath(directory), 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Whether a file is unchanged since the run wrote it.
 * @param content compares its content too, not only its size
 */
export function isIntact({ path, bytes, sha256 }: WrittenFile, content: boolean): boolean {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size === bytes && (!content || digestOfFile(path) === sha256);
  } catch {
    return false;
  }
}

/** Describes a file that the run has just written, for its record. */
export function describeFile(path: string): WrittenFile {
  return { path: resolve(path), bytes: statSync(path).size, sha256: digestOfFile(path) };
}

/** Removes all files of a finished run, so that the folder can be used for another. */
export function removeFinished(directory: string): void {
  for (const name of readdirSync(directory)) if (CHECKPOINT.test(name)) removeFile(join(directory, name));
  removeCompletion(directory);
}

export function removeCompletion(directory: string): void {
  removeFile(completionPath(directory));
}
