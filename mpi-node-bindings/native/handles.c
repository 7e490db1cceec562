/*
 * MPI_Comm, MPI_Request and MPI_Win are pointers in Open MPI and integers in MPICH. JS sees neither: it holds an index
 * into this table. Freed slots are linked and reused, so a program that makes requests for hours does not grow it.
 */
#include "binding.h"
#include <stdio.h>
#include <stdlib.h>

static struct handle *table = NULL;
static int capacity = 0;
static int first_free = -1;

int handle_new(enum kind kind) {
  if (first_free < 0) {
    int grown = capacity ? capacity * 2 : 32;
    struct handle *moved = realloc(table, sizeof *table * (size_t)grown);
    if (!moved) napi_fatal_error("handle_new", NAPI_AUTO_LENGTH, "out of memory", NAPI_AUTO_LENGTH);
    table = moved;
    for (int i = grown - 1; i >= capacity; i--) {
      table[i].kind = FREE;
      table[i].next_free = first_free;
      first_free = i;
    }
    capacity = grown;
  }
  int index = first_free;
  first_free = table[index].next_free;
  table[index].kind = kind;
  table[index].type = MPI_DATATYPE_NULL;
  return index;
}

struct handle *handle_at(int index) { return &table[index]; }

void handle_drop(int index) {
  table[index].kind = FREE;
  table[index].next_free = first_free;
  first_free = index;
}

struct handle *handle_argument(napi_env env, napi_value value, enum kind kind) {
  static const char *const names[] = {"", "communicator", "request", "window"};
  if (!mpi_running()) {
    napi_throw_error(env, "ERR_MPI_NOT_RUNNING", "MPI is not running: the call came before init or after finalize");
    return NULL;
  }
  int index = int_argument(env, value);
  if (index < 0 || index >= capacity || table[index].kind != kind) {
    char text[64];
    snprintf(text, sizeof text, "this %s was freed", names[kind]);
    napi_throw_type_error(env, "ERR_MPI_FREED", text);
    return NULL;
  }
  return &table[index];
}

napi_value handle_result(napi_env env, int index) { return js_int(env, index); }
