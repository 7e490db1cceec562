/**
 * Pictures of the built-in scans of a ball of brain; builtin-pictures.slow.test.ts has another
 * tissue. And levels against closed forms.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { BRAIN, FLUID, FOV, N, testPictures } from './builtin-scans.ts';
import { columnSignal } from './column.ts';
import type { Layers } from './steady-signal.ts';

testPictures('brain', BRAIN);

/** In the middle of the slice. */
const middle: Layers = { from: 0, to: 0, count: 1 };
const make = (name: string, settings: Readonly<Record<string, number>>): Sequence =>
  makeBuiltin(name, { n: N, fov: FOV, ...settings }, DEFAULT_SCANNER);
const defined = (sequence: Sequence, key: string): number => Number(sequence.definitions.get(key));

test('bSSFP: the level of the steady state', () => {
  const sequence = make('bssfp', { dummies: 2000 });
  const [TE, TR] = [defined(sequence, 'TE'), defined(sequence, 'TR')];
  const flip = (defined(sequence, 'FlipAngle') * Math.PI) / 180;
  const { time } = sequence.block(0).rf!;
  for (const { T1, T2 } of [BRAIN, FLUID]) {
    // Transverse magnetisation decays less during pulses (Bieri and Scheffler, Magn. Reson. Med.
    // 2009): so long is one as a rectangle.
    const part = (1.2 * time.at(-1)!) / 4 / TR;
    const R2 = (1 - (0.68 - (0.125 * (1 + part) * T2) / T1) * part) / T2;
    const [E1, E2] = [Math.exp(-TR / T1), Math.exp(-TR * R2)];
    const steady = (Math.sin(flip) * (1 - E1)) / (1 - (E1 - E2) * Math.cos(flip) - E1 * E2);
    const level = Math.hypot(...columnSignal(sequence, { T1, T2 }, middle, 0.5)[N / 2]);
    assert.ok(Math.abs(level / (steady * Math.exp(-TE * R2)) - 1) < 0.03, `${level}, not ${steady}`);
  }
});

test('TSE: the level of an echo', () => {
  const sequence = make('tse', { turboFactor: 8, te: 0.04 });
  const echo = 3;
  for (const { T1, T2 } of [BRAIN, FLUID]) {
    const readouts = columnSignal(sequence, { T1, T2 }, middle, 0.5);
    // M_z is zero after the excitation, and turned to and fro until the last of eight pulses.
    const level = (1 - Math.exp(-(3 - 0.08) / T1)) * Math.exp(-0.04 / T2);
    const found = Math.hypot(...readouts[8 + echo]);
    assert.ok(Math.abs(found / level - 1) < 0.03, `${found}, not ${level}`);
  }
});
