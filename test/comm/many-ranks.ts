/**
 * Agreements of many ranks on few cores, by MPI: messages counted at every rank, errors of each.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Family, run, transcript } from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

export interface Report {
  readonly ranks: number;
  /** Rounds and ranks that ended with another result, or another error, than they should have. */
  readonly wrong: number;
  /** Messages of one agreement. */
  readonly messagesAtRoot: number;
  readonly messagesAtMost: number;
  /** Of each agreement, on rank 0, ascending. */
  readonly milliseconds: readonly number[];
}

/** @param limit seconds: as many processes are started one after the other on each core */
export async function assertAgree(t: TestContext, family: Family, ranks: number, limit: number): Promise<void> {
  const cwd = temporaryFolder();
  const program = join(cwd, 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('agree-program.ts', import.meta.url))],
    ...{ outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
  });
  const ended = await run([], { family, ranks, cwd, program, limit });
  assert.equal(ended.code, 0, transcript(ended));
  const report = JSON.parse(ended.stdout) as Report;
  const { wrong, messagesAtRoot, messagesAtMost, milliseconds } = report;
  const [least, median] = [milliseconds[0], milliseconds[milliseconds.length >> 1]];
  t.diagnostic(
    `${ranks} ranks: ${messagesAtRoot} messages at rank 0, at most ${messagesAtMost}; ` +
      `${least.toFixed(1)} ms at least, ${median.toFixed(1)} in the median`,
  );
  assert.equal(report.ranks, ranks);
  assert.equal(wrong, 0);
  const most = Math.min(10, 2 * Math.ceil(Math.log2(ranks)));
  assert.ok(messagesAtRoot > 0 && messagesAtMost <= most, `${messagesAtMost} messages, ${most} are enough`);
}
