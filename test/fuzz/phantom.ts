/**
 * Fuzzes the phantom readers: sound small files of every format, damaged at random, must be opened
 * and read or refused with a LarmorError of one line; nothing else may happen. Run it for as long
 * as you like:
 *
 *     node --import tsx test/fuzz/phantom.ts [seconds] [seed]
 *
 * It prints the seed of every finding; the same seed repeats the run.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LarmorError } from '../../host/base/errors.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { writePhantom } from '../../host/phantom/write.ts';
import { matFile, niftiFile, writeHdf5, writeTable } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { randomOf } from './pulseq.ts';

/** A damaged header may honestly claim many spins; reading a few shows what there is to show. */
const SPINS_READ = 1000;
const RUNS_PER_SEED = 2000;

export interface FuzzResult {
  readonly runs: number;
  readonly accepted: number;
  readonly refused: number;
}

/**
 * Sound files: name (its ending decides the reader) and bytes; compressed ones are damaged before
 * they are packed too.
 */
export async function seeds(folder: string): Promise<[name: string, bytes: Buffer][]> {
  const koma = join(folder, 'seed.phantom');
  await writePhantom(koma, await openPhantom('grid', { n: '3' }));
  const voxels = Float64Array.from({ length: 60 }, (_, n) => (n % 5 === 4 ? 0 : 1 / (1 + (n % 7))));
  const jemris = await writeHdf5(join(folder, 'seed.h5'), {
    'sample/data': { data: voxels, shape: [3, 4, 5] },
    'sample/resolution': { data: Float64Array.of(1, 1, 1) },
  });
  const labels = Uint8Array.from({ length: 27 }, (_, n) => n % 4);
  const arrays = [{ name: 'labels', dims: [9, 3], data: labels }];
  const nifti = niftiFile([3, 3, 3], labels);
  return [
    ['a.phantom', readFileSync(koma)],
    ['a.h5', readFileSync(jemris)],
    ['a.mat', matFile(arrays, false)],
    ['b.mat', matFile(arrays, true)],
    ['a.nii', nifti],
    ['a.nii.gz', gzipSync(nifti)],
  ];
}

/** What files should not hold where they hold a number. */
const FLOATS = [Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1e-40, 1e38, -1e38];

/**
 * A damaged file. What is inside of a packed one mostly gets further than what is damaged as
 * packed.
 */
export function damageFile(name: string, bytes: Buffer, random: (below: number) => number): Buffer {
  if (!name.endsWith('.gz') || random(4) === 0) return damage(bytes, random);
  return gzipSync(damage(gunzipSync(bytes), random));
}

function damage(bytes: Buffer, random: (below: number) => number): Buffer {
  const out = Buffer.from(bytes);
  const edits = 1 + random(4);
  for (let edit = 0; edit < edits; edit++) {
    const at = random(out.length);
    switch (random(7)) {
      case 0:
        out[at] ^= 1 << random(8);
        break;
      case 1:
        out[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)];
        break;
      case 2:
        out.subarray(at, at + 1 + random(16)).fill(random(2) * 255);
        break;
      case 3:
        out.copy(out, random(out.length), at, at + 1 + random(64));
        break;
      case 4:
        if (at + 4 <= out.length)
          out.writeUInt32LE([0, 1, 0x7fffffff, 0xffffffff, 1 << random(31)][random(5)] >>> 0, at);
        break;
      case 5:
        if (out.length >= 4) out.writeFloatLE(FLOATS[random(FLOATS.length)], at & ~3 & (out.length - 4));
        break;
      default:
        if (random(4) === 0) return out.subarray(0, at);
    }
  }
  return out;
}

/**
 * @throws Error naming the seed if anything but success or a LarmorError of one line comes of a
 *   damaged file
 */
export async function fuzzPhantoms(seed: number, until: (runs: number) => boolean): Promise<FuzzResult> {
  const folder = temporaryFolder();
  const random = randomOf(seed);
  let runs = 0;
  let refused = 0;
  try {
    let sound = await seeds(folder);
    const tissues = writeTable(join(folder, 'tissues.json'), [1, 2, 3], { voxelSize: 0.001 });
    while (!until(runs)) {
      const [name, bytes] = sound[runs % sound.length];
      const damaged = damageFile(name, Buffer.from(bytes), random);
      const path = join(folder, name);
      writeFileSync(path, damaged);
      const isLabels = /\.(mat|nii|nii\.gz)$/.test(name);
      try {
        await openAndRead(path, isLabels ? { tissues } : {});
      } catch (error) {
        if (!(error instanceof LarmorError) || error.message.includes('\n')) {
          writeFileSync(`fuzz-finding-${name}`, readFileSync(path));
          throw new Error(`seed ${seed}, run ${runs}: fuzz-finding-${name} fails with ${error}`, { cause: error });
        }
        refused++;
      }
      runs++;
      // The HDF5 library keeps state between files: a sound one must still open, unless a damaged
      // one made it abort.
      if (runs % 100 === 0 && !(await stillOpens(join(folder, 'seed.phantom')))) {
        sound = sound.filter(([kind]) => !/\.(phantom|h5)$/.test(kind));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { runs, accepted: runs - refused, refused };
}

async function stillOpens(path: string): Promise<boolean> {
  try {
    await openAndRead(path, {});
    return true;
  } catch (error) {
    if (error instanceof LarmorError && error.message.includes('HDF5 stopped at an earlier damaged file')) return false;
    throw error;
  }
}

async function openAndRead(path: string, parameters: Record<string, string>): Promise<void> {
  const source = await openPhantom(path, parameters, { warn() {} });
  try {
    const count = Math.min(SPINS_READ, source.spinCount);
    const block = spinBlock(count);
    source.read(0, count, block);
    source.read(source.spinCount - count, count, block);
    const { T2s: _, ...simulated } = block;
    if (!Object.values(simulated).every((values) => values.every(Number.isFinite))) throw new Error('spins not finite');
  } finally {
    source.close();
  }
}

/**
 * Seeds one after another, each in a process of its own, since an aborted HDF5 library stays so.
 */
function fuzzFor(seconds: number, firstSeed: number): void {
  const end = Date.now() + 1e3 * seconds;
  for (let seed = firstSeed; Date.now() < end; seed++) {
    const one = ['--import', 'tsx', fileURLToPath(import.meta.url), '--seed', String(seed)];
    if (spawnSync(process.execPath, one, { stdio: 'inherit' }).status !== 0) process.exit(1);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [seconds = '60', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
  if (seconds !== '--seed') {
    fuzzFor(Number(seconds), Number(seed));
  } else {
    const result = await fuzzPhantoms(Number(seed), (runs) => runs >= RUNS_PER_SEED);
    console.log(`seed ${seed}: ${result.runs} files, ${result.accepted} accepted, ${result.refused} refused`);
  }
}
