/**
 * Which MPI is chosen, and that a job whose launcher and MPI do not belong together stops with a
 * sentence. Otherwise every process is a world of its own: all exit with 0, and each writes the
 * result of a part.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Family } from '../index.ts';
import { alone, BUILD, bundle, type Ended, FAMILIES, launch, missing, transcript } from './jobs.ts';

const SOURCE = new URL('./programs/world.ts', import.meta.url).href;
const SIZE_FROM: Readonly<Record<Family, string>> = { openmpi: 'OMPI_COMM_WORLD_SIZE', mpich: 'PMI_SIZE' };
const other = (family: Family): Family => (family === 'openmpi' ? 'mpich' : 'openmpi');
const both = missing('openmpi') || missing('mpich');

interface World {
  family: string;
  rank: number;
  size: number;
  passedOver: string[];
}

function worlds(job: Ended): World[] {
  assert.equal(job.code, 0, transcript(job));
  const lines = job.stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line)).sort((a, b) => a.rank - b.rank);
}

function refused(job: Ended, reason: RegExp): void {
  assert.notEqual(job.code ?? 0, 0, transcript(job));
  assert.match(job.stderr, /refuses: /, transcript(job));
  assert.match(job.stderr, reason);
}

// Two jobs at a time: most of what they do is to start and to be refused.
describe('launching', { concurrency: 2 }, () => {
  let program = '';
  let folder = '';
  before(async () => {
    program = await bundle(SOURCE);
    folder = mkdtempSync(join(tmpdir(), 'mpi-node-folder-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const family of FAMILIES) {
    const skip = missing(family);
    const NOWHERE = { MPI_NODE_DIRECTORY: '/nonexistent' };

    test(`${family}: chosen for its launcher, found in a folder the caller names`, { skip }, async () => {
      const job = await launch(family, 2, [program, JSON.stringify({ directories: [BUILD] })], { env: NOWHERE });
      const expected = [0, 1].map((rank) => ({ family, rank, size: 2, passedOver: [] }));
      assert.deepEqual(worlds(job), expected);
    });

    test(`${family}: run from the TypeScript sources`, { skip }, async () => {
      const fromSources = ['--import', 'tsx', fileURLToPath(SOURCE)];
      const job = await launch(family, 2, fromSources, { env: { MPI_NODE_DIRECTORY: undefined } });
      assert.equal(worlds(job).length, 2);
    });

    test(`${family}: the launcher of one MPI with the other's library is refused`, { skip: both }, async () => {
      const job = await launch(family, 2, [program], { env: { MPI_NODE_FAMILY: other(family) } });
      refused(job, new RegExp(`started 2 ranks \\(${SIZE_FROM[family]}=2\\), but this process sees a world of 1 `));
    });

    test(`${family}: only the other's addon is built: refused, with the reason`, { skip: both }, async () => {
      const only = mkdtempSync(join(folder, 'only-'));
      for (const name of ['mpi-signals.node', `mpi-${other(family)}.node`])
        copyFileSync(join(BUILD, name), join(only, name));
      writeFileSync(join(only, `mpi-${family}.node`), 'not a library');
      const job = await launch(family, 2, [program], { env: { MPI_NODE_DIRECTORY: only } });
      refused(job, new RegExp(`world of 1[\\s\\S]*\n {2}${family}: `));
    });

    test(`${family}: nothing is built: two ranks are refused, one is served`, { skip }, async () => {
      refused(await launch(family, 2, [program], { env: NOWHERE }), /no MPI could be loaded here[\s\S]*is not built/);
      const [single] = worlds(await launch(family, 1, [program], { env: NOWHERE }));
      assert.deepEqual([single?.family, single?.size], ['none', 1]);
    });

    test(`${family}: 'none' is refused for two ranks, unless the check is off`, { skip }, async () => {
      refused(await launch(family, 2, [program], { env: { MPI_NODE_FAMILY: 'none' } }), /world of 1/);
      const env = { MPI_NODE_FAMILY: 'none', MPI_NODE_SIZE_CHECK: '0' };
      const separate = worlds(await launch(family, 2, [program], { env }));
      assert.deepEqual(
        separate.map(({ size }) => size),
        [1, 1],
      );
    });

    test(`${family}: SLURM's variables of an outer step do not matter`, { skip }, async () => {
      // As in mpirun inside sbatch: what srun told the launcher's own daemons.
      const outer = ['SLURM_STEP_NUM_TASKS=1', 'SLURM_PROCID=0', 'SLURM_LOCALID=0', 'SLURM_NTASKS=8'];
      const job = await launch(family, 2, [program], { wrap: ['env', ...outer] });
      assert.deepEqual(
        worlds(job).map((world) => [world.family, world.size]),
        [
          [family, 2],
          [family, 2],
        ],
      );
    });

    test(`${family}: without a launcher only when asked`, { skip }, async () => {
      assert.deepEqual(worlds(await alone([program])), [{ family: 'none', rank: 0, size: 1, passedOver: [] }]);
      const asked = await alone([program], { MPI_NODE_FAMILY: family });
      assert.deepEqual(worlds(asked), [{ family, rank: 0, size: 1, passedOver: [] }]);
    });
  }

  test('what was asked for and is not there is an error', async () => {
    const nowhere = await alone([program, '{"family":"mpich"}'], { MPI_NODE_DIRECTORY: '/nonexistent' });
    refused(nowhere, /mpich was asked for, but:\n {2}mpich: mpi-mpich.node is not built \(looked in \/nonexistent,/);
    refused(
      await alone([program], { MPI_NODE_FAMILY: 'lam' }),
      /MPI_NODE_FAMILY=lam: it must be openmpi, mpich or none/,
    );
  });

  test('srun without its MPI plugin is refused; a step of one task is one rank', async () => {
    const step = (tasks: number) => ({
      SLURM_STEP_NUM_TASKS: String(tasks),
      SLURM_PROCID: '2',
      MPI_NODE_DIRECTORY: '/x',
    });
    refused(await alone([program], step(4)), /rank 2 refuses: srun without an MPI plugin .* started 4 ranks/);
    const pty = { ...step(1), PMI_SIZE: '1', PMI_RANK: '0', PMI_FD: '9' };
    assert.equal(worlds(await alone([program], pty))[0]?.family, 'none');
  });
});
