/**
 * Built-in gre, se and fid: what their gradients leave where, by integrals done here and not by the
 * encoder.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block, Sequence } from '../../host/sequence/types.ts';
import { gradientPoints, integral } from '../../host/sequence/waveform.ts';

const make = (name: string, settings: Record<string, string | number> = {}): Sequence =>
  makeBuiltin(name, settings, DEFAULT_SCANNER);

type Axis = 'gx' | 'gy' | 'gz';
interface Timed {
  readonly block: Block;
  readonly start: number;
}

function timed(sequence: Sequence): Timed[] {
  let start = 0;
  return Array.from({ length: sequence.blockCount }, (_, n) => {
    const block = sequence.block(n);
    const here = { block, start };
    start += block.duration;
    return here;
  });
}

/** γ̄∫G dt of an axis between two times [cycles/m]. */
function gathered(blocks: readonly Timed[], axis: Axis, from: number | undefined, to: number | undefined): number {
  // A time that was not found is no interval of no moment.
  assert.ok(from !== undefined && to !== undefined && from <= to, `no interval: ${from} to ${to} s`);
  return blocks.reduce((sum, { block, start }) => {
    const points = gradientPoints(block[axis]);
    return sum + GAMMA_BAR * integral(points, from - start, to - start);
  }, 0);
}

const centersOf = (blocks: readonly Timed[], use: string): number[] =>
  blocks.flatMap(({ block: { rf }, start }) => (rf?.use === use ? [start + rf.delay + rf.center] : []));

const samplesOf = (blocks: readonly Timed[], index: number): number[] =>
  blocks.flatMap(({ block: { adc }, start }) => (adc ? [start + adc.delay + (index + 0.5) * adc.dwell] : []));

/** cycles/m; k reaches 500 here, so this is rounding. */
const ZERO = 1e-9;

test('gre: echo at sample n/2 and TE, slice rephased, lines on the grid, rewound, spoiled', () => {
  const n = 16;
  const gre = make('gre', { n, fov: 0.2, te: 0.006, tr: 0.03, dummies: 0 });
  const blocks = timed(gre);
  const excitations = centersOf(blocks, 'excitation');
  const echoes = samplesOf(blocks, n / 2);
  const starts = blocks.flatMap(({ block, start }) => (block.rf ? [start] : []));
  assert.equal(excitations.length, n);
  assert.ok(Math.abs(gre.duration - n * 0.03) < 1e-9);
  for (const [line, center] of excitations.entries()) {
    const echo = echoes[line];
    assert.ok(Math.abs(echo - center - 0.006) < 1e-9);
    assert.ok(Math.abs(gathered(blocks, 'gx', center, echo)) < ZERO);
    assert.ok(Math.abs(gathered(blocks, 'gz', center, echo)) < ZERO);
    assert.ok(Math.abs(gathered(blocks, 'gy', center, echo) - (line - n / 2) / 0.2) < ZERO);
    const next = center + 0.03;
    assert.ok(Math.abs(gathered(blocks, 'gy', center, next)) < ZERO);
    const nextBlock = starts[line + 1] ?? gre.duration;
    assert.ok(Math.abs(gathered(blocks, 'gz', echo, nextBlock) - 4 / 5e-3) < 1e-6);
  }
});

test('gre: RF spoiling is quadratic, and the receiver follows the pulse', () => {
  const blocks = timed(make('gre', { n: 8, dummies: 0 }));
  const pulses = blocks.flatMap(({ block }) => block.rf ?? []);
  const readouts = blocks.flatMap(({ block }) => block.adc ?? []);
  for (const [j, { phaseOffset }] of pulses.entries()) {
    const degrees = (phaseOffset * 180) / Math.PI;
    assert.ok(Math.abs(degrees - (((117 * j * (j + 1)) / 2) % 360)) < 1e-6);
    assert.ok(Math.abs(readouts[j].phaseOffset - phaseOffset) < 1e-9);
  }
});

