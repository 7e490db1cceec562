/**
 * The built-in sequences' real encodings through the formats: on BART's grid where they belong,
 * whole in ISMRMRD.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquiredData } from '../../host/raw/acquisitions.ts';
import { bartLayout } from '../../host/raw/bart-layout.ts';
import { readRaw, writeRaw } from '../../host/raw/index.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { scratch } from './fixture.ts';

for (const [name, form] of [
  ['epi', 'grid'],
  ['gre', 'grid'],
  ['se', 'grid'],
  ['fid', 'trajectory'],
] as const) {
  test(`${name}: ${form} for BART, and every readout back from ISMRMRD`, async () => {
    const encoding = encode(makeBuiltin(name, {}, DEFAULT_SCANNER), DEFAULT_SCANNER);
    const samples = encoding.readouts.reduce((sum, readout) => sum + readout.samples, 0);
    const layout = bartLayout(encoding, 1);
    assert.equal(layout.form, form);
    if (layout.form === 'grid') assert.deepEqual(layout.shape.slice(0, 3), encoding.encodedMatrix);
    const path = scratch()('out.mrd');
    const raw = {
      signal: Float64Array.from({ length: 2 * samples }, (_, n) => n),
      coils: 1,
      samples,
      precision: 'f32',
      encoding,
      sequenceName: name,
      phantomName: 'none',
      B0: DEFAULT_SCANNER.B0,
      frequency: 63.87e6,
    } as const;
    writeRaw(path, raw);
    const { acquisitions, kind, encodedMatrix } = await readRaw(path);
    const wanted = acquiredData(raw);
    assert.deepEqual([kind, encodedMatrix], [wanted.kind, wanted.encodedMatrix]);
    assert.deepEqual(
      acquisitions.map(({ counters, flags, data, trajectory }) => ({ counters, flags, data, trajectory })),
      wanted.acquisitions.map(({ counters, flags, data, trajectory }) => ({ counters, flags, data, trajectory })),
    );
    // The format promises ±½, of which rounding to f32 may take or add the last bit.
    for (const { trajectory } of acquisitions) {
      assert.ok(trajectory!.every((k) => Math.abs(k) <= 0.5 + 1e-6));
    }
  });
}
