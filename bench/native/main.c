/*
 * The whole of a job in C: `kernels JOB SIGNAL` reads the job, then for every line "run" on its standard input takes all tiles
 * through it once and answers with the processor seconds that took. At the end of input it writes the last run's sums.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "job.h"

static FILE *file;

static double *next_array(size_t *length) {
  double count;
  if (fread(&count, 8, 1, file) != 1) exit(65);
  double *values = aligned_alloc(64, ((size_t)count * 8 + 127) / 64 * 64);
  if (fread(values, 8, (size_t)count, file) != (size_t)count) exit(65);
  if (length) *length = (size_t)count;
  return values;
}

static void *room(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  memset(memory, 0, bytes);
  return memory;
}

static void read_waveforms(job_t *job) {
  size_t length;
  const double *table = next_array(&length);
  const double *points = next_array(0);
  job->waveforms = room(sizeof(waveform) * (length / 3));
  for (size_t n = 0; n < length / 3; n++) {
    waveform *w = job->waveforms + n;
    w->samples = table[3 * n + 1];
    w->exact_every = table[3 * n + 2];
    w->padded = (w->samples + PAD - 1) / PAD * PAD;
    double *columns = room(sizeof(double) * 4 * w->padded);
    for (int i = 0; i < 4 * w->padded; i++) {
      const int k = i % w->padded < w->samples ? i % w->padded : w->samples - 1;
      columns[i] = points[4 * ((size_t)table[3 * n] + k) + i / w->padded];
    }
    w->x = columns;
    w->y = w->x + w->padded;
    w->z = w->y + w->padded;
    w->t = w->z + w->padded;
  }
}

static job_t read_job(void) {
  job_t job;
  size_t length;
  const double *head = next_array(0);
  job.spins = head[0];
  job.tile_size = head[1];
  job.rows = ((int)head[2] + 7) & ~7;
  job.areas = head[3];
  job.longest = ((int)head[4] + PAD - 1) / PAD * PAD;
  job.samples = head[5];
  job.scale = head[6];
  job.field_ratio = head[7];
  job.ops = next_array(&length);
  job.op_count = length / 2;
  job.moments = (const moment *)next_array(0);
  job.excitations = (const excitation *)next_array(0);
  job.pulses = (const pulse *)next_array(0);
  job.pulse_forms = next_array(0);
  job.steps = (const rf_step *)next_array(0);
  job.reads = (const readout *)next_array(0);
  job.batches = (const batch *)next_array(0);
  job.row_samples = next_array(0);
  read_waveforms(&job);
  const double *phantom = next_array(0);
  job.stride = (job.spins + PANEL - 1) / PANEL * PANEL;
  float *columns = room(sizeof(float) * 8 * job.stride);
  for (int c = 0; c < 8; c++)
    for (int n = 0; n < job.stride; n++)
      columns[c * job.stride + n] = n < job.spins ? phantom[(size_t)c * job.spins + n] : c >= 4 && c < 7 ? 1 : 0;
  job.phantom = columns;
  job.sums = room(sizeof(int64_t) * 2 * job.samples);
  return job;
}

static tile_t make_tile(const job_t *job) {
  const int capacity = (job->tile_size + PANEL - 1) / PANEL * PANEL;
  tile_t tile;
  tile.hertz = room(8 * capacity);
  float **columns[] = {&tile.R1, &tile.R2, &tile.mx, &tile.my, &tile.mz};
  for (int i = 0; i < 5; i++) *columns[i] = room(4 * capacity);
  tile.lanes = room(4 * 2 * LANES * CHUNK);
  tile.records = room((size_t)12 * job->areas * job->rows * capacity);
  tile.evolution = room(4 * PANEL * (3 * 2 * LANES + 2));
  tile.products = room((size_t)12 * job->longest * job->rows);
  return tile;
}

/* As assembly/tile.ts: rates instead of times, off-resonance in hertz, thermal equilibrium. */
static void load_tile(const job_t *job, tile_t *tile, int first, int count) {
  const float *spins = job->phantom + first, *T1 = spins + 4 * job->stride, *T2 = T1 + job->stride, *off = T1 + 3 * job->stride;
  tile->x = spins;
  tile->y = spins + job->stride;
  tile->z = spins + 2 * job->stride;
  tile->density = spins + 3 * job->stride;
  tile->count = (count + PANEL - 1) / PANEL * PANEL;
  const double hertz = job->field_ratio / (2 * M_PI);
  for (int n = 0; n < tile->count; n++) {
    tile->R1[n] = 1 / T1[n];
    tile->R2[n] = 1 / T2[n];
    tile->mx[n] = tile->my[n] = 0;
    tile->mz[n] = tile->density[n];
    tile->hertz[n] = off[n] * hertz;
  }
}

static void run(const job_t *job, tile_t *tile) {
  void (*const play[])(const job_t *, tile_t *, int) = {precess, excite, read_samples, record, flush_batch};
  memset(job->sums, 0, sizeof(int64_t) * 2 * job->samples);
  for (int first = 0; first < job->spins; first += job->tile_size) {
    load_tile(job, tile, first, job->spins - first < job->tile_size ? job->spins - first : job->tile_size);
    for (int op = 0; op < job->op_count; op++) play[(int)job->ops[2 * op]](job, tile, job->ops[2 * op + 1]);
  }
}

int main(int argc, char **argv) {
  if (argc != 3 || !(file = fopen(argv[1], "rb"))) return 2;
  job_t job = read_job();
  tile_t tile = make_tile(&job);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    struct timespec begun, ended;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    run(&job, &tile);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    printf("%.9f\n", ended.tv_sec - begun.tv_sec + 1e-9 * (ended.tv_nsec - begun.tv_nsec));
    fflush(stdout);
  }
  FILE *out = fopen(argv[2], "wb");
  return !out || fwrite(job.sums, 16, job.samples, out) != (size_t)job.samples || fclose(out) != 0;
}
