/**
 * Limits of the HDF5 library: the one file it may open, the memory and the time it may take. They
 * apply to the library itself, independent of what is read: links, external storage and virtual
 * datasets all need it to open files; chunks, heaps and attributes that inflate to more than they
 * claim all make its memory grow; endless lists, such as a heap whose objects are 0 bytes long,
 * make it run for ever without a read.
 */
import { resolve } from 'node:path';
import { Script } from 'node:vm';
import type { H5Module } from './records.ts';

/** The only file that the library may open at present. '': none. Undefined: it is not running. */
let allowed: string | undefined;
let limit = Number.POSITIVE_INFINITY;
let refusal: Refusal = {};

/** The request of the library that was refused during a step. */
export interface Refusal {
  /** Another file. */
  file?: string;
  /** Bytes of memory, its own included. */
  memory?: number;
  /**
   * Time limit in milliseconds that was exceeded. The library was stopped during a step, so it must
   * not be used again.
   */
  time?: number;
}

/** Limits of the library in one step. */
export interface Limits {
  /** The file that it may open, if any: one that is open already is not opened again. */
  readonly file?: string | undefined;
  /** Bytes of memory that it may hold afterwards. */
  readonly memory: number;
  /** Milliseconds; undefined for a step that cannot but end. */
  readonly time: number | undefined;
}

const confined = new WeakSet<H5Module>();
/**
 * WASI's number, and Emscripten's (Linux's) flags of an open that must create the file, or open a
 * folder.
 */
const EACCES = 2;
const O_EXCL = 0o200;
const O_DIRECTORY = 0o200000;
const PAGE = 65536;

interface FileSystem {
  open(path: string, flags: number, ...rest: unknown[]): unknown;
  readonly ErrnoError: new (code: number) => Error;
}

/** Sets the limits up, once. */
export function confine(module: H5Module): void {
  if (confined.has(module)) return;
  confined.add(module);
  // Every access to a file ends in this function of Emscripten's.
  const { FS } = module as unknown as { FS: FileSystem };
  const open = FS.open;
  FS.open = (path, flags, ...rest) => {
    // Its error reports use new temporary files, and it searches for folders of plug-ins. A file
    // that does not exist is refused like any other: otherwise the library would return a virtual
    // dataset's fill values as its content.
    const harmless = (Number(flags) & (O_EXCL | O_DIRECTORY)) !== 0;
    if (allowed === undefined || harmless || resolve(path) === allowed) return open(path, flags, ...rest);
    refusal.file ??= path;
    throw new FS.ErrnoError(EACCES);
  };
  // Emscripten does not expose its memory, so it is recognised by its buffer.
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    const bytes = this.buffer.byteLength + pages * PAGE;
    if (this.buffer !== module.HEAPU8.buffer || bytes <= limit) return grow.call(this, pages);
    refusal.memory = Math.min(refusal.memory ?? bytes, bytes);
    throw new RangeError('beyond the limit of HDF5');
  };
}

/** Where a script finds the step that it runs. */
const STEP = Symbol.for('larmor.hdf5.step');
const script = new Script(`globalThis[Symbol.for('${STEP.description}')]()`);

/** Whether a step runs by the clock. */
let timed = false;

/**
 * Runs steps of the library with one time limit for all of them. Only code that runs as a script
 * can be stopped from outside, WebAssembly that it calls included. It starts and joins a thread:
 * 0.1 ms, or several where all processors are busy.
 * @param late called when it took longer. The library was then stopped during a step, so it must
 * not be used again.
 */
export function withinTime<T>(timeout: number, step: () => T, late: () => Error): T {
  if (timed) return step();
  const steps = globalThis as unknown as Record<typeof STEP, () => T>;
  steps[STEP] = step;
  timed = true;
  try {
    return script.runInThisContext({ timeout });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? late() : error;
  } finally {
    timed = false;
    // A step that was stopped could not clean up.
    forget();
  }
}

/** The library is not at work. */
function forget(): void {
  allowed = undefined;
  limit = Number.POSITIVE_INFINITY;
}

/**
 * Runs one step of the library within limits.
 * @param refused called instead of ending normally or by the library's own error, when it was
 * refused something
 */
export function withinLimits<T>({ file, memory, time }: Limits, step: () => T, refused: (what: Refusal) => Error): T {
  allowed = file === undefined ? '' : resolve(file);
  limit = memory;
  refusal = {};
  try {
    const result = time === undefined ? step() : withinTime(time, step, () => refused({ time }));
    // The library may treat a file that it cannot open as empty.
    if (refusal.file === undefined) return result;
  } catch (error) {
    if (Object.keys(refusal).length === 0) throw error;
  } finally {
    forget();
  }
  throw refused(refusal);
}
