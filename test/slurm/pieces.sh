#!/bin/bash
# What requeue.sh does, without SLURM's two minutes between starts: the same simulation again and again within one job until its
# checkpoint says that it is complete. Prints the code of every piece. Arguments go to `larmor simulate`.

#SBATCH --output=%x-%j.log
for piece in $(seq 20); do
  srun --mpi=pmix -c 1 --kill-on-bad-exit=1 \
    larmor simulate --checkpoint kept --checkpoint-interval 1 --resume --threads 1 "$@"
  echo "piece $piece ended with $?"
  if larmor status kept; then exit 0; fi
done
exit 1
