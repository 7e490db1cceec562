/*
 * Nonblocking calls: each returns a request's handle, and `test` asks after it. They are issued from the JS thread,
 * never from a thread pool: MPI matches collectives by the order in which they are called, and a pool loses that
 * order and with it, silently, the right sums.
 *
 * What MPI works on meanwhile must not move. Shared memory does not: it is used in place, and src/request.ts keeps the
 * array alive. An ArrayBuffer can be transferred, or detached when its WebAssembly.Memory grows, and its bytes freed
 * while MPI writes into them; Node-API cannot forbid that. So a request works on a copy of such an array (0.1 ms per MB),
 * and what arrived is copied into the array when the request is done.
 */
#include "binding.h"
#include <stdlib.h>
#include <string.h>

static void discard(struct copies *copies) {
  free(copies->sent);
  free(copies->received);
  *copies = (struct copies){NULL, NULL, 0};
}

/* Lets `buffer` point to a copy if its array could move. False after throwing. */
static bool pin(napi_env env, struct buffer *buffer, void **copy, bool with_content) {
  bool movable = false; /* a SharedArrayBuffer is none of Node-API's ArrayBuffers */
  if (!buffer->present || buffer->bytes == 0) return true;
  napi_is_arraybuffer(env, buffer->memory, &movable);
  if (!movable) return true;
  *copy = malloc(buffer->bytes);
  if (!*copy) {
    napi_throw_error(env, "ERR_MPI_MEMORY", "out of memory for the copy that a nonblocking call works on");
    return false;
  }
  if (with_content) memcpy(*copy, buffer->data, buffer->bytes);
  buffer->data = *copy;
  return true;
}

static bool pin_sent(napi_env env, struct buffer *buffer, struct copies *copies) {
  return pin(env, buffer, &copies->sent, true);
}

static bool pin_received(napi_env env, struct buffer *buffer, struct copies *copies, bool with_content) {
  copies->bytes = buffer->bytes;
  if (pin(env, buffer, &copies->received, with_content)) return true;
  discard(copies);
  return false;
}

/* The handle of a request that was started; throws where it was not. */
static napi_value started(napi_env env, const char *call, int rc, struct handle *comm, MPI_Request request,
                          struct copies copies, MPI_Datatype receives) {
  if (rc != MPI_SUCCESS) {
    discard(&copies);
    return throw_mpi(env, call, rc);
  }
  int parent = handle_index(comm);
  comm->pending++;
  struct handle *handle = handle_new(REQUEST);
  handle->as.request = request;
  handle->comm = parent;
  handle->copies = copies;
  handle->type = receives;
  return handle_result(env, handle);
}

/* isend(comm, data, destination, tag) */
static napi_value isend(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  struct copies copies = {NULL, NULL, 0};
  if (!pin_sent(env, &data, &copies)) return NULL;
  MPI_Request request;
  int rc = MPI_Isend(data.data, data.count, data.type, destination_argument(env, argv[2]), int_argument(env, argv[3]),
                     comm->as.comm, &request);
  return started(env, "MPI_Isend", rc, comm, request, copies, MPI_DATATYPE_NULL);
}

/* irecv(comm, data, source, tag) */
static napi_value irecv(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  struct copies copies = {NULL, NULL, 0};
  if (!pin_received(env, &data, &copies, false)) return NULL;
  MPI_Request request;
  int rc = MPI_Irecv(data.data, data.count, data.type, source_argument(env, argv[2]), tag_argument(env, argv[3]),
                     comm->as.comm, &request);
  return started(env, "MPI_Irecv", rc, comm, request, copies, data.type);
}

static napi_value ibarrier(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Request request;
  int rc = MPI_Ibarrier(comm->as.comm, &request);
  return started(env, "MPI_Ibarrier", rc, comm, request, (struct copies){NULL, NULL, 0}, MPI_DATATYPE_NULL);
}

