/**
 * The Python module with a real NumPy: arrays, errors and warnings are those of the command; it
 * installs without a network.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readNpy } from '../../host/formats/npy.ts';
import { readRaw } from '../../host/raw/index.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, runTool } from '../../testing/tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const module = join(root, 'python');
const script = join(root, 'test/python/check.py');

function python(program: string, args: readonly string[], environment: Readonly<Record<string, string>>, cwd: string) {
  const env = { ...process.env, PYTHONPATH: module, PYTHONDONTWRITEBYTECODE: '1', ...environment };
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
}

test('a script gets the arrays, the errors and the warnings of the command', async (t) => {
  const program = requirePython(t, ['numpy'], 'python3-numpy');
  if (program === undefined) return;
  const where = temporaryFolder();
  const LARMOR = `'${process.execPath}' '${join(root, 'dist/larmor.js')}'`;
  const { status, stdout, stderr } = python(program, [script, process.execPath], { LARMOR }, where);
  assert.equal(status, 0, stderr);
  const found = JSON.parse(stdout);

  assert.deepEqual(found.signal, ['complex128', 2, 256]);
  assert.deepEqual(found.image, [1, 1, 1, 16, 16]);
  assert.deepEqual(found.coils, ['complex64', 2, 1, 1, 1, 16, 16]);
  assert.deepEqual([found.B0, found.precision, found.digits, found.info], [3, 'f64', true, [64, 64, 1]]);
  const { acquisitions } = await readRaw(join(where, 'saved.mrd'));
  const energy = acquisitions.reduce((sum, { data }) => sum + data.reduce((own, part) => own + part * part, 0), 0);
  assert.ok(Math.abs(found.energy / energy - 1) < 1e-12, 'the samples of the file');
  larmorSync(['reconstruct', 'saved.mrd', '-o', 'by-command.npy'], where);
  const [own, other] = ['image.npy', 'by-command.npy'].map((name) => readNpy(join(where, name)));
  assert.deepEqual(own!.data, other!.data);

  assert.deepEqual(found.sweep, ['sweep', [0.087266, 0.349066], true]);
  assert.deepEqual(found.report, [['report.html'], 1], 'without ranks');
  assert.match(readFileSync(join(where, 'report.html'), 'utf8'), /<title>gre on sphere/);

  assert.equal(found.missing[0], 66);
  assert.match(found.missing[1], /^nowhere.seq: no such file/);
  assert.equal(found.wrong[0], 2);
  assert.match(found.wrong[1], /did you mean flip\?$/);
  assert.match(found.option[1], /unknown option '--no-such-option=1'/);
  assert.deepEqual(found.alike, [found.alike[0], found.alike[0]], 'NumPy scalars and arrays without axes');
  assert.deepEqual(found.numpyScanner, [128, 128, 1]);
  for (const [name, code, message] of [
    ['number', 2, 'sequence is 3; give a string or a path'],
    ['argument', 2, 'argument 2 is None; give a string or a path'],
    ['text', 2, 'set is \'a=1\'; give a mapping, e.g. set={"flip": "15deg"}'],
    ['list', 2, 'n is [1, 2]; give a number, a string or a path'],
    ['object', 2, "scanner: <class 'object'> cannot be written as JSON; give numbers, strings and lists of them"],
    ['null', 2, "larmor cannot be given ['info', 'g\\x00re']: embedded null byte"],
    ['quote', 2, "LARMOR=larmor 'a cannot be split into words: No closing quotation"],
  ] as const)
    assert.deepEqual(found[name], [code, message]);
  assert.deepEqual(
    found.other,
    ['true', 'echo'].map((word) => [
      66,
      `${word} is not Larmor: it printed no JSON object; check the environment variable LARMOR`,
    ]),
  );
  assert.equal(found.script[0], 1);
  assert.match(
    found.script[1],
    /larmor\.js ended with exit code 1: Error: Cannot find module '\/nowhere\/larmor\.js'; check the environment variable LARMOR$/,
  );
  assert.equal(found.warnings.length, 1);
  assert.match(found.warnings[0], /^fid: flip=3 is 171.887deg; write flip=3deg/);
});

test('without LARMOR it finds the command on PATH, else the built one beside it', (t) => {
  const program = requirePython(t, ['numpy'], 'python3-numpy');
  if (program === undefined) return;
  const where = temporaryFolder();
  const find = (environment: Readonly<Record<string, string>>): string[] =>
    JSON.parse(
      python(program, ['-c', 'import json, larmor; print(json.dumps(larmor.command()))'], environment, where).stdout,
    );
  assert.deepEqual(find({ LARMOR: 'mpirun -np 2 "my larmor"', PATH: '/usr/bin:/bin' }), [
    'mpirun',
    '-np',
    '2',
    'my larmor',
  ]);
  assert.match(find({ LARMOR: '', PATH: '/usr/bin:/bin' })[1], /dist\/larmor\.js$/);
});

test('pip installs it offline', (t) => {
  const program = requirePython(t, ['numpy', 'setuptools', 'wheel', 'pip'], 'python3-pip');
  if (program === undefined) return;
  const where = temporaryFolder();
  // A build leaves files in the source.
  cpSync(module, join(where, 'source'), { recursive: true });
  const offline = ['--no-index', '--no-build-isolation', '--no-deps', '--quiet', '--target', join(where, 'site')];
  runTool(program, ['-m', 'pip', 'install', ...offline, join(where, 'source')]);
  const installed = readFileSync(join(where, 'site/larmor.py'), 'utf8');
  assert.equal(installed, readFileSync(join(module, 'larmor.py'), 'utf8'));
});
