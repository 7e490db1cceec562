/*
 * Steps of a pulse solved exactly, as assembly/held-field.ts computes them: M + φ(A)·(A·M + b) with φ = a + bA + cA². Included once for
 * f32 and once for f64, with NAME, vector V of element E, and FETCH, STORE, HALF_ANGLE, HX, HY, H2 for them.
 */
INLINE V NAME(fill)(double value) { return (E)value - (V){0}; }

static void NAME(play_held)(tile_t *tile, int n, const rf_step *first, const rf_step *end, double offset) {
  const V density = FETCH(tile->density + n), R1 = FETCH(tile->R1 + n), R2 = FETCH(tile->R2 + n);
  V x = FETCH(tile->mx + n), y = FETCH(tile->my + n), z = FETCH(tile->mz + n), hz = NAME(fill)(0);
  for (const rf_step *step = first; step < end; step++) {
    if (step == first || step->changed) hz = HALF_ANGLE(tile, n, step, offset);
    const double part = 1.0 / (1 << step->doublings);
    const V e1 = (E)(step->dt * part) * R1, e2 = (E)(step->dt * part) * R2, wz = (E)(2 * part) * hz;
    const V wx = NAME(fill)(2 * part * step->HX), wy = NAME(fill)(2 * part * step->HY), sxy = NAME(fill)(4 * part * part * step->H2);
    const V across = e2 * e2 + wz * wz;
    const V p = e2 + e2 + e1, q = (e1 + e1) * e2 + (across + sxy), r = e2 * sxy + e1 * across;
    V a = NAME(fill)(1), b = NAME(fill)(0), c = b;
    for (int term = step->terms; term > 1; term--) {
      const E over = (E)(1.0 / term);
      const V na = 1 - r * c * over, nb = (a - q * c) * over;
      c = (b - p * c) * over;
      a = na;
      b = nb;
    }
    for (int i = 0; i < step->doublings; i++) {
      const V u0 = 2 - r * c, u1 = a - q * c, u2 = b - p * c;
      const V m4 = c * u2, m3 = b * u2 + c * u1 - p * m4;
      const V m2 = a * u2 + b * u1 + c * u0, m1 = a * u1 + b * u0;
      a = a * u0 - r * m3;
      b = m1 - r * m4 - q * m3;
      c = m2 - q * m4 - p * m3;
    }
    const V gx = y * wz - z * wy - e2 * x, gy = z * wx - x * wz - e2 * y, gz = x * wy - y * wx + e1 * (density - z);
    V vx = c * gx, vy = c * gy, vz = c * gz;
    for (int power = 1; power >= 0; power--) {
      const V over = power ? b : a;
      const V ux = over * gx + vy * wz - vz * wy - e2 * vx, uy = over * gy + vz * wx - vx * wz - e2 * vy;
      vz = over * gz + vx * wy - vy * wx - e1 * vz;
      vx = ux;
      vy = uy;
    }
    x += vx;
    y += vy;
    z += vz;
  }
  STORE(tile->mx + n, x);
  STORE(tile->my + n, y);
  STORE(tile->mz + n, z);
}
