/*
 * RF and precession, as assembly/excitation.ts and assembly/precession.ts compute them: rotations by polynomials in the square of the
 * half angle, relaxation between groups of steps, two vectors of spins in flight; or steps solved exactly (held.h).
 */
#include "job.h"

typedef struct { vf c, f; } turn_t;

INLINE vf square_root(vf s) {
  vf root;
  for (int i = 0; i < LANES; i++) root[i] = __builtin_sqrtf(s[i]);
  return root;
}

INLINE vf absolute(vf a) { return (vf)((vi)a & 0x7fffffff); }

/* √2·cos|h| and √2·sin|h|/|h| of h = (hx, hy, hz), hx² + hy² = sxy; any angle: with |hz| in turns, reduced in double */
INLINE turn_t turn(vf hz, vf turns, vf sxy, int any) {
  const vf s = hz * hz + sxy;
  if (!any) return (turn_t){cos_root(s), sinc_root(s)};
  const vf root = square_root(s), sum = root + absolute(hz), q = 1.4142135623730951f / (root * sum);
  const vf p = sxy * 0.11253953951963827f * root * q + turns;
  const vf u = remainder_turns(p, half_turns(p)), u2 = u * u;
  return (turn_t){1.4142135623730951f * cos_turns(u2), sum * q * sin_turns(u, u2)};
}

INLINE vf loss(const float *rates, int n, double time) { return decay_loss(load(rates + n) * (float)time); }

INLINE vd half_angle_of_half(const tile_t *tile, int n, const rf_step *step, double offset) {
  vd h = step->g[0] * promote(tile->x + n);
  h = step->g[1] * promote(tile->y + n) + h;
  h = step->g[2] * promote(tile->z + n) + h;
  return (3.141592653589793 * step->dt) * (load_d(tile->hertz + n) - offset) + h;
}

/* |h| in turns, less half turns */
INLINE vd half_turn_of_half(vd h) {
  typedef int64_t vl __attribute__((vector_size(WIDTH)));
  return 0.5 * fraction((vd)((vl)h & INT64_MAX) * 0.3183098861837907);
}

/* One vector of spins on its way through a pulse: magnetisation, density, half angle along z in radians and in turns, losses. */
typedef struct { vf x, y, z, d, hz, turns, l1, l2; } spins_t;

INLINE void set_losses(spins_t *v, const tile_t *tile, int n, double time) {
  v->l1 = loss(tile->R1, n, time);
  v->l2 = loss(tile->R2, n, time);
}

INLINE void relax(spins_t *v) {
  v->x -= v->x * v->l2;
  v->y -= v->y * v->l2;
  v->z += (v->d - v->z) * v->l1;
}

INLINE void rotate(spins_t *v, vf hx, vf hy, vf sxy, int any) {
  const turn_t q = turn(v->hz, v->turns, sxy, any);
  const vf ux = hx * q.f, uy = hy * q.f, uz = v->hz * q.f;
  const vf tx = v->y * uz - v->z * uy, ty = v->z * ux - v->x * uz, tz = v->x * uy - v->y * ux;
  v->x += q.c * tx + (ty * uz - tz * uy);
  v->y += q.c * ty + (tz * ux - tx * uz);
  v->z += q.c * tz + (tx * uy - ty * ux);
}

INLINE void walk_steps(tile_t *tile, int n, const rf_step *first, const rf_step *end, double offset, int any) {
  spins_t v[2];
  for (int i = 0; i < 2; i++) {
    const int m = n + i * LANES;
    v[i].d = load(tile->density + m);
    v[i].x = load(tile->mx + m);
    v[i].y = load(tile->my + m);
    v[i].z = load(tile->mz + m);
  }
  double time = 0;
  for (const rf_step *step = first; step < end; step++) {
    if (step->before != 0) {
      for (int i = 0; i < 2 && step->before != time; i++) set_losses(&v[i], tile, n + i * LANES, step->before);
      time = step->before;
      for (int i = 0; i < 2; i++) relax(&v[i]);
    }
    if (step == first || step->changed)
      for (int i = 0; i < 2; i++) {
        const int m = n + i * LANES;
        const vd low = half_angle_of_half(tile, m, step, offset), high = half_angle_of_half(tile, m + HALF, step, offset);
        v[i].hz = demote(low, high);
        if (any) v[i].turns = demote(half_turn_of_half(low), half_turn_of_half(high));
      }
    const vf hx = splat(step->fx), hy = splat(step->fy), sxy = splat(step->f2);
    for (int i = 0; i < 2; i++) rotate(&v[i], hx, hy, sxy, any);
  }
  for (int i = 0; i < 2; i++) {
    const int m = n + i * LANES;
    set_losses(&v[i], tile, m, end[-1].after);
    relax(&v[i]);
    store(tile->mx + m, v[i].x);
    store(tile->my + m, v[i].y);
    store(tile->mz + m, v[i].z);
  }
}

