/* Communicators: who am I, and how groups of ranks are made and let go. */
#include "binding.h"

static napi_value comm_result(napi_env env, MPI_Comm comm) {
  if (comm == MPI_COMM_NULL) return js_int(env, -1);
  struct handle *made = handle_new(COMMUNICATOR);
  made->as.comm = comm;
  return handle_result(env, made);
}

static napi_value comm_rank(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  int rank = 0;
  TRY("MPI_Comm_rank", MPI_Comm_rank(comm->as.comm, &rank));
  return js_int(env, rank);
}

static napi_value comm_size(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  int size = 0;
  TRY("MPI_Comm_size", MPI_Comm_size(comm->as.comm, &size));
  return js_int(env, size);
}

/* split(comm, colour or −1 for MPI_UNDEFINED, key) → handle, or −1 for the ranks left out. */
static napi_value comm_split(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  int colour = int_argument(env, argv[1]);
  MPI_Comm made = MPI_COMM_NULL;
  TRY("MPI_Comm_split",
      MPI_Comm_split(comm->as.comm, colour < 0 ? MPI_UNDEFINED : colour, int_argument(env, argv[2]), &made));
  return comm_result(env, made);
}

/* splitShared(comm, key): the ranks that can share memory, in practice the ranks of one node. */
static napi_value comm_split_shared(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Comm made = MPI_COMM_NULL;
  TRY("MPI_Comm_split_type", MPI_Comm_split_type(comm->as.comm, MPI_COMM_TYPE_SHARED, int_argument(env, argv[1]),
                                                 MPI_INFO_NULL, &made));
  return comm_result(env, made);
}

static napi_value comm_dup(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Comm made = MPI_COMM_NULL;
  TRY("MPI_Comm_dup", MPI_Comm_dup(comm->as.comm, &made));
  return comm_result(env, made);
}

static napi_value comm_free(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  if (comm->as.comm == MPI_COMM_WORLD) {
    napi_throw_type_error(env, "ERR_MPI_WORLD", "free: the world lives until finalize");
    return NULL;
  }
  if (comm->pending > 0) { /* MPI allows it; Open MPI 4.1 crashes when a collective is still running */
    napi_throw_error(env, "ERR_MPI_PENDING",
                     "free: nonblocking operations of this communicator are not done: wait for them first");
    return NULL;
  }
  TRY("MPI_Comm_free", MPI_Comm_free(&comm->as.comm));
  handle_drop(comm);
  return NULL;
}

void register_communicators(napi_env env, napi_value exports) {
  define(env, exports, "rank", comm_rank);
  define(env, exports, "size", comm_size);
  define(env, exports, "split", comm_split);
  define(env, exports, "splitShared", comm_split_shared);
  define(env, exports, "dup", comm_dup);
  define(env, exports, "free", comm_free);
}
