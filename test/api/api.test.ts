/** The package's functions, called in this process: what they refuse, how they stop, and that a page describes all of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as larmor from '../../host/api/index.ts';
import { SIMULATE_OPTIONS } from '../../host/api/options.ts';
import { warnings } from '../../host/base/log.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const { EXIT, LarmorError, openPhantom, readSequence, reconstruct, simulate, writeImage, writeRaw, writeSequence } =
  larmor;
const root = fileURLToPath(new URL('../..', import.meta.url));
const small = { sequenceParameters: { n: 8, tr: 0.05 }, threads: 1 } as const;

/** Asserts that a call is refused with this code and one line that matches. */
async function refuses(call: () => unknown, code: number, message: RegExp): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert.ok(error instanceof LarmorError, String(error));
      assert.deepEqual([error.exitCode, error.message.includes('\n')], [code, false]);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('simulate', () => {
  test('an open sequence is the same as its name; an open phantom stays open', async () => {
    const named = await simulate('gre', 'sphere', small);
    const sequence = readSequence('gre', { parameters: { n: '8', tr: '50ms' } });
    const opened = await simulate(sequence, 'sphere');
    assert.equal(opened.summary.signalHash, named.summary.signalHash);
    assert.deepEqual([named.coils, named.samples, named.signal.length], [1, 64, 128]);
    assert.deepEqual(named.summary.command, []);
    const phantom = await openPhantom('sphere', { parameters: { spinsPerVoxel: 2 } });
    const [first, second] = [await simulate(sequence, phantom), await simulate(sequence, phantom)];
    phantom.close();
    assert.deepEqual(second.signal, first.signal);
    assert.equal(first.summary.spins, phantom.spinCount);
  });

  test('a scanner of coils, noise and the magnetisation at the end', async () => {
    const scanner = { B0: 3, receive: { array: { coils: 2 } } };
    const options = { ...small, scanner, noise: { sigma: 0.1 }, seed: 7, magnetization: true };
    const noisy = await simulate('gre', 'sphere', options);
    const { noise: _, ...rest } = options;
    const clean = await simulate('gre', 'sphere', rest);
    assert.equal(noisy.summary.signalHash, clean.summary.signalHash, 'of the sums without noise');
    assert.equal(noisy.signal.length, 2 * 64 * 2);
    const difference = noisy.signal.map((value, n) => value - clean.signal[n]);
    const sd = Math.sqrt(difference.reduce((sum, value) => sum + value * value, 0) / difference.length);
    // Of 256 numbers the deviation itself scatters by 1/√512.
    assert.ok(Math.abs(sd - 0.1) < 5 * (0.1 / Math.sqrt(512)), `${sd}`);
    assert.equal(noisy.magnetization!.length, 3 * noisy.summary.spins);
    assert.ok(noisy.magnetization!.every(Number.isFinite));
    assert.equal(noisy.summary.scanner.B0, 3);
  });

  test('warnings belong to the call, once each', async () => {
    const heard: string[] = [];
    const onWarning = (message: string): void => void heard.push(message);
    // No spin has a T2* of its own.
    const [warned, quiet] = await Promise.all([
      simulate('gre', 'sphere', { ...small, t2prime: 'ensemble', onWarning }),
      simulate('gre', 'sphere', small),
    ]);
    assert.deepEqual(heard, warned.summary.warnings);
    assert.ok(
      heard.some((text) => text.includes('t2prime ensemble changes nothing')),
      heard.join('; '),
    );
    assert.ok(!quiet.summary.warnings.some((text) => text.includes('t2prime')));
    assert.deepEqual(warnings(), [], 'none of the process');
  });

  test('refuses options that cannot be, in one line', async () => {
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ tolerance: Number.NaN }, /^tolerance is NaN; give a number from/],
      [{ tolerance: '1e-5' }, /^tolerance is '1e-5'/],
      [{ threads: 1.5 }, /^threads is 1.5; give a whole number from 1 to 1024/],
      [{ precision: 'f16' }, /^precision is 'f16'; give one of f32, f64/],
      [{ t2prime: 'some' }, /^t2prime is 'some'/],
      [{ tolerances: 1e-5 }, /^there is no option 'tolerances'; did you mean tolerance\?/],
      [{ scanner: { B0: Number.NaN } }, /^scanner: B0 is NaN/],
      [{ scanner: { receive: { array: { coils: 0 } } } }, /^scanner: receive.array.coils is 0/],
      [{ noise: { sigma: -1 } }, /^noise.sigma is -1/],
      [{ noise: { sigma: 1, atDwell: 5 } }, /^atDwell is 5/],
      [{ noise: { sigma: 1 }, snr: 3 }, /^'noise' and 'snr'/],
      [{ exact: true, tolerance: 1e-5 }, /^'exact' and 'tolerance'/],
      [{ sequenceParameters: { flop: 1 } }, /gre has no parameter 'flop'/],
    ];
    for (const [options, message] of refused) {
      const code = message.source.startsWith('^scanner') ? EXIT.badInput : EXIT.usage;
      await refuses(() => simulate('gre', 'sphere', options), code, message);
    }
    await refuses(() => simulate('gre', 'sphere', null!), EXIT.usage, /^the options are null; give an object/);
    await refuses(() => simulate(undefined!, 'sphere'), EXIT.usage, /^the sequence is undefined; give a name, a file/);
    await refuses(() => simulate('gre', {} as larmor.Phantom), EXIT.usage, /^the phantom is \[object Object\]/);
    await refuses(() => simulate('gre', 'gre'), EXIT.usage, /'gre' is a sequence, but a phantom is expected/);
    await refuses(() => simulate('gre', 'no.phantom'), EXIT.missingInput, /^no.phantom: no such file/);
    await refuses(() => simulate('gre', 'sphere', { scanner: 'no.json' }), EXIT.missingInput, /^no.json: no such file/);
    const sequence = readSequence('gre');
    await refuses(
      () => simulate(sequence, 'sphere', small),
      EXIT.usage,
      /parameters of a sequence that is open: n, tr/,
    );
  });

  test('an abort stops a run under way, one before it, and no other', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const seen: larmor.Progress[] = [];
    const [other, aborted] = await Promise.all([
      simulate('gre', 'sphere', { ...small, onProgress: (progress) => seen.push(progress) }),
      simulate('gre', 'head3d', { signal: controller.signal, onProgress: () => controller.abort(reason) }).catch(
        (error: unknown) => error as InstanceType<typeof LarmorError>,
      ),
    ]);
    assert.ok(aborted instanceof LarmorError);
    assert.deepEqual([aborted.exitCode, aborted.cause], [EXIT.stopped, reason]);
    assert.ok(other.summary.tiles > 0);
    assert.deepEqual(seen.at(-1), { done: other.summary.tiles, total: other.summary.tiles });
    await refuses(() => simulate('gre', 'sphere', { signal: controller.signal }), EXIT.stopped, /the call was aborted/);
    const thrown = simulate('gre', 'head3d', {
      onProgress: () => {
        throw reason;
      },
    });
    await assert.rejects(thrown, (error: Error) => error.cause === reason);
  });
});

