/**
 * cos and sin of an angle, with the rounding residue at right angles replaced by zero: sin(π) =
 * 1.2e-16 of a B1 of 1e-9 rad makes products below 1e-38 in f32, and denormal numbers cost a kernel
 * six times its time.
 */
export function direction(angle: number): readonly [cos: number, sin: number] {
  return [withoutResidue(Math.cos(angle)), withoutResidue(Math.sin(angle))];
}

function withoutResidue(value: number): number {
  return Math.abs(value) < 1e-15 ? 0 : value;
}
