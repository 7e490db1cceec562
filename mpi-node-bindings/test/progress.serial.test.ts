/**
 * Does a one-sided operation complete while its target computes? What is found is reported, and
 * README's "One-sided" says what to make of it; asserted is what a program may rely on: it
 * completes while the target awaits.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { AS_TWO_MACHINES, bundle, FAMILIES, launch, missing, transcript } from './jobs.ts';

describe('progress', () => {
  let program = '';
  before(async () => {
    program = await bundle(new URL('./programs/progress.ts', import.meta.url).href);
  });
  for (const family of FAMILIES) {
    for (const [where, env] of [
      ['one machine', {}],
      ['as between two machines', AS_TWO_MACHINES[family]],
    ] as const) {
      test(`${family}, ${where}: a ticket while the dealer computes, and while it awaits`, {
        skip: missing(family),
      }, async (t) => {
        const job = await launch(family, 2, [program], { env });
        assert.equal(job.code, 0, transcript(job));
        const { BUSY, whileBusy, whileAwaiting, last } = JSON.parse(job.stdout);
        const verdict = whileBusy < BUSY / 2 ? 'goes on' : 'waits';
        t.diagnostic(`${verdict} while the dealer computes ${BUSY} ms: slowest ticket ${whileBusy.toFixed(1)} ms`);
        t.diagnostic(`while it awaits: slowest of 20 tickets ${whileAwaiting.toFixed(1)} ms`);
        // Rank 0 awaits a barrier that rank 1 enters with its last ticket: the job would hang if a
        // ticket needed more of rank 0 than that.
        assert.equal(last, 22, 'the 23rd ticket');
      });
    }
  }
});
