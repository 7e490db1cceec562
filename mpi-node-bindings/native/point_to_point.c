/*
 * Messages between two ranks, blocking, and queries about messages that have not been received yet.
 */
#include "binding.h"

/* send(comm, data, destination, tag) */
static napi_value send_message(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  TRY("MPI_Send", MPI_Send(data.data, data.count, data.type, destination_argument(env, argv[2]),
                           int_argument(env, argv[3]), comm->as.comm));
  return NULL;
}

/* recv(comm, data, source, tag); the status array then holds {source, tag, elements}. */
static napi_value receive_message(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  MPI_Status status;
  TRY("MPI_Recv", MPI_Recv(data.data, data.count, data.type, source_argument(env, argv[2]), tag_argument(env, argv[3]),
                           comm->as.comm, &status));
  report_status(&status, data.type);
  return NULL;
}

/* probe(comm, source, tag); the status array then holds {source, tag, bytes}. */
static napi_value probe(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Status status;
  TRY("MPI_Probe", MPI_Probe(source_argument(env, argv[1]), tag_argument(env, argv[2]), comm->as.comm, &status));
  report_status(&status, MPI_BYTE);
  return NULL;
}

/* iprobe(comm, source, tag) → whether a message waits; if so the status array is filled as by probe. */
static napi_value iprobe(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Status status;
  int flag = 0;
  TRY("MPI_Iprobe",
      MPI_Iprobe(source_argument(env, argv[1]), tag_argument(env, argv[2]), comm->as.comm, &flag, &status));
  if (flag) report_status(&status, MPI_BYTE);
  return js_bool(env, flag);
}

void register_point_to_point(napi_env env, napi_value exports) {
  define(env, exports, "send", send_message);
  define(env, exports, "recv", receive_message);
  define(env, exports, "probe", probe);
  define(env, exports, "iprobe", iprobe);
}
