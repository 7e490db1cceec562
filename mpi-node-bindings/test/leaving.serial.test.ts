/**
 * However a rank leaves, the job ends soon, with a code that tells; only finalize on all ranks ends
 * it with 0.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { alone, bundle, FAMILIES, launch, missing, transcript } from './jobs.ts';

/** Way of leaving, how the others wait, exit code (null: any but 0), what stderr says. */
const CASES: readonly [way: string, waiting: string, code: number | null, says: RegExp][] = [
  ['throw', 'blocking', 70, /rank 1: uncaught Error: thrown on purpose\n {4}at/],
  ['reject', 'awaiting', 70, /rank 1: uncaught Error: rejected on purpose/],
  ['custom', 'awaiting', 33, /reported: plain text/],
  ['exit0', 'blocking', 70, /rank 1 exits \(0\) without finalize\(\): the job is aborted/],
  ['exit75', 'blocking', 75, /rank 1 exits \(75\) without finalize/],
  // The system keeps eight bits of a code: 256 would be success.
  ['exit256', 'blocking', 70, /rank 1 exits \(256\) without finalize/],
  ['exit331', 'awaiting', 75, /rank 1 exits \(331\) without finalize/],
  ['abort', 'blocking', 9, /(?:)/],
  ['abort0', 'blocking', 70, /rank 1: uncaught RangeError: abort: the code must be .* from 1 to 255, not 0/],
  ['kill', 'blocking', null, /signal|KILLED|TERMINATION/i],
];

/** Of an otherwise idle machine it is about one second; the rest is for one that is busy. */
const SOON = 8;

// Two jobs at a time: a launcher that ends a job mostly waits.
describe('leaving', { concurrency: 2 }, () => {
  let program = '';
  before(async () => {
    program = await bundle(new URL('./programs/leaving.ts', import.meta.url).href);
  });

  for (const family of FAMILIES) {
    for (const [way, waiting, code, says] of CASES) {
      test(`${family}: ${way} while the other is ${waiting}`, { skip: missing(family) }, async () => {
        const job = await launch(family, 2, [program, way, waiting]);
        if (code === null) assert.notEqual(job.code ?? 0, 0, transcript(job));
        else assert.equal(job.code, code, transcript(job));
        assert.match(job.stderr + job.stdout, says);
        assert.ok(job.seconds < SOON, transcript(job));
      });
    }
    test(`${family}: all finalize, then one throws`, { skip: missing(family) }, async () => {
      const job = await launch(family, 2, [program, 'late']);
      assert.equal(job.code, 70, transcript(job));
      assert.match(job.stderr, /rank 1: uncaught Error: thrown on purpose/);
    });
    test(`${family}: all finalize, then exit with 75`, { skip: missing(family) }, async () => {
      const job = await launch(family, 2, [program, 'all75']);
      assert.equal(job.code, 75, transcript(job));
    });
  }

  test('one rank without MPI: uncaught is 70, exit is its own code', async () => {
    const thrown = await alone([program, 'throw']);
    assert.deepEqual(
      [thrown.code, /rank 0: uncaught Error: thrown/.test(thrown.stderr)],
      [70, true],
      transcript(thrown),
    );
    assert.equal((await alone([program, 'exit75'])).code, 75);
    assert.equal(
      (await alone([program, 'exit0'])).code,
      0,
      'nobody waits for it: leaving without finalize is no error',
    );
    assert.equal((await alone([program, 'abort'])).code, 9);
  });
});
