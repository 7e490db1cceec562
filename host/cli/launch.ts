/**
 * Starts the command from its bundle by V8's code cache, where one was made for this Node: nothing is parsed or compiled
 * then, which saves a sixth of a short run. The cache is made by the build (`scripts/code-cache.ts`) and is no more than
 * that: without it, or under flags of V8 that it was not made with, the bundle runs as it stands.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { allowRelaxedSimd, allowWideSimd, favourShortRuns } from '../common/v8-flags.ts';

/** The command as one expression, a function of `require` and its own path. */
const BUNDLE = 'command.js';
/** Bytes of the SHA-256 of the bundle, in front of what V8 made of it: V8 itself compares lengths alone. */
const DIGEST_BYTES = 32;

/** Where the cache for this Node stands in `folder`. */
export function cachePath(folder: string): string {
  return join(folder, `command-${process.version}-${process.arch}.cache`);
}

interface Compiled {
  readonly script: vm.Script;
  readonly filename: string;
  /** SHA-256 of the source. */
  readonly digest: Buffer;
}

/** The bundle in `folder`, compiled. V8's flags are part of what a cache holds for, so they are set here. */
export function compileCommand(folder: string): Compiled {
  allowRelaxedSimd();
  allowWideSimd();
  favourShortRuns();
  const filename = join(folder, BUNDLE);
  const source = readFileSync(filename);
  const digest = createHash('sha256').update(source).digest();
  const cachedData = cacheOf(folder, digest);
  // A cache keeps this name, and travels: no path of whoever built it.
  const script = new vm.Script(source.toString(), { filename: BUNDLE, cachedData });
  return { script, filename, digest };
}

/** What V8 made of the bundle with this digest, if it is there: a build may be taking it away. */
function cacheOf(folder: string, digest: Buffer): Buffer | undefined {
  try {
    const cache = readFileSync(cachePath(folder));
    return cache.subarray(0, DIGEST_BYTES).equals(digest) ? cache.subarray(DIGEST_BYTES) : undefined;
  } catch {
    return undefined;
  }
}

/** Runs it: the command reads `process.argv`. */
export function runCommand({ script, filename }: Compiled, require: NodeJS.Require): void {
  script.runInThisContext()((name: string) => (SELDOM.has(name) ? openedLate(name, require) : require(name)), filename);
}

/** Modules of Node that take a millisecond or more to open and that most runs only name. */
const SELDOM: ReadonlySet<string> = new Set(['node:child_process', 'node:module', 'node:worker_threads', 'node:zlib']);

/** The module, opened when something of it is first asked for. */
function openedLate(name: string, require: NodeJS.Require): object {
  return new Proxy({}, { get: (_, key) => require(name)[key] });
}
