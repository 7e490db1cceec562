/**
 * The prediction of spurious echoes: the same where a phantom has more spins than are weighed, and
 * where nothing is in focus.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPoints } from '../../host/sampling/point-check.ts';
import { predictEcho } from '../../host/sampling/predict-echo.ts';
import { pixelAlong } from '../../host/sampling/sampler.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { lattice } from '../../testing/lattice.ts';
import { greLine, scan, table, tse } from '../../testing/small-scans.ts';

test('spins left out at random do not change the predicted echo', () => {
  const lines = table().map((ky) => greLine(ky));
  const sequence = scan('gre', [...lines, ...lines, ...lines].flat());
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  const pixel = [pixelAlong(encoding, [1, 0, 0]), pixelAlong(encoding, [0, 1, 0]), undefined];
  const levelOf = (layers: number, maxTerms: number): number =>
    checkPoints(lattice(200, layers), timeline, encoding.start, pixel, maxTerms).level;
  // Some ten thousand spins around a pixel weighed with 100 to 200 orders, and a part of them.
  const [whole, thinned] = [levelOf(10, 1e9), levelOf(10, 1e7)];
  assert.ok(whole > 0.1, `${whole}`);
  assert.ok(Math.abs(thinned / whole - 1) < 0.1, `${thinned}, ${whole}`);
  // The engine has 2.6 % of 97 layers of a coarser lattice; chance does not add to it.
  assert.ok(levelOf(97, 1e7) < 0.03);
});

test('a sequence that refocuses nothing is told by what its readouts see', () => {
  const { blockCount, block } = tse(180, 'excitation');
  const blocks = Array.from({ length: blockCount }, (_, n) => block(n));
  const phantom = lattice(20, 7);
  const prediction = (all: readonly Block[]) => {
    const sequence = scan('spin echo', all);
    const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
    return predictEcho(phantom, timeline, encode(sequence, DEFAULT_SCANNER));
  };
  assert.equal(prediction(blocks.slice(0, 9)).dephased, undefined);
  // The block after the excitation rewinds the slice gradient: 413 cycles/m.
  const { gz, ...encodingOnly } = blocks[1];
  assert.ok(gz !== undefined);
  const { level, dephased } = prediction([blocks[0], encodingOnly, ...blocks.slice(2, 9)]);
  assert.equal(level, 0);
  assert.equal(Math.round(Math.abs(dephased?.[2] ?? 0)), 413);
});