test('gre: slices by frequency offset, all in phase at the pulse centre, in the order even, odd', () => {
  const gre = make('gre', {
    n: 2,
    slices: 3,
    thickness: 4e-3,
    gap: 1e-3,
    offset: 0.02,
    tr: 0.1,
    rfSpoiling: 0,
    dummies: 0,
  });
  const pulses = timed(gre).flatMap(({ block: { rf, gz } }) => (rf ? [{ rf, gz }] : []));
  const positions = pulses.slice(0, 3).map(({ rf, gz }) => {
    const strength = gradientPoints(gz).a[1];
    return rf.frequencyOffset / (GAMMA_BAR * strength);
  });
  for (const [n, z] of [0.015, 0.025, 0.02].entries()) assert.ok(Math.abs(positions[n] - z) < 1e-12);
  for (const { rf } of pulses) {
    const turns = rf.frequencyOffset * rf.center + rf.phaseOffset / (2 * Math.PI);
    assert.ok(Math.abs(turns - Math.round(turns)) < 1e-9);
  }
  assert.ok(Math.abs(gre.duration - 0.2) < 1e-9);
});

test('gre and se: dummies play without being read', () => {
  for (const [name, pulses] of [
    ['gre', 1],
    ['se', 2],
  ] as const) {
    const blocks = timed(make(name, { n: 4, dummies: 3 }));
    assert.equal(blocks.filter(({ block }) => block.rf).length, 7 * pulses);
    assert.equal(blocks.filter(({ block }) => block.adc).length, 4);
  }
});

test('se: the 180° halves TE and negates k; crushers are equal; the echo is rephased on every axis', () => {
  const n = 8;
  const se = make('se', { n, fov: 0.2, te: 0.04, tr: 0.2, dummies: 0 });
  const blocks = timed(se);
  const excitations = centersOf(blocks, 'excitation');
  const refocusing = centersOf(blocks, 'refocusing');
  const echoes = samplesOf(blocks, n / 2);
  for (const [line, center] of excitations.entries()) {
    const middle = refocusing[line];
    const echo = echoes[line];
    assert.ok(Math.abs(middle - center - 0.02) < 1e-9 && Math.abs(echo - middle - 0.02) < 1e-9);
    const k = (axis: Axis): number => gathered(blocks, axis, middle, echo) - gathered(blocks, axis, center, middle);
    assert.ok(Math.abs(k('gx')) < ZERO && Math.abs(k('gz')) < ZERO);
    assert.ok(Math.abs(k('gy') - (line - n / 2) / 0.2) < ZERO);
    // What the 180° itself excites is dephased by the second crusher: 4 cycles over 5 mm, and half
    // a slice gradient.
    assert.ok(gathered(blocks, 'gz', middle, echo) > 4 / 5e-3);
  }
});

test('se: pulses stretch to stay within B1', () => {
  const peak = (use: string): number =>
    Math.max(...timed(make('se', { n: 2 })).flatMap(({ block: { rf } }) => (rf?.use === use ? [...rf.magnitude] : [])));
  assert.ok(peak('refocusing') <= DEFAULT_SCANNER.B1 && peak('refocusing') > 0.99 * DEFAULT_SCANNER.B1);
  assert.ok(peak('excitation') <= DEFAULT_SCANNER.B1);
});

test('fid: one pulse of the flip angle asked for, one readout after dead times', () => {
  const fid = make('fid', { flip: Math.PI / 6, samples: 64, delay: 0.002 });
  const blocks = timed(fid);
  const { rf } = blocks[0].block;
  const flip = 360 * GAMMA_BAR * rf!.magnitude[0] * rf!.time[1];
  assert.ok(Math.abs(flip - 30) < 1e-9 && rf!.magnitude[0] <= DEFAULT_SCANNER.B1);
  const readout = blocks.at(-1)!;
  const gap = readout.start + readout.block.adc!.delay - (rf!.delay + rf!.time[1]);
  assert.ok(Math.abs(gap - 0.002) < 1.5e-6);
});

test('te and tr asked for are kept or refused; defaults give way', () => {
  assert.throws(() => make('gre', { te: 0.001 }), /gre: te=1ms is too short; the shortest possible is [\d.]+ms/);
  assert.throws(() => make('se', { tr: 0.01 }), /se: tr=10ms is too short; the shortest possible is [\d.]+ms/);
  assert.throws(() => make('gre', { thickness: 1e-4 }), /above Gmax = 0\.06 T\/m; give thickness ≥/);
  assert.throws(() => make('se', { dwell: 1e-6 }), /more than Gmax = 0\.06 T\/m; give dwell ≥ 1\.566e-6 s/);
  assert.ok(Number(make('gre', { n: 512 }).definitions.get('TE')) > 5e-3);
  assert.ok(Number(make('gre', { slices: 10, n: 2 }).definitions.get('TR')) > 20e-3);
});
