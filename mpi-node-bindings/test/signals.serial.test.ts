/**
 * MPI must not take the process's signals: SIGSEGV is how V8 notices a WebAssembly trap, USR1 how a
 * scheduler warns.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { bundle, FAMILIES, launch, missing, RANKS, transcript } from './jobs.ts';

describe('signals', () => {
  let program = '';
  before(async () => {
    program = await bundle(new URL('./programs/signals.ts', import.meta.url).href);
  });
  for (const family of FAMILIES) {
    // 'bt' is UCX's own default, as if somebody had asked for it: then only putting the
    // dispositions back helps.
    for (const errors of [undefined, 'bt']) {
      const name = `${family}: traps and handlers survive${errors ? ` UCX_HANDLE_ERRORS=${errors}` : ''}`;
      test(name, { skip: missing(family) }, async () => {
        const ranks = Math.min(2, Math.max(...RANKS[family]));
        const job = await launch(family, ranks, [program], { env: errors ? { UCX_HANDLE_ERRORS: errors } : {} });
        assert.equal(job.code, 0, transcript(job));
        for (let rank = 0; rank < ranks; rank++) assert.match(job.stdout, new RegExp(`rank ${rank} done`));
      });
    }
  }
});
