/**
 * The programs of the other tests with an addon built for AddressSanitizer and
 * UndefinedBehaviorSanitizer, under both launchers: an access outside an array, a use after free or
 * undefined behaviour ends the rank, and the test. Memory that the addon itself allocated and lost
 * fails it too; what MPI and Node leak at exit is theirs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expectDone } from './harness.ts';
import { bundle, FAMILIES, launch, missing, transcript } from './jobs.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const directory = join(here, '..', 'build-sanitized');
const library = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout?.trim() ?? '';

/** Why there is nothing to run, or false. */
function withoutSanitizer(): string | false {
  if (isAbsolute(library)) return false;
  assert.notEqual(
    process.env.CI,
    'true',
    "no libasan beside gcc, and CI=true requires it: Debian's package is libasan8",
  );
  return 'no libasan beside gcc';
}

const env = {
  MPI_NODE_DIRECTORY: directory,
  ASAN_OPTIONS: 'use_sigaltstack=0', // V8's traps of WebAssembly need the signal stack as it is
  LSAN_OPTIONS: 'exitcode=0',
  UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
};

/** Reports of the sanitizers, and leaks whose memory was allocated by a line of ours. */
const FOUND = /ERROR: AddressSanitizer|runtime error:|^ *#1 .*\/native\/\w+\.c:\d+/m;

const files = readdirSync(here).filter(
  (name) => name.endsWith('.serial.test.ts') && readFileSync(join(here, name), 'utf8').includes('\ninEveryWorld('),
);

describe('sanitizers', { skip: withoutSanitizer() }, () => {
  const programs = new Map<string, string>();
  before(async () => {
    const built = spawnSync(process.execPath, [join(here, '..', 'scripts', 'build.mjs'), '--sanitize'], {
      encoding: 'utf8',
    });
    assert.equal(built.status, 0, built.stdout + built.stderr);
    for (const name of files) programs.set(name, await bundle(pathToFileURL(join(here, name)).href));
  });

  test('there are programs to run', () => assert.ok(files.length >= 10, files.join(' ')));
  for (const family of FAMILIES) {
    for (const name of files) {
      for (const ranks of [1, 2]) {
        test(`${family}, ${ranks} ranks: ${name.split('.')[0]}`, { skip: missing(family) }, async () => {
          const wrap = ['env', `LD_PRELOAD=${library}`];
          const job = await launch(family, ranks, [programs.get(name)!], { env, wrap, limit: 120 });
          assert.doesNotMatch(job.stdout + job.stderr, FOUND, transcript(job));
          expectDone(job, ranks);
        });
      }
    }
  }
});
