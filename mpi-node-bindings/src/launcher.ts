/**
 * Who started this process, how many ranks it started, and which MPI it speaks to: read from the
 * environment, because it has to be known before an MPI is loaded. With the wrong MPI for the
 * launcher every process becomes a world of its own, all exit with 0, and each writes a result; the
 * size check in load.ts is the only thing that notices.
 *
 * The innermost launcher counts. `mpirun` inside `sbatch` reaches its nodes with srun, so its ranks
 * see SLURM variables that describe its daemons (or the one-task batch step): those are read last,
 * and only SLURM_STEP_NUM_TASKS, which srun sets for its own tasks. SLURM_NTASKS describes the
 * allocation and says nothing about this process.
 */
import type { Family } from './types.ts';

export interface Launch {
  /** How a person would name it. */
  readonly launcher: string;
  /** The family that speaks the launcher's protocol; null: the variables do not show it. */
  readonly family: Family | null;
  /**
   * Ranks started, and the variable that states the number; null if the launcher does not state it.
   */
  readonly size: number | null;
  readonly sizeFrom: string | null;
  /** 0 when unknown. */
  readonly rank: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Rule {
  readonly launcher: string;
  readonly family: Family | null;
  /** Any of these being set makes the rule apply. */
  readonly marks: readonly string[];
  readonly size: string | null;
  readonly rank: string;
}

const RULES: readonly Rule[] = [
  {
    launcher: "Open MPI's mpirun",
    family: 'openmpi',
    marks: ['OMPI_COMM_WORLD_SIZE'],
    size: 'OMPI_COMM_WORLD_SIZE',
    rank: 'OMPI_COMM_WORLD_RANK',
  },
  {
    launcher: 'mpirun_rsh of MVAPICH',
    family: 'mpich',
    marks: ['MV2_COMM_WORLD_SIZE'],
    size: 'MV2_COMM_WORLD_SIZE',
    rank: 'MV2_COMM_WORLD_RANK',
  },
  // hydra (MPICH, Intel MPI, MVAPICH), srun --mpi=pmi2 and Flux; PMI_PORT alone is an older
  // protocol of hydra.
  {
    launcher: 'a PMI launcher (mpiexec of the MPICH family, or srun --mpi=pmi2)',
    family: 'mpich',
    marks: ['PMI_SIZE', 'PMI_FD', 'PMI_PORT'],
    size: 'PMI_SIZE',
    rank: 'PMI_RANK',
  },
  {
    launcher: 'srun --mpi=pmix',
    family: 'openmpi',
    marks: ['PMIX_RANK'],
    size: 'SLURM_STEP_NUM_TASKS',
    rank: 'PMIX_RANK',
  },
  {
    launcher: 'PALS',
    family: 'mpich',
    marks: ['PALS_RANKID', 'PMI_CONTROL_PORT'],
    size: 'SLURM_STEP_NUM_TASKS',
    rank: 'PALS_RANKID',
  },
  {
    launcher: 'srun without an MPI plugin (--mpi=none)',
    family: null,
    marks: ['SLURM_STEP_NUM_TASKS'],
    size: 'SLURM_STEP_NUM_TASKS',
    rank: 'SLURM_PROCID',
  },
];

function natural(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

/** null: nothing launched this process in parallel, so it is one rank and needs no MPI. */
export function readLaunch(environment: Environment): Launch | null {
  const rule = RULES.find(({ marks }) => marks.some((mark) => environment[mark] !== undefined));
  if (!rule) return null;
  const size = rule.size === null ? null : natural(environment[rule.size]);
  // `srun --pty bash` leaves a step of one task around a shell, and its PMI, meant for one program,
  // would be used by every command typed there. One task needs no MPI.
  const outer = environment.OMPI_COMM_WORLD_SIZE === undefined;
  if (outer && size === 1 && environment.SLURM_STEP_NUM_TASKS === '1') return null;
  return {
    launcher: rule.launcher,
    family: rule.family,
    size,
    sizeFrom: size === null ? null : rule.size,
    rank: natural(environment[rule.rank]) ?? 0,
  };
}

/** What is wrong with a world of `size` ranks under this launch; null: nothing. */
export function sizeMismatch(launch: Launch | null, size: number): string | null {
  if (!launch) return null;
  if (launch.size !== null && launch.size !== size) {
    return `${launch.launcher} started ${launch.size} ranks (${launch.sizeFrom}=${launch.size})`;
  }
  if (launch.rank >= size) return `${launch.launcher} started this process as rank ${launch.rank}`;
  return null;
}
