/**
 * More threads than a WASM memory has room for are not used; only a single thread's memory can be
 * too much.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Layout, layOut } from '../../host/engine/wasm/memory.ts';
import { loadKernels } from '../../host/engine/wasm/module.ts';
import type { PhantomSource } from '../../host/phantom/types.ts';
import { programFor } from '../../host/program/build.ts';
import { makePlan } from '../../host/run/plan.ts';
import { phantomOf } from '../../testing/run.ts';
import { warningsOf } from '../../testing/warnings.ts';
import { lines, randomSpins, timelineOf, tip } from './fixture.ts';

const kernels = loadKernels();
const timelines = [timelineOf(tip, ...lines(4, 32))] as const;
/** A billion spins, of which only the bounds are looked at. */
const source: PhantomSource = { ...phantomOf(randomSpins(64)), spinCount: 2 ** 30 };

function layoutOf(tileSize: number, threads: number): { readonly layout: Layout; readonly warned: string } {
  const made = makePlan(timelines, source, { precision: 'f32', engineBuild: '', version: 'test', tileSize });
  const job = { timelines, source, ...made };
  let layout: Layout | undefined;
  const warned = warningsOf(() => {
    layout = layOut(job, programFor(job), kernels, { threads });
  });
  return { layout: layout!, warned: warned.join() };
}

test('as many threads as there is room for', () => {
  const one = layoutOf(2 ** 18, 1);
  const few = layoutOf(2 ** 18, 8);
  assert.deepEqual([one.layout.sizes.threads, few.layout.sizes.threads, one.warned + few.warned], [1, 8, '']);
  const each = (few.layout.bytes - one.layout.bytes) / 7;
  const many = layoutOf(2 ** 18, 1024);
  const { threads } = many.layout.sizes;
  assert.ok(many.layout.bytes <= 2 ** 32 && many.layout.bytes > 2 ** 32 - 3 * each, `${threads}: ${many.layout.bytes}`);
  assert.match(many.warned, new RegExp(`^${threads} of 1024 threads are used: .*4 GiB.*start several ranks`));
});

test('a tile that has no room even for one thread', () => {
  assert.throws(
    () => layoutOf(2 ** 28, 64),
    /timeline: with the sums of its 128 samples it needs .* in a memory of 4 GiB/,
  );
});
