/**
 * Phantoms in the formats of other programs, a few hundred spins each, whose values no arithmetic
 * of V8 but + − × ÷ has touched.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { matFile, niftiFile, writeHdf5 } from '../../testing/phantom-files.ts';

const SPINS = 500;
/** Pixels across and down the label image. */
const SIZE = [12, 10] as const;
const TISSUES = { 1: { density: 1, T1: 0.9, T2: 0.08 }, 2: { density: 0.7, T1: 1.4, T2: 0.11 } };

/**
 * Numbers in [0, 1). A generator of its own: the golden inputs must not change with any other code.
 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function column(seed: number, from: number, to: number): { data: Float64Array } {
  const next = random(seed);
  return { data: Float64Array.from({ length: SPINS }, () => from + (to - from) * next()) };
}

/** Writes spins.phantom, arrays.h5, jemris.h5, labels.mat and labels.nii. */
export async function phantomsIn(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name);
  const [x, y, z] = [column(1, -0.09, 0.09), column(2, -0.09, 0.09), column(3, -2e-3, 2e-3)];
  const [density, T1, T2] = [column(4, 0.5, 1), column(5, 0.3, 1.8), column(6, 0.03, 0.2)];
  const offResonance = column(7, -300, 300);
  await writeHdf5(
    at('spins.phantom'),
    {
      ...{ 'position/x': x, 'position/y': y, 'position/z': z },
      ...{ 'contrast/ρ': density, 'contrast/T1': T1, 'contrast/T2': T2, 'contrast/Δw': offResonance },
    },
    { Version: '0.9.0', Name: 'golden', Ns: SPINS },
  );
  await writeHdf5(at('arrays.h5'), { x, y, z, ρ: density, T1, T2, Δw: offResonance });

  const next = random(8);
  const labels = Uint8Array.from({ length: SIZE[0] * SIZE[1] }, () => Math.floor(3 * next()));
  const voxels = [...labels].flatMap((label) => {
    const tissue = TISSUES[label as 1 | 2];
    return tissue ? [tissue.density, 1e-3 / tissue.T1, 1e-3 / tissue.T2, 1e-3 / tissue.T2, 0] : [0, 0, 0, 0, 0];
  });
  await writeHdf5(at('jemris.h5'), {
    'sample/data': { data: Float64Array.from(voxels), shape: [SIZE[1], SIZE[0], 5] },
    'sample/resolution': { data: Float64Array.of(15, 15, 5) },
    'sample/offset': { data: Float64Array.of(0, 0, 0) },
  });
  writeFileSync(at('labels.mat'), matFile([{ name: 'labels', dims: SIZE, data: labels }]));
  writeFileSync(at('labels.nii'), niftiFile([...SIZE, 1], labels, [15, 15, 5]));
  const table = JSON.stringify({ tissues: TISSUES, voxelSize: 0.015 });
  writeFileSync(at('labels.json'), table);
}
