/**
 * Opens the bundles of the command with V8's code cache, if one was made for this version of Node:
 * nothing is parsed or compiled then, which saves a sixth of a short run. The build makes the
 * caches (`scripts/code-cache.ts`). They are optional: without them, or under other V8 flags than
 * they were made with, the bundles are compiled as usual. V8 trusts a cache: one with a flipped bit
 * crashes it, or runs as other code. Therefore the file starts with a SHA-256 of the bundle and of
 * the cache itself, which is checked first (1 ms for both).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { allowRelaxedSimd, allowWideSimd, favourShortRuns } from '../base/v8-flags.ts';

/**
 * What reads the command line and what a run of simulate evaluates, and what other commands import
 * (`scripts/bundle-command.mjs`). Each is one expression, a function of `require`, `module` and its
 * own path.
 */
export const BUNDLES = ['command.js', 'more.js'] as const;
export type Bundle = (typeof BUNDLES)[number];

/** Bytes of the SHA-256 in front of what V8 made of a bundle. */
const DIGEST_BYTES = 32;

/** Path of a bundle's cache for this Node in `folder`. */
export function cachePath(folder: string, bundle: Bundle): string {
  return join(folder, `${bundle.replace('.js', '')}-${process.version}-${process.arch}.cache`);
}

interface Compiled {
  readonly script: vm.Script;
  readonly filename: string;
  readonly source: Buffer;
}

/**
 * A bundle in `folder`, compiled. A cache is valid only for certain V8 flags, so they are set
 * here.
 */
export function compileBundle(folder: string, bundle: Bundle): Compiled {
  allowRelaxedSimd();
  allowWideSimd();
  favourShortRuns();
  const filename = join(folder, bundle);
  const source = readFileSync(filename);
  const cachedData = cacheOf(cachePath(folder, bundle), source);
  // The cache contains this name and is published, so it is not a path of the machine that built
  // it. Bundles are ASCII, and as Latin-1 they need no decoding.
  const script = new vm.Script(source.toString('latin1'), { filename: bundle, cachedData });
  return { script, filename, source };
}

/** The code cache of this bundle, if it exists (a build may be replacing it) and is undamaged. */
function cacheOf(path: string, source: Buffer): Buffer | undefined {
  try {
    const file = readFileSync(path);
    const cache = file.subarray(DIGEST_BYTES);
    return file.subarray(0, DIGEST_BYTES).equals(digestOf(source, cache)) ? cache : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(source: Buffer, cache: Buffer): Buffer {
  return createHash('sha256').update(source).update(cache).digest();
}

/** A bundle's modules by path, each evaluated when it is first asked for. */
type Modules = Readonly<Record<string, () => object>>;

const opened = new Map<Bundle, { readonly compiled: Compiled; readonly module: { exports: Modules } }>();

/**
 * A bundle beside this file; it imports from the others, and from this one.
 * @public called by the files that the build makes
 */
export function openBundle(bundle: Bundle): Modules {
  const there = opened.get(bundle);
  if (there !== undefined) return there.module.exports;
  const compiled = compileBundle(__dirname, bundle);
  const module = { exports: {} };
  opened.set(bundle, { compiled, module });
  compiled.script.runInThisContext()(requireHere, module, compiled.filename);
  return module.exports;
}

function requireHere(name: string): object {
  const bundle = BUNDLES.find((own) => name === `./${own}`);
  return bundle === undefined ? require(name) : openBundle(bundle);
}

/**
 * The cache file of an open bundle, with V8's compiled code of what has run of it so far.
 * @public called by the build, in the built command
 */
export function cacheFile(bundle: Bundle): Buffer | undefined {
  const compiled = opened.get(bundle)?.compiled;
  if (compiled === undefined) return undefined;
  const cache = compiled.script.createCachedData();
  return Buffer.concat([digestOf(compiled.source, cache), cache]);
}
