/*
 * JS values ↔ MPI arguments. A TypedArray gives its address, length and element type in one Node-API call, also when
 * it is a view over a SharedArrayBuffer or a shared WebAssembly.Memory: nothing is copied.
 */
#include "binding.h"
#include <limits.h>

static double *status_out = NULL;
static napi_ref status_array = NULL;

/* Where a zero-length array has no storage, MPI still wants a pointer it may compare with MPI_IN_PLACE. */
static char nothing;

static MPI_Datatype datatype(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array: return MPI_INT8_T;
    case napi_uint8_array: return MPI_UINT8_T;
    case napi_uint8_clamped_array: return MPI_UINT8_T;
    case napi_int16_array: return MPI_INT16_T;
    case napi_uint16_array: return MPI_UINT16_T;
    case napi_int32_array: return MPI_INT32_T;
    case napi_uint32_array: return MPI_UINT32_T;
    case napi_float32_array: return MPI_FLOAT;
    case napi_float64_array: return MPI_DOUBLE;
    case napi_bigint64_array: return MPI_INT64_T;
    case napi_biguint64_array: return MPI_UINT64_T;
    default: return MPI_DATATYPE_NULL;
  }
}

static size_t width(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array: return 8;
    default: return 1;
  }
}

struct buffer buffer_argument(napi_env env, napi_value value) {
  struct buffer buffer = {false, NULL, NULL, 0, 0, MPI_DATATYPE_NULL};
  napi_typedarray_type type = (napi_typedarray_type)-1; /* stays so for a type that this Node-API does not know */
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer.memory, NULL) != napi_ok) return buffer;
  buffer.present = true;
  buffer.data = length ? data : &nothing;
  buffer.count = length > INT_MAX ? -1 : (int)length; /* TypeScript refuses it first; −1 is MPI_ERR_COUNT */
  buffer.bytes = length * width(type);
  buffer.type = datatype(type);
  return buffer;
}

bool refuse_overlap(napi_env env, const struct buffer *send, const struct buffer *recv) {
  if (!send->present || !recv->present || !send->bytes || !recv->bytes) return false;
  uintptr_t a = (uintptr_t)send->data, b = (uintptr_t)recv->data;
  if (a >= b + recv->bytes || b >= a + send->bytes) return false;
  napi_throw_range_error(env, "ERR_MPI_OVERLAP",
                         "the send and receive arrays overlap: pass IN_PLACE as the send array");
  return true;
}

int int_argument(napi_env env, napi_value value) {
  int32_t number = -1;
  napi_get_value_int32(env, value, &number);
  return number;
}

MPI_Op op_argument(napi_env env, napi_value value) {
  switch (int_argument(env, value)) { /* the order of Op in src/constants.ts */
    case 0: return MPI_SUM;
    case 1: return MPI_PROD;
    case 2: return MPI_MAX;
    case 3: return MPI_MIN;
    case 4: return MPI_LAND;
    case 5: return MPI_LOR;
    case 6: return MPI_LXOR;
    case 7: return MPI_BAND;
    case 8: return MPI_BOR;
    case 9: return MPI_BXOR;
    case 10: return MPI_REPLACE;
    case 11: return MPI_NO_OP;
    default: return MPI_OP_NULL;
  }
}

int source_argument(napi_env env, napi_value value) {
  int rank = int_argument(env, value);
  return rank == -1 ? MPI_ANY_SOURCE : rank == -2 ? MPI_PROC_NULL : rank;
}

int destination_argument(napi_env env, napi_value value) {
  int rank = int_argument(env, value);
  return rank == -2 ? MPI_PROC_NULL : rank;
}

int tag_argument(napi_env env, napi_value value) {
  int tag = int_argument(env, value);
  return tag == -1 ? MPI_ANY_TAG : tag;
}

void remember_status_array(napi_env env, napi_value array) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  napi_get_typedarray_info(env, array, &type, &length, &data, NULL, NULL);
  if (status_array) napi_delete_reference(env, status_array);
  napi_create_reference(env, array, 1, &status_array);
  status_out = data;
}

void report_status(MPI_Status *status, MPI_Datatype type) {
  int count = 0;
  if (type != MPI_DATATYPE_NULL && MPI_Get_count(status, type, &count) != MPI_SUCCESS) count = -1;
  status_out[0] = status->MPI_SOURCE == MPI_PROC_NULL ? -2 : status->MPI_SOURCE;
  status_out[1] = status->MPI_TAG == MPI_ANY_TAG ? -1 : status->MPI_TAG;
  status_out[2] = count == MPI_UNDEFINED ? -1 : count;
}

napi_value js_int(napi_env env, int value) {
  napi_value result;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value js_bool(napi_env env, bool value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value js_string(napi_env env, const char *text) {
  napi_value result;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}
