/*
 * Readouts that stand alone, as assembly/readout.ts sums them: equally spaced samples by the 2×2 recurrence (two vectors of spins,
 * two samples in flight), all others by sin and cos of each step, phased exactly every so many samples.
 */
#include "job.h"

INLINE void accumulate(float *at, vf re, vf im) {
  store(at, load(at) + re);
  store(at + LANES, load(at + LANES) + im);
}

INLINE vf small_turns(const tile_t *tile, int n, float kx, float ky, float kz, float t, vf hertz) {
  vf p = kx * load(tile->x + n);
  p = ky * load(tile->y + n) + p;
  p = kz * load(tile->z + n) + p;
  return t * hertz + p;
}

static void read_any(tile_t *tile, const moment *m, const waveform *w, int start, int count) {
  for (int n = 0; n < tile->count; n += 2 * LANES) {
    vf x[2], y[2], hertz[2];
    for (int v = 0; v < 2; v++) {
      const double *from = tile->hertz + n + v * LANES;
      hertz[v] = demote(load_d(from), load_d(from + HALF));
    }
    for (int k = 0; k < count; k++) {
      const int i = start + k, exact = k % w->exact_every == 0;
      const double t = exact ? m->t + w->t[i] : w->t[i] - w->t[i - 1];
      const double kx = exact ? m->k[0] + w->x[i] : w->x[i] - w->x[i - 1];
      const double ky = exact ? m->k[1] + w->y[i] : w->y[i] - w->y[i - 1];
      const double kz = exact ? m->k[2] + w->z[i] : w->z[i] - w->z[i - 1];
      vf p[2];
      if (exact)
        for (int v = 0; v < 2; v++) {
          const int spin = n + v * LANES;
          x[v] = load(tile->mx + spin);
          y[v] = load(tile->my + spin);
          p[v] = turns(tile, spin, kx, ky, kz, t);
        }
      else
        for (int v = 0; v < 2; v++) p[v] = small_turns(tile, n + v * LANES, kx, ky, kz, t, hertz[v]);
      for (int v = 0; v < 2; v++) {
        vf c, s;
        decaying_turn(p[v], (float)t * load(tile->R2 + n + v * LANES), &c, &s);
        const vf next = x[v] * c + y[v] * s;
        y[v] = y[v] * c - x[v] * s;
        x[v] = next;
      }
      accumulate(tile->lanes + 2 * LANES * k, x[0] + x[1], y[0] + y[1]);
    }
  }
}

typedef struct { vf x, y, x1, y1, c, s; } chain_t;

INLINE void evolve(const tile_t *tile, int n, double kx, double ky, double kz, double t, vf *c, vf *s) {
  decaying_turn(turns(tile, n, kx, ky, kz, t), (float)t * load(tile->R2 + n), c, s);
}

INLINE chain_t chain(const tile_t *tile, int n, const double *first, const double *step) {
  chain_t v;
  vf c, s, x = load(tile->mx + n), y = load(tile->my + n);
  evolve(tile, n, first[0], first[1], first[2], first[3], &c, &s);
  v.x = x * c + y * s;
  v.y = y * c - x * s;
  evolve(tile, n, step[0], step[1], step[2], step[3], &c, &s);
  v.x1 = v.x * c + v.y * s;
  v.y1 = v.y * c - v.x * s;
  evolve(tile, n, 2 * step[0], 2 * step[1], 2 * step[2], 2 * step[3], &v.c, &v.s);
  return v;
}

INLINE void advance(vf *x, vf *y, vf c, vf s) {
  const vf next = *x * c + *y * s;
  *y = *y * c - *x * s;
  *x = next;
}

static void read_linear(tile_t *tile, const moment *m, const waveform *w, int start, int count) {
  const double first[4] = {m->k[0] + w->x[start], m->k[1] + w->y[start], m->k[2] + w->z[start], m->t + w->t[start]};
  const double step[4] = {w->x[1], w->y[1], w->z[1], w->t[1]};
  const float *end = tile->lanes + 2 * LANES * count;
  for (int n = 0; n < tile->count; n += 2 * LANES) {
    chain_t a = chain(tile, n, first, step), b = chain(tile, n + LANES, first, step);
    for (float *at = tile->lanes; at < end; at += 4 * LANES) {
      accumulate(at, a.x + b.x, a.y + b.y);
      accumulate(at + 2 * LANES, a.x1 + b.x1, a.y1 + b.y1);
      advance(&a.x, &a.y, a.c, a.s);
      advance(&a.x1, &a.y1, a.c, a.s);
      advance(&b.x, &b.y, b.c, b.s);
      advance(&b.x1, &b.y1, b.c, b.s);
    }
  }
}

void read_samples(const job_t *job, tile_t *tile, int index) {
  const readout r = job->reads[index];
  const waveform *w = job->waveforms + (int)r.waveform;
  const moment *m = job->moments + (int)r.moment;
  for (int start = 0; start < w->samples; start += CHUNK) {
    const int count = w->samples - start < CHUNK ? w->samples - start : CHUNK;
    memset(tile->lanes, 0, sizeof(float) * 2 * LANES * ((count + 1) & ~1));
    if (w->exact_every) read_any(tile, m, w, start, count);
    else read_linear(tile, m, w, start, count);
    int64_t *sums = job->sums + 2 * ((int)r.first_sample + start);
    for (int i = 0; i < 2 * count; i++) {
      double sum = 0;
      for (int lane = 0; lane < LANES; lane++) sum += tile->lanes[LANES * i + lane];
      add_fixed(job, sums + i, sum);
    }
  }
}
