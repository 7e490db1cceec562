/*
 * Lines that share one waveform as a matrix product, as assembly/matrix.ts forms it: the complex product as three real ones, W as
 * a geometric series, panels of 32 spins. The block is two vectors of samples wide and as many lines high as the registers hold.
 */
#include "job.h"

/* 512-bit machines have 32 registers, the others 16. */
enum { LINES = WIDTH == 64 ? 8 : 4, BLOCK = 2 * LANES, PART = PANEL, LINE_RECORD = 3 * PANEL };
/* Lines from one exact phase to the next; vectors of spins recorded at a time. */
enum { RESYNC = 16, FLIGHT = 2 };

/* Spins at one line of a run and at the next; a step over one line, over two. */
typedef struct { vf x, y, x1, y1, c, s, c2, s2; } chain_t;

INLINE void store_parts(float *to, size_t apart, vf re, vf im) {
  store(to, re);
  store(to + apart, im);
  store(to + 2 * apart, re + im);
}

INLINE void evolve(const tile_t *tile, int n, const moment *m, double f, vf *c, vf *s) {
  const double t = f * m->t;
  decaying_turn(turns(tile, n, f * m->k[0], f * m->k[1], f * m->k[2], t), (float)t * load(tile->R2 + n), c, s);
}

INLINE void advance(vf *x, vf *y, vf c, vf s) {
  const vf next = *x * c + *y * s;
  *y = *y * c - *x * s;
  *x = next;
}

/* All lines of a run for FLIGHT vectors of spins; every sixteenth line is phased exactly. */
INLINE void record_vectors(const tile_t *tile, int n, const moment *m, const moment *step, int lines, float *to) {
  chain_t v[FLIGHT];
  for (int i = 0; i < FLIGHT && lines > 1; i++) {
    evolve(tile, n + i * LANES, step, 1, &v[i].c, &v[i].s);
    evolve(tile, n + i * LANES, step, 2, &v[i].c2, &v[i].s2);
  }
  for (int l = 0; l < lines;) {
    moment here = {{m->k[0] + l * step->k[0], m->k[1] + l * step->k[1], m->k[2] + l * step->k[2]}, m->t + l * step->t};
    for (int i = 0; i < FLIGHT; i++) {
      const int spin = n + i * LANES;
      vf c, s;
      evolve(tile, spin, &here, 1, &c, &s);
      v[i].x = load(tile->mx + spin);
      v[i].y = load(tile->my + spin);
      advance(&v[i].x, &v[i].y, c, s);
      v[i].x1 = v[i].x;
      v[i].y1 = v[i].y;
      if (lines > 1) advance(&v[i].x1, &v[i].y1, v[i].c, v[i].s);
    }
    const int end = l + RESYNC < lines ? l + RESYNC : lines;
    for (;;) {
      for (int i = 0; i < FLIGHT; i++) store_parts(to + i * LANES, PART, v[i].x, v[i].y);
      to += LINE_RECORD;
      if (++l == end) break;
      for (int i = 0; i < FLIGHT; i++) store_parts(to + i * LANES, PART, v[i].x1, v[i].y1);
      to += LINE_RECORD;
      if (++l == end) break;
      for (int i = 0; i < FLIGHT; i++) {
        advance(&v[i].x, &v[i].y, v[i].c2, v[i].s2);
        advance(&v[i].x1, &v[i].y1, v[i].c2, v[i].s2);
      }
    }
  }
}

INLINE void record_panel(const job_t *job, const tile_t *tile, int panel, const readout *r, float *rows) {
  for (int i = 0; i < PANEL; i += FLIGHT * LANES)
    record_vectors(tile, panel + i, job->moments + (int)r->moment, job->moments + (int)r->step, r->lines, rows + (int)r->row * LINE_RECORD + i);
}

INLINE float *area_of(const job_t *job, const tile_t *tile, double area) {
  return tile->records + (size_t)area * job->rows * LINE_RECORD * (tile->count / PANEL);
}

void record(const job_t *job, tile_t *tile, int index) {
  const readout *r = job->reads + index;
  float *rows = area_of(job, tile, r->area);
  for (int panel = 0; panel < tile->count; panel += PANEL, rows += job->rows * LINE_RECORD) record_panel(job, tile, panel, r, rows);
}

/* out[LINES][vectors] += A[LINES][PANEL] · W[PANEL][vectors], one part */
INLINE void multiply(const float *A, const float *W, float *out, int line, int vectors) {
  vf sum[LINES][2];
  for (int l = 0; l < LINES; l++)
    for (int v = 0; v < vectors; v++) sum[l][v] = load(out + l * line + v * LANES);
  for (int n = 0; n < PANEL; n++, W += 3 * BLOCK)
    for (int l = 0; l < LINES; l++)
      for (int v = 0; v < vectors; v++) sum[l][v] += A[l * LINE_RECORD + n] * load(W + v * LANES);
  for (int l = 0; l < LINES; l++)
    for (int v = 0; v < vectors; v++) store(out + l * line + v * LANES, sum[l][v]);
}

