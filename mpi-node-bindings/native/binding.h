/*
 * What every C file of the addon shares: the handle table, buffers read from TypedArrays, and how an MPI error
 * becomes a JS exception. All functions run on the one JS thread that called init, so no state here is locked.
 *
 * Division of labour: TypeScript checks types, lengths and counts and speaks to users; C trusts what it is handed
 * and only moves it into MPI. `null` for a buffer means MPI_IN_PLACE (send side) or "not significant on this rank".
 */
#ifndef MPI_NODE_BINDING_H
#define MPI_NODE_BINDING_H

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#include <mpi.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

/* A count of arguments read from the call; absent ones arrive as undefined. */
#define ARGUMENTS(n)                                                                                                   \
  napi_value argv[n];                                                                                                  \
  size_t argc = (n);                                                                                                   \
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL)

/* Leaves the current callback with a thrown MpiError when the MPI call failed. */
#define TRY(name, call)                                                                                                \
  do {                                                                                                                 \
    int rc_ = (call);                                                                                                  \
    if (rc_ != MPI_SUCCESS) return throw_mpi(env, name, rc_);                                                          \
  } while (0)

/* ---- handles.c: small integers stand for communicators, requests and windows in JS ---- */

enum kind { FREE, COMMUNICATOR, REQUEST, WINDOW };

struct handle {
  enum kind kind;
  int next_free;
  union {
    MPI_Comm comm;
    MPI_Request request;
    MPI_Win window;
  } as;
  MPI_Datatype type; /* of the buffer a request receives into, for the element count; of a window's elements */
};

/* Handle 0 is MPI_COMM_WORLD for as long as MPI is initialised. */
int handle_new(enum kind kind);
struct handle *handle_at(int index);
void handle_drop(int index);
/* NULL after throwing when MPI is not running, or when the handle was freed. */
struct handle *handle_argument(napi_env env, napi_value value, enum kind kind);
napi_value handle_result(napi_env env, int index);

/* ---- errors.c ---- */

napi_value throw_mpi(napi_env env, const char *call, int code);
void remember_error_constructor(napi_env env, napi_value constructor);

/* ---- environment.c ---- */

/* True between init and finalize; outside, MPI would kill the process instead of reporting an error. */
bool mpi_running(void);

/* ---- arguments.c ---- */

struct buffer {
  bool present;
  void *data;
  int count;
  MPI_Datatype type;
};

struct buffer buffer_argument(napi_env env, napi_value value);
int int_argument(napi_env env, napi_value value);
MPI_Op op_argument(napi_env env, napi_value value);
/* JS says -1 for "any" and -2 for MPI_PROC_NULL; the real values differ between MPI families. */
int source_argument(napi_env env, napi_value value);
int destination_argument(napi_env env, napi_value value);
int tag_argument(napi_env env, napi_value value);
/* Writes {source, tag, count} where JS reads them; no object is made on the way. */
void remember_status_array(napi_env env, napi_value array);
void report_status(MPI_Status *status, MPI_Datatype type);

napi_value js_int(napi_env env, int value);
napi_value js_bool(napi_env env, bool value);
napi_value js_string(napi_env env, const char *text);

/* ---- one registration function per concept; module.c calls them ---- */

void define(napi_env env, napi_value exports, const char *name, napi_callback callback);
void register_environment(napi_env env, napi_value exports);
void register_communicators(napi_env env, napi_value exports);
void register_collectives(napi_env env, napi_value exports);
void register_point_to_point(napi_env env, napi_value exports);
void register_requests(napi_env env, napi_value exports);
void register_windows(napi_env env, napi_value exports);

#endif
