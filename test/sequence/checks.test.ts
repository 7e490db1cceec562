/**
 * Hardware and timing checks: every kind of finding, what is refused outright, and one line for a
 * million blocks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { checkSequence, type Finding } from '../../host/sequence/checks.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, trapezoid } from '../../host/sequence/designer.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { DEFAULT_SCANNER, type Scanner } from '../../host/sequence/scanner-types.ts';
import type { Block, Sequence, ShapedGradientEvent } from '../../host/sequence/types.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';

/** As if from a file, so that rasters count as well. */
const file = (...blocks: Block[]): Sequence => ({ ...sequenceOf('test.seq', blocks, {}), version: '1.4.0' });
const check = (blocks: Block[], scanner: Partial<Scanner> = {}): Finding[] =>
  checkSequence(file(...blocks), { ...DEFAULT_SCANNER, ...scanner });
const what = (findings: readonly Finding[]): string[] => findings.map((finding) => finding.what);
const shape = (amplitude: number[], delay = 0): ShapedGradientEvent => ({
  kind: 'shape',
  delay,
  time: Float64Array.from(amplitude, (_, n) => n * 1e-4),
  amplitude: Float64Array.from(amplitude),
});

test('gradients past Gmax and Smax, each axis by itself', () => {
  const findings = check([blockOf({ gx: trapezoid(0.07, 2e-4, 1e-3), gz: trapezoid(0.03, 2e-5, 1e-3) })]);
  assert.deepEqual(what(findings), [
    'gradient x reaches 70 mT/m, the scanner allows 60 mT/m',
    'gradient z changes by 1500 T/m/s, the scanner allows 500',
  ]);
  assert.ok(findings.every(({ severity, block }) => severity === 'warning' && block === 0));
});

test('limits hold after rotation', () => {
  const half = Math.SQRT1_2;
  const diagonal = [half, -half, 0, half, half, 0, 0, 0, 1];
  const both = { gx: trapezoid(0.05, 2e-4, 1e-3), gy: trapezoid(0.05, 2e-4, 1e-3) };
  assert.deepEqual(check([blockOf(both)]), []);
  // (50, 50) mT/m turned by 45° is (0, 70.7).
  assert.deepEqual(what(check([blockOf({ ...both, rotation: diagonal })])), [
    'gradient y reaches 70.71 mT/m, the scanner allows 60 mT/m',
  ]);
  // Points that differ in time: 60 mT/m on x alone becomes 42 mT/m, and nothing passes a limit.
  const apart = { gx: trapezoid(0.06, 2e-4, 1e-3), gy: trapezoid(0.001, 1e-4, 5e-4, 2e-4) };
  assert.deepEqual(check([blockOf({ ...apart, rotation: diagonal })]), []);
});

test('gradients must be continuous across blocks', () => {
  const up = shape([0, 0.01]);
  const down = shape([0.01, 0]);
  assert.deepEqual(check([blockOf({ gx: up }), blockOf({ gx: down })]), []);
  const jumps = (blocks: Block[]): number[][] => check(blocks).map(({ block, count }) => [block, count]);
  assert.deepEqual(jumps([blockOf({ gx: up }), delayOf(1e-3), blockOf({ gx: down })]), [[1, 2]]);
  assert.deepEqual(jumps([blockOf({ gx: up })]), [[0, 1]], 'left on at the end');
  assert.deepEqual(jumps([blockOf({ gx: shape([0.01, 0], 1e-4) })]), [[0, 1]], 'from nothing after a delay');
  assert.deepEqual(jumps([blockOf({ gx: up }, 1e-3), delayOf(1e-3)]), [[0, 1]], 'to nothing before the block ends');
  assert.deepEqual(jumps([blockOf({ gx: up }), delayOf(0), blockOf({ gx: down })]), [], 'label blocks are no gap');
});

