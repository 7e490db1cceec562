/*
 * The addon's entry: registers the functions of the other files. Node-API only, so one build serves
 * every Node version from 18 on.
 */
#include "binding.h"

void define(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

/*
 * setup(statusArray: Float64Array, MpiError): objects that C needs from JS before the first MPI
 * call.
 */
static napi_value setup(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  remember_status_array(env, argv[0]);
  remember_error_constructor(env, argv[1]);
  return NULL;
}

NAPI_MODULE_INIT() {
  /* Handles and references belong to the first environment; a worker thread that loads the file again has another. */
  static bool loaded = false;
  if (loaded) {
    napi_throw_error(env, "ERR_MPI_THREAD", "MPI is loaded already, on another thread: call it from there");
    return NULL;
  }
  loaded = true;
  define(env, exports, "setup", setup);
  register_environment(env, exports);
  register_communicators(env, exports);
  register_collectives(env, exports);
  register_point_to_point(env, exports);
  register_requests(env, exports);
  register_windows(env, exports);
  return exports;
}
