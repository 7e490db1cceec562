/**
 * Blocks that wait for R peaks: durations and sample times for four heart signals, and what cannot
 * wait.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHdf5 } from '../../host/formats/hdf5/reader.ts';
import { readHeart, regularHeart, waitForPeaks } from '../../host/sequence/heart.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { larmor } from '../../testing/larmor.ts';
import { writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqText } from './seq-text.ts';

const where = temporaryFolder();
const at = (name: string): string => join(where, name);
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text);
  return name;
};

test('durations of blocks and times of samples', skipWithoutCases(), () => {
  const { cases: expected } = JSON.parse(readFileSync(cases('motion/triggers.json'), 'utf8'));
  const sequence = readPulseq(cases('motion/triggers.seq'));
  for (const { signal, durations, adc_first_sample, total } of expected) {
    const heart = readHeart(at(write('signal.json', JSON.stringify(signal))));
    const waited = waitForPeaks(sequence, heart);
    const near = (found: number, wanted: number): void =>
      assert.ok(Math.abs(found - wanted) < 1e-12, `${found} ${wanted}`);
    near(waited.duration, total);
    const firsts: number[] = [];
    let start = 0;
    for (let n = 0; n < waited.blockCount; n++) {
      const { duration, adc } = waited.block(n);
      near(duration, durations[n]);
      if (adc !== undefined) firsts.push(start + adc.delay + adc.dwell / 2);
      start += duration;
    }
    for (const [n, time] of firsts.entries()) near(time, adc_first_sample[n]);
  }
});

test('RR intervals, lines of text, and the peak before a time', () => {
  const heart = readHeart(at(write('rr.json', '{"first": 0.5, "intervals": [0.8, 1.1]}')));
  assert.deepEqual([0, 0.5, 0.6, 1.4, 2.5].map(heart.peakFrom), [0.5, 0.5, 1.3, 2.4000000000000004, undefined]);
  assert.deepEqual([0.4, 1.3, 9].map(heart.peakBefore), [undefined, 1.3, 2.4000000000000004]);
  const lines = readHeart(at(write('peaks.txt', '# seconds\n0.2\n\n1.1  # second beat\n')));
  assert.equal(lines.peakFrom(0.3), 1.1);
  const day = Array.from({ length: 200_000 }, (_, n) => String(n / 2));
  assert.equal(readHeart(at(write('day.txt', day.join('\n')))).peakFrom(0.3), 0.5);
  assert.ok(Math.abs(regularHeart(1.25).peakBefore(1)! - 0.8) < 1e-15);
});

const column = (values: readonly number[]) => ({ data: Float64Array.from(values) });
await writeHdf5(at('spins.phantom'), {
  'position/x': column([0, 0.01]),
  'contrast/T1': column([1, 1]),
  'contrast/T2': column([0.1, 0.1]),
});
const parts = { rf: '[RF]\n1 200 1 2 0 500 100 0 0 0 0 e\n', adc: '[ADC]\n1 8 25000 200 0 0 0 0 0\n', gradients: '' };
const shapes = '[SHAPES]\nshape_id 1\nnum_samples 1000\n1\n0\n0\n997\n\nshape_id 2\nnum_samples 1000\n0\n0\n998\n';
const seq = (name: string, blocks: string, triggers: string): string =>
  write(
    name,
    seqText({
      ...parts,
      shapes,
      blocks: `[BLOCKS]\n${blocks}`,
      extensions: `[EXTENSIONS]\n1 1 1 0\n2 1 2 0\nextension TRIGGERS 1\n${triggers}`,
    }),
  );
const input = '1 2 1 0 100\n2 2 1 500 100\n';

test('the command: peaks shift time stamps and physiology counters; what is wrong is one line', async () => {
  const gated = seq(
    'gated.seq',
    '1 20 0 0 0 0 0 1\n2 150 1 0 0 0 0 0\n3 100 0 0 0 0 1 0\n4 100 0 0 0 0 0 2\n5 100 0 0 0 0 1 0\n',
    input,
  );
  const run = (...args: string[]) => larmor(['simulate', ...args], { folder: where });
  const good = await run(gated, 'spins.phantom', '--heart-rate', '2', '-o', 'gated.mrd');
  assert.equal(good.code, 0, good.stderr);
  assert.doesNotMatch(good.stderr, /trigger/);
  const file = await openHdf5(at('gated.mrd'));
  const records = file.records('dataset/data');
  const head = records.members.find(({ name }) => name === 'head')!.members!;
  const place = (name: string): number => head.find((member) => member.name === name)!.offset;
  const stamps: number[][] = [];
  records.read(0, records.length, ({ view, stride }) => {
    for (let row = 0; row < records.length; row++)
      stamps.push(
        ['acquisition_time_stamp', 'physiology_time_stamp'].map((name) =>
          view.getUint32(row * stride + place(name), true),
        ),
      );
  });
  file.close();
  // Blocks of 0.2, 1.5 and 1 ms, then one that arms at 3.2 ms and waits until 500 ms; it lasts 1 ms
  // less its delay after that.
  const samples = [1.7e3 + 200 + 12.5, 500e3 + 500 + 200 + 12.5];
  stamps.forEach(([stamp, since], n) => {
    assert.ok(Math.abs(stamp - samples[n]) <= 1, `${stamp} µs`);
    assert.ok(Math.abs(since - (n === 0 ? samples[0] : samples[1] - 500e3)) <= 1, `${since} µs`);
  });

  const wrong = async (pattern: RegExp, code: number, ...args: string[]): Promise<void> => {
    const outcome = await run(...args, '-o', 'x.npy');
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr.trim().split('\n').at(-1)!, pattern);
  };
  await wrong(
    /block 4: waits for an R peak from .* s on, but late\.txt has none left; give more peaks/,
    65,
    gated,
    'spins.phantom',
    '--r-peaks',
    write('late.txt', '0.001\n'),
  );
  await wrong(
    /back\.txt: peak 2 at 0\.5 s is not after that at 1 s/,
    65,
    gated,
    'spins.phantom',
    '--r-peaks',
    write('back.txt', '1\n0.5\n'),
  );
  await wrong(/word\.txt:2: 'x' is not a time/, 65, gated, 'spins.phantom', '--r-peaks', write('word.txt', '1\nx\n'));
  await wrong(
    /nan\.json: .*peaks\[1\] is null/,
    65,
    gated,
    'spins.phantom',
    '--r-peaks',
    write('nan.json', '{"peaks": [1, null]}'),
  );
  const none = at(write('none.json', '{}'));
  assert.throws(() => readHeart(none), /none\.json: has none of 'peaks', 'intervals' and 'rate'; give one such as \{/);
  const late = at(write('first.json', '{"intervals": [0.8]}'));
  assert.throws(() => readHeart(late), /first\.json: has no 'first'; its keys are first, intervals/);
  await wrong(/no\.json: no such file/, 66, gated, 'spins.phantom', '--r-peaks', 'no.json');
  await wrong(/heart-rate.*from/, 2, gated, 'spins.phantom', '--heart-rate', '0');
  const busy = seq('busy.seq', '1 150 1 0 0 0 0 1\n2 100 0 0 0 0 1 0\n', input);
  await wrong(
    /block 1: has an input trigger beside a pulse, gradient or readout/,
    65,
    busy,
    'spins.phantom',
    '--heart-rate',
    '1',
  );
  const two = seq(
    'two.seq',
    '1 20 0 0 0 0 0 1\n2 100 0 0 0 0 0 2\n3 100 0 0 0 0 1 0\n',
    '1 2 1 0 100\n2 2 2 500 100\n',
  );
  await wrong(/block 2: input triggers of two channels/, 65, two, 'spins.phantom', '--heart-rate', '1');
});
