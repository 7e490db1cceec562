/**
 * Forward Fourier transforms of many columns at once: X[k, c] = Σ_g x[g, c]·e^{−2πi gk/n} for n =
 * 2^a·3^b. Stockham's algorithm needs no permutation. Vectors run over columns, so every load is
 * contiguous and one twiddle factor serves a whole row. A row holds all real parts and, `imaginary`
 * bytes further, all imaginary ones.
 */
import { Stage } from './abi';
import { madd, nmadd, splat } from './simd';

/** @returns address of the result: x or y, each of which holds n rows */
export function transformColumns(
  stages: usize, count: i32, x: usize, y: usize, columns: i32, row: usize, imaginary: usize,
): usize {
  for (let at = stages; at < stages + <usize>count * offsetof<Stage>(); at += offsetof<Stage>()) {
    const stage = changetype<Stage>(at);
    const radix = stage.radix;
    const m = stage.m;
    const s = stage.stride;
    let twiddle = stage.twiddles;
    const apart = <usize>(s * m) * row;
    for (let p = 0; p < m; p++) {
      for (let q = 0; q < s; q++) {
        const from = x + <usize>(q + s * p) * row;
        const to = y + <usize>(q + s * radix * p) * row;
        if (radix == 4) butterfly4(from, apart, to, <usize>s * row, twiddle, columns, imaginary);
        else if (radix == 3) butterfly3(from, apart, to, <usize>s * row, twiddle, columns, imaginary);
        else butterfly2(from, apart, to, <usize>s * row, twiddle, columns, imaginary);
      }
      twiddle += <usize>(radix - 1) << 3;
    }
    const other = x;
    x = y;
    y = other;
  }
  return x;
}

/** Stores (re + i·im)·w. */
// @ts-ignore: decorator
@inline function storeTwiddled(to: usize, imaginary: usize, re: v128, im: v128, c: v128, s: v128): void {
  v128.store(to, nmadd<f32>(im, s, v128.mul<f32>(re, c)));
  v128.store(to + imaginary, madd<f32>(re, s, v128.mul<f32>(im, c)));
}

// @ts-ignore: decorator
@inline function butterfly2(
  from: usize, apart: usize, to: usize, step: usize, twiddle: usize, columns: i32, imaginary: usize,
): void {
  const c = v128.load32_splat(twiddle), s = v128.load32_splat(twiddle, 4);
  for (const end = from + (<usize>columns << 2); from < end; from += 16) {
    const ar = v128.load(from), ai = v128.load(from + imaginary);
    const br = v128.load(from + apart), bi = v128.load(from + apart + imaginary);
    v128.store(to, v128.add<f32>(ar, br));
    v128.store(to + imaginary, v128.add<f32>(ai, bi));
    storeTwiddled(to + step, imaginary, v128.sub<f32>(ar, br), v128.sub<f32>(ai, bi), c, s);
    to += 16;
  }
}

// @ts-ignore: decorator
@inline function butterfly3(
  from: usize, apart: usize, to: usize, step: usize, twiddle: usize, columns: i32, imaginary: usize,
): void {
  const c1 = v128.load32_splat(twiddle), s1 = v128.load32_splat(twiddle, 4);
  const c2 = v128.load32_splat(twiddle, 8), s2 = v128.load32_splat(twiddle, 12);
  const half = splat<f32>(0.5), root = splat<f32>(0.8660254037844386);
  for (const end = from + (<usize>columns << 2); from < end; from += 16) {
    const ar = v128.load(from), ai = v128.load(from + imaginary);
    const br = v128.load(from + apart), bi = v128.load(from + apart + imaginary);
    const cr = v128.load(from + 2 * apart), ci = v128.load(from + 2 * apart + imaginary);
    const sr = v128.add<f32>(br, cr), si = v128.add<f32>(bi, ci);
    // (b − c)·(−i√3/2)
    const dr = v128.mul<f32>(v128.sub<f32>(bi, ci), root), di = v128.mul<f32>(v128.sub<f32>(cr, br), root);
    const hr = nmadd<f32>(sr, half, ar), hi = nmadd<f32>(si, half, ai);
    v128.store(to, v128.add<f32>(ar, sr));
    v128.store(to + imaginary, v128.add<f32>(ai, si));
    storeTwiddled(to + step, imaginary, v128.add<f32>(hr, dr), v128.add<f32>(hi, di), c1, s1);
    storeTwiddled(to + 2 * step, imaginary, v128.sub<f32>(hr, dr), v128.sub<f32>(hi, di), c2, s2);
    to += 16;
  }
}

// @ts-ignore: decorator
@inline function butterfly4(
  from: usize, apart: usize, to: usize, step: usize, twiddle: usize, columns: i32, imaginary: usize,
): void {
  const c1 = v128.load32_splat(twiddle), s1 = v128.load32_splat(twiddle, 4);
  const c2 = v128.load32_splat(twiddle, 8), s2 = v128.load32_splat(twiddle, 12);
  const c3 = v128.load32_splat(twiddle, 16), s3 = v128.load32_splat(twiddle, 20);
  for (const end = from + (<usize>columns << 2); from < end; from += 16) {
    const ar = v128.load(from), ai = v128.load(from + imaginary);
    const br = v128.load(from + apart), bi = v128.load(from + apart + imaginary);
    const cr = v128.load(from + 2 * apart), ci = v128.load(from + 2 * apart + imaginary);
    const dr = v128.load(from + 3 * apart), di = v128.load(from + 3 * apart + imaginary);
    const acr = v128.add<f32>(ar, cr), aci = v128.add<f32>(ai, ci), amr = v128.sub<f32>(ar, cr);
    const ami = v128.sub<f32>(ai, ci);
    const bdr = v128.add<f32>(br, dr), bdi = v128.add<f32>(bi, di);
    // (b − d)·(−i)
    const bmr = v128.sub<f32>(bi, di), bmi = v128.sub<f32>(dr, br);
    v128.store(to, v128.add<f32>(acr, bdr));
    v128.store(to + imaginary, v128.add<f32>(aci, bdi));
    storeTwiddled(to + step, imaginary, v128.add<f32>(amr, bmr), v128.add<f32>(ami, bmi), c1, s1);
    storeTwiddled(to + 2 * step, imaginary, v128.sub<f32>(acr, bdr), v128.sub<f32>(aci, bdi), c2, s2);
    storeTwiddled(to + 3 * step, imaginary, v128.sub<f32>(amr, bmr), v128.sub<f32>(ami, bmi), c3, s3);
    to += 16;
  }
}
