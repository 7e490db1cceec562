/*
 * What every C file of the addon shares: the handle table, buffers read from TypedArrays, and how an MPI error
 * becomes a JS exception. All functions run on the one JS thread that called init, so no state here is locked.
 *
 * Division of labour: TypeScript checks types, lengths and counts and reports to users; C checks what TypeScript cannot
 * see (whether a handle is still valid, whether two buffers share bytes) and moves the rest into MPI. `null` for a
 * buffer means MPI_IN_PLACE (send side) or "not significant on this rank".
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

/* ---- handles.c: numbers stand for communicators, requests and windows in JS ---- */

enum kind { FREE, COMMUNICATOR, REQUEST, WINDOW };

/* The memory that a request works on in place of arrays that could move, see requests.c; NULL: the array itself. */
struct copies {
  void *sent, *received;
  size_t bytes; /* of what is received */
};

struct handle {
  enum kind kind;
  uint32_t generation; /* how often this slot has been freed; part of the number that JS holds */
  int next_free;
  union {
    MPI_Comm comm;
    MPI_Request request;
    MPI_Win window;
  } as;
  MPI_Datatype type; /* of the buffer a request receives into, for the element count; of a window's elements */
  struct copies copies;
  int pending; /* requests of a communicator that are not done */
  int comm;    /* index of a request's communicator */
};

/* Handle 0 is MPI_COMM_WORLD for as long as MPI is initialised. */
/* The pointer is valid until the next handle_new, the index until handle_drop. */
struct handle *handle_new(enum kind kind);
struct handle *handle_at(int index);
int handle_index(const struct handle *handle);
void handle_drop(struct handle *handle);
/* NULL after throwing when MPI is not running, or when the handle was freed. */
struct handle *handle_argument(napi_env env, napi_value value, enum kind kind);
napi_value handle_result(napi_env env, const struct handle *handle);

/* ---- errors.c ---- */

napi_value throw_mpi(napi_env env, const char *call, int code);
void remember_error_constructor(napi_env env, napi_value constructor);

/* ---- environment.c ---- */

/* True after throwing: it is before init or after finalize, where MPI would kill the process. */
bool refuse_not_running(napi_env env);

/* ---- arguments.c ---- */

struct buffer {
  bool present;
  napi_value memory; /* the ArrayBuffer or SharedArrayBuffer */
  void *data;
  int count;
  size_t bytes;
  MPI_Datatype type;
};

struct buffer buffer_argument(napi_env env, napi_value value);
/* True after throwing: the two share bytes. Arrays over two views of one shared memory look apart to TypeScript. */
bool refuse_overlap(napi_env env, const struct buffer *send, const struct buffer *recv);
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
