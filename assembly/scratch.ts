/**
 * A thread's scratch: where the columns and intermediate results of the current tile are, and how
 * many bytes they take.
 */
import { KernelContext, MODEL_CHUNK, MOST_SENSE_TERMS, PANEL, TILE_BYTES } from './abi';
import { SENSE_ROWS_BYTES } from './sense';

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
  /** Sense in use, or 0: coils do not change. */
  sense: usize;
  nodes: usize;
  resets: usize;
  fields: usize;
  /** Densities, copied if resets change them. */
  densities: usize;
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

/** Bytes of one coil of a panel: [terms][re, im][PANEL] of T. */
// @ts-ignore: decorator
@inline export function senseBytes(job: KernelContext): i32 {
  return MOST_SENSE_TERMS * 2 * PANEL * (job.precision >> 3);
}

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

/** Cached precessions: those of the program, and one for each area. */
// @ts-ignore: decorator
@inline export function cachedPrecessionCount(job: KernelContext): i32 {
  return job.cachedCount == 0 ? 0 : job.cachedCount + job.buffers;
}

/** Address after the last allocation of `layOutTile`; it may exceed 32 bits. */
let end: u64 = 0;

/** @returns address of the next bytes of the scratch */
function take(bytes: u64): usize {
  const at = end;
  end += bytes;
  return <usize>at;
}

/**
 * Lays out the scratch that begins at `scratch` and writes all addresses to `tile`, but for those
 * of the slot's columns (`tile.ts`).
 * @returns its end, which may exceed 32 bits
 */
export function layOutTile(job: KernelContext, tile: Tile, scratch: usize): u64 {
  const spins = <u64>job.capacity, channels = <u64>job.channels, lines = <u64>job.bufferLines;
  const column = spins * <u64>(job.precision >> 3);
  end = <u64>scratch;
  take(2 * TILE_BYTES);
  tile.offResonanceHz = take(8 * spins);
  tile.R1 = take(column);
  tile.R2 = take(column);
  tile.mx = take(column);
  tile.my = take(column);
  tile.mz = take(column);
  tile.partialSums = take(32 * CHUNK);
  tile.records = take(12 * <u64>job.buffers * lines * spins);
  tile.phaseCycles = take(<u64>cachedPrecessionCount(job) * (spins >> 2) * CACHED_PRECESSION_BYTES);
  tile.evolution = take(EVOLUTION_BYTES);
  tile.products = take(12 * <u64>job.longest * lines * channels);
  tile.operators = take(<u64>job.operatorCount * (spins >> 2) * OPERATOR_BYTES);
  tile.operatorScratch = take(job.operatorCount == 0 ? 0 : OPERATOR_SCRATCH_BYTES);
  tile.spread = take(job.gridBytes == 0 ? 0 : SPREAD_BYTES);
  tile.grid = take(2 * <u64>job.gridBytes);
  tile.plane = take(spins * <u64>job.pointBytes);
  if (!hasColumns(job)) return end;
  tile.termColumns = take(<u64>((4 * job.phaseTerms + 15) & ~15));
  tile.densities = take(job.nodes == 0 ? 0 : 4 * spins);
  const sense = job.coilSets > 1 ? <u64>senseBytes(job) + SENSE_ROWS_BYTES : 0;
  const readout = <u64>(precessionBytes(job) + transverseBytes(job)) + 32 * MODEL_CHUNK * channels + sense;
  tile.readout = take(max(readout, 12 * PANEL * lines * channels));
  return end;
}

/** A tile that is only laid out, to compute the size of its scratch. */
const DRY: usize = memory.data(TILE_BYTES, 16);

/** Bytes of scratch each thread needs for this job, which may be more than there are addresses. */
export function scratchBytes(job: usize): f64 {
  return <f64>layOutTile(changetype<KernelContext>(job), changetype<Tile>(DRY), 0);
}

/** Where the host's own data may begin: the kernels' constants lie below. */
export function heapBase(): usize {
  return __heap_base;
}
