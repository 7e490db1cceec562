/**
 * The MRD stream of `-o -`, through the built command: what a program with ISMRMRD's own structures
 * (`stream-reader.c`) makes of it is what the file of the same run holds, and standard output
 * carries nothing else.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readRaw } from '../../host/raw/index.ts';
import { absent, requireTool, runTool } from '../../testing/tools.ts';
import { scratch } from './fixture.ts';

const command = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
const source = fileURLToPath(new URL('stream-reader.c', import.meta.url));
const file = scratch();
const small = 'head2d --set sequence.n=16 --set phantom.voxel=8mm -q';

/** The exit code of `larmor …` with standard output redirected by a shell, and its messages. */
function larmor(text: string): { code: number | null; stderr: string } {
  const script = `${process.execPath} ${command} ${text}`;
  const { status, stderr } = spawnSync('bash', ['-c', script], { cwd: file(''), encoding: 'utf8' });
  return { code: status, stderr };
}

function succeeds(text: string): void {
  assert.deepEqual(larmor(text), { code: 0, stderr: '' }, text);
}

/** Reads a stream into an ISMRMRD file, or skips the test. */
function makeReader(t: TestContext): ((stream: string, output: string) => void) | undefined {
  const gcc = requireTool(t, 'gcc', 'gcc');
  if (gcc === undefined) return undefined;
  if (!existsSync('/usr/include/ismrmrd/dataset.h')) {
    absent(t, 'no header files of the ISMRMRD library', 'libismrmrd-dev');
    return undefined;
  }
  const reader = file('stream-reader');
  runTool(gcc, ['-Wall', '-Werror', '-I/usr/include/hdf5/serial', '-o', reader, source, '-lismrmrd']);
  return (stream, output) => runTool('sh', ['-c', `'${reader}' '${file(output)}' < '${file(stream)}'`]);
}

test('a reader with the structures of ISMRMRD finds header, acquisitions and close', async (t) => {
  const read = makeReader(t);
  if (read === undefined) return;
  for (const [name, scan] of [
    ['coils', `gre ${small} --coils 3`],
    ['reversed lines', `epi ${small} --noise 0.1`],
  ]) {
    const stem = name.replace(' ', '-');
    succeeds(`simulate ${scan} -o - -o ${stem}.mrd > ${stem}.stream`);
    read(`${stem}.stream`, `${stem}.h5`);
    const [{ path: _, ...got }, { path: __, ...expected }] = await Promise.all(
      ['h5', 'mrd'].map((ending) => readRaw(file(`${stem}.${ending}`))),
    );
    assert.equal(got.acquisitions.length, 16, name);
    assert.deepEqual(got, expected, name);
  }
  const reconstruction = requireTool(t, 'ismrmrd_recon_cartesian_2d', 'ismrmrd-tools');
  if (reconstruction) runTool(reconstruction, [file('coils.h5')]);
});

test('the stream of a resumed run is written again', () => {
  const scan = `simulate fid column --set samples=8 --checkpoint kept -o -`;
  succeeds(`${scan} -q > first`);
  const { code, stderr } = larmor(`${scan} --resume > again`);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the run was complete, but a stream is not kept; writing it again/);
  // The header states the command and the time; eight samples with their places follow it.
  const acquisition = 340 + 8 * (2 * 4 + 8) + 2;
  const [first, again] = ['first', 'again'].map((name) => readFileSync(file(name)).subarray(-acquisition));
  assert.deepEqual(again, first);
});

test('a closed standard output is refused before the run; one that is discarded is not', () => {
  for (const text of [`simulate epi ${small} -o - >&-`, 'sequence waveforms gre -o - >&-']) {
    const { code, stderr } = larmor(text);
    assert.equal(code, 73, text);
    assert.equal(
      stderr,
      'larmor: standard output: is closed; redirect it to a pipe or a file (> /dev/null to discard it)\n',
      text,
    );
  }
  succeeds(`simulate epi ${small} -o - > /dev/null`);
});

test('a reader that leaves, a full disk: exit 73 and one line', () => {
  const cases = [
    [`| head -c 100 > head; exit $PIPESTATUS`, /^larmor: standard output: nobody reads it; check its destination/],
    ['> /dev/full', /^larmor: standard output: .*no space left/],
  ] as const;
  for (const [redirection, line] of cases) {
    // More than a pipe holds.
    const { code, stderr } = larmor(`simulate epi column --set n=64 -q -o - ${redirection}`);
    assert.equal(code, 73, stderr);
    assert.match(stderr, line);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});

test('what would share standard output is refused before the run', (t) => {
  const cases = [
    ['--json -o - > out', /--json and -o - both write to standard output; use one of them/],
    ['-o - -o - > out', /-o - is given twice/],
  ] as const;
  for (const [options, line] of cases) {
    const { code, stderr } = larmor(`simulate epi ${small} ${options}`);
    assert.equal(code, 2, stderr);
    assert.match(stderr, line);
    assert.equal(readFileSync(file('out'), 'utf8'), '');
  }
  // `script` gives the command a terminal.
  const script = requireTool(t, 'script', 'bsdutils');
  if (script === undefined) return;
  const typed = `${process.execPath} ${command} simulate gre ${small} -o -`;
  const { status, stdout } = spawnSync(script, ['-qec', typed, join(file(''), 'typescript')], { encoding: 'utf8' });
  assert.equal(status, 2, stdout);
  assert.match(stdout, /standard output is a terminal; redirect it/);
});
