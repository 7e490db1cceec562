/**
 * Geometry through the whole command, on files: what ends a run before it simulates, what raw data
 * and images say.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Flag, hasFlag } from '../../host/raw/flags.ts';
import { readRaw } from '../../host/raw/index.ts';
import { setLabel } from '../../host/sequence/designer.ts';
import { writePulseq } from '../../host/sequence/pulseq/write.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import * as scans from '../../testing/small-scans.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const at = temporaryFolder();
const write = (name: string, sequence: Sequence): string => {
  writePulseq(join(at, name), sequence);
  return name;
};
const run = (...args: string[]) => larmor(args, { folder: at });

test('a bad label ends the run before it simulates, and nothing is written', async () => {
  const bad = write('bad.seq', scans.gre({}, { labels: [setLabel('SLC', -1)] }));
  const { code, left, ...outcome } = await run('simulate', bad, 'column', '-o', 'bad.mrd', '-q');
  assert.equal(code, 65);
  assert.match(errorLines({ code, left, ...outcome })[0], /bad\.seq, block 3: label SLC is -1 at a readout/);
  assert.ok(!left.includes('bad.mrd'));
});

test('roles become flags, and acceleration stands in the header', async () => {
  assert.equal(
    (await run('simulate', write('grappa.seq', scans.grappa()), 'column', '-o', 'grappa.mrd', '-q')).code,
    0,
  );
  const { acquisitions, xml } = await readRaw(join(at, 'grappa.mrd'));
  const count = (flag: Flag): number => acquisitions.filter((acquisition) => hasFlag(acquisition, flag)).length;
  assert.equal(count('ACQ_IS_PARALLEL_CALIBRATION'), 4);
  assert.equal(count('ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING'), 3);
  assert.match(xml, /<kspace_encoding_step_1>2<\/kspace_encoding_step_1>/);
  assert.match(xml, /<calibrationMode>embedded<\/calibrationMode>/);
});

test('what encodes no space is no image, and what is too large is refused with the way to allow it', async () => {
  assert.equal((await run('simulate', write('cest.seq', scans.cest(20)), 'column', '-o', 'cest.mrd', '-q')).code, 0);
  const cest = await run('reconstruct', 'cest.mrd');
  assert.equal(cest.code, 65);
  assert.match(errorLines(cest)[0], /cest\.mrd: its encoded matrix is 1 × 1 × 1; only a sequence with gradients/);

  const small = await run('reconstruct', 'grappa.mrd', '--max-pixels', '100');
  assert.equal(small.code, 65);
  assert.match(
    errorLines(small)[0],
    /an image of 16 × 16 × 1 has 256 pixels, more than 100; --max-pixels 256 allows it/,
  );
});

test('raw data for other programs is refused with what it holds', async () => {
  for (const [name, holds] of [
    ['raw.npy', /raw\.npy: holds the signal alone/],
    ['raw.mat', /raw\.mat: is written for MATLAB, Octave and SciPy/],
    ['raw.cfl', /raw\.cfl: is written for BART \(bart fft/],
  ] as const) {
    writeFileSync(join(at, name), 'raw');
    const refused = await run('reconstruct', name);
    assert.equal(refused.code, 65, name);
    assert.match(errorLines(refused)[0], holds);
  }
});

test('an unknown label is a warning, once', async () => {
  const { stderr, code } = await run('info', write('label.seq', scans.gre({}, { labels: [setLabel('FOOBAR', 1)] })));
  assert.equal(code, 0);
  assert.equal(stderr.match(/label FOOBAR: not in the Pulseq specification, no effect/g)?.length, 1);
});
