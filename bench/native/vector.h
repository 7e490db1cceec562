/*
 * Vectors of WIDTH bytes (16, 32 or 64) and sin, cos, exp over them: the arithmetic of assembly/simd.ts and assembly/functions.ts,
 * coefficient for coefficient, in the compiler's own vector types, so that one source serves every width. a*b + c is one
 * rounding where the flags allow FMA, as in the relaxed WASM build.
 */
#ifndef VECTOR_H
#define VECTOR_H
#include <stdint.h>
#include <string.h>
#ifdef __SSE__
#include <immintrin.h>
#endif

#ifndef WIDTH
#error "compile with -DWIDTH=16, 32 or 64"
#endif
#define LANES (WIDTH / 4)
#define HALF (LANES / 2)

typedef float vf __attribute__((vector_size(WIDTH)));
typedef int32_t vi __attribute__((vector_size(WIDTH)));
typedef double vd __attribute__((vector_size(WIDTH)));
typedef float vh __attribute__((vector_size(WIDTH / 2)));

#define INLINE static inline __attribute__((always_inline))

#if WIDTH == 16
#define IOTA 0, 1, 2, 3
#elif WIDTH == 32
#define IOTA 0, 1, 2, 3, 4, 5, 6, 7
#else
#define IOTA 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#endif

INLINE vf splat(float value) { return value - (vf){0}; }
INLINE vd splat_d(double value) { return value - (vd){0}; }
INLINE vf load(const float *from) { vf v; memcpy(&v, from, sizeof v); return v; }
INLINE vd load_d(const double *from) { vd v; memcpy(&v, from, sizeof v); return v; }
INLINE void store(float *to, vf v) { memcpy(to, &v, sizeof v); }
INLINE void store_d(double *to, vd v) { memcpy(to, &v, sizeof v); }
/* HALF floats as doubles */
INLINE vd promote(const float *from) { vh v; memcpy(&v, from, sizeof v); return __builtin_convertvector(v, vd); }
INLINE vf demote(vd low, vd high) {
  return __builtin_shufflevector(__builtin_convertvector(low, vh), __builtin_convertvector(high, vh), IOTA);
}
INLINE vf flip(vf a, vi sign) { return (vf)((vi)a ^ sign); }
INLINE vf at_least(vf a, float least) {
#if defined(__SSE__) && WIDTH == 16
  return (vf)_mm_max_ps((__m128)a, _mm_set1_ps(least));
#elif defined(__AVX__) && WIDTH == 32
  return (vf)_mm256_max_ps((__m256)a, _mm256_set1_ps(least));
#elif defined(__AVX512F__) && WIDTH == 64
  return (vf)_mm512_max_ps((__m512)a, _mm512_set1_ps(least));
#else
  vi above = a > least;
  return (vf)(((vi)a & above) | ((vi)splat(least) & ~above));
#endif
}

/* Less whole turns, by adding and taking away 1.5·2^52. */
INLINE vd fraction(vd turns) {
  const double magic = 6755399441055744.0;
  const vd whole = turns + magic;
  return turns - (whole - magic);
}

#define TO_INTEGER 12582912.0f
#define TO_HALF 6291456.0f
INLINE vf half_turns(vf p) { return p + TO_HALF; }
INLINE vi parity(vf h) { return (vi)h << 31; }
INLINE vf remainder_turns(vf p, vf h) { return p - (h - TO_HALF); }

INLINE vf sin_turns(vf u, vf u2) {
  vf p = splat(-14.39396629533007f);
  p = p * u2 + 42.00977930313461f;
  p = p * u2 - 76.7042798760416f;
  p = p * u2 + 81.60522617402964f;
  p = p * u2 - 41.341702116744f;
  p = p * u2 + 6.283185307072264f;
  return p * u;
}

INLINE vf cos_turns(vf u2) {
  vf p = splat(-24.981434467885894f);
  p = p * u2 + 60.14388956034119f;
  p = p * u2 - 85.45356476099516f;
  p = p * u2 + 64.93934647621015f;
  p = p * u2 - 19.739208547715783f;
  return p * u2 + 1.0f;
}

/* √2·cos√s and √2·sin√s/√s */
INLINE vf cos_root(vf s) {
  vf p = splat(-3.6841193136345857e-07f);
  p = p * s + 3.501608290562737e-05f;
  p = p * s - 0.001964110747332659f;
  p = p * s + 0.058925521955545755f;
  p = p * s - 0.7071067720710623f;
  return p * s + 1.4142135620607716f;
}

INLINE vf sinc_root(vf s) {
  vf p = splat(-3.3784455769625216e-08f);
  p = p * s + 3.892660987652645e-06f;
  p = p * s - 0.0002805921496895542f;
  p = p * s + 0.011785109683468159f;
  p = p * s - 0.2357022596905148f;
  return p * s + 1.414213562348939f;
}

/* −a·log₂e as a whole number (its bits low in the mantissa) and the rest */
INLINE void binary_log(vf a, vf *whole, vf *rest) {
  const vf t = at_least(a * -1.4426950408889634f, -126.0f);
  *whole = t + TO_INTEGER;
  *rest = t - (*whole - TO_INTEGER);
}

/* (2^f − 1)/f */
INLINE vf slope_of_power(vf f) {
  vf p = splat(0.00015461444698567777f);
  p = p * f + 0.0013400428177615803f;
  p = p * f + 0.00961805667852464f;
  p = p * f + 0.05550327226670302f;
  p = p * f + 0.24022650922288757f;
  return p * f + 0.6931472067028326f;
}

/* e^−a for a ≥ 0 */
INLINE vf exp_negative(vf a) {
  vf whole, f;
  binary_log(a, &whole, &f);
  return (vf)((vi)(slope_of_power(f) * f + 1.0f) + ((vi)whole << 23));
}

/* 1 − e^−a for a ≥ 0, to the last bits of itself */
INLINE vf decay_loss(vf a) {
  vf whole, f;
  binary_log(a, &whole, &f);
  const vf power = (vf)((vi)splat(1) + ((vi)whole << 23));
  return (1.0f - power) - slope_of_power(f) * f * power;
}
#endif
