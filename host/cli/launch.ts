/**
 * Starts the command from its bundle with V8's code cache, if one was made for this version of
 * Node: then nothing is parsed or compiled, which saves a sixth of a short run. The cache is made
 * by the build (`scripts/code-cache.ts`) and is optional: without it, or under V8 flags other than
 * those that it was made with, the bundle is compiled as usual. V8 trusts a cache: one with a
 * flipped bit crashes it, or runs as other code. Therefore the file starts with a SHA-256 of the
 * bundle and of the cache itself, which is checked first (1 ms for both).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { allowRelaxedSimd, allowWideSimd, favourShortRuns } from '../base/v8-flags.ts';

/** The command as one expression, a function of `require` and its own path. */
const BUNDLE = 'command.js';
/** Bytes of the SHA-256 in front of what V8 made of the bundle. */
const DIGEST_BYTES = 32;

/** Path of the cache for this Node in `folder`. */
export function cachePath(folder: string): string {
  return join(folder, `command-${process.version}-${process.arch}.cache`);
}

interface Compiled {
  readonly script: vm.Script;
  readonly filename: string;
  readonly source: Buffer;
}

/**
 * The bundle in `folder`, compiled. A cache is valid only for certain V8 flags, so they are set
 * here.
 */
export function compileCommand(folder: string): Compiled {
  allowRelaxedSimd();
  allowWideSimd();
  favourShortRuns();
  const filename = join(folder, BUNDLE);
  const source = readFileSync(filename);
  const cachedData = cacheOf(folder, source);
  // The cache contains this name and is published, so it is not a path of the machine that built
  // it.
  const script = new vm.Script(source.toString(), { filename: BUNDLE, cachedData });
  return { script, filename, source };
}

/** The code cache of this bundle, if it exists (a build may be replacing it) and is undamaged. */
function cacheOf(folder: string, source: Buffer): Buffer | undefined {
  try {
    const file = readFileSync(cachePath(folder));
    const cache = file.subarray(DIGEST_BYTES);
    return file.subarray(0, DIGEST_BYTES).equals(digestOf(source, cache)) ? cache : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(source: Buffer, cache: Buffer): Buffer {
  return createHash('sha256').update(source).update(cache).digest();
}

/** The file that holds what V8 made of the bundle by now. */
export function cacheFile({ script, source }: Compiled): Buffer {
  const cache = script.createCachedData();
  return Buffer.concat([digestOf(source, cache), cache]);
}

/** Runs it: the command reads `process.argv`. */
export function runCommand({ script, filename }: Compiled, require: NodeJS.Require): void {
  script.runInThisContext()((name: string) => (SELDOM.has(name) ? openedLate(name, require) : require(name)), filename);
}

/**
 * Node modules that take a millisecond or more to load and that most runs import but do not use.
 */
const SELDOM: ReadonlySet<string> = new Set([
  'node:child_process',
  'node:module',
  'node:tty',
  'node:worker_threads',
  'node:zlib',
]);

/** The module, opened when something of it is first asked for. */
function openedLate(name: string, require: NodeJS.Require): object {
  return new Proxy({}, { get: (_, key) => require(name)[key] });
}
