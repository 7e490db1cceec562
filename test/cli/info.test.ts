/**
 * `larmor info --json`: the keys that scripts rely on, SI values, and warnings, for built-in
 * sequences and files.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { larmor } from '../../testing/larmor.ts';
import { seqFolder, seqText } from '../sequence/seq-text.ts';

test('a built-in sequence is described by its acquisition, in SI', async () => {
  const { code, stdout, stderr } = await larmor(['info', 'gre', '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const facts = JSON.parse(stdout);
  assert.equal(facts.kind, 'sequence');
  assert.equal(facts.version, null);
  assert.deepEqual([facts.blocks, facts.readouts, facts.samples], [1368, 128, 128 * 128]);
  assert.deepEqual(
    [facts.matrix, facts.fov],
    [
      [128, 128, 1],
      [0.25, 0.25, 0.005],
    ],
  );
  assert.deepEqual([facts.slices, facts.contrasts, facts.repetitions], [1, 1, 1]);
  assert.deepEqual([facts.TE, facts.TR, facts.softDelays, facts.warnings], [[0.005], 0.02, [], []]);
  assert.ok(Math.abs(facts.flipAngle - (15 * Math.PI) / 180) < 1e-6);
  // Within the default scanner, and of the order a scanner uses.
  assert.ok(facts.maxGradient > 0.01 && facts.maxGradient <= 0.06);
  assert.ok(facts.maxSlew > 100 && facts.maxSlew <= 500 * (1 + 1e-5));
  assert.ok(facts.maxB1 > 1e-6 && facts.maxB1 <= 1e-5);
  assert.deepEqual(facts.schema, { name: 'info-sequence', version: 1 });
});

test('phases of the heart and directions of flow are counted', async () => {
  const counts = async (name: string): Promise<number[]> => {
    const { averages, phases, sets } = JSON.parse((await larmor(['info', name, '--json'])).stdout);
    return [averages, phases, sets];
  };
  const [, phases] = await counts('cine');
  assert.ok(phases > 1);
  assert.deepEqual(await counts('pc'), [1, 1, 2]);
});

test('for a person, what a phantom has none of is no row', async () => {
  const { code, stdout } = await larmor(['info', 'sphere']);
  assert.equal(code, 0);
  assert.match(stdout, /^spins +\d/m);
  assert.doesNotMatch(stdout, /motions|[ \t]$/m);
});

test('soft delays of a file are listed with the values that they have', async () => {
  const path = seqFolder()(
    seqText({
      blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n2 500 0 0 0 0 1 1\n',
      gradients: '',
      extensions: '[EXTENSIONS]\n1 5 1 0\nextension DELAYS 5\n1 0 -1000 2 TE\n',
    }),
  );
  const facts = JSON.parse((await larmor(['info', path, '--json'])).stdout);
  // (5 ms + 1 ms) · 2
  assert.deepEqual(facts.softDelays, [{ name: 'TE', value: 0.012 }]);
  assert.deepEqual([facts.kind, facts.version], ['sequence', '1.5.1']);
});
