/*
 * Lines that share one waveform as a matrix product, as assembly/matrix.ts forms it: the complex product as three real ones, W as
 * a geometric series, panels of 32 spins. The block is two vectors of samples wide and as many lines high as the registers hold.
 */
#include "job.h"

/* 512-bit machines have 32 registers, the others 16. */
enum { LINES = WIDTH == 64 ? 8 : 4, BLOCK = 2 * LANES, PART = PANEL, LINE_RECORD = 3 * PANEL };

void record(const job_t *job, tile_t *tile, int index) {
  const readout r = job->reads[index];
  const moment m = job->moments[(int)r.moment];
  const float t = m.t;
  float *at = tile->records + (size_t)r.area * job->rows * LINE_RECORD * (tile->count / PANEL) + (int)r.row * LINE_RECORD;
  for (int panel = 0; panel < tile->count; panel += PANEL, at += job->rows * LINE_RECORD) {
    for (int i = 0; i < PANEL; i += LANES) {
      const int n = panel + i;
      vf c, s;
      decaying_turn(turns(tile, n, m.k[0], m.k[1], m.k[2], m.t), t * load(tile->R2 + n), &c, &s);
      const vf x = load(tile->mx + n), y = load(tile->my + n);
      const vf re = x * c + y * s, im = y * c - x * s;
      store(at + i, re);
      store(at + i + PART, im);
      store(at + i + 2 * PART, re + im);
    }
  }
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
  store(to, c);
  store(to + BLOCK, -s);
  store(to + 2 * BLOCK, c - s);
}

INLINE void evolve_linear(const tile_t *tile, int n, const waveform *w, int blocks, float *to) {
  const double dt = w->t[1];
  const double p = w->x[1] * tile->x[n] + w->y[1] * tile->y[n] + w->z[1] * tile->z[n] + dt * tile->hertz[n];
  const float decay = dt * tile->R2[n];
  vf ramp = {0};
  vd low = {0}, high = {0};
  for (int i = 0; i < LANES; i++) ramp[i] = i;
  for (int i = 0; i < HALF; i++) low[i] = i, high[i] = HALF + i;
  for (int v = 0; v < 2; v++) {
    const double from = v * LANES;
    store_evolution(to + v * LANES, demote(fraction(p * (low + from)), fraction(p * (high + from))), decay * (ramp + (float)from));
  }
  const vd step = fraction(splat_d(p * BLOCK));
  vf c, s;
  decaying_turn(demote(step, step), splat(decay * BLOCK), &c, &s);
  vf re[2], im[2];
  for (int v = 0; v < 2; v++) re[v] = load(to + v * LANES), im[v] = load(to + BLOCK + v * LANES);
  for (int block = 1; block < blocks; block++) {
    to += PANEL * 3 * BLOCK;
    for (int v = 0; v < 2; v++) {
      const vf x = re[v] * c + im[v] * s;
      im[v] = im[v] * c - re[v] * s;
      re[v] = x;
      store(to + v * LANES, re[v]);
      store(to + BLOCK + v * LANES, im[v]);
      store(to + 2 * BLOCK + v * LANES, re[v] + im[v]);
    }
  }
}

INLINE vd turns_at(const tile_t *tile, int n, const waveform *w, int k) {
  const double x = tile->x[n], y = tile->y[n], z = tile->z[n], hertz = tile->hertz[n];
  return fraction(load_d(w->t + k) * hertz + (load_d(w->z + k) * z + (load_d(w->y + k) * y + load_d(w->x + k) * x)));
}

INLINE void evolve_any(const tile_t *tile, int n, const waveform *w, int blocks, float *to) {
  for (int block = 0; block < blocks; block++, to += PANEL * 3 * BLOCK)
    for (int v = 0; v < 2; v++) {
      const int k = block * BLOCK + v * LANES;
      const vf t = demote(load_d(w->t + k), load_d(w->t + k + HALF));
      store_evolution(to + v * LANES, demote(turns_at(tile, n, w, k), turns_at(tile, n, w, k + HALF)), t * tile->R2[n]);
    }
}

void flush_batch(const job_t *job, tile_t *tile, int index) {
  const batch b = job->batches[index];
  const waveform *w = job->waveforms + (int)b.waveform;
  const int rows = b.rows, blocks = (w->samples + BLOCK - 1) / BLOCK, line = blocks * BLOCK;
  const int padded_rows = (rows + LINES - 1) / LINES * LINES;
  const size_t plane = (size_t)job->rows * line;
  memset(tile->products, 0, sizeof(float) * 3 * plane);
  const float *records = tile->records + (size_t)b.area * job->rows * LINE_RECORD * (tile->count / PANEL);
  for (int panel = 0; panel < tile->count; panel += PANEL, records += job->rows * LINE_RECORD) {
    for (int i = 0; i < PANEL; i++) {
      float *to = tile->evolution + i * 3 * BLOCK;
      if (w->linear) evolve_linear(tile, panel + i, w, blocks, to);
      else evolve_any(tile, panel + i, w, blocks, to);
    }
    for (int part = 0; part < 3; part++)
      for (int block = 0; block < blocks; block++) {
        const float *W = tile->evolution + block * PANEL * 3 * BLOCK + part * BLOCK;
        float *out = tile->products + part * plane + block * BLOCK;
        const int one = w->samples - block * BLOCK <= LANES;
        for (int l = 0; l < padded_rows; l += LINES) {
          if (one) multiply(records + part * PART + l * LINE_RECORD, W, out + l * line, line, 1);
          else multiply(records + part * PART + l * LINE_RECORD, W, out + l * line, line, 2);
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
