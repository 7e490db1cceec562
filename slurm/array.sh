#!/bin/bash
# The same simulation for several values of one parameter, as a job array: one job per value, as
# many at a time as resources allow.
#
#   sbatch array.sh                     all values below
#   sbatch --array=2 array.sh           one of them again
#
# Everything after the script's name goes to `larmor simulate`.

#SBATCH --job-name=larmor-sweep
#SBATCH --output=%x-%A_%a.log
#SBATCH --time=00:30:00             # EDIT
#SBATCH --array=0-3                 # EDIT  0 to the number of values − 1; %2 behind it runs two at a time at most
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=16          # EDIT
#SBATCH --hint=nomultithread

module load nodejs                  # EDIT  no MPI is needed for one task per simulation

name=flip                           # EDIT  a parameter of the sequence: `larmor info gre` lists them
values=(5deg 15deg 30deg 60deg)     # EDIT

value=${values[$SLURM_ARRAY_TASK_ID]}
if [ -z "$value" ]; then
  echo "array.sh: there is no value number $SLURM_ARRAY_TASK_ID; give --array=0-$((${#values[@]} - 1)), or more values" >&2
  exit 2
fi

srun -c "$SLURM_CPUS_PER_TASK" --hint=nomultithread --cpu-bind=cores \
  larmor simulate gre --set "$name=$value" -o "$name-$value.mrd" "$@"
