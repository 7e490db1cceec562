/**
 * A thread's scratch: where the columns and intermediate results of the current tile are, and how
 * many bytes they take.
 */
import { KernelContext, PANEL, TILE_BYTES } from './abi';

/**
 * Samples summed at a time, except by the matrix product: their lane sums (4 kB) stay in the
 * first-level cache.
 */
export const CHUNK: i32 = 128;

/** The tile that a thread works on: columns in its scratch, and those of the slot. */
@unmanaged
export class Tile {
  /** f32 columns of the slot [m]. */
  x: usize;
  y: usize;
  z: usize;
  density: usize;
  /** f64 column: off-resonance at the scanner's field [Hz]. */
  offResonanceHz: usize;
  /** Columns of T: relaxation rates [1/s], magnetisation. */
  R1: usize;
  R2: usize;
  mx: usize;
  my: usize;
  mz: usize;
  /**
   * [CHUNK][re, im] vectors of T: lane sums of a chunk of samples; or the rotations of some RF
   * steps.
   */
  partialSums: usize;
  /**
   * [areas][panels][rows][re, im, re + im][PANEL] f32: magnetisation at the first samples of lines.
   */
  records: usize;
  /**
   * [3][PANEL][re, im, re + im][4 or 8] f32: in-line evolution of a panel over three units of
   * samples; and six columns of its steps.
   */
  evolution: usize;
  /** [re·re, im·im, (re + im)²][channels · rows][longest] f32: products summed over panels. */
  products: usize;
  /**
   * [operators][count / 4][12][4] f32: cached operators, see `operators.ts`, and room for computing
   * them.
   */
  operators: usize;
  operatorScratch: usize;
  /** Grid positions and weights of a panel, and two grids: see `nufft2d1.ts`. */
  spread: usize;
  grid: usize;
  /**
   * [cached precessions][count / 4][cos, sin, loss][4] f32: see `cachePrecessions`; then [areas]
   * the same for the last line sampled there by recurrence.
   */
  phaseCycles: usize;
  /**
   * Positions of the spins on a plane of k-space, and the plane they are for: see `nufft-plane.ts`.
   */
  plane: usize;
  placed: usize;
  /** Spins, rounded up to a multiple of PANEL. */
  count: i32;
  /**
   * With a model, see `model.ts`: [phaseTerms] usize, the f32 column of each term's q; the columns
   * of B1, coils, nodes, resets and fields.
   */
  phaseTerms: i32;
  termColumns: usize;
  transmits: usize;
  coils: usize;
  nodes: usize;
  resets: usize;
  fields: usize;
  /**
   * Room for a readout with a model, see `model-readout.ts`; or for the rows of all coils, see
   * `matrix.ts`.
   */
  readout: usize;
}

/**
 * Type parameter of kernels that exist for both: static spins in one coil and a uniform B1, or
 * spins with a model. They differ in their size.
 */
@unmanaged
export class Plain {
  a: f64;
}
@unmanaged
export class Modelled extends Plain {
  b: f64;
}

// @ts-ignore: decorator
@inline export function isModelled<M>(): bool {
  return offsetof<M>() == 16;
}

/** Bytes of `Tile.evolution`. */
export const EVOLUTION_BYTES: i32 = (3 * 3 * 8 + 6) * PANEL * 4;

/**
 * Room for computing operators: f64 columns of a panel's rates, and four operators of two spins in
 * f64.
 */
export const OPERATOR_SCRATCH_BYTES: i32 = 2 * PANEL * 8 + 2 * 192;

/** Room for spreading: eight f32 columns of a panel, and the weights of one spin. */
export const SPREAD_BYTES: i32 = 8 * PANEL * 4 + 4 * 16 * 4;

/** Bytes of one cached precession for four spins. */
export const CACHED_PRECESSION_BYTES: i32 = 48;

/** Bytes of one operator for four spins. */
export const OPERATOR_BYTES: i32 = 192;

// @ts-ignore: decorator
@inline export function lineStartBytes(job: KernelContext): i32 {
  return job.bufferLines * job.capacity * 12;
}

/** Samples of a readout with a model that are summed at a time. */
export const MODEL_CHUNK: i32 = 32;

/**
 * Bytes, for [MODEL_CHUNK] samples, of their precessions, of the transverse magnetisation of a
 * panel, and of the lane sums of all channels.
 */
// @ts-ignore: decorator
@inline export function precessionBytes(job: KernelContext): i32 {
  return MODEL_CHUNK * (4 + job.phaseTerms) * 8;
}
// @ts-ignore: decorator
@inline export function transverseBytes(job: KernelContext): i32 {
  return MODEL_CHUNK * PANEL * 2 * (job.precision >> 3);
}

/** Whether spins have columns beyond the base ones. */
// @ts-ignore: decorator
@inline export function hasColumns(job: KernelContext): bool {
  return job.isModelled != 0 || job.coils != 0;
}

/**
 * Bytes that a model adds to the scratch; densities are copied if resets change them. The room for
 * a readout is also used for the rows of coils.
 */
function modelBytes(job: KernelContext): f64 {
  if (!hasColumns(job)) return 0;
  const densities = job.nodes == 0 ? 0 : 4 * job.capacity;
  const columns = (4 * job.phaseTerms + 15) & ~15;
  const readout = <f64>(precessionBytes(job) + transverseBytes(job)) + 32.0 * MODEL_CHUNK * <f64>job.channels;
  return <f64>(densities + columns) + max(readout, 12.0 * PANEL * <f64>job.bufferLines * <f64>job.channels);
}

/** Bytes for spreading spins on grids. */
export function spreadBytes(job: KernelContext): f64 {
  if (job.gridBytes == 0) return 0;
  return SPREAD_BYTES + 2 * <f64>job.gridBytes + <f64>job.capacity * <f64>job.pointBytes;
}

/** Cached precessions: those of the program, and one for each area. */
// @ts-ignore: decorator
@inline export function cachedPrecessionCount(job: KernelContext): i32 {
  return job.cachedCount == 0 ? 0 : job.cachedCount + job.buffers;
}

/** Bytes of scratch each thread needs for this job, which may be more than there are addresses. */
export function scratchBytes(address: usize): f64 {
  const job = changetype<KernelContext>(address);
  const capacity = <f64>job.capacity;
  const columns = capacity * 8 + 5 * capacity * <f64>(job.precision >> 3);
  const matrix = <f64>job.buffers * 12 * <f64>job.bufferLines * capacity + EVOLUTION_BYTES
    + <f64>job.longest * 12 * <f64>job.bufferLines * <f64>job.channels;
  const operators = job.operatorCount == 0
    ? 0
    : <f64>job.operatorCount * capacity * (OPERATOR_BYTES / 4) + OPERATOR_SCRATCH_BYTES;
  const phaseCycles = <f64>cachedPrecessionCount(job) * capacity * (CACHED_PRECESSION_BYTES / 4);
  return 2 * TILE_BYTES + phaseCycles + columns + CHUNK * 32 + matrix + operators + spreadBytes(job) + modelBytes(job);
}

/** Where the host's own data may begin: the kernels' constants lie below. */
export function heapBase(): usize {
  return __heap_base;
}
