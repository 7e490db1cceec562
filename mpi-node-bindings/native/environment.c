/*
 * Initialisation, finalization, and queries about the library as a whole. Errors are returned,
 * never fatal: the error handlers set here are inherited by every communicator made later.
 */
#include "binding.h"

static bool running = false; /* kept here: asking MPI itself would cost as much as a short call */

bool refuse_not_running(napi_env env) {
  if (running) return false;
  napi_throw_error(env, "ERR_MPI_NOT_RUNNING", "MPI is not running: the call came before init or after finalize");
  return true;
}

/* init(level: 0…3) → the level provided. */
static napi_value init(napi_env env, napi_callback_info info) {
  static const int levels[] = {MPI_THREAD_SINGLE, MPI_THREAD_FUNNELED, MPI_THREAD_SERIALIZED, MPI_THREAD_MULTIPLE};
  ARGUMENTS(1);
  int level = int_argument(env, argv[0]), provided = MPI_THREAD_SINGLE;
  TRY("MPI_Init_thread", MPI_Init_thread(NULL, NULL, levels[level & 3], &provided));
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  running = true;
  handle_new(COMMUNICATOR)->as.comm = MPI_COMM_WORLD; /* the first handle: 0 */
  for (int i = 0; i < 4; i++)
    if (levels[i] == provided) return js_int(env, i);
  return js_int(env, 0);
}

static napi_value initialized(napi_env env, napi_callback_info info) {
  int flag = 0;
  (void)info;
  TRY("MPI_Initialized", MPI_Initialized(&flag));
  return js_bool(env, flag);
}

static napi_value finalized(napi_env env, napi_callback_info info) {
  int flag = 0;
  (void)info;
  TRY("MPI_Finalized", MPI_Finalized(&flag));
  return js_bool(env, flag);
}

static napi_value finalize(napi_env env, napi_callback_info info) {
  (void)info;
  running = false;
  TRY("MPI_Finalize", MPI_Finalize());
  return NULL;
}

/* abort(comm, code): does not return under any MPI we know. */
static napi_value abort_job(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  struct handle *comm = handle_argument(env, argv[0], COMMUNICATOR);
  if (!comm) return NULL;
  TRY("MPI_Abort", MPI_Abort(comm->as.comm, int_argument(env, argv[1])));
  return NULL;
}

static napi_value library_version(napi_env env, napi_callback_info info) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  (void)info;
  TRY("MPI_Get_library_version", MPI_Get_library_version(text, &length));
  return js_string(env, text);
}

static napi_value processor_name(napi_env env, napi_callback_info info) {
  char text[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  (void)info;
  TRY("MPI_Get_processor_name", MPI_Get_processor_name(text, &length));
  return js_string(env, text);
}

/* The largest tag; at least 32767. */
static napi_value tag_upper_bound(napi_env env, napi_callback_info info) {
  int *bound = NULL, found = 0;
  (void)info;
  TRY("MPI_Comm_get_attr", MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &bound, &found));
  return js_int(env, found ? *bound : 32767);
}

/* MPI_Wtime may be called between init and finalize only. */
static napi_value wtime(napi_env env, napi_callback_info info) {
  napi_value result;
  (void)info;
  if (refuse_not_running(env)) return NULL;
  napi_create_double(env, MPI_Wtime(), &result);
  return result;
}

void register_environment(napi_env env, napi_value exports) {
  define(env, exports, "init", init);
  define(env, exports, "initialized", initialized);
  define(env, exports, "finalized", finalized);
  define(env, exports, "finalize", finalize);
  define(env, exports, "abort", abort_job);
  define(env, exports, "libraryVersion", library_version);
  define(env, exports, "processorName", processor_name);
  define(env, exports, "tagUpperBound", tag_upper_bound);
  define(env, exports, "wtime", wtime);
}
