/**
 * The reference simulation of moving spins, against signals that another program computed to 1e-13.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHdf5 } from '../../host/formats/hdf5/reader.ts';
import { readNpy } from '../../host/formats/npy.ts';
import { readMotions } from '../../host/phantom/motion/read.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { simulateMoving } from '../../testing/moving-spins.ts';

for (const name of ['translate', 'rotate', 'heartbeat', 'default_time', 'flow', 'old_layout']) {
  test(`${name}`, skipWithoutCases(), async () => {
    const source = await openPhantom(cases(`motion/${name}.phantom`), {}, { warn: () => {} });
    const spins = spinBlock(source.spinCount);
    source.read(0, source.spinCount, spins);
    const file = await openHdf5(cases(`motion/${name}.phantom`));
    const motions = readMotions(file, source.spinCount, assert.fail);
    const { signal: found } = simulateMoving(readPulseq(cases(`motion/${name}.seq`)), spins, motions);
    const { data } = readNpy(cases(`motion/${name}.npy`));
    const off = Math.sqrt(
      found.reduce((sum, value, n) => sum + (value - data[n]) ** 2, 0) /
        data.reduce((sum, value) => sum + value ** 2, 0),
    );
    // Of the file's six digits for amplitudes, which the other program did not round.
    assert.ok(off < 1e-6, `${off}`);
    source.close();
    file.close();
  });
}
