/*
 * Blocking collectives. Each holds the JS thread until MPI returns: no timer, signal handler or promise runs
 * meanwhile. The nonblocking ones are in requests.c.
 */
#include "binding.h"

static napi_value barrier(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  TRY("MPI_Barrier", MPI_Barrier(comm->as.comm));
  return NULL;
}

static napi_value bcast(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  TRY("MPI_Bcast", MPI_Bcast(data.data, data.count, data.type, int_argument(env, argv[2]), comm->as.comm));
  return NULL;
}

/* reduce(comm, send | null, recv | null, op, root) */
static napi_value reduce(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  if (refuse_overlap(env, &send, &recv)) return NULL;
  struct buffer sized = send.present ? send : recv;
  TRY("MPI_Reduce", MPI_Reduce(send.present ? send.data : MPI_IN_PLACE, recv.data, sized.count, sized.type,
                               op_argument(env, argv[3]), int_argument(env, argv[4]), comm->as.comm));
  return NULL;
}

/* allreduce(comm, send | null, recv, op) */
static napi_value allreduce(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  if (refuse_overlap(env, &send, &recv)) return NULL;
  struct buffer sized = send.present ? send : recv;
  TRY("MPI_Allreduce", MPI_Allreduce(send.present ? send.data : MPI_IN_PLACE, recv.data, sized.count, sized.type,
                                     op_argument(env, argv[3]), comm->as.comm));
  return NULL;
}

/* gather(comm, send | null, recv | null, each, root): `each` elements from every rank. */
static napi_value gather(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  if (refuse_overlap(env, &send, &recv)) return NULL;
  MPI_Datatype type = send.present ? send.type : recv.type;
  int each = int_argument(env, argv[3]);
  TRY("MPI_Gather", MPI_Gather(send.present ? send.data : MPI_IN_PLACE, each, type, recv.data, each, type,
                               int_argument(env, argv[4]), comm->as.comm));
  return NULL;
}

/* gatherv(comm, send | null, recv | null, counts: Int32Array | null, displacements: Int32Array | null, root) */
static napi_value gatherv(napi_env env, napi_callback_info info) {
  ARGUMENTS(6);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  struct buffer counts = buffer_argument(env, argv[3]), displacements = buffer_argument(env, argv[4]);
  if (refuse_overlap(env, &send, &recv)) return NULL;
  MPI_Datatype type = send.present ? send.type : recv.type;
  TRY("MPI_Gatherv", MPI_Gatherv(send.present ? send.data : MPI_IN_PLACE, send.count, type, recv.data, counts.data,
                                 displacements.data, type, int_argument(env, argv[5]), comm->as.comm));
  return NULL;
}

/* allgather(comm, send | null, recv, each) */
static napi_value allgather(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  if (refuse_overlap(env, &send, &recv)) return NULL;
  int each = int_argument(env, argv[3]);
  TRY("MPI_Allgather", MPI_Allgather(send.present ? send.data : MPI_IN_PLACE, each, recv.type, recv.data, each,
                                     recv.type, comm->as.comm));
  return NULL;
}

void register_collectives(napi_env env, napi_value exports) {
  define(env, exports, "barrier", barrier);
  define(env, exports, "bcast", bcast);
  define(env, exports, "reduce", reduce);
  define(env, exports, "allreduce", allreduce);
  define(env, exports, "gather", gather);
  define(env, exports, "gatherv", gatherv);
  define(env, exports, "allgather", allgather);
}
