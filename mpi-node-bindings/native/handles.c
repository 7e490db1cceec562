/*
 * MPI_Comm, MPI_Request and MPI_Win are pointers in Open MPI and integers in MPICH. JS sees neither: it holds a number
 * made of an index into this table and of the slot's generation. Freed slots are linked and reused, so a program that
 * makes requests for hours does not grow the table; the generation tells the number of a freed communicator from that
 * of the one which has its slot now.
 */
#include "binding.h"
#include <stdio.h>
#include <stdlib.h>

/* number = generation · 2²⁰ + index: below 2⁵³, so exact in JS. */
enum { INDEX_BITS = 20 };

static struct handle *table = NULL;
static int capacity = 0;
static int first_free = -1;

struct handle *handle_new(enum kind kind) {
  if (first_free < 0) {
    int grown = capacity ? capacity * 2 : 32;
    struct handle *moved = grown > 1 << INDEX_BITS ? NULL : realloc(table, sizeof *table * (size_t)grown);
    if (!moved) napi_fatal_error("handle_new", NAPI_AUTO_LENGTH, "too many MPI objects at once", NAPI_AUTO_LENGTH);
    table = moved;
    for (int i = grown - 1; i >= capacity; i--) {
      table[i].kind = FREE;
      table[i].generation = 0;
      table[i].next_free = first_free;
      first_free = i;
    }
    capacity = grown;
  }
  struct handle *handle = &table[first_free];
  first_free = handle->next_free;
  handle->kind = kind;
  handle->type = MPI_DATATYPE_NULL;
  handle->copies = (struct copies){NULL, NULL, 0};
  handle->pending = 0;
  return handle;
}

struct handle *handle_at(int index) { return &table[index]; }

int handle_index(const struct handle *handle) { return (int)(handle - table); }

void handle_drop(struct handle *handle) {
  handle->kind = FREE;
  handle->generation++;
  handle->next_free = first_free;
  first_free = handle_index(handle);
}

struct handle *handle_argument(napi_env env, napi_value value, enum kind kind) {
  static const char *const names[] = {"", "communicator", "request", "window"};
  if (refuse_not_running(env)) return NULL;
  int64_t number = -1;
  napi_get_value_int64(env, value, &number);
  int64_t index = number & ((1 << INDEX_BITS) - 1);
  if (number < 0 || index >= capacity || table[index].kind != kind ||
      table[index].generation != (uint64_t)number >> INDEX_BITS) {
    char text[64];
    snprintf(text, sizeof text, "this %s was freed", names[kind]);
    napi_throw_type_error(env, "ERR_MPI_FREED", text);
    return NULL;
  }
  return &table[index];
}

napi_value handle_result(napi_env env, const struct handle *handle) {
  napi_value result;
  napi_create_int64(env, ((int64_t)handle->generation << INDEX_BITS) | handle_index(handle), &result);
  return result;
}
