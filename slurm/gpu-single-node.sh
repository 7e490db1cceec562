#!/bin/bash
# One simulation on the GPUs of one node, one task per GPU.
#
#   sbatch gpu-single-node.sh scan.seq brain.phantom -o raw.mrd
#
# Everything after the script's name goes to `larmor simulate` (nothing: the built-in EPI of a head, to raw.mrd).
# The node needs a Vulkan driver and the npm package webgpu: `srun --gpus=1 larmor doctor` says whether it has them.

#SBATCH --job-name=larmor-gpu
#SBATCH --output=%x-%j.log
#SBATCH --time=00:30:00             # EDIT
#SBATCH --nodes=1
#SBATCH --ntasks=4                  # EDIT  as many as GPUs
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=4           # EDIT  cores of the node / GPUs: a task feeds its GPU with one and simulates on none
#SBATCH --hint=nomultithread

module load nodejs openmpi          # EDIT
mpi=pmix                            # EDIT  pmix for Open MPI; pmi2 for MPICH, MVAPICH and Intel MPI

# Each task sees its own GPU and no other. Where the site does not constrain devices (ConstrainDevices in cgroup.conf) the
# driver may still show all: Larmor says so when tasks share one.
srun --mpi=$mpi -c "$SLURM_CPUS_PER_TASK" --gpus-per-task=1 --gpu-bind=single:1 --kill-on-bad-exit=1 \
  larmor simulate --engine webgpu "$@"
