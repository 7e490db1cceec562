/*
 * Preprocessed by scripts/build.mjs, never compiled: one line tells which family the wrapper's mpi.h belongs to.
 * Families share a launcher protocol, so Intel MPI, MVAPICH and Cray MPICH count as MPICH, from which they descend.
 */
#include <mpi.h>
#if defined(OPEN_MPI)
mpi_node_family openmpi OMPI_MAJOR_VERSION OMPI_MINOR_VERSION OMPI_RELEASE_VERSION
#elif defined(MPICH_VERSION) || defined(I_MPI_VERSION) || defined(MVAPICH2_VERSION) || defined(CRAY_MPICH_VERSION)
mpi_node_family mpich MPICH_NUMVERSION
#endif
