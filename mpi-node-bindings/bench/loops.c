/*
 * The loops in C with which the bindings are compared, in the same process and with the same MPI:
 * the remaining ratio is the cost of JS. Built by `scripts/build.mjs --bench` as an addon of its
 * own.
 */
#include "binding.h"
#include <stdlib.h>

/* calls(which, times) → seconds: 0 Iprobe, 1 Barrier, 2 Allreduce of one int64; on MPI_COMM_SELF, so nobody is waited for */
static napi_value calls(napi_env env, napi_callback_info info) {
  napi_value argv[2], result;
  size_t argc = 2;
  int32_t which = 0, times = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  napi_get_value_int32(env, argv[0], &which);
  napi_get_value_int32(env, argv[1], &times);
  int64_t send = 1, recv = 0;
  int flag = 0;
  MPI_Status status;
  double start = MPI_Wtime();
  for (int i = 0; i < times; i++) {
    if (which == 0) MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, &status);
    else if (which == 1) MPI_Barrier(MPI_COMM_SELF);
    else MPI_Allreduce(&send, &recv, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_SELF);
  }
  napi_create_double(env, MPI_Wtime() - start, &result);
  return result;
}

/* reduce(n) → seconds of one MPI_Reduce of n int64 to rank 0 over MPI_COMM_WORLD, from C's own memory */
static napi_value reduce(napi_env env, napi_callback_info info) {
  static int64_t *send = NULL, *recv = NULL;
  static int32_t held = 0;
  napi_value argv[1], result;
  size_t argc = 1;
  int32_t n = 0;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  napi_get_value_int32(env, argv[0], &n);
  if (n != held) {
    free(send);
    free(recv);
    send = malloc(sizeof *send * (size_t)n);
    recv = malloc(sizeof *recv * (size_t)n);
    for (int32_t i = 0; i < n; i++) send[i] = recv[i] = i;
    held = n;
  }
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  MPI_Reduce(send, recv, n, MPI_INT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
  napi_create_double(env, MPI_Wtime() - start, &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "calls", NAPI_AUTO_LENGTH, calls, NULL, &function);
  napi_set_named_property(env, exports, "calls", function);
  napi_create_function(env, "reduce", NAPI_AUTO_LENGTH, reduce, NULL, &function);
  napi_set_named_property(env, exports, "reduce", function);
  return exports;
}
