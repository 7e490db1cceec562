/**
 * Spins that start from a stored state: a scan in two parts against the whole, and what is refused.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { npyHeader, readNpy } from '../../host/formats/npy.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { inTurn } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** A Pulseq file cut before its block number `at`, counted from 0. */
function cut(text: string, at: number): [string, string] {
  const [head, rest] = text.replace(/\n\[SIGNATURE\][\s\S]*$/, '\n').split('[BLOCKS]\n') as [string, string];
  const lines = rest.split('\n');
  const count = lines.findIndex((line) => !/^\s*\d/.test(line));
  const part = (from: number, to: number): string =>
    `${head}[BLOCKS]\n${[...lines.slice(from, to), ...lines.slice(count)].join('\n')}`;
  return [part(0, at), part(at, count)];
}

/** ‖two parts − whole‖ / ‖whole‖ of the signal, and of the magnetisation at the end. */
async function error(
  folder: string,
  phantom: string,
  { at, startTime, precision }: { at: number; startTime: string; precision: string },
): Promise<{ signal: number; magnetization: number }> {
  const [first, second] = cut(readFileSync(join(folder, 'whole.seq'), 'utf8'), at);
  writeFileSync(join(folder, 'first.seq'), first);
  writeFileSync(join(folder, 'second.seq'), second);
  const run = async (name: string, ...more: string[]): Promise<Float64Array> => {
    const own = ['--precision', precision, '--magnetization', `${name}-m.npy`, '-o', `${name}.npy`, '-q'];
    const { code, stderr } = await larmor(['simulate', `${name}.seq`, phantom, ...own, ...more], { folder });
    assert.equal(code, 0, stderr);
    return readNpy(join(folder, `${name}.npy`)).data;
  };
  const [whole, begun] = await Promise.all([run('whole'), run('first')]);
  const rest = await run('second', '--initial-magnetization', 'first-m.npy', '--start-time', startTime, '--tile', '37');
  const [wanted, found] = ['whole', 'second'].map((name) => readNpy(join(folder, `${name}-m.npy`)).data);
  return { signal: distance([...begun, ...rest], whole), magnetization: distance(found, wanted) };
}

function distance(found: ArrayLike<number>, wanted: Float64Array): number {
  assert.equal(found.length, wanted.length);
  const difference = wanted.reduce((sum, value, n) => sum + (found[n] - value) ** 2, 0);
  return Math.sqrt(difference / wanted.reduce((sum, value) => sum + value ** 2, 0));
}

test('a gradient echo in two parts equals the whole', skipWithoutCases(), async () => {
  const folder = temporaryFolder();
  const args = ['sequence', 'make', 'gre', '--set', 'n=8', '--set', 'dummies=3', '-o', 'whole.seq', '-q'];
  assert.equal((await larmor(args, { folder })).code, 0);
  const spins = cases('phantoms/random600.phantom');
  const precisions = [
    // Each run may err by 3e-6 of the density, of which the magnetisation is a part.
    ['f32', 1e-5],
    // The test below has it every day.
    ['f64', 1e-13],
  ] as const;
  for (const [precision, limit] of inTurn(precisions, 0)) {
    const found = await error(folder, spins, { at: 40, startTime: '0', precision });
    assert.ok(found.signal < limit && found.magnetization < limit, `${precision}: ${JSON.stringify(found)}`);
  }
});

test('motions and flow go on at --start-time', skipWithoutCases(), async () => {
  for (const name of ['flow', 'heartbeat']) {
    const folder = temporaryFolder();
    const text = readFileSync(cases(`motion/${name}.seq`), 'utf8');
    writeFileSync(join(folder, 'whole.seq'), text);
    // Block durations are the second column, in units of 10 µs.
    const durations = text
      .split('[BLOCKS]\n')[1]
      .split('\n')
      .map((line) => Number(line.trim().split(/\s+/)[1]));
    const at = name === 'flow' ? 25 : 7;
    const start = 10e-6 * durations.slice(0, at).reduce((sum, duration) => sum + duration, 0);
    const found = await error(folder, cases(`motion/${name}.phantom`), { at, startTime: `${start}`, precision: 'f64' });
    assert.ok(found.signal < 1e-11 && found.magnetization < 1e-11, `${name}: ${JSON.stringify(found)}`);
  }
});

test('a state that cannot be that of the spins is refused', async () => {
  const folder = temporaryFolder();
  const write = (name: string, type: '<f4' | '<f8', shape: string, values: readonly number[]): void => {
    const bytes = type === '<f4' ? Float32Array.from(values) : Float64Array.from(values);
    writeFileSync(join(folder, name), Buffer.concat([npyHeader(type, shape), new Uint8Array(bytes.buffer)]));
  };
  const make = ['phantom', 'make', 'grid', '--set', 'n=1', '--set', 'density=0.5', '-o', 'one.phantom', '-q'];
  assert.equal((await larmor(make, { folder })).code, 0);
  write('good.npy', '<f4', '(1, 3)', [0.3, 0, -0.4]);
  write('long.npy', '<f8', '(1, 3)', [0.5, 0.5, 0]);
  write('nan.npy', '<f8', '(1, 3)', [0, Number.NaN, 0]);
  write('two.npy', '<f8', '(2, 3)', [0, 0, 0, 0, 0, 0]);
  write('flat.npy', '<f8', '(3,)', [0, 0, 0]);
  writeFileSync(join(folder, 'text.npy'), 'Mx My Mz');
  const fails = async (code: number, message: RegExp, state: string, ...more: string[]): Promise<void> => {
    const phantom = more.includes('sphere') ? [] : ['one.phantom'];
    const args = ['simulate', 'fid', ...phantom, ...more, '--initial-magnetization', state, '-o', 'x.npy', '-q'];
    const run = await larmor(args, { folder });
    assert.equal(run.code, code, run.stderr);
    assert.match(errorLines(run).join('\n'), message);
    assert.deepEqual([errorLines(run).length, run.left.includes('x.npy')], [1, false]);
  };
  await fails(65, /long\.npy spin 0: \|M\| is 0\.707107, more than its density 0\.5; /, 'long.npy');
  await fails(65, /nan\.npy spin 0: My is NaN; /, 'nan.npy');
  await fails(65, /two\.npy: its shape is \(2, 3\), but one\.phantom has 1 spins; /, 'two.npy');
  await fails(65, /flat\.npy: holds real numbers in the shape \(3\); /, 'flat.npy');
  await fails(65, /text\.npy: not a \.npy file; /, 'text.npy');
  await fails(66, /none\.npy: no such file/, 'none.npy');
  await fails(65, /sphere.*: its spin positions are chosen for the sequence/, 'good.npy', 'sphere');
  await fails(2, /--t2prime ensemble/, 'good.npy', '--t2prime', 'ensemble');
  await fails(65, /GPUs do not simulate an initial magnetisation yet/, 'good.npy', '--engine', 'webgpu');

  const plan = ['plan', 'fid', 'one.phantom', '--initial-magnetization', 'good.npy', '--json', '-q'];
  const planned = await larmor(plan, { folder });
  assert.equal((JSON.parse(planned.stdout) as { initialMagnetization: string }).initialMagnetization, 'good.npy');
});
