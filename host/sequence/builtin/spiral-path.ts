/**
 * The path of an Archimedean spiral, k = λθ e^{iθ} with λ = arms / (2π·FOV), as fast as the scanner
 * allows (Glover, Magn. Reson. Med. 1999): at full slew rate until a full gradient is reached, then
 * at that. From
 *
 *     |k''|² = λ²[(1+θ²)θ̈² + 2θθ̇²θ̈ + (4+θ²)θ̇⁴] = (γ̄S)²,     |k'| = λθ̇√(1+θ²) = γ̄G.
 */
import type { Hertz, Meters, Seconds, TeslaPerMeter } from '../../base/units.ts';

export interface SpiralLimits {
  readonly gammaBar: Hertz;
  readonly Gmax: TeslaPerMeter;
  /** T/m/s */
  readonly Smax: number;
  /** Distance of the gradient's samples. */
  readonly raster: Seconds;
}

/** Steps of the integration in one raster. */
const STEPS = 50;
/**
 * Part of the slew rate that is used: what remains is for the difference between steps and samples.
 */
const SLEW = 0.97;

/**
 * Gradients [T/m] in the middle of each raster cell, x and y, from k = 0 to at least |k| =
 * n/(2·FOV).
 */
export function spiralPath(n: number, fov: Meters, arms: number, limits: SpiralLimits): { x: number[]; y: number[] } {
  const { gammaBar, Gmax, Smax, raster } = limits;
  const lambda = arms / (2 * Math.PI * fov);
  const last = n / (2 * fov) / lambda;
  const dt = raster / STEPS;
  const slew = (SLEW * gammaBar * Smax) / lambda;
  const x: number[] = [];
  const y: number[] = [];
  let [theta, speed] = [0, 0];
  let [kx, ky] = [0, 0];
  while (theta < last) {
    for (let step = 0; step < STEPS; step++) {
      // Largest θ̈ of the quadratic equation; none where the curve alone needs more than the slew
      // rate.
      const a = 1 + theta * theta;
      const b = theta * speed ** 2;
      const c = (4 + theta * theta) * speed ** 4 - slew ** 2;
      const acceleration = (-b + Math.sqrt(Math.max(0, b * b - a * c))) / a;
      const fastest = (gammaBar * Gmax) / (lambda * Math.sqrt(a));
      const next = Math.min(speed + acceleration * dt, fastest);
      theta += ((speed + next) / 2) * dt;
      speed = next;
    }
    const [px, py] = [lambda * theta * Math.cos(theta), lambda * theta * Math.sin(theta)];
    x.push((px - kx) / (gammaBar * raster));
    y.push((py - ky) / (gammaBar * raster));
    [kx, ky] = [px, py];
  }
  return { x, y };
}
