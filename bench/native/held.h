/*
 * Steps of a pulse solved exactly, as assembly/held-field.ts computes them: M + φ(A)·(A·M + b) with φ = a + bA + cA². Included once for
 * f32 and once for f64, with NAME, vector V of element E, and FETCH, STORE, HALF_ANGLE, HX, HY, H2 for them.
 */
INLINE V NAME(fill)(double value) { return (E)value - (V){0}; }

/** What a vector of spins brings to a step, and its magnetisation. */
typedef struct {
  V wz, e1, e2, p, q, r, rise, x, y, z;
} NAME(held);

static void NAME(play_held)(tile_t *tile, int panel, const rf_step *first, const rf_step *end, double offset) {
  enum { SPINS = sizeof(V) / sizeof(E), VECTORS = PANEL / SPINS };
  NAME(held) spins[VECTORS];
  for (int i = 0, n = panel; i < VECTORS; i++, n += SPINS) {
    spins[i].x = FETCH(tile->mx + n);
    spins[i].y = FETCH(tile->my + n);
    spins[i].z = FETCH(tile->mz + n);
  }
  for (const rf_step *step = first; step < end; step++) {
    const double part = 1.0 / (1 << step->doublings);
    if (step == first || step->changed || step->doublings != step[-1].doublings)
      for (int i = 0, n = panel; i < VECTORS; i++, n += SPINS) {
        const V e1 = (E)(step->dt * part) * FETCH(tile->R1 + n), e2 = (E)(step->dt * part) * FETCH(tile->R2 + n);
        const V wz = (E)(2 * part) * HALF_ANGLE(tile, n, step, offset), across = e2 * e2 + wz * wz;
        spins[i].wz = wz;
        spins[i].e1 = e1;
        spins[i].e2 = e2;
        spins[i].p = e2 + e2 + e1;
        spins[i].q = (e1 + e1) * e2 + across;
        spins[i].r = e1 * across;
        spins[i].rise = e1 * FETCH(tile->density + n);
      }
    const V wx = NAME(fill)(2 * part * step->HX), wy = NAME(fill)(2 * part * step->HY), sxy = NAME(fill)(4 * part * part * step->H2);
    for (int i = 0; i < VECTORS; i++) {
      const V wz = spins[i].wz, e1 = spins[i].e1, e2 = spins[i].e2, x = spins[i].x, y = spins[i].y, z = spins[i].z;
      const V p = spins[i].p, q = spins[i].q + sxy, r = e2 * sxy + spins[i].r;
      V a = NAME(fill)(factorials[step->terms - 2]), b = NAME(fill)(factorials[step->terms - 1]), c = NAME(fill)(factorials[step->terms]);
      for (int term = step->terms - 2; term > 1; term--) {
        const V na = (E)factorials[term - 1] - r * c, nb = a - q * c;
        c = b - p * c;
        a = na;
        b = nb;
      }
      for (int doubling = 0; doubling < step->doublings; doubling++) {
        const V u0 = 2 - r * c, u1 = a - q * c, u2 = b - p * c;
        const V m4 = c * u2, m3 = b * u2 + c * u1 - p * m4;
        const V m2 = a * u2 + b * u1 + c * u0, m1 = a * u1 + b * u0;
        a = a * u0 - r * m3;
        b = m1 - r * m4 - q * m3;
        c = m2 - q * m4 - p * m3;
      }
      const V gx = y * wz - z * wy - e2 * x, gy = z * wx - x * wz - e2 * y, gz = spins[i].rise + x * wy - y * wx - e1 * z;
      const V hx = gy * wz - gz * wy - e2 * gx, hy = gz * wx - gx * wz - e2 * gy, hz = gx * wy - gy * wx - e1 * gz;
      const V kx = hy * wz - hz * wy - e2 * hx, ky = hz * wx - hx * wz - e2 * hy, kz = hx * wy - hy * wx - e1 * hz;
      spins[i].x = x + (a * gx + (b * hx + c * kx));
      spins[i].y = y + (a * gy + (b * hy + c * ky));
      spins[i].z = z + (a * gz + (b * hz + c * kz));
    }
  }
  for (int i = 0, n = panel; i < VECTORS; i++, n += SPINS) {
    STORE(tile->mx + n, spins[i].x);
    STORE(tile->my + n, spins[i].y);
    STORE(tile->mz + n, spins[i].z);
  }
}
