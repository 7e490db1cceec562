/** Inversion times: of built-in and written scans, with and without the uses of pulses. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import {
  adc,
  blockOf,
  delayOf,
  hardPulse,
  sequenceOf,
  setLabel,
  sincPulse,
  trapezoid,
} from '../../host/sequence/designer.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block, RfUse } from '../../host/sequence/types.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const timesOf = (blocks: readonly Block[]): readonly number[] =>
  encode(sequenceOf('test', [...blocks], {}), DEFAULT_SCANNER).TI;

const DWELL = 10e-6;
const lobe = trapezoid(10 / (GAMMA_BAR * DWELL), 1e-4, 8 * DWELL);
const winder = (cycles: number) => trapezoid(cycles / GAMMA_BAR / 1e-4, 1e-4, 0);
/** Pulses of 10 µs, whose centres are 5 µs after their blocks begin. */
const pulse = (degrees: number, use: RfUse) =>
  blockOf({ rf: hardPulse((degrees * Math.PI) / 180, degrees / 360 / GAMMA_BAR / 10e-6, { use }) });
/** What follows a pulse: line y of a matrix of 4. */
const line = (y: number, repetition = 0): Block[] => [
  blockOf({ gx: winder(-45), gy: winder(10 * (y - 2)) }),
  blockOf({ gx: lobe, adc: adc(8, DWELL, 1e-4), labels: [setLabel('LIN', y), setLabel('REP', repetition)] }),
  blockOf({ gy: winder(-10 * (y - 2)) }),
  delayOf(10e-3),
];
const lines = [0, 1, 2, 3];
/** From the centre of a pulse to that of another, after a wait. */
const wait = (seconds: number): Block => delayOf(seconds - 10e-6);

for (const use of ['inversion', 'undefined'] as const) {
  const excitation: RfUse = use === 'undefined' ? use : 'excitation';
  const refocusing: RfUse = use === 'undefined' ? use : 'refocusing';
  const inverted = (ti: number, ...after: Block[]) => [pulse(180, use), wait(ti), pulse(90, excitation), ...after];

  test(`${use}: every line after its inversion`, () => {
    assert.deepEqual(timesOf(lines.flatMap((y) => inverted(0.4, ...line(y)))), [0.4]);
  });

  test(`${use}: a spin echo after its inversion`, () => {
    const echo = (y: number) => [wait(5e-3), pulse(180, refocusing), wait(4e-3), ...line(y)];
    assert.deepEqual(timesOf(lines.flatMap((y) => inverted(0.15, ...echo(y)))), [0.15]);
  });

  test(`${use}: a train after one inversion counts to the line in the middle`, () => {
    const train = lines.flatMap((y) => [pulse(10, excitation), ...line(y)]);
    const shot = train.slice(0, 5).reduce((sum, { duration }) => sum + duration, 0);
    const [found, ...others] = timesOf([pulse(180, use), wait(0.3), ...train]);
    assert.deepEqual(others, []);
    assert.ok(Math.abs(found - (0.3 + 2 * shot)) < 1e-9, `${found}`);
  });

  test(`${use}: images of several inversion times`, () => {
    const images = [0.1, 0.4, 0.1].flatMap((ti, n) => lines.flatMap((y) => inverted(ti, ...line(y, n))));
    assert.deepEqual(timesOf(images), [0.1, 0.4]);
  });

  test(`${use}: the second of two inversions counts`, () => {
    assert.deepEqual(timesOf(lines.flatMap((y) => [pulse(180, use), wait(0.9), ...inverted(0.2, ...line(y))])), [0.2]);
  });

  test(`${use}: slices that are inverted one after another`, () => {
    const gz = trapezoid(10e-3, 1e-4, 2e-3);
    const selective = (degrees: number, own: RfUse, slice: number) => {
      const frequencyOffset = 20e-3 * (slice - 0.5) * GAMMA_BAR * 10e-3;
      const options = { duration: 2e-3, timeBandwidth: 4, delay: 1e-4, raster: 1e-6, frequencyOffset, use: own };
      return blockOf({ rf: sincPulse({ flip: (degrees * Math.PI) / 180, ...options }), gz });
    };
    const { duration } = selective(180, use, 0);
    const blocks = lines.flatMap((y) => [
      ...[0, 1].map((slice) => selective(180, use, slice)),
      wait(0.1),
      ...[0, 1].flatMap((slice) => [selective(90, excitation, slice), ...line(y)]),
    ]);
    const shot = [selective(90, excitation, 0), ...line(0)].reduce((sum, { duration: own }) => sum + own, 0);
    const found = timesOf(blocks);
    const wanted = [2 * duration + 0.1 - 10e-6, duration + 0.1 - 10e-6 + shot];
    assert.equal(found.length, 2);
    for (const [n, time] of wanted.entries()) assert.ok(Math.abs(found[n] - time) < 1e-9, `${found}, not ${wanted}`);
  });
}

test('what inverts no longitudinal magnetisation has no inversion time', () => {
  const spinEcho = (...after: Block[]) => [
    pulse(90, 'undefined'),
    wait(5e-3),
    pulse(180, 'undefined'),
    wait(4e-3),
    ...after,
  ];
  const dummies = [...spinEcho(wait(0.1)), ...spinEcho(wait(0.1))];
  assert.deepEqual(timesOf([...dummies, ...lines.flatMap((y) => spinEcho(...line(y)))]), []);
  const preparation = [...spinEcho(), pulse(90, 'undefined'), winder(100)].map((one) =>
    'duration' in one ? one : blockOf({ gz: one }),
  );
  assert.deepEqual(timesOf(lines.flatMap((y) => [...preparation, pulse(20, 'undefined'), ...line(y)])), []);
  const transfer = [pulse(600, 'undefined'), wait(5e-3)];
  assert.deepEqual(timesOf(lines.flatMap((y) => [...transfer, pulse(20, 'undefined'), ...line(y)])), []);
  assert.deepEqual(encode(makeBuiltin('tse', { n: 32 }, DEFAULT_SCANNER), DEFAULT_SCANNER).TI, []);
  // Each of a hundred images of a recovery has another.
  assert.deepEqual(encode(makeBuiltin('mrf', { frames: 100 }, DEFAULT_SCANNER), DEFAULT_SCANNER).TI, []);
});

test('info and the header of raw data state the inversion time of mprage', () => {
  const folder = temporaryFolder();
  const set = ['--set', 'n=8', '--set', 'partitions=2', '--set', 'ti=0.35', '--set', 'tr=1'];
  const json = (...words: string[]) => JSON.parse(larmorSync([...words, '--json', '-q'], folder).stdout);
  const made = larmorSync(['sequence', 'make', 'mprage', ...set, '-o', 'mprage.seq', '-q'], folder);
  assert.equal(made.code, 0, made.stderr);
  const { TI } = json('info', 'mprage.seq');
  assert.equal(TI.length, 1);
  assert.ok(Math.abs(TI[0] - 0.35) < 1e-6, `${TI}`);
  assert.match(larmorSync(['info', 'mprage.seq'], folder).stdout, /^TI \[s\] +0\.35$/m);
  const raw = join(folder, 'raw.mrd');
  const { code, stderr } = larmorSync(['simulate', 'mprage.seq', 'column', '-o', raw, '-q'], folder);
  assert.equal(code, 0, stderr);
  const header = json('info', raw).TI;
  assert.equal(header.length, 1);
  assert.ok(Math.abs(header[0] - TI[0]) < 1e-9, `${header}`);
});