test('writes what the command writes, and reads it', async () => {
  const folder = temporaryFolder();
  const { raw } = await simulate('gre', 'sphere', small);
  writeRaw(join(folder, 'raw.mrd'), raw);
  const [fromMemory, fromFile] = [await reconstruct(raw), await reconstruct(join(folder, 'raw.mrd'))];
  assert.deepEqual(fromFile.data, fromMemory.data);
  writeImage(join(folder, 'image.nii.gz'), fromFile, { part: 'phase' });
  const sequence = readSequence('gre', { parameters: { n: 8 } });
  writeSequence(join(folder, 'gre.seq'), sequence);
  const again = readSequence(join(folder, 'gre.seq'));
  assert.deepEqual([again.blockCount, again.duration], [sequence.blockCount, sequence.duration]);
  // An output may replace what another call has read.
  writeSequence(join(folder, 'gre.seq'), again);
  await refuses(() => writeSequence(join(folder, 'gre.txt'), sequence), EXIT.usage, /end it in .seq/);
  await refuses(() => writeRaw(join(folder, 'raw.txt'), raw), EXIT.usage, /not a raw-data format/);
  await refuses(() => reconstruct(raw, { maxPixels: 10 }), EXIT.badInput, /more than 10/);
});

test('draws what it simulated as SVG', async () => {
  const { raw } = await simulate('gre', 'sphere', small);
  const sequence = readSequence('gre', { parameters: small.sequenceParameters });
  const figures = [
    larmor.plotSequence(sequence, { tr: 2, traces: ['slew'] }),
    larmor.plotKspace(sequence),
    larmor.plotKspace(raw),
    await larmor.plotPhantom('sphere', { planes: ['axial'], maps: ['t1'] }),
    await larmor.plotSignal(raw),
    larmor.plotImage(await reconstruct(raw), { parts: ['phase'] }),
  ];
  const shows = ['repetition 2', 'gre', 'gre on sphere', 'sphere', 'gre on sphere', 'phase'];
  for (const [n, svg] of figures.entries()) {
    assert.match(svg, /^<svg [\s\S]*<\/svg>\s*$/);
    assert.ok(svg.includes(shows[n]), `${n}: ${shows[n]}`);
  }
  await refuses(() => larmor.plotSequence('gre', { tr: 999 }), EXIT.usage, /999/);
  await refuses(
    () => larmor.plotSequence('gre', { form: 1 } as object),
    EXIT.usage,
    /there is no option 'form'; did you mean from\?/,
  );
});

test('docs/reference/api.md has every function and option, and the example as it is run', () => {
  const page = readFileSync(join(root, 'docs/reference/api.md'), 'utf8');
  const functions = Object.entries(larmor).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  for (const name of [...functions, ...SIMULATE_OPTIONS]) assert.ok(page.includes(`\`${name}`), name);
  const example = readFileSync(join(root, 'examples/library.mjs'), 'utf8');
  assert.ok(page.includes(`\`\`\`js\n${example}\`\`\`\n`));
});
