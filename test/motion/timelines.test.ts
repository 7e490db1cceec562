/** Timelines of groups of moving spins, played by the slow evaluator, against signals that another program computed to 1e-13. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNpy } from '../../host/formats/npy.ts';
import { modelColumns } from '../../host/phantom/columns.ts';
import { movingPhantom } from '../../host/phantom/motion/moving.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { simulateSlowly } from '../../testing/reference.ts';

for (const name of ['translate', 'rotate', 'heartbeat', 'default_time', 'flow', 'flow_int', 'old_layout']) {
  test(`${name}`, skipWithoutCases(), async () => {
    const of = name === 'flow_int' ? 'flow' : name;
    const rest = await openPhantom(cases(`motion/${name}.phantom`), {}, { warn: () => {} });
    const sequence = readPulseq(cases(`motion/${of}.seq`));
    const moving = movingPhantom(rest, rest.motions!, sequence.duration);
    const timelines = moving.movements.map((movement) =>
      compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6, movement }),
    );
    const source = moving.source();
    const { model } = source;
    const { data } = readNpy(cases(`motion/${of}.npy`));
    const found = new Float64Array(data.length);
    let first = 0;
    for (const [group, count] of (model!.groups ?? [source.spinCount]).entries()) {
      const spins = spinBlock(count, { extra: modelColumns(model).total });
      source.read(first, count, spins);
      for (const [n, value] of simulateSlowly(timelines[group], spins, source.B0, model).entries()) found[n] += value;
      first += count;
    }
    const square = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0);
    const off = Math.sqrt(square(found.map((value, n) => value - data[n])) / square(data));
    assert.ok(off < 1e-6, `${off}`);
    rest.close();
  });
}
