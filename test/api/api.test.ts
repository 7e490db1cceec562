/**
 * The package's functions, called in this process: what they refuse, how they stop, and that a page
 * describes all of them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { optionsOf } from '../../host/api/arguments.ts';
import * as larmor from '../../host/api/index.ts';
import { inContext } from '../../host/base/context.ts';
import { warnings } from '../../host/base/log.ts';
import { soloCluster } from '../../host/comm/solo.ts';
import { WALK_SPINS } from '../../host/phantom/bounds.ts';
import { sharedSurvey } from '../../host/run/survey.ts';
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

  test('refuses options that contradict each other or the rest, in one line', async () => {
    const open = readSequence('gre');
    const refused: readonly (readonly [() => unknown, number, RegExp])[] = [
      [() => simulate('gre', 'sphere', { noise: { sigma: 1 }, snr: 3 }), 2, /options.noise and options.snr contradict/],
      [() => simulate('gre', 'sphere', { exact: true, tolerance: 1e-5 }), 2, /options.exact and options.tolerance/],
      [() => simulate('gre', 'sphere', { heartRate: 1, rPeaks: 'a' }), 2, /options.heartRate and options.rPeaks/],
      [() => simulate('gre', 'sphere', { sequenceParameters: { flop: 1 } }), 2, /gre has no parameter 'flop'/],
      [() => simulate('gre', 'gre'), 2, /'gre' is a sequence, but a phantom is expected/],
      [() => simulate('gre', 'no.phantom'), EXIT.missingInput, /^no.phantom: no such file/],
      [() => simulate('gre', 'sphere', { scanner: 'no.json' }), EXIT.missingInput, /^no.json: no such file/],
      [() => simulate(open, 'sphere', small), 2, /the sequence is open already and takes no parameters \(n, tr\)/],
    ];
    for (const [call, code, message] of refused) await refuses(call, code, message);
  });

  test('an abort stops a run under way, one before it, and no other', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const abortAtOnce = async (): Promise<unknown> => {
      const run = simulate('gre', 'head3d', { signal: controller.signal });
      try {
        for await (const { done, total } of run) {
          assert.ok(done < total);
          controller.abort(reason);
        }
      } catch (error) {
        await assert.rejects(run, (own) => own === error);
        return error;
      }
      return undefined;
    };
    const [other, aborted] = await Promise.all([simulate('gre', 'sphere', small), abortAtOnce()]);
    assert.ok(aborted instanceof LarmorError);
    assert.deepEqual([aborted.exitCode, aborted.cause], [EXIT.stopped, reason]);
    assert.ok(other.summary.tiles > 0);
    await refuses(
      () => simulate('gre', 'sphere', { signal: controller.signal }),
      EXIT.stopped,
      /^simulate: the call was/,
    );
  });

  test('a run is iterated for its progress, by none, one or several loops', async () => {
    const run = simulate('gre', 'head3d', { ...small, tile: 64 });
    const loop = async (): Promise<readonly larmor.Progress[]> => {
      const seen: larmor.Progress[] = [];
      for await (const state of run) seen.push(state);
      return seen;
    };
    const left = async (): Promise<void> => {
      for await (const _ of run) return;
    };
    const [one, two] = await Promise.all([loop(), loop(), left()]);
    const { tiles } = (await run).summary;
    for (const seen of [one, two, await loop()]) {
      assert.deepEqual(seen.at(-1), { done: tiles, total: tiles });
      assert.ok(seen.every(({ done }, n) => n === 0 || done >= seen[n - 1].done));
    }
    assert.equal(one[0].done, 0);
    // What fails before the first tile is thrown by the loop too.
    const failing = simulate('gre', 'no.phantom', small);
    await assert.rejects(
      async () => {
        for await (const _ of failing) assert.fail('no tile begins');
      },
      (error) => error instanceof LarmorError && error.exitCode === EXIT.missingInput,
    );
  });

  test('an abort takes effect while inputs are opened and surveyed', async () => {
    // A warning of the sequence comes before the phantom is opened, which is not there.
    for (const call of [simulate, larmor.plan]) {
      const controller = new AbortController();
      const options = { sequenceParameters: { n: 8, te: '5' }, onWarning: () => controller.abort() };
      await refuses(
        () => call('gre', 'no.phantom', { ...options, signal: controller.signal }),
        EXIT.stopped,
        /aborted/,
      );
    }
    let pieces = 0;
    const read = (): void => void pieces++;
    const check = (): void => assert.ok(pieces < 2, 'the second piece was the last');
    const survey = inContext({ onWarning: () => {}, check }, () => sharedSurvey(soloCluster(), 10 * WALK_SPINS, read));
    await assert.rejects(survey, /the second piece was the last/);
    assert.equal(pieces, 2);
  });

  test('rejects with what a callback throws, or is rejected with', async () => {
    const reason = new RangeError('mine --tile');
    const fail = (): never => {
      throw reason;
    };
    const options = { ...small, t2prime: 'ensemble' as const };
    const failing: readonly larmor.SimulateOptions[] = [
      { ...options, onWarning: fail },
      { ...options, onWarning: async () => fail() },
    ];
    for (const one of failing) await assert.rejects(simulate('gre', 'sphere', one), (error) => error === reason);
    assert.throws(
      () => larmor.plotSequence('gre', { parameters: { te: '5' }, onWarning: fail }),
      (error) => error === reason,
    );
    let finished = 0;
    const slow = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      finished++;
    };
    await simulate('gre', 'sphere', { ...options, onWarning: slow });
    assert.ok(finished >= 1, `${finished} promises of onWarning were awaited`);
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
  await refuses(() => larmor.plotSequence('gre', { tr: 999 }), EXIT.usage, /^tr 999: gre has 228 repetitions/);
  await refuses(
    () => larmor.plotSequence('gre', { form: 1 } as object),
    EXIT.usage,
    /^plotSequence: unknown key 'options.form'; did you mean from\?/,
  );
});

test('docs/reference/api.md has every function and option, and the example as it is run', () => {
  const page = readFileSync(join(root, 'docs/reference/api.md'), 'utf8');
  const functions = Object.entries(larmor).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  for (const name of [...functions, ...optionsOf('simulate')]) assert.ok(page.includes(`\`${name}`), name);
  const example = readFileSync(join(root, 'examples/library.mjs'), 'utf8');
  assert.ok(page.includes(`\`\`\`js\n${example}\`\`\`\n`));
});
