/**
 * File input and output. Reading turns the operating system's errors into messages that name the
 * file and the fix; writing goes to a temporary file beside the target, which is then renamed, so
 * that a killed run or a full disk leaves no partial file.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { currentContext } from './context.ts';
import { badInput, cannotWrite, missingInput, usage } from './errors.ts';
import { failpoint } from './failpoints.ts';

const identity = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** Throws exit 66 unless `path` is a regular file that can be opened. */
export function requireFile(path: string): void {
  closeSync(openInput(path));
}

/**
 * Opens a regular file for reading. A pipe or device is refused without waiting for it: inputs are
 * read more than once, by several ranks, and a pipe that nobody writes to would hold the run for
 * ever.
 * @throws LarmorError 66 with the path
 */
export function openInput(path: string): number {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    const what = stat.isDirectory() ? 'is a directory' : stat.isFIFO() ? 'is a pipe' : 'is not a regular file';
    if (!stat.isFile()) throw missingInput(path, what, stat.isFIFO() ? 'write it to a file first' : 'give a file');
    currentContext().inputs.add(identity(stat));
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw reading(path, error);
  }
}

/**
 * The whole file. Throws exit 66 with the path if it cannot be read, 65 if it is written meanwhile:
 * half old, half new.
 */
export function readInput(path: string): Buffer {
  const fd = openInput(path);
  try {
    const before = fstatSync(fd);
    const content = readFileSync(fd);
    const after = fstatSync(fd);
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) throw changedMeanwhile(path);
    return content;
  } catch (error) {
    throw reading(path, error);
  } finally {
    closeSync(fd);
  }
}

function changedMeanwhile(path: string): Error {
  return badInput(path, 'was changed while it was being read', 'leave it alone during a run, and start again');
}

/**
 * Returns a function that throws exit 65 unless the file under `path` is still the one that it was
 * at this call: for files that are read piece by piece during a run. A file that shrinks reads as
 * zeros in HDF5, and one that is rewritten mixes two contents.
 */
export function watchInput(path: string): () => void {
  const mark = (): string => {
    const { dev, ino, size, mtimeMs } = statSync(path);
    return `${dev} ${ino} ${size} ${mtimeMs}`;
  };
  const atFirst = mark();
  return () => {
    let now: string;
    try {
      now = mark();
    } catch (error) {
      throw reading(path, error);
    }
    if (now === atFirst) return;
    throw changedMeanwhile(path);
  };
}

/** The shell replaces ~ by the home folder, but not within quotes. */
const HOME = /^~[^/]*\//;
const NO_HOME = '~ within quotes is not your home folder: write "$HOME/…"';

function reading(path: string, error: unknown): Error {
  if (!(error instanceof Error) || !('code' in error)) return error as Error;
  if (error.code === 'ENXIO') return missingInput(path, 'is not a regular file', 'give a file');
  if (error.code === 'ENOENT') return missingInput(path, 'no such file', HOME.test(path) ? NO_HOME : 'check the path');
  if (error.code === 'EACCES') return missingInput(path, 'permission denied', 'make it readable');
  if (error.code === 'ERR_FS_FILE_TOO_LARGE') return missingInput(path, 'larger than 2 GiB', 'split it');
  return missingInput(path, error.message, 'check the file');
}

/**
 * A file being written beside its final name: chunks at the end or at an offset, then `commit` or
 * `abandon`.
 */
export interface PendingFile {
  write(bytes: Uint8Array): void;
  writeAt(offset: number, bytes: Uint8Array): void;
  /** Flushes to disk and renames into place. */
  commit(): void;
  /** Removes what was written; harmless after `commit`. */
  abandon(): void;
}

/**
 * Opens `path` for writing (exit 73 if that cannot be done, 2 if it is an input); nothing appears
 * under `path` before `commit`.
 */
export function createOutput(path: string): PendingFile {
  const beside = `${path}.${process.pid}.partial`;
  const discard = (): void => {
    try {
      removeFile(beside);
    } catch {
      // If the temporary file cannot be removed it could not be created either; the error that led
      // here is more informative.
    }
  };
  const guard = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      discard();
      throw writing(path, error);
    }
  };
  guard(() => {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && currentContext().inputs.has(identity(there)))
      throw usage(`${path} is an input of this run`, 'name another file for the output');
  });
  const name = basename(path);
  const fd = guard(() => openNew(beside));
  let open = true;
  let end = 0;
  const writeAll = (bytes: Uint8Array, offset: number): void => {
    void failpoint(`write ${name}`);
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, Math.min(bytes.length - done, 1 << 30), offset + done);
    }
  };
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return {
    write: (bytes) =>
      guard(() => {
        writeAll(bytes, end);
        end += bytes.length;
      }),
    writeAt: (offset, bytes) =>
      guard(() => {
        writeAll(bytes, offset);
        end = Math.max(end, offset + bytes.length);
      }),
    commit: () =>
      guard(() => {
        fsyncSync(fd);
        close();
        renameSync(beside, path);
      }),
    abandon: () => {
      close();
      discard();
    },
  };
}

/**
 * Removes a file that may be missing. Node's `rmSync` loads a module of its own for it, which takes
 * some 4 ms of a start.
 */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * A new file under this name. A file that already exists there is from a killed run, or a link that
 * must not be followed.
 */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    removeFile(path);
    return openSync(path, 'wx');
  }
}

/** @throws LarmorError 2 if two of the paths are one file */
export function requireDistinct(paths: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const there = statSync(path, { throwIfNoEntry: false });
    const key = there === undefined ? join(realpathSync(dirname(path)), basename(path)) : identity(there);
    const other = seen.get(key);
    if (other !== undefined) {
      const what = other === path ? `${path} is named twice` : `${other} and ${path} are one file`;
      throw usage(`${what} as an output`, 'give each output a file of its own');
    }
    seen.set(key, path);
  }
}

/** Bytes read at once for a digest. */
const PIECE = 1 << 22;

/** SHA-256 of a file's content, hexadecimal. */
export function digestOfFile(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(PIECE);
  const fd = openSync(path, 'r');
  try {
    for (let count = readSync(fd, piece); count > 0; count = readSync(fd, piece)) hash.update(piece.subarray(0, count));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** Writes `bytes` to `path` in one step, whole or not at all. */
export function writeOutput(path: string, bytes: Uint8Array): void {
  const file = createOutput(path);
  try {
    file.write(bytes);
    file.commit();
  } finally {
    file.abandon();
  }
}

function writing(path: string, error: unknown): Error {
  if (!(error instanceof Error) || !('code' in error)) return error as Error;
  const fixes: Record<string, [string, string]> = {
    ENOSPC: ['no space left on the device', 'free space or write elsewhere with -o'],
    EDQUOT: ['disk quota exceeded', 'free space or write elsewhere with -o'],
    EACCES: ['permission denied', 'write elsewhere with -o'],
    EROFS: ['read-only file system', 'write elsewhere with -o'],
    ENOENT: ['its folder does not exist', HOME.test(path) ? NO_HOME : 'create it first'],
    EISDIR: ['is a directory', 'name a file'],
    ENOTDIR: ['part of the path is not a folder', 'check the path'],
  };
  const [what, fix] = fixes[String(error.code)] ?? [error.message, 'write elsewhere with -o'];
  return cannotWrite(path, what, fix);
}
