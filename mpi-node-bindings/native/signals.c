/*
 * A second, tiny addon that does not touch MPI: it remembers every signal's disposition before MPI is loaded and puts
 * back what loading and MPI_Init changed. It has to be its own library, because the libraries behind MPI (UCX) install
 * handlers in their constructors, which run before any code of an addon linked with them.
 *
 * What is at stake: V8 turns an out-of-bounds access of WebAssembly into a JS exception through SIGSEGV; UCX takes that
 * signal and the process dies instead. MPICH takes SIGUSR1 at MPI_Init, which schedulers send to ask for a checkpoint.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <signal.h>
#include <stdbool.h>

#ifndef NSIG
#define NSIG 65
#endif

static struct sigaction saved[NSIG];
static bool known[NSIG];

static bool differ(const struct sigaction *a, const struct sigaction *b) {
  if ((a->sa_flags & SA_SIGINFO) != (b->sa_flags & SA_SIGINFO)) return true;
  return (a->sa_flags & SA_SIGINFO) ? a->sa_sigaction != b->sa_sigaction : a->sa_handler != b->sa_handler;
}

static napi_value save(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  for (int s = 1; s < NSIG; s++) known[s] = sigaction(s, NULL, &saved[s]) == 0; /* libc keeps a few to itself */
  return NULL;
}

/* restore() → the numbers of the signals that had been changed. */
static napi_value restore(napi_env env, napi_callback_info info) {
  napi_value changed;
  uint32_t count = 0;
  (void)info;
  napi_create_array(env, &changed);
  for (int s = 1; s < NSIG; s++) {
    struct sigaction now;
    if (!known[s] || sigaction(s, NULL, &now) != 0 || !differ(&now, &saved[s])) continue;
    sigaction(s, &saved[s], NULL);
    napi_value number;
    napi_create_int32(env, s, &number);
    napi_set_element(env, changed, count++, number);
  }
  return changed;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "save", NAPI_AUTO_LENGTH, save, NULL, &function);
  napi_set_named_property(env, exports, "save", function);
  napi_create_function(env, "restore", NAPI_AUTO_LENGTH, restore, NULL, &function);
  napi_set_named_property(env, exports, "restore", function);
  return exports;
}
