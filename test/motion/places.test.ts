/**
 * Places of moving spins against those computed by another program, in both layouts of the file.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openHdf5 } from '../../host/formats/hdf5/reader.ts';
import { readNpy } from '../../host/formats/npy.ts';
import { inOrder, moversOf, placesOver } from '../../host/phantom/motion/places.ts';
import { readMotions } from '../../host/phantom/motion/read.ts';
import { caseFiles, cases, skipWithoutCases } from '../../testing/cases.ts';

for (const path of caseFiles('motion', '.positions.npy')) {
  const name = path.replace(/^.*\//, '').replace('.positions.npy', '');
  test(`places of ${name}`, skipWithoutCases(), async () => {
    const file = await openHdf5(cases(`motion/${name}.phantom`));
    const column = (axis: string) => Float64Array.from(file.numbers(`position/${axis}`).read([[0, 48]]));
    const rest = { x: column('x'), y: column('y'), z: column('z') };
    const motions = inOrder(readMotions(file, 48, assert.fail));
    const at = placesOver(
      moversOf(
        motions,
        Array.from({ length: 48 }, (_, n) => n),
      ),
      rest,
    );
    const { shape, data } = readNpy(path);
    const times: number[] = JSON.parse(readFileSync(cases(`motion/${name}.json`), 'utf8')).positions.t;
    assert.equal(shape[0], times.length);
    let worst = 0;
    for (const [n, time] of times.entries()) {
      const { x, y, z } = at(time);
      for (const [axis, found] of [x, y, z].entries())
        for (let spin = 0; spin < 48; spin++)
          worst = Math.max(worst, Math.abs(found[spin] - data[(n * 3 + axis) * 48 + spin]));
    }
    // Both in f64.
    assert.ok(worst < 1e-14, `${worst} m`);
    file.close();
  });
}
