#!/bin/bash
# One simulation on the GPUs of several nodes, one task per GPU.
#
#   sbatch gpu-multi-node.sh scan.seq brain.phantom -o raw.mrd
#
# Everything after the script's name goes to `larmor simulate` (nothing: the built-in EPI of a head, to raw.mrd).
# The nodes need a Vulkan driver and the npm package webgpu: `srun --gpus=1 larmor doctor` says whether they have them.

#SBATCH --job-name=larmor-gpus
#SBATCH --output=%x-%j.log
#SBATCH --time=00:30:00             # EDIT
#SBATCH --nodes=2                   # EDIT
#SBATCH --ntasks-per-node=2         # EDIT  as many as GPUs in a node
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=4           # EDIT  cores of a node / its GPUs
#SBATCH --hint=nomultithread

module load nodejs openmpi          # EDIT
mpi=pmix                            # EDIT  pmix for Open MPI; pmi2 for MPICH, MVAPICH and Intel MPI

# A GPU that is lost in the middle is a line in the log: the CPU simulates the tiles that it left, and the summary says
# `reproducible: false`. A task that sees no GPU ends the job before it begins; where some nodes have none, let the others wait
# for nobody and such tasks use their cores:
#   sbatch gpu-multi-node.sh scan.seq brain.phantom --engine auto --schedule dynamic
srun --mpi=$mpi -c "$SLURM_CPUS_PER_TASK" --gpus-per-task=1 --gpu-bind=single:1 --kill-on-bad-exit=1 \
  larmor simulate --engine webgpu "$@"
