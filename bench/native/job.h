/*
 * A job of the exact forms as host/engine/wasm/program.ts lays it out (bench/native.ts writes it), and a tile on its way through
 * it: the same columns, panels and records as assembly/abi.ts and scratch.ts have.
 */
#ifndef JOB_H
#define JOB_H
#include "vector.h"

enum { PANEL = 32, CHUNK = 128, PAD = 32 };
enum { PRECESS, EXCITE, READ, RECORD, FLUSH };
/* As PULSE in assembly/abi.ts. */
enum { SMALL, ANY, HELD, HELD_F64 };

/* [kx, ky, kz, t] */
typedef struct { double k[3], t; } moment;
/* pulse; cos, sin on entry and on leaving */
typedef struct { double pulse, ci, si, co, so; } excitation;
typedef struct { double first, steps, offset, duration; } pulse;
/* `h2` is hx² + hy²; `changed`: dt or g differ from the step before; relaxation before the step and after the last one [s];
   terms and doublings of its exact solution */
typedef struct { double dt, g[3], hx, hy, h2; float fx, fy, f2; int32_t changed; double before, after; int32_t terms, doublings; } rf_step;
/* of `lines` lines, each a step (of moments) after the other */
typedef struct { double first_sample, waveform, moment, area, row, lines, step; } readout;
/* its rows are recorded by `reads` reads when it is summed, or by ops before */
typedef struct { double waveform, area, rows, first_row, first_read, reads; } batch;
/* k and t of the samples, one column after the other, each `padded` long; samples from one exactly phased to the next, 0: equally spaced */
typedef struct { int samples, padded, exact_every; const double *x, *y, *z, *t; } waveform;

typedef struct {
  int spins, tile_size, rows, areas, longest, samples, op_count;
  double scale, field_ratio;
  const double *ops;
  const moment *moments;
  const excitation *excitations;
  const pulse *pulses;
  const double *pulse_forms;
  const rf_step *steps;
  const readout *reads;
  const batch *batches;
  const double *row_samples;
  waveform *waveforms;
  /* eight columns of the phantom, `stride` apart */
  const float *phantom;
  int stride;
  int64_t *sums;
} job_t;

typedef struct {
  const float *x, *y, *z, *density;
  double *hertz;
  float *R1, *R2, *mx, *my, *mz;
  float *lanes;     /* [CHUNK][re, im][LANES] */
  float *records;   /* [areas][panels][rows][re, im, re + im][PANEL] */
  float *evolution; /* [PANEL][re, im, re + im][block], then cos and sin of a step over a block */
  float *products;  /* [re·re, im·im, (re + im)²][rows][longest] */
  int count;
} tile_t;

void excite(const job_t *job, tile_t *tile, int index);
void precess(const job_t *job, tile_t *tile, int index);
void read_samples(const job_t *job, tile_t *tile, int index);
void record(const job_t *job, tile_t *tile, int index);
void flush_batch(const job_t *job, tile_t *tile, int index);

/* Adds one number to the exact sums. */
INLINE void add_fixed(const job_t *job, int64_t *at, double value) { *at += __builtin_llrint(value * job->scale); }

INLINE vd turns_of_half(const tile_t *tile, int n, double kx, double ky, double kz, double t) {
  vd p = kx * promote(tile->x + n);
  p = ky * promote(tile->y + n) + p;
  p = kz * promote(tile->z + n) + p;
  p = t * load_d(tile->hertz + n) + p;
  return fraction(p);
}

/* k·r + Δf·t of one vector of spins, less whole turns, formed in f64 */
INLINE vf turns(const tile_t *tile, int n, double kx, double ky, double kz, double t) {
  return demote(turns_of_half(tile, n, kx, ky, kz, t), turns_of_half(tile, n + HALF, kx, ky, kz, t));
}

/* e·cos and e·sin of 2πp, where e = exp(−a) */
INLINE void decaying_turn(vf p, vf a, vf *c, vf *s) {
  vf h = half_turns(p);
  vf u = remainder_turns(p, h);
  vf u2 = u * u;
  vf e = flip(exp_negative(a), parity(h));
  *c = e * cos_turns(u2);
  *s = e * sin_turns(u, u2);
}
#endif
