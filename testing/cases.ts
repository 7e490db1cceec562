/**
 * Where the reference data stands that other programs wrote: `LARMOR_CASES`, else `../shared/cases`
 * beside the repository. It is not part of the repository, so a test that needs it is skipped aloud
 * without it; with `CI=true` it is required and the test fails instead.
 *
 *     test('reads every phantom', skipWithoutCases(), () =>
 *       readPhantom(cases('phantoms/brain.h5')));
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const root = resolve(process.env.LARMOR_CASES || join(repository, '../shared/cases'));
const present = existsSync(join(root, 'README.md'));
const required = process.env.CI === 'true';

/** Absolute path of a file or folder of the reference data, e.g. `cases('pulseq/v1.5/epi.seq')`. */
export function cases(path = ''): string {
  return join(root, path);
}

/**
 * Files under a folder of the reference data whose names end so, sorted, as absolute paths; [] when
 * it is absent.
 */
export function caseFiles(folder: string, ending: string): string[] {
  if (!present) return [];
  return readdirSync(cases(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => cases(join(folder, name)));
}

/**
 * Options for `test(…)` of a test that reads reference data: skips with the reason, or lets it fail
 * when CI asks for it.
 */
export function skipWithoutCases(): { skip: string | false } {
  const skip = !present && !required;
  return { skip: skip ? `no reference data at ${root}: set LARMOR_CASES` : false };
}

if (!present && required)
  throw new Error(`CI=true needs the reference data, and ${root} does not hold it: set LARMOR_CASES`);
