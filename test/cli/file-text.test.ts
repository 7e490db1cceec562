/**
 * Text out of files, through the whole command: names that every JavaScript object has are names
 * like others, and no control character of a file reaches the terminal, whichever reader it comes
 * through.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorLines, larmor, type Outcome } from '../../testing/larmor.ts';
import { matFile, niftiFile, writeHdf5, writeTable } from '../../testing/phantom-files.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqText } from '../sequence/seq-text.ts';

const folder = temporaryFolder();
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const tissues = writeTable(join(folder, 'tissues.json'), [1], { voxelSize: 0.001 });
const INHERITED = ['__proto__', 'constructor', 'toString'];
const CONTROL = 'A\x1b[31mB\u202e\nC';
const ESCAPED = /A\\u001b\[31mB/;
const NAMES = ['__proto__', 'constructor', CONTROL, 'toString'];

/**
 * Runs the command: the code is one of these, errors are one line, and nothing on the terminal is a
 * command to it.
 */
async function runs(codes: readonly number[], args: readonly string[]): Promise<Outcome> {
  const outcome = await larmor(args);
  const { code, stdout, stderr } = outcome;
  assert.ok(codes.includes(code ?? -1), `${args.join(' ')}: ${code}: ${stderr}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  if (code !== 0) assert.equal(errorLines(outcome).length, 1, stderr);
  return outcome;
}
/** What a name looks like in a message. */
const shown = (name: string): RegExp => (name === CONTROL ? ESCAPED : new RegExp(name));
const quiet = ['-o', 'out.npy', '-q'];

test('labels, extensions, definitions, hints and signatures of a sequence', async () => {
  for (const name of some(INHERITED, 2)) {
    const seq = file(
      'names.seq',
      seqText({
        definitions: `[DEFINITIONS]\n${name} ${name}\n`,
        blocks: '[BLOCKS]\n1 100 1 0 0 1 0 2\n2 100 0 2 3 0 1 1\n3 100 0 0 0 0 0 3\n',
        extensions: `[EXTENSIONS]\n1 1 1 0\n2 2 1 0\n3 3 1 0\nextension LABELSET 1\n1 3 ${name}\nextension DELAYS 2\n1 0 0 1 ${name}\nextension ${name} 3\n1 1\n`,
        signature: `[SIGNATURE]\nType ${name}\nHash ${name}\n`,
      }),
    );
    const { stdout, stderr } = await runs([0], ['info', seq, '--json']);
    for (const what of [`extension ${name}`, `label ${name}`, `unknown kind, ${name}`])
      assert.match(stderr, new RegExp(what));
    const { definitions, softDelays } = JSON.parse(stdout);
    assert.equal(new Map(Object.entries(definitions)).get(name), name);
    assert.ok(JSON.stringify(softDelays).includes(JSON.stringify(name)));
    await runs([0], ['simulate', seq, 'column', '--set', `${name}=5ms`, ...quiet]);
  }
});

test('keys of scanner and tissue table, and their values', async () => {
  const image = file('image.nii', niftiFile([1, 1, 1], Uint8Array.of(1)));
  const sound = { density: 1, T1: 1, T2: 0.1 };
  for (const name of some(NAMES, 2)) {
    const entry = (value: unknown) => Object.fromEntries([[name, value]]);
    for (const content of [entry(1), { B0: name }]) {
      const scanner = file('scanner.json', JSON.stringify(content));
      assert.match(
        (await runs([65], ['simulate', 'fid', 'column', '--scanner', scanner, ...quiet])).stderr,
        shown(name),
      );
    }
    for (const content of [
      { tissues: { 1: sound }, ...entry(1) },
      { tissues: entry(sound) },
      { tissues: { 1: { ...sound, ...entry(1) } } },
      { tissues: { 1: sound }, axes: name },
    ]) {
      const table = file('table.json', JSON.stringify({ voxelSize: 0.001, ...content }));
      const { stderr } = await runs([65], ['simulate', 'fid', image, '--set', `tissues=${table}`, ...quiet]);
      assert.match(stderr, shown(name));
    }
  }
});

test('variables of a MAT-file, datasets and attributes of HDF5', async () => {
  const data = Uint8Array.of(1, 1);
  const arrays = NAMES.map((name) => ({ name, dims: [1, 2], data }));
  const mat = file('names.mat', matFile(arrays));
  const { stderr } = await runs([65], ['simulate', 'fid', mat, '--set', `tissues=${tissues}`, ...quiet]);
  for (const name of some(NAMES, 2)) {
    assert.match(stderr, shown(name));
    if (name !== CONTROL)
      await runs([0], ['simulate', 'fid', mat, '--set', `tissues=${tissues}`, '--set', `variable=${name}`, ...quiet]);
  }
  const values = { data: Float64Array.of(0.01, 0.02) };
  for (const name of some(NAMES, 2)) {
    const path = join(folder, 'names.phantom');
    await writeHdf5(path, { 'position/x': values, [`contrast/${name}`]: values, [name]: values }, { [name]: 5 });
    assert.match((await runs([0], ['simulate', 'fid', path, ...quiet])).stderr, shown(name));
    const raw = file('names.mrd', readFileSync(path));
    assert.match((await runs([65], ['reconstruct', raw])).stderr, /holds no ISMRMRD acquisitions/);
  }
});

test('elements and values of an ISMRMRD header', async () => {
  const raw = join(folder, 'raw.mrd');
  const quick = ['--set', 'n=8', '--spins-per-voxel', '1', '-q'];
  await runs([0], ['simulate', 'gre', 'column', ...quick, '-o', raw]);
  const bytes = readFileSync(raw);
  const changed = (from: string, to: string): string => {
    const copy = Buffer.from(bytes);
    const at = copy.indexOf(from);
    assert.ok(at > 0 && to.length === from.length);
    copy.write(to, at, 'latin1');
    return file('changed.mrd', copy);
  };
  await runs([0, 65], ['reconstruct', changed('<trajectory>cartesian', '<trajectory>toString ')]);
  await runs([0, 65], ['info', changed('<trajectory>cartesian', '<trajectory>__proto__')]);
  await runs([65], ['reconstruct', changed('<encoding>', '<__proto__')]);
  await runs([65], ['reconstruct', changed('<encoding>', '<enc\x1b[31m>')]);
});

test('names of files', async () => {
  for (const ending of some(['seq', 'phantom', 'nii', 'json', 'mat', 'mrd'], 2)) {
    const path = file(`${CONTROL}.${ending}`, 'nothing of use');
    const args = {
      seq: ['info', path],
      json: ['simulate', 'fid', 'column', '--scanner', path, ...quiet],
      mrd: ['reconstruct', path],
    }[ending] ?? ['simulate', 'fid', path, '--set', `tissues=${tissues}`, ...quiet];
    const { stderr } = await runs([65], ending === 'phantom' ? ['simulate', 'fid', path, ...quiet] : args);
    assert.match(stderr, ESCAPED);
  }
});
