/*
 * The algorithm of other simulators: one pass over all spins per time step, f32, libm's sin, cos and exp. As KomaMRI does it: while
 * RF is off a spin gathers phase, and at a sample its magnetisation is turned and damped from the last pulse on; an RF step
 * rotates about the effective field and then relaxes. A moving spin has the position of the middle of each step, interpolated
 * linearly between nodes in time. `per-step JOB SIGNAL`; see main.c for the dialogue.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRECESS, RF, SAMPLE, TURN };

/* RF and gradient over one step; for TURN dt is an angle [rad] */
typedef struct { double kind, dt, bx, by, gx, gy, gz, offset; } step_t;

static FILE *file;

static double *next_array(size_t *length) {
  double count;
  if (fread(&count, 8, 1, file) != 1) exit(65);
  double *values = malloc((size_t)count * 8);
  if (fread(values, 8, (size_t)count, file) != (size_t)count) exit(65);
  *length = (size_t)count;
  return values;
}

static size_t spins;
static float gamma_bar;
/* Nodes in time, [nodes][x, y, z][spins], and the time from one to the next; none: spins at rest. */
static float *nodes;
static size_t node_count;
static double node_spacing;
static float *x, *y, *z, *density, *T1, *T2, *hertz, *mx, *my, *mz, *phase;

/* Brings the magnetisation up to now: turns it by the gathered phase, relaxes it over t. */
static void settle(float t) {
  for (size_t n = 0; n < spins; n++) {
    const float c = cosf(phase[n]), s = sinf(phase[n]), e = expf(-t / T2[n]);
    const float re = mx[n];
    mx[n] = e * (re * c + my[n] * s);
    my[n] = e * (my[n] * c - re * s);
    mz[n] = density[n] + (mz[n] - density[n]) * expf(-t / T1[n]);
    phase[n] = 0;
  }
}

static void move_to(double t) {
  if (node_count == 0) return;
  const double at = t / node_spacing;
  const size_t n = at < 0 ? 0 : at >= node_count - 2 ? node_count - 2 : (size_t)at;
  const float part = at - n, *a = nodes + 3 * spins * n, *b = a + 3 * spins;
  for (size_t i = 0; i < spins; i++) x[i] = a[i] + part * (b[i] - a[i]);
  a += spins, b += spins;
  for (size_t i = 0; i < spins; i++) y[i] = a[i] + part * (b[i] - a[i]);
  a += spins, b += spins;
  for (size_t i = 0; i < spins; i++) z[i] = a[i] + part * (b[i] - a[i]);
}

static void gather_phase(const step_t *step) {
  const float dt = 2 * M_PI * step->dt, gx = gamma_bar * step->gx, gy = gamma_bar * step->gy, gz = gamma_bar * step->gz;
  for (size_t n = 0; n < spins; n++) phase[n] += dt * (gx * x[n] + gy * y[n] + gz * z[n] + hertz[n]);
}

static void sample(float t, double *out) {
  double re = 0, im = 0;
  for (size_t n = 0; n < spins; n++) {
    const float c = cosf(phase[n]), s = sinf(phase[n]), e = expf(-t / T2[n]);
    re += e * (mx[n] * c + my[n] * s);
    im += e * (my[n] * c - mx[n] * s);
  }
  out[0] = re;
  out[1] = im;
}

static void excite(const step_t *step) {
  const float dt = step->dt, bx = gamma_bar * step->bx, by = gamma_bar * step->by, offset = step->offset;
  const float gx = gamma_bar * step->gx, gy = gamma_bar * step->gy, gz = gamma_bar * step->gz;
  for (size_t n = 0; n < spins; n++) {
    const float bz = gx * x[n] + gy * y[n] + gz * z[n] + hertz[n] - offset;
    const float b = sqrtf(bx * bx + by * by + bz * bz);
    const float half = (float)M_PI * b * dt, c = cosf(half), f = b == 0 ? 0 : sinf(half) / b;
    const float ux = bx * f, uy = by * f, uz = bz * f, X = mx[n], Y = my[n], Z = mz[n];
    const float tx = 2 * (Y * uz - Z * uy), ty = 2 * (Z * ux - X * uz), tz = 2 * (X * uy - Y * ux);
    const float e1 = expf(-dt / T1[n]), e2 = expf(-dt / T2[n]);
    mx[n] = e2 * (X + c * tx + (ty * uz - tz * uy));
    my[n] = e2 * (Y + c * ty + (tz * ux - tx * uz));
    mz[n] = density[n] + e1 * (Z + c * tz + (tx * uy - ty * ux) - density[n]);
  }
}

static void turn_all(float angle) {
  const float c = cosf(angle), s = sinf(angle);
  for (size_t n = 0; n < spins; n++) {
    const float re = mx[n];
    mx[n] = re * c + my[n] * s;
    my[n] = my[n] * c - re * s;
  }
}

static void run(const step_t *steps, size_t count, double *signal) {
  for (size_t n = 0; n < spins; n++) mx[n] = my[n] = phase[n] = 0, mz[n] = density[n];
  float t = 0;
  double now = 0;
  for (const step_t *step = steps; step < steps + count; step++) {
    const int kind = step->kind;
    if (kind != TURN) move_to(now + step->dt / 2), now += step->dt;
    if (kind == PRECESS || kind == SAMPLE) {
      gather_phase(step);
      t += step->dt;
      if (kind == SAMPLE) sample(t, signal), signal += 2;
    }
    /* Between samples there is a step without one: there, as where a block ends, phase and decay enter the magnetisation. */
    const int ends = kind == PRECESS || (step + 1 < steps + count && step[1].kind != SAMPLE && step[1].kind != PRECESS);
    if (t > 0 && ends) settle(t), t = 0;
    if (kind == RF) excite(step);
    if (kind == TURN) turn_all(step->dt);
  }
}

int main(int argc, char **argv) {
  if (argc != 3 || !(file = fopen(argv[1], "rb"))) return 2;
  size_t length, count;
  const double *head = next_array(&length);
  spins = head[0];
  gamma_bar = head[1];
  const size_t samples = head[2];
  const double hertz_per_rate = head[3] / (2 * M_PI);
  const step_t *steps = (const step_t *)next_array(&count);
  count /= sizeof(step_t) / 8;
  const double *phantom = next_array(&length);
  float **columns[] = {&x, &y, &z, &density, &T1, &T2, &hertz, &mx, &my, &mz, &phase};
  for (int i = 0; i < 11; i++) {
    float *column = *columns[i] = malloc(sizeof(float) * spins);
    const int from = i == 6 ? 7 : i;
    for (size_t n = 0; i < 7 && n < spins; n++) column[n] = phantom[from * spins + n] * (i == 6 ? hertz_per_rate : 1);
  }
  node_spacing = head[4];
  const double *path = next_array(&length);
  node_count = length / (3 * spins);
  nodes = malloc(sizeof(float) * length);
  for (size_t n = 0; n < length; n++) nodes[n] = path[n];
  double *signal = calloc(2 * samples, 8);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    struct timespec begun, ended;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    run(steps, count, signal);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    printf("%.9f\n", ended.tv_sec - begun.tv_sec + 1e-9 * (ended.tv_nsec - begun.tv_nsec));
    fflush(stdout);
  }
  FILE *out = fopen(argv[2], "wb");
  return !out || fwrite(signal, 16, samples, out) != samples || fclose(out) != 0;
}