test('B1, dead times and rasters', () => {
  const pulse = hardPulse(Math.PI / 2, 20e-6, { delay: 50e-6 });
  const findings = check([blockOf({ rf: pulse }, 350e-6), blockOf({ adc: adc(10, 3e-6, 5.5e-6) }, 35.5e-6)]);
  assert.deepEqual(
    findings.map(({ severity, block, what }) => [severity, block, what]),
    [
      ['warning', 0, 'B1 reaches 20 µT, the scanner allows 10 µT'],
      ['note', 0, 'the pulse starts 50 µs into its block, the scanner needs 100 µs'],
      ['note', 0, 'the block ends 6.417 µs after its pulse, the scanner needs 20 µs'],
      ['note', 1, 'the readout is 0 µs from an edge of its block, the scanner needs 10 µs'],
      ['note', 1, 'the duration is not on the raster of 10 µs'],
      ['note', 1, 'the dwell time is not on the raster of 2 µs'],
      ['note', 1, 'the delay of the readout is not on the raster of 1 µs'],
    ],
  );
  assert.deepEqual(what(check([blockOf({ gx: trapezoid(0.001, 15e-6, 1e-4) }, 2e-4)])), [
    'the timing of a gradient is not on the raster of 10 µs',
  ]);
});

test('a file’s own rasters count before the scanner’s; a sequence from no file has none', () => {
  const readout = [blockOf({ adc: adc(10, 2.5e-6, 1e-5) }, 5e-5)];
  assert.equal(check(readout).length, 1);
  const own = { ...sequenceOf('own.seq', readout, { AdcRasterTime: 1e-7 }), version: '1.4.0' };
  assert.deepEqual(checkSequence(own, DEFAULT_SCANNER), []);
  assert.deepEqual(checkSequence(sequenceOf('builtin', readout, {}), DEFAULT_SCANNER), []);
});

test('what cannot be simulated is refused, naming the block', () => {
  const pulse = hardPulse(1, 10e-6, { delay: 1e-4 });
  const refusals: [Block, RegExp][] = [
    [
      blockOf({ gx: trapezoid(0.01, 1e-4, 1e-3) }, 1e-3),
      /test\.seq, block 2: the gradient ends at 0\.0012 s, the block at 0\.001 s/,
    ],
    [blockOf({ adc: adc(10, 1e-5, 0) }, 9e-5), /block 2: the readout ends/],
    [blockOf({ rf: pulse }, 1e-4), /block 2: the RF pulse ends/],
    [blockOf({ rf: pulse, adc: adc(100, 1e-5, 2e-4) }), /block 2: the readout and the RF pulse overlap/],
    [blockOf({ adc: adc(10, 1e-5, -1e-6) }), /block 2: the readout has a delay of -0\.000001 s/],
    [delayOf(-1), /block 2: lasts -1 s/],
    [delayOf(Number.NaN), /block 2: lasts NaN s/],
  ];
  for (const [block, message] of refusals) {
    assert.throws(
      () => check([delayOf(1e-3), block]),
      (error) => error instanceof LarmorError && error.exitCode === EXIT.badInput && message.test(error.message),
      String(message),
    );
  }
  assert.deepEqual(
    check([blockOf({ rf: pulse, adc: adc(10, 1e-5, 1e-3) }, 1.2e-3)]),
    [],
    'one after the other is fine',
  );
});

test('a hundred thousand TRs make one line each', () => {
  const base = file(blockOf({ gx: trapezoid(0.07, 2e-4, 1e-3) }), delayOf(1e-3));
  const long = { ...base, blockCount: 2e5, block: (n: number) => base.block(n % 2) };
  const [finding, ...others] = checkSequence(long, DEFAULT_SCANNER);
  assert.equal(others.length, 0);
  assert.deepEqual([finding!.block, finding!.count], [0, 1e5]);
  assert.match(finding!.what, /\(in 100000 blocks, this one first\)$/);
});

test('files made for a scanner like the default one pass, others say why not', skipWithoutCases(), () => {
  const kinds = (path: string): string[] => what(checkSequence(readPulseq(cases(path)), DEFAULT_SCANNER));
  assert.deepEqual(kinds('pulseq/v1.5/epi.seq'), []);
  assert.deepEqual(kinds('pulseq/v1.5/spiral.seq'), []);
  assert.deepEqual(kinds('sequences/epi_multislice.seq'), []);
  // 2500 Hz/(42.577 MHz/T) = 58.7 µT.
  assert.match(kinds('sequences/epi_100x100_te100_fov230.seq')[0], /B1 reaches 58\.72 µT/);
});
