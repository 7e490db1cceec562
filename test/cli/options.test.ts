/**
 * Values of options outside the plausible range: exit 2, one line with the range, before any work
 * starts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as options from '../../host/cli/options.ts';
import { larmorSync } from '../../testing/larmor.ts';

const cases = [
  ['--threads', options.threadCount, ['100000', '0', '-1', '1.5', 'NaN', ''], ['1', '1024'], /1 to 1024/],
  ['--dt-rf', options.rfStep, ['0', '1e-300', '1e300', '1e-12', 'NaN', '-1'], ['1e-9', '50e-6', '1'], /1e-9 to 1 s/],
  ['--tile', options.spinsPerTile, ['0', '1e300', '1e9', '-4'], ['1', '4096'], /1 to 1048576/],
  ['--tolerance', options.toleranceBound, ['0', '1e-300', '1e300', 'NaN', '-1'], ['1e-6', '0.1'], /1e-6 to 0.1/],
  ['--watchdog', options.seconds, ['0', '1e-300', '1e300', 'NaN', '-1', '2147484'], ['0.5', '600'], /0.01 to 2e6 s/],
  ['--checkpoint-interval', options.seconds, ['0', '1e300', 'Infinity'], ['0.2', '300'], /0.01 to 2e6 s/],
  ['--ranks', options.rankCount, ['0', '1e300', '-2', 'x'], ['1', '4096'], /1 to 1000000/],
] as const;

for (const [option, parse, wrong, right, range] of cases) {
  test(`${option}: refuses ${wrong.join(', ')}`, () => {
    for (const text of wrong) assert.throws(() => parse(text), range, text);
    for (const text of right) assert.equal(parse(text), Number(text));
    const command = option === '--ranks' ? 'plan' : 'simulate';
    const { code, stdout, stderr } = larmorSync([command, `${option}=${wrong[0]}`]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, range);
    assert.equal(stderr.split('\n').length, 2, `one line: ${stderr}`);
  });
}

test('--spins-per-voxel auto is what the default is', () => {
  const plan = (...more: readonly string[]): string => {
    const { code, stdout, stderr } = larmorSync(['plan', 'gre', 'column', '--set', 'n=8', '--json', ...more]);
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout) as { planHash: string }).planHash;
  };
  assert.equal(plan('--spins-per-voxel', 'auto'), plan());
  assert.notEqual(plan('--spins-per-voxel', '1'), plan());
});
