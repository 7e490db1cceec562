/**
 * A run that goes well, from outside: the same signal by every road, several outputs, and the
 * object of `--json`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNpy } from '../../host/formats/npy.ts';
import { larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const small = ['simulate', 'epi', 'head2d', '--set', 'sequence.n=24', '--set', 'voxel=0.006', '--tile', '64', '--json'];

async function summary(args: readonly string[], where = temporaryFolder()): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await larmor([...small, '-o', 'out.npy', ...args], { folder: where });
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 1, 'one object on stdout');
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('the same signal with 1, 2 and 3 threads and twice; another tile size is another plan', async () => {
  const one = await summary(['--threads', '1']);
  for (const threads of ['1', '2', '3']) {
    const other = await summary(['--threads', threads]);
    assert.equal(other.threads, Number(threads));
    assert.equal(other.signalHash, one.signalHash, `${threads} threads`);
    assert.equal(other.planHash, one.planHash);
  }
  const tiles = await summary(['--tile', '128']);
  assert.notEqual(tiles.planHash, one.planHash);
  const exact = await summary(['--precision', 'f64']);
  assert.notEqual(exact.planHash, one.planHash);
  assert.notEqual(exact.signalHash, one.signalHash);
});

test('--exact gives exact methods, the default a bound, f64 none; --exact and --tolerance exclude each other', async () => {
  const [fast, exact, f64] = [await summary([]), await summary(['--exact']), await summary(['--precision', 'f64'])];
  assert.deepEqual([fast.tolerance, exact.tolerance, f64.tolerance], [3e-6, null, null]);
  assert.notEqual(fast.planHash, exact.planHash);
  const both = await larmor([...small, '--exact', '--tolerance', '1e-4'], { folder: temporaryFolder() });
  assert.equal(both.code, 2);
  assert.match(both.stderr, /^larmor: .*--exact.*--tolerance.*\n$/);
});

test('the object of --json is complete, and true', async () => {
  const where = temporaryFolder();
  const object = await summary(['--threads', '2', '-o', 'second.mrd'], where);
  const fields = [
    'spins',
    'tiles',
    'tileSize',
    'samples',
    'segments',
    'rfSteps',
    'ranks',
    'threads',
    'engine',
    'build',
  ];
  const more = ['reproducible', 'seconds', 'spinSamplesPerSecond', 'tilesResumed', 'perRank', 'signalHash', 'outputs'];
  for (const field of [...fields, ...more]) assert.ok(field in object, field);
  assert.equal(object.samples, 24 * 24);
  assert.equal(object.tiles, Math.ceil((object.spins as number) / 64));
  assert.equal(object.ranks, 1);
  assert.equal(object.reproducible, true);
  assert.equal(object.tilesResumed, 0);
  assert.deepEqual(object.outputs, ['out.npy', 'second.mrd']);
  assert.match(object.signalHash as string, /^[0-9a-f]{64}$/);
  for (const phase of ['load', 'compile', 'simulate', 'reduce', 'write'])
    assert.ok((object.seconds as Record<string, number>)[phase] >= 0, phase);
  const [rank] = object.perRank as { rank: number; host: string; tiles: number; seconds: unknown }[];
  assert.deepEqual([rank.rank, rank.tiles], [0, object.tiles]);
  assert.ok(rank.host && rank.seconds);
  assert.equal(readNpy(join(where, 'out.npy')).data.length, 2 * 24 * 24);
});

test('several outputs of every kind, the default, and what a person sees', async () => {
  const where = temporaryFolder();
  const outputs = ['a.mrd', 'b.h5', 'c.npy', 'd.mat', 'e.cfl'].flatMap((name) => ['-o', name]);
  const loud = await larmor(['simulate', 'epi', 'column', '--set', 'n=8', ...outputs], { folder: where });
  assert.equal(loud.code, 0, loud.stderr);
  assert.equal(loud.stdout, '', 'logs are on stderr');
  for (const name of ['a.mrd', 'b.h5', 'c.npy', 'd.mat', 'e.cfl']) {
    assert.ok(loud.left.includes(name), name);
    assert.match(loud.stderr, new RegExp(`wrote ${name}`));
  }
  assert.ok(readFileSync(join(where, 'a.mrd')).equals(readFileSync(join(where, 'b.h5'))), 'one format under two names');
  const quiet = await larmor(['simulate', 'fid', 'column', '-q']);
  assert.equal(quiet.stderr, '');
  assert.deepEqual(quiet.left, ['raw.mrd']);
});

test('no colour in a log, and none with NO_COLOR', async () => {
  for (const environment of [{}, { NO_COLOR: '1', FORCE_COLOR: '1' }] as const) {
    const { stderr, stdout } = await larmor(['simulate', 'fid', 'column', '-v'], { environment });
    assert.ok(!(stderr + stdout).includes('\x1b'), JSON.stringify(stderr));
  }
});

test('plan tells the plan and simulates nothing', async () => {
  const planned = await larmor(['plan', ...small.slice(1)]);
  assert.equal(planned.code, 0, planned.stderr);
  assert.deepEqual(planned.left, []);
  const told = JSON.parse(planned.stdout) as Record<string, unknown>;
  const run = await summary([]);
  assert.equal(told.planHash, run.planHash);
  assert.equal(told.spins, run.spins);
});
