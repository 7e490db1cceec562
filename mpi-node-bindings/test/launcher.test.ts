/** What the environment says about a launch, by the variables that real launchers set. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readLaunch, sizeMismatch } from '../index.ts';

type Environment = Readonly<Record<string, string>>;

/** Of the batch step on an allocation of eight tasks; SLURM_STEP_NUM_TASKS is srun's alone. */
const BATCH = { SLURM_JOB_ID: '7', SLURM_NTASKS: '8', SLURM_NPROCS: '8', SLURM_PROCID: '0', SLURM_LOCALID: '0' };
/**
 * Of the step in which srun started one daemon on each of two nodes for a mpirun in the batch
 * script.
 */
const DAEMONS = { ...BATCH, SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1' };

const CASES: readonly [string, Environment, [family: string | null, size: number | null, rank: number] | null][] = [
  ['a shell', {}, null],
  ['the batch script itself', BATCH, null],
  ['mpirun of Open MPI', { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3', PMIX_RANK: '3' }, ['openmpi', 4, 3]],
  ['the same inside sbatch', { ...DAEMONS, OMPI_COMM_WORLD_SIZE: '8', OMPI_COMM_WORLD_RANK: '5' }, ['openmpi', 8, 5]],
  [
    'one rank of it inside a one-task step',
    { OMPI_COMM_WORLD_SIZE: '1', SLURM_STEP_NUM_TASKS: '1' },
    ['openmpi', 1, 0],
  ],
  ['hydra', { PMI_SIZE: '2', PMI_RANK: '1', PMI_FD: '6' }, ['mpich', 2, 1]],
  ['hydra inside sbatch', { ...DAEMONS, PMI_SIZE: '8', PMI_RANK: '6' }, ['mpich', 8, 6]],
  ['hydra by port', { PMI_PORT: 'n1:4711', PMI_ID: '1' }, ['mpich', null, 0]],
  ['srun --mpi=pmi2', { SLURM_STEP_NUM_TASKS: '3', PMI_SIZE: '3', PMI_RANK: '2', PMI_FD: '9' }, ['mpich', 3, 2]],
  ['srun --mpi=pmix', { SLURM_STEP_NUM_TASKS: '3', PMIX_RANK: '2', SLURM_PROCID: '2' }, ['openmpi', 3, 2]],
  ['another PMIx launcher', { PMIX_RANK: '2' }, ['openmpi', null, 2]],
  ['srun --mpi=none', { SLURM_STEP_NUM_TASKS: '3', SLURM_PROCID: '1' }, [null, 3, 1]],
  ['srun of Cray', { SLURM_STEP_NUM_TASKS: '3', PMI_CONTROL_PORT: '1', PALS_RANKID: '1' }, ['mpich', 3, 1]],
  ['srun --pty bash, PMI2', { SLURM_STEP_NUM_TASKS: '1', PMI_SIZE: '1', PMI_RANK: '0' }, null],
  ['srun --pty bash, PMIx', { SLURM_STEP_NUM_TASKS: '1', PMIX_RANK: '0' }, null],
  ['mpirun_rsh', { MV2_COMM_WORLD_SIZE: '5', MV2_COMM_WORLD_RANK: '4', PMI_SIZE: '5' }, ['mpich', 5, 4]],
];

describe('launcher', () => {
  for (const [name, environment, expected] of CASES) {
    test(name, () => {
      const launch = readLaunch(environment);
      assert.deepEqual(launch && [launch.family, launch.size, launch.rank], expected);
      if (launch?.size) assert.equal(environment[launch.sizeFrom!], String(launch.size));
    });
  }

  test('a world of the wrong size is noticed, by size or at least by rank', () => {
    const hydra = readLaunch({ PMI_SIZE: '2', PMI_RANK: '1' });
    assert.equal(sizeMismatch(hydra, 2), null);
    assert.match(sizeMismatch(hydra, 1)!, /PMI_SIZE=2/);
    const pmix = readLaunch({ PMIX_RANK: '2' });
    assert.equal(sizeMismatch(pmix, 3), null);
    assert.match(sizeMismatch(pmix, 1)!, /as rank 2/);
    assert.equal(sizeMismatch(null, 1), null);
  });
});
