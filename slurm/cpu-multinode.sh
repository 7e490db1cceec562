#!/bin/bash
# One simulation over the cores of several nodes.
#
#   sbatch cpu-multinode.sh scan.seq brain.phantom -o raw.mrd
#
# Everything after the script's name goes to `larmor simulate` (nothing: the built-in EPI of a head, to raw.mrd).
# Edit the lines marked EDIT; options given to sbatch itself (sbatch --nodes=8 …) win over the ones here.

#SBATCH --job-name=larmor
#SBATCH --output=%x-%j.log
#SBATCH --time=01:00:00             # EDIT  `larmor plan` with the same arguments gives an estimate
#SBATCH --nodes=2                   # EDIT  the result is the same bit for bit with any number of nodes, tasks and cores
#SBATCH --ntasks-per-node=2         # EDIT  one task per socket (NUMA domain): its memory then stays near its cores
#SBATCH --cpus-per-task=16          # EDIT  cores of a socket
#SBATCH --hint=nomultithread        # two hyperthreads share the units that the simulation is bound by

module load nodejs openmpi          # EDIT  the MPI that Larmor's addon was built with (`larmor doctor` names it)
mpi=pmix                            # EDIT  pmix for Open MPI; pmi2 for MPICH, MVAPICH and Intel MPI. See `srun --mpi=list`

# srun does not take --cpus-per-task over from sbatch (since SLURM 22.05): without -c every task would get one core.
# A task that fails ends the others instead of leaving them waiting in MPI.
srun --mpi=$mpi -c "$SLURM_CPUS_PER_TASK" --hint=nomultithread --cpu-bind=cores --kill-on-bad-exit=1 \
  larmor simulate "$@"
