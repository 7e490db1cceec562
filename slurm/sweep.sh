#!/bin/bash
# A grid of parameters as one job array: each job does a part of the runs, and a last one makes the table of all.
#
#   job=$(sbatch --parsable sweep.sh)
#   sbatch --array=0 --dependency=afterany:$job sweep.sh      the table, and what the parts left out
#   sbatch --array=3 sweep.sh                                 one part again: it goes on where it stopped
#
# Everything after the script's name goes to `larmor sweep`; give the three commands the same.

#SBATCH --job-name=larmor-sweep
#SBATCH --output=%x-%A_%a.log
#SBATCH --time=00:30:00             # EDIT
#SBATCH --array=1-4                 # EDIT  1 to the number of parts (below); %2 behind it runs two at a time at most
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=16          # EDIT
#SBATCH --hint=nomultithread

module load nodejs                  # EDIT  no MPI is needed for one task per part

parts=4                             # EDIT  as many as the array has jobs
vary=(--set flip=5deg:60deg:12 --set tr=20ms,50ms)      # EDIT  `larmor sweep --help` has the forms

if [ "$SLURM_ARRAY_TASK_ID" -gt 0 ]; then
  part=(--part "$SLURM_ARRAY_TASK_ID/$parts")
fi

srun -c "$SLURM_CPUS_PER_TASK" --hint=nomultithread --cpu-bind=cores \
  larmor sweep gre head2d "${vary[@]}" -o sweep.csv "${part[@]}" "$@"
