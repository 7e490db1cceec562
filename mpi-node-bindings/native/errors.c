/*
 * MPI error code → JS exception. The message is the library's own text; `code` is its number (differs between
 * families and even calls), `errorClass` the portable name a program can compare.
 */
#include "binding.h"
#include <stdio.h>

static napi_ref error_constructor = NULL;

void remember_error_constructor(napi_env env, napi_value constructor) {
  if (error_constructor) napi_delete_reference(env, error_constructor);
  napi_create_reference(env, constructor, 1, &error_constructor);
}

static const char *class_name(int error_class) {
  static const struct {
    int value;
    const char *name;
  } classes[] = {
      {MPI_ERR_BUFFER, "MPI_ERR_BUFFER"},     {MPI_ERR_COUNT, "MPI_ERR_COUNT"},
      {MPI_ERR_TYPE, "MPI_ERR_TYPE"},         {MPI_ERR_TAG, "MPI_ERR_TAG"},
      {MPI_ERR_COMM, "MPI_ERR_COMM"},         {MPI_ERR_RANK, "MPI_ERR_RANK"},
      {MPI_ERR_REQUEST, "MPI_ERR_REQUEST"},   {MPI_ERR_ROOT, "MPI_ERR_ROOT"},
      {MPI_ERR_GROUP, "MPI_ERR_GROUP"},       {MPI_ERR_OP, "MPI_ERR_OP"},
      {MPI_ERR_ARG, "MPI_ERR_ARG"},           {MPI_ERR_TRUNCATE, "MPI_ERR_TRUNCATE"},
      {MPI_ERR_INTERN, "MPI_ERR_INTERN"},     {MPI_ERR_IN_STATUS, "MPI_ERR_IN_STATUS"},
      {MPI_ERR_PENDING, "MPI_ERR_PENDING"},   {MPI_ERR_NO_MEM, "MPI_ERR_NO_MEM"},
      {MPI_ERR_WIN, "MPI_ERR_WIN"},           {MPI_ERR_DISP, "MPI_ERR_DISP"},
      {MPI_ERR_SIZE, "MPI_ERR_SIZE"},         {MPI_ERR_RMA_SYNC, "MPI_ERR_RMA_SYNC"},
      {MPI_ERR_RMA_RANGE, "MPI_ERR_RMA_RANGE"}, {MPI_ERR_LOCKTYPE, "MPI_ERR_LOCKTYPE"},
      {MPI_ERR_OTHER, "MPI_ERR_OTHER"},
  };
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (classes[i].value == error_class) return classes[i].name;
  return "MPI_ERR_UNKNOWN";
}

napi_value throw_mpi(napi_env env, const char *call, int code) {
  int error_class = MPI_ERR_UNKNOWN, length = 0;
  char text[MPI_MAX_ERROR_STRING] = "";
  MPI_Error_class(code, &error_class);
  MPI_Error_string(code, text, &length);
  char message[MPI_MAX_ERROR_STRING + 64];
  snprintf(message, sizeof message, "%s: %s", call, text);

  napi_value constructor, error, arguments[3];
  arguments[0] = js_string(env, message);
  arguments[1] = js_int(env, code);
  arguments[2] = js_string(env, class_name(error_class));
  napi_get_reference_value(env, error_constructor, &constructor);
  napi_new_instance(env, constructor, 3, arguments, &error);
  napi_throw(env, error);
  return NULL;
}