/* ibcast(comm, data, root) */
static napi_value ibcast(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer data = buffer_argument(env, argv[1]);
  struct copies copies = {NULL, NULL, 0};
  if (!pin_received(env, &data, &copies, true)) return NULL; /* on the root it is sent */
  MPI_Request request;
  int rc = MPI_Ibcast(data.data, data.count, data.type, int_argument(env, argv[2]), comm->as.comm, &request);
  return started(env, "MPI_Ibcast", rc, comm, request, copies, MPI_DATATYPE_NULL);
}

/* The two arrays of a reduction. False after throwing. */
static bool pin_pair(napi_env env, struct buffer *send, struct buffer *recv, struct copies *copies) {
  if (refuse_overlap(env, send, recv)) return false;
  if (send->present) recv->bytes = send->bytes; /* the receive array may be longer */
  return pin_sent(env, send, copies) && pin_received(env, recv, copies, !send->present);
}

/* ireduce(comm, send | null, recv | null, op, root) */
static napi_value ireduce(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  struct copies copies = {NULL, NULL, 0};
  if (!pin_pair(env, &send, &recv, &copies)) return NULL;
  struct buffer sized = send.present ? send : recv;
  MPI_Request request;
  int rc = MPI_Ireduce(send.present ? send.data : MPI_IN_PLACE, recv.data, sized.count, sized.type,
                       op_argument(env, argv[3]), int_argument(env, argv[4]), comm->as.comm, &request);
  return started(env, "MPI_Ireduce", rc, comm, request, copies, MPI_DATATYPE_NULL);
}

/* iallreduce(comm, send | null, recv, op) */
static napi_value iallreduce(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  struct buffer send = buffer_argument(env, argv[1]), recv = buffer_argument(env, argv[2]);
  struct copies copies = {NULL, NULL, 0};
  if (!pin_pair(env, &send, &recv, &copies)) return NULL;
  struct buffer sized = send.present ? send : recv;
  MPI_Request request;
  int rc = MPI_Iallreduce(send.present ? send.data : MPI_IN_PLACE, recv.data, sized.count, sized.type,
                          op_argument(env, argv[3]), comm->as.comm, &request);
  return started(env, "MPI_Iallreduce", rc, comm, request, copies, MPI_DATATYPE_NULL);
}

/* Bytes of a request's copy that contain received data: for a message, as many as arrived. */
static size_t arrived(const struct handle *request, MPI_Status *status) {
  if (request->type == MPI_DATATYPE_NULL) return request->copies.bytes;
  MPI_Count count = 0;
  if (MPI_Get_elements_x(status, MPI_BYTE, &count) != MPI_SUCCESS || count < 0) return 0;
  return (size_t)count < request->copies.bytes ? (size_t)count : request->copies.bytes;
}

/*
 * test(request, the array received into | null) → 0: not done, 1: done, 2: cancelled. Once done (or failed) the handle is
 * gone and, for a receive, the status array filled. Throws where the array has been taken away meanwhile.
 */
static napi_value test(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  struct handle *request = handle_argument(env, argv[0], REQUEST);
  if (!request) return NULL;
  int flag = 0, cancelled = 0;
  bool lost = false;
  MPI_Status status;
  int rc = MPI_Test(&request->as.request, &flag, &status);
  if (rc == MPI_SUCCESS && !flag) return js_int(env, 0);
  if (rc == MPI_SUCCESS && request->type != MPI_DATATYPE_NULL) {
    MPI_Test_cancelled(&status, &cancelled);
    if (!cancelled) report_status(&status, request->type);
  }
  if (rc == MPI_SUCCESS && !cancelled && request->copies.received) {
    struct buffer target = buffer_argument(env, argv[1]);
    size_t bytes = arrived(request, &status);
    lost = target.present && target.bytes < bytes;
    if (target.present && !lost) memcpy(target.data, request->copies.received, bytes);
  }
  discard(&request->copies);
  handle_at(request->comm)->pending--;
  handle_drop(request);
  if (rc != MPI_SUCCESS) return throw_mpi(env, "MPI_Test", rc);
  if (lost) {
    napi_throw_type_error(env, "ERR_MPI_DETACHED",
                          "the receive array was detached while its operation was running, and what arrived is lost: "
                          "wait for the request before the array is transferred or its memory grown");
    return NULL;
  }
  return js_int(env, cancelled ? 2 : 1);
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
