/*
 * Nonblocking calls: each returns a request's handle, and `test` asks after it. They are issued from the JS thread,
 * never from a thread pool: MPI matches collectives by the order in which they are called, and a pool loses that
 * order and with it, silently, the right sums. The buffers are kept alive in JS, by src/request.ts.
 */
#include "binding.h"

static napi_value request_result(napi_env env, MPI_Request request, MPI_Datatype receives) {
  int index = handle_new(REQUEST);
  handle_at(index)->as.request = request;
  handle_at(index)->type = receives;
  return handle_result(env, index);
}

/* isend(comm, data, destination, tag) */
static napi_value isend(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  MPI_Request request;
  TRY("MPI_Isend", MPI_Isend(data.data, data.count, data.type, destination_argument(env, argv[2]),
                             int_argument(env, argv[3]), comm->as.comm, &request));
  return request_result(env, request, MPI_DATATYPE_NULL);
}

/* irecv(comm, data, source, tag) */
static napi_value irecv(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  MPI_Request request;
  TRY("MPI_Irecv", MPI_Irecv(data.data, data.count, data.type, source_argument(env, argv[2]),
                             tag_argument(env, argv[3]), comm->as.comm, &request));
  return request_result(env, request, data.type);
}

static napi_value ibarrier(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Request request;
  TRY("MPI_Ibarrier", MPI_Ibarrier(comm->as.comm, &request));
  return request_result(env, request, MPI_DATATYPE_NULL);
}

/* ibcast(comm, data, root) */
static napi_value ibcast(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  MPI_Request request;
  TRY("MPI_Ibcast",
      MPI_Ibcast(data.data, data.count, data.type, int_argument(env, argv[2]), comm->as.comm, &request));
  return request_result(env, request, MPI_DATATYPE_NULL);
}

/* ireduce(comm, send | null, recv | null, op, root) */
static napi_value ireduce(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  struct buffer sized = send.present ? send : recv;
  MPI_Request request;
  TRY("MPI_Ireduce", MPI_Ireduce(send.present ? send.data : MPI_IN_PLACE, recv.data, sized.count, sized.type,
                                 op_argument(env, argv[3]), int_argument(env, argv[4]), comm->as.comm, &request));
  return request_result(env, request, MPI_DATATYPE_NULL);
}

/* iallreduce(comm, send | null, recv, op) */
static napi_value iallreduce(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  struct buffer sized = send.present ? send : recv;
  MPI_Request request;
  TRY("MPI_Iallreduce", MPI_Iallreduce(send.present ? send.data : MPI_IN_PLACE, recv.data, sized.count, sized.type,
                                       op_argument(env, argv[3]), comm->as.comm, &request));
  return request_result(env, request, MPI_DATATYPE_NULL);
}

/* test(request) → done? Once done (or failed) the handle is gone and the status array filled. */
static napi_value test(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *request = handle_argument(env, argv[0], REQUEST);
  if (!request) return NULL;
  int flag = 0;
  MPI_Status status;
  int rc = MPI_Test(&request->as.request, &flag, &status);
  if (rc != MPI_SUCCESS) {
    handle_drop(int_argument(env, argv[0]));
    return throw_mpi(env, "MPI_Test", rc);
  }
  if (!flag) return js_bool(env, false);
  report_status(&status, request->type);
  handle_drop(int_argument(env, argv[0]));
  return js_bool(env, true);
}

/* cancel(request): asks MPI to give up a receive; it still has to be tested until done. */
static napi_value cancel(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *request = handle_argument(env, argv[0], REQUEST);
  if (!request) return NULL;
  TRY("MPI_Cancel", MPI_Cancel(&request->as.request));
  return NULL;
}

void register_requests(napi_env env, napi_value exports) {
  define(env, exports, "isend", isend);
  define(env, exports, "irecv", irecv);
  define(env, exports, "ibarrier", ibarrier);
  define(env, exports, "ibcast", ibcast);
  define(env, exports, "ireduce", ireduce);
  define(env, exports, "iallreduce", iallreduce);
  define(env, exports, "test", test);
  define(env, exports, "cancel", cancel);
}
