/**
 * Memory that the system refuses, above all under a limit of address space (`ulimit -v`, which
 * batch systems set). V8 reserves address space far beyond what it uses: 10 GiB for each
 * WebAssembly memory, so that accesses need no bounds checks, and 0.6 GiB for each thread. Such a
 * limit ended in a stack trace, or in V8's abort, which cannot be caught: so the room for threads
 * is checked before they start, and a failed allocation is reported in one line that names the
 * limit.
 */
import { readFileSync } from 'node:fs';
import { EXIT, LarmorError } from './errors.ts';

const MiB = 2 ** 20;
/** Address space of a worker of Node 20 for heap, code and stack: 590 to 780 MiB measured. */
const THREAD_BYTES = 800 * MiB;
/** Address space that the command itself needs beyond what Node takes at its start. */
const START_BYTES = 128 * MiB;

interface AddressSpace {
  /** [bytes] */
  readonly limit: number;
  /** Address space that the process may still allocate [bytes]. */
  readonly free: number;
}

/** undefined if there is no limit, or the system does not report it. */
function addressSpace(): AddressSpace | undefined {
  try {
    const limit = Number(readFileSync('/proc/self/limits', 'latin1').match(/^Max address space +(\d+)/m)?.[1]);
    if (!Number.isFinite(limit)) return undefined;
    const used = Number(readFileSync('/proc/self/status', 'latin1').match(/^VmSize:\s+(\d+) kB/m)?.[1]) * 1024;
    return { limit, free: Math.max(0, limit - used) };
  } catch {
    return undefined;
  }
}

/** Whether each WebAssembly memory takes its 10 GiB from a limit. */
export const isAddressSpaceLimited = (): boolean => addressSpace() !== undefined;

const inGiB = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function shortage(what: string, { limit, free }: AddressSpace, fix: string): LarmorError {
  const left = `the limit of address space, ${inGiB(limit)} (ulimit -v), leaves ${inGiB(free)}`;
  return new LarmorError(EXIT.internal, `memory: ${what}, ${left}; ${fix}`);
}

/** @throws LarmorError 70 where the limit would abort the process while it loads */
export function requireSpaceToStart(): void {
  const space = addressSpace();
  if (space === undefined || space.free >= START_BYTES) return;
  throw shortage(`larmor needs ${inGiB(START_BYTES)} to start`, space, 'raise it: ulimit -v unlimited');
}

/** @throws LarmorError 70 where the limit would abort the process while its threads start */
export function requireSpaceForThreads(threads: number): void {
  const space = addressSpace();
  if (space === undefined || space.free >= threads * THREAD_BYTES) return;
  const fix = 'use fewer (--threads), or raise it: ulimit -v unlimited';
  throw shortage(`${threads} threads need ${inGiB(threads * THREAD_BYTES)}`, space, fix);
}

/** What V8 and Node throw when the system has no memory for them. */
const REFUSED = /could not allocate memory|allocation failed|out of memory|ENOMEM/i;

/** Turns an error about refused memory into one line for the user; returns any other unchanged. */
export function explainMemory(error: unknown): unknown {
  if (error instanceof LarmorError || !(error instanceof Error) || !REFUSED.test(error.message)) return error;
  const space = addressSpace();
  if (space === undefined) {
    const fix = 'use fewer threads (--threads) or ranks per node, or a machine with more memory';
    return new LarmorError(EXIT.internal, `memory: the system refused more (${error.message}); ${fix}`, {
      cause: error,
    });
  }
  const fix =
    'raise it (ulimit -v unlimited), or set NODE_OPTIONS=--disable-wasm-trap-handler, with which WebAssembly reserves less and is slower';
  return shortage(error.message, space, fix);
}
