/*
 * One-sided counters: memory of one rank on which another performs an atomic fetch-and-op without a matching call.
 * The whole life of a window is one passive epoch (lock_all … unlock_all), so an operation costs one message and one
 * flush. Whether it completes while its target computes depends on the transport: see "One-sided" in README.md.
 */
#include "binding.h"
#include <string.h>

enum { PAGE = 4096 };

/* winAllocate(comm, an array of the element type, length): collective; the memory starts as zeros. */
static napi_value win_allocate(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  MPI_Comm group = comm->as.comm;
  struct buffer sample = buffer_argument(env, argv[1]);
  int length = int_argument(env, argv[2]), element = 1;
  MPI_Type_size(sample.type, &element);
  /* Whole pages, at least one. MPICH 4.0 over UCX lets parts that share a page run together when they are shorter than
     16 bytes (rank 1's counter was rank 0's, in plain C too), and crashes where a rank's part has no bytes. */
  MPI_Aint bytes = (MPI_Aint)(length > 0 ? length : 1) * element;
  bytes = (bytes + PAGE - 1) / PAGE * PAGE;
  void *memory = NULL;
  MPI_Win window;
  TRY("MPI_Win_allocate", MPI_Win_allocate(bytes, element, MPI_INFO_NULL, group, &memory, &window));
  MPI_Win_set_errhandler(window, MPI_ERRORS_RETURN);
  TRY("MPI_Win_lock_all", MPI_Win_lock_all(0, window));
  memset(memory, 0, (size_t)bytes);
  TRY("MPI_Win_sync", MPI_Win_sync(window));
  TRY("MPI_Barrier", MPI_Barrier(group)); /* nobody adds before everybody has zeroed */
  struct handle *made = handle_new(WINDOW);
  made->as.window = window;
  made->type = sample.type;
  return handle_result(env, made);
}

/* fetchAndOp(window, origin, result, target, displacement, op): result[0] is the value before. */
static napi_value fetch_and_op(napi_env env, napi_callback_info info) {
  ARGUMENTS(6);
  struct handle *window = handle_argument(env, argv[0], WINDOW);
  if (!window) return NULL;
  struct buffer origin = buffer_argument(env, argv[1]), result = buffer_argument(env, argv[2]);
  if (refuse_overlap(env, &origin, &result)) return NULL;
  int target = int_argument(env, argv[3]);
  double displacement = 0;
  napi_get_value_double(env, argv[4], &displacement);
  TRY("MPI_Fetch_and_op", MPI_Fetch_and_op(origin.data, result.data, window->type, target, (MPI_Aint)displacement,
                                           op_argument(env, argv[5]), window->as.window));
  TRY("MPI_Win_flush", MPI_Win_flush(target, window->as.window));
  return NULL;
}

/* winFree(window): collective. */
static napi_value win_free(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  struct handle *window = handle_argument(env, argv[0], WINDOW);
  if (!window) return NULL;
  TRY("MPI_Win_unlock_all", MPI_Win_unlock_all(window->as.window));
  TRY("MPI_Win_free", MPI_Win_free(&window->as.window));
  handle_drop(window);
  return NULL;
}

void register_windows(napi_env env, napi_value exports) {
  define(env, exports, "winAllocate", win_allocate);
  define(env, exports, "fetchAndOp", fetch_and_op);
  define(env, exports, "winFree", win_free);
}
