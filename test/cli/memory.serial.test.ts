/**
 * Little address space (`ulimit -v`): a run succeeds, or ends with one line that names the limit;
 * V8 never aborts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../testing/temporary.ts';
import { absent } from '../../testing/tools.ts';

const command = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
/** kB that Node takes before it runs a line: below, it cannot start, and nobody can say so. */
const started = spawnSync(process.execPath, ['-p', 'require("fs").readFileSync("/proc/self/status", "utf8")'], {
  encoding: 'utf8',
}).stdout.match(/VmSize:\s+(\d+) kB/)?.[1];

function limited(kilobytes: number, line: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const cwd = temporaryFolder();
  const { status, signal, stderr } = spawnSync('sh', ['-c', `ulimit -v ${kilobytes}; exec "$@"`, 'sh', ...line], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 60_000,
  });
  const written = existsSync(join(cwd, 'o.npy'));
  rmSync(cwd, { recursive: true });
  return { status, signal, stderr, written };
}

const simulate = [process.execPath, command, 'simulate', 'fid', 'column', '-q', '-o', 'o.npy'];
const LINE = /^larmor: .*memory: .*limit of address space, [\d.]+ GiB \(ulimit -v\), leaves [\d.]+ GiB; [^\n]+\n$/;

test('one line that names the limit, from where Node can start', { skip: started === undefined }, () => {
  for (const extra of [60e3, 110e3, 500e3, 2e6, 5e6, 9e6]) {
    const { status, signal, stderr, written } = limited(Number(started) + extra, simulate);
    assert.deepEqual({ status, signal, written }, { status: 70, signal: null, written: false }, `${extra}: ${stderr}`);
    assert.match(stderr, LINE);
  }
  const enough = limited(Number(started) + 24e6, simulate);
  assert.deepEqual([enough.status, enough.stderr, enough.written], [0, '', true]);
});

test('the setting that the line names helps', { skip: started === undefined }, () => {
  const { status, stderr, written } = limited(Number(started) + 500e3, simulate, {
    NODE_OPTIONS: '--disable-wasm-trap-handler',
  });
  assert.deepEqual([status, stderr, written], [0, '', true]);
});

test('threads that have no room', { skip: started === undefined }, () => {
  const threads = [...simulate.slice(0, 3), 'epi', 'head2d', ...simulate.slice(5), '--threads', '4'];
  const { status, stderr } = limited(Number(started) + 22e6, threads);
  assert.equal(status, 70, stderr);
  assert.match(
    stderr,
    /^larmor: memory: 4 threads need 3\.1 GiB, .*\(ulimit -v\), leaves .*; use fewer \(--threads\)/m,
  );
});

test('under a launcher one rank speaks for all', { skip: started === undefined }, (t) => {
  if (spawnSync('mpirun.openmpi', ['--version']).status !== 0) return absent(t, 'no mpirun.openmpi', 'openmpi-bin');
  const line = ['mpirun.openmpi', '--allow-run-as-root', '--oversubscribe', '-np', '2', 'sh', '-c'];
  // The limit is for the ranks alone: the launcher's own needs are not ours.
  const rank = `ulimit -v ${Number(started) + 5e6}; exec ${simulate.map((word) => `'${word}'`).join(' ')}`;
  const { status, stderr } = limited(1e12, [...line, rank]);
  assert.equal(status, 70, stderr);
  assert.equal(stderr.split('\n').filter((text) => LINE.test(`${text}\n`)).length, 1, stderr);
});
