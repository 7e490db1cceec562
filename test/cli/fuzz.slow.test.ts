/**
 * Two minutes of the fuzzer of the whole built command; `test/fuzz/command.ts` runs for as long as
 * one likes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('damaged files end in a documented exit code, whatever the command', () => {
  const program = fileURLToPath(new URL('../fuzz/command.ts', import.meta.url));
  const args = ['--import', 'tsx', program, '--seconds', '120', '--seed', '1'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /\d{2,} runs .* 0 findings/);
});
