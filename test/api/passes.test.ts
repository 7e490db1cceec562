/** Runs in several passes over the coils that a program calls: where their sums are meanwhile. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { type LarmorError, simulate } from '../../host/api/index.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const run = () =>
  simulate('epi', 'head2d', {
    ...{ sequenceParameters: { n: 24 }, tile: 512, threads: 1 },
    scanner: { receive: { array: { coils: 8 } } },
  });

const { TMPDIR } = process.env;
afterEach(() => {
  delete process.env.LARMOR_SUMS;
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
});

test('sums of passes are in files that a killed program would not leave behind', async () => {
  const alone = await run();
  const folder = temporaryFolder();
  Object.assign(process.env, { LARMOR_SUMS: '30K', TMPDIR: folder });
  const found = new Set<string>();
  const timer = setInterval(() => {
    for (const name of readdirSync(folder, { recursive: true })) found.add(String(name));
  }, 1);
  const inPasses = await run();
  clearInterval(timer);
  assert.ok(found.size > 0);
  assert.equal(inPasses.summary.signalHash, alone.summary.signalHash);
  assert.deepEqual(inPasses.signal, alone.signal);
  assert.deepEqual(
    [...found].filter((name) => name.endsWith('.larmor')),
    [],
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('without a folder for them a run ends before it begins', async () => {
  Object.assign(process.env, { LARMOR_SUMS: '30K', TMPDIR: join(temporaryFolder(), 'nowhere') });
  await assert.rejects(run(), (error: LarmorError) => {
    assert.equal(error.exitCode, 73, error.stack);
    assert.match(error.message, /nowhere: ENOENT.*; name a folder for the sums of passes with --checkpoint/);
    return true;
  });
});
