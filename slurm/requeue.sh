#!/bin/bash
# A simulation longer than the time limit of the queue. Shortly before the limit SLURM sends a
# signal; the simulation writes a checkpoint and ends. The job then checks the progress, requeues
# itself and resumes, until the simulation is complete. The result is bit-identical to that of an
# uninterrupted run. If a node fails, the work since the last checkpoint is repeated.
#
#   sbatch requeue.sh scan.seq brain.phantom -o raw.mrd
#
# Everything after the script's name goes to `larmor simulate` (nothing: the built-in EPI of a head, to raw.mrd).

#SBATCH --job-name=larmor-long
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append          # each start adds to the log
#SBATCH --requeue
#SBATCH --time=04:00:00             # EDIT  of one piece, not of the whole
#SBATCH --signal=USR2@120           # EDIT  seconds before the limit; SLURM may be up to a minute early, and no later
#SBATCH --nodes=2                   # EDIT  may change between pieces: scontrol update JobId=… NumNodes=…
#SBATCH --ntasks-per-node=2         # EDIT
#SBATCH --cpus-per-task=16          # EDIT
#SBATCH --hint=nomultithread

module load nodejs openmpi          # EDIT
mpi=pmix                            # EDIT  pmix for Open MPI; pmi2 for MPICH, MVAPICH and Intel MPI
checkpoint=checkpoint-$SLURM_JOB_ID # EDIT  on a file system that all nodes share; the job's number stays when it is requeued
pieces=50                           # EDIT  largest number of starts, in case the job makes no progress

# Finished tiles according to the checkpoint; empty if there is none.
tiles_done() { larmor status "$checkpoint" 2>/dev/null | sed -n 's/^\([0-9]*\) of .*/\1/p'; }

before=$(tiles_done)
# Not through mpirun: the signal ends MPICH's mpiexec before the simulation can handle it.
srun --mpi=$mpi -c "$SLURM_CPUS_PER_TASK" --hint=nomultithread --cpu-bind=cores --kill-on-bad-exit=1 \
  larmor simulate --checkpoint "$checkpoint" --checkpoint-interval 600 --resume "$@"
code=$?

# The checkpoint decides, not the exit code, which launchers and SLURM may replace.
if larmor status "$checkpoint"; then exit 0; fi
after=$(tiles_done)
if [ "${after:-0}" -gt "${before:-0}" ]; then
  why="stopped at $after tiles"
elif [ $code -eq 75 ] || [ $code -gt 128 ]; then
  why="stopped before anything was done"
else
  exit $code                        # bad input or a full disk: a restart would fail again
fi
if [ "${SLURM_RESTART_COUNT:-0}" -ge $pieces ]; then
  echo "requeue.sh: $why, but has started $pieces times; submit it again to continue from $checkpoint" >&2
  exit 75
fi
echo "requeue.sh: $why, continues from $checkpoint"
scontrol requeue "$SLURM_JOB_ID"
exit 75