INLINE void store_evolution(float *to, vf p, vf a) {
  vf c, s;
  decaying_turn(p, a, &c, &s);
  store_parts(to, BLOCK, c, -s);
}

/* The first BLOCK samples of a panel's spins, and their steps over as many. */
INLINE void start_series(const tile_t *tile, int panel, const waveform *w, float *W, float *cs) {
  const double dt = w->t[1];
  vf ramp = {0};
  vd low = {0}, high = {0};
  for (int i = 0; i < LANES; i++) ramp[i] = i;
  for (int i = 0; i < HALF; i++) low[i] = i, high[i] = HALF + i;
  for (int i = 0; i < PANEL; i++) {
    const int n = panel + i;
    const double p = w->x[1] * tile->x[n] + w->y[1] * tile->y[n] + w->z[1] * tile->z[n] + dt * tile->hertz[n];
    const float decay = dt * tile->R2[n];
    for (int v = 0; v < 2; v++) {
      const double from = v * LANES;
      const vf phase = demote(fraction(p * (low + from)), fraction(p * (high + from)));
      store_evolution(W + i * 3 * BLOCK + v * LANES, phase, decay * (ramp + (float)from));
    }
  }
  for (int i = 0; i < PANEL; i += LANES) {
    const int n = panel + i;
    const moment step = {{w->x[1], w->y[1], w->z[1]}, dt};
    vf c, s;
    evolve(tile, n, &step, BLOCK, &c, &s);
    store(cs + i, c);
    store(cs + PANEL + i, s);
  }
}

/* The next BLOCK samples, of each spin in place. */
INLINE void step_series(float *W, const float *cs) {
  for (int i = 0; i < PANEL; i++)
    for (int v = 0; v < 2; v++) {
      float *at = W + i * 3 * BLOCK + v * LANES;
      vf x = load(at), y = load(at + BLOCK);
      advance(&x, &y, splat(cs[i]), splat(cs[PANEL + i]));
      store_parts(at, BLOCK, x, y);
    }
}

INLINE vd turns_at(const tile_t *tile, int n, const waveform *w, int k) {
  const double x = tile->x[n], y = tile->y[n], z = tile->z[n], hertz = tile->hertz[n];
  return fraction(load_d(w->t + k) * hertz + (load_d(w->z + k) * z + (load_d(w->y + k) * y + load_d(w->x + k) * x)));
}

INLINE void evolve_any(const tile_t *tile, int panel, const waveform *w, int first, float *W) {
  for (int i = 0; i < PANEL; i++)
    for (int v = 0; v < 2; v++) {
      const int n = panel + i, k = first + v * LANES;
      const vf t = demote(load_d(w->t + k), load_d(w->t + k + HALF));
      const vf phase = demote(turns_at(tile, n, w, k), turns_at(tile, n, w, k + HALF));
      store_evolution(W + i * 3 * BLOCK + v * LANES, phase, t * tile->R2[n]);
    }
}

void flush_batch(const job_t *job, tile_t *tile, int index) {
  const batch b = job->batches[index];
  const waveform *w = job->waveforms + (int)b.waveform;
  const int rows = b.rows, blocks = (w->samples + BLOCK - 1) / BLOCK, line = blocks * BLOCK;
  const int padded_rows = (rows + LINES - 1) / LINES * LINES;
  const size_t plane = (size_t)job->rows * line;
  memset(tile->products, 0, sizeof(float) * 3 * plane);
  float *records = area_of(job, tile, b.area);
  for (int panel = 0; panel < tile->count; panel += PANEL, records += b.reads == 0 ? job->rows * LINE_RECORD : 0) {
    for (int n = 0; n < b.reads; n++) record_panel(job, tile, panel, job->reads + (int)b.first_read + n, records);
    float *W = tile->evolution, *cs = W + PANEL * 3 * BLOCK;
    for (int block = 0; block < blocks; block++) {
      if (w->exact_every) evolve_any(tile, panel, w, block * BLOCK, W);
      else if (block == 0) start_series(tile, panel, w, W, cs);
      else step_series(W, cs);
      const int one = w->samples - block * BLOCK <= LANES;
      for (int part = 0; part < 3; part++) {
        const float *A = records + part * PART, *V = W + part * BLOCK;
        float *out = tile->products + part * plane + block * BLOCK;
        for (int l = 0; l < padded_rows; l += LINES) {
          if (one) multiply(A + l * LINE_RECORD, V, out + l * line, line, 1);
          else multiply(A + l * LINE_RECORD, V, out + l * line, line, 2);
        }
      }
    }
  }
  for (int l = 0; l < rows; l++) {
    const float *from = tile->products + l * line;
    int64_t *to = job->sums + 2 * (int)job->row_samples[(int)b.first_row + l];
    for (int k = 0; k < w->samples; k++) {
      const double P1 = from[k], P2 = from[k + plane], P3 = from[k + 2 * plane];
      add_fixed(job, to + 2 * k, P1 - P2);
      add_fixed(job, to + 2 * k + 1, P3 - P1 - P2);
    }
  }
}