INLINE vf half_angle(const tile_t *tile, int n, const rf_step *step, double offset) {
  return demote(half_angle_of_half(tile, n, step, offset), half_angle_of_half(tile, n + HALF, step, offset));
}

INLINE void store_half(float *to, vd v) {
  const vh narrow = __builtin_convertvector(v, vh);
  memcpy(to, &narrow, sizeof narrow);
}

/** 1/n!, as many as the series have terms. */
static const double factorials[] = {
    1, 1, 1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, 1 / 720.0, 1 / 5040.0, 1 / 40320.0, 1 / 362880.0, 1 / 3628800.0, 1 / 39916800.0,
    1 / 479001600.0, 1 / 6227020800.0, 1 / 87178291200.0, 1 / 1307674368000.0, 1 / 20922789888000.0, 1 / 355687428096000.0,
    1 / 6402373705728000.0, 1 / 121645100408832000.0, 1 / 2432902008176640000.0, 1 / 5.109094217170944e19, 1 / 1.1240007277776077e21,
    1 / 2.585201673888498e22,
};

#define NAME(what) what##_f32
#define V vf
#define E float
#define FETCH load
#define STORE store
#define HALF_ANGLE half_angle
#define HX fx
#define HY fy
#define H2 f2
#include "held.h"
#undef NAME
#undef V
#undef E
#undef FETCH
#undef STORE
#undef HALF_ANGLE
#undef HX
#undef HY
#undef H2
#define NAME(what) what##_f64
#define V vd
#define E double
#define FETCH promote
#define STORE store_half
#define HALF_ANGLE half_angle_of_half
#define HX hx
#define HY hy
#define H2 h2
#include "held.h"

void excite(const job_t *job, tile_t *tile, int index) {
  const excitation e = job->excitations[index];
  const pulse p = job->pulses[(int)e.pulse];
  const rf_step *first = job->steps + (int)p.first, *end = first + (int)p.steps;
  const float ci = e.ci, si = e.si, co = e.co, so = e.so;
  for (int n = 0; n < tile->count; n += LANES) {
    const vf x = load(tile->mx + n), y = load(tile->my + n);
    store(tile->mx + n, x * ci + y * si);
    store(tile->my + n, y * ci - x * si);
  }
  switch ((int)job->pulse_forms[(int)e.pulse]) {
  case SMALL:
    for (int n = 0; n < tile->count; n += 2 * LANES) walk_steps(tile, n, first, end, p.offset, 0);
    break;
  case ANY:
    for (int n = 0; n < tile->count; n += 2 * LANES) walk_steps(tile, n, first, end, p.offset, 1);
    break;
  case HELD:
    for (int panel = 0; panel < tile->count; panel += PANEL) play_held_f32(tile, panel, first, end, p.offset);
    break;
  default:
    for (int panel = 0; panel < tile->count; panel += PANEL) play_held_f64(tile, panel, first, end, p.offset);
  }
  for (int n = 0; n < tile->count; n += LANES) {
    const vf x = load(tile->mx + n), y = load(tile->my + n);
    store(tile->mx + n, x * co - y * so);
    store(tile->my + n, x * so + y * co);
  }
}

void precess(const job_t *job, tile_t *tile, int index) {
  const moment m = job->moments[index];
  const float t = m.t;
  for (int n = 0; n < tile->count; n += LANES) {
    vf c, s;
    decaying_turn(turns(tile, n, m.k[0], m.k[1], m.k[2], m.t), t * load(tile->R2 + n), &c, &s);
    const vf x = load(tile->mx + n), y = load(tile->my + n), z = load(tile->mz + n);
    store(tile->mx + n, x * c + y * s);
    store(tile->my + n, y * c - x * s);
    store(tile->mz + n, (load(tile->density + n) - z) * decay_loss(t * load(tile->R1 + n)) + z);
  }
}
