/* Tells MPI's view of the job and the host, one line per rank: enough to see whether launcher and library found each other. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int rank, size;
  long mine, sum;
  char host[256];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  mine = rank + 1;
  MPI_Allreduce(&mine, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  gethostname(host, sizeof host);
  printf("%d/%d %s %ld\n", rank, size, host, sum);
  MPI_Finalize();
  return 0;
}
