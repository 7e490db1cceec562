/**
 * The records through which host and kernels share memory. The host lays them out (`host/engine/wasm/layout.ts` holds the
 * same fields in the same order, and checks the sizes when it starts); nothing here allocates.
 */

/** What does not change during a run. Pointers are byte addresses in the shared memory. */
@unmanaged
export class Job {
  /** [ops][kind, index] i32 */
  ops: usize;
  opCount: i32;
  /** [segments][kx, ky, kz, dt] f64 */
  segments: usize;
  /** [excitations][pulse, cos, sin of the phase on entry, cos, sin of the phase on leaving] f64 */
  excitations: usize;
  /** [pulses][firstStep, steps, offset, duration] f64 */
  pulses: usize;
  /** [pulses] i32: one of PULSE */
  pulseForms: usize;
  /** [rfSteps][dt, hx, hy, gx, gy, gz] f64: half angles π γ̄ B1 dt [rad] and πγ̄ G dt [rad/m] */
  steps: usize;
  /** [readouts][firstSample, waveform] i32 */
  readouts: usize;
  /** [waveforms][firstPoint, samples, linear] i32 */
  waveforms: usize;
  /** [points][kx, ky, kz, t] f64 */
  points: usize;

  /** 32 or 64 */
  precision: i32;
  /** Spins that a slot and a thread's scratch hold; a multiple of 8. */
  capacity: i32;
  /** Slots in the ring of tiles. */
  slots: i32;
  /** [slots] Slot */
  slotTable: usize;
  /** [threads] byte address of each thread's scratch */
  scratch: usize;
  /** [accumulators][samples][re, im] i64 */
  sums: usize;
  accumulators: i32;
  /** 1 when threads share an accumulator and must add atomically */
  atomicSums: i32;
  sampleCount: i32;

  /** Tiles whose spins are in their slots; written by the host, waited for by threads. */
  filled: i32;
  /** Next tile to be taken; threads advance it. */
  next: i32;
  /** Tiles done; waited for by the host. */
  finished: i32;
  /** 1: threads return. */
  stop: i32;
  /** 1 + first tile whose partial signal was not finite, or 0. */
  failed: i32;

  /** 2^scaleExponent */
  scale: f64;
}

/** One tile's input: eight f32 columns of `capacity` spins behind `spins`, in the order of `SpinBlock`. */
@unmanaged
export class Slot {
  spins: usize;
  /** Spins in the tile; those up to the next multiple of 8 have no density. */
  count: i32;
  /** 1 + number of the last tile finished in this slot. */
  done: i32;
  /** Scanner's B0 over the phantom's. */
  fieldRatio: f64;
}

/** How a pulse's steps are turned: by the host from the largest angle any spin of the phantom can meet. */
export namespace PULSE {
  /** Half angles stay within π/2: polynomials alone. */
  export const SMALL: i32 = 0;
  /** Any angle: square root, division, range reduction. */
  export const ANY: i32 = 1;
}

/** Samples summed in one go: their lane sums (4 kB in f32) stay in the first-level cache. */
export const CHUNK: i32 = 128;

/** A tile on its way through the timeline: columns in a thread's scratch, over the slot's own. */
@unmanaged
export class Tile {
  /** f32 columns of the slot [m]. */
  x: usize;
  y: usize;
  z: usize;
  density: usize;
  /** f64 column: off-resonance at the scanner's field [Hz]. */
  hertz: usize;
  /** Columns of T: relaxation rates [1/s], magnetisation. */
  R1: usize;
  R2: usize;
  mx: usize;
  my: usize;
  mz: usize;
  /** [CHUNK][re, im] vectors of T: lane sums of the samples at hand. */
  lanes: usize;
  /** Spins, rounded up to a multiple of 8. */
  count: i32;
}

/** Bytes of a `Tile` record in front of a thread's scratch. */
export const TILE_BYTES: i32 = 64;

/** Bytes of scratch a thread needs for tiles of `capacity` spins. */
export function scratchBytes(capacity: i32, precision: i32): i32 {
  const width = precision >> 3;
  return TILE_BYTES + capacity * 8 + 5 * capacity * width + CHUNK * 32;
}

/** So that the host can check its own list of fields against this file. */
export function recordBytes(record: i32): i32 {
  return record == 0 ? offsetof<Job>() : record == 1 ? offsetof<Slot>() : offsetof<Tile>();
}
