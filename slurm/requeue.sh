#!/bin/bash
# A simulation longer than a queue allows. Shortly before the time limit SLURM signals it; it writes a checkpoint and ends;
# the job looks how far that is, puts itself back into the queue and goes on from there, until the simulation is done. The
# result is the same bit for bit as without the interruptions. A node that fails costs the work since the last checkpoint.
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
pieces=50                           # EDIT  how often it may start at most: one that gets nowhere must not run for ever

# Tiles done so far, by the checkpoint itself; nothing if there is none.
tiles_done() { larmor status "$checkpoint" 2>/dev/null | sed -n 's/^\([0-9]*\) of .*/\1/p'; }

before=$(tiles_done)
# Not through mpirun here: MPICH's mpiexec dies of the signal before the simulation can answer it.
srun --mpi=$mpi -c "$SLURM_CPUS_PER_TASK" --hint=nomultithread --cpu-bind=cores --kill-on-bad-exit=1 \
  larmor simulate --checkpoint "$checkpoint" --checkpoint-interval 600 --resume "$@"
code=$?

# The checkpoint decides, not the code: launchers and SLURM may put a code of their own in its place.
if larmor status "$checkpoint"; then exit 0; fi
after=$(tiles_done)
if [ "${after:-0}" -gt "${before:-0}" ]; then
  why="stopped at $after tiles"
elif [ $code -eq 75 ] || [ $code -gt 128 ]; then
  why="stopped before anything was done"
else
  exit $code                        # bad input, a full disk: the same would happen again
fi
if [ "${SLURM_RESTART_COUNT:-0}" -ge $pieces ]; then
  echo "requeue.sh: $why, but has started $pieces times; submit it again to go on from $checkpoint" >&2
  exit 75
fi
echo "requeue.sh: $why, goes on from $checkpoint"
scontrol requeue "$SLURM_JOB_ID"
exit 75
