/**
 * A thread's scratch: where the columns and intermediate results of the tile at hand are, and how many bytes they take.
 */
import { KernelContext, PANEL, TILE_BYTES } from './abi';

/** Samples summed in one go by the forms but the matrix product: their lane sums (4 kB) stay in the first-level cache. */
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
  offResonanceHz: usize;
  /** Columns of T: relaxation rates [1/s], magnetisation. */
  R1: usize;
  R2: usize;
  mx: usize;
  my: usize;
  mz: usize;
  /** [CHUNK][re, im] vectors of T: lane sums of the samples at hand; or the turns of some RF steps. */
  partialSums: usize;
  /** [areas][panels][rows][re, im, re + im][PANEL] f32: recorded magnetisation. */
  records: usize;
  /** [3][PANEL][re, im, re + im][4 or 8] f32: in-line evolution of a panel over three units of samples; and six columns of its steps. */
  evolution: usize;
  /** [re·re, im·im, (re + im)²][channels · rows][longest] f32: products summed over panels. */
  products: usize;
  /** [operators][count / 4][12][4] f32: kept operators, see `operators.ts`; and room for making them. */
  operators: usize;
  operatorScratch: usize;
  /** A panel's places and weights, and two grids: see `nufft2d1.ts`. */
  spread: usize;
  grid: usize;
  /** [kept moments][count / 4][cos, sin, loss][4] f32: see `cachePrecessions`; then [areas] the same of the line last carried there. */
  phaseCycles: usize;
  /** Positions of the spins on a plane of k-space, and the plane they are for: see `nufft-plane.ts`. */
  plane: usize;
  placed: usize;
  /** Spins, rounded up to a multiple of PANEL. */
  count: i32;
  /** Of a model, see `model.ts`: [phaseTerms] usize, the f32 column of each term's q; the columns of B1, coils, nodes and resets. */
  phaseTerms: i32;
  termColumns: usize;
  transmits: usize;
  coils: usize;
  nodes: usize;
  resets: usize;
  /** Room for a readout of a model, see `model-readout.ts`; or for the rows of all coils, see `matrix.ts`. */
  readout: usize;
}

/** Spins at rest in one coil and a uniform B1, or spins of a model: kernels that know both are told apart by the bytes of these. */
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

/** Room for making operators: f64 columns of a panel's rates, and four operators of two spins in f64. */
export const OPERATOR_SCRATCH_BYTES: i32 = 2 * PANEL * 8 + 2 * 192;

/** Room for spreading: eight f32 columns of a panel, and the weights of one spin. */
export const SPREAD_BYTES: i32 = 8 * PANEL * 4 + 4 * 16 * 4;

/** Bytes of one kept precession for four spins. */
export const CACHED_PRECESSION_BYTES: i32 = 48;

/** Bytes of one operator for four spins. */
export const OPERATOR_BYTES: i32 = 192;

// @ts-ignore: decorator
@inline export function lineStartBytes(job: KernelContext): i32 {
  return job.rows * job.capacity * 12;
}

/** Samples of a model's readout that are summed in one go. */
export const MODEL_CHUNK: i32 = 32;

/** Bytes of [MODEL_CHUNK] moments of samples, of the transverse magnetisation of a panel at these, and of the lane sums of all channels. */
// @ts-ignore: decorator
@inline export function momentBytes(job: KernelContext): i32 {
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

/** Bytes of what a model adds to the scratch; the densities are copied where resets change them. A readout's room is that of coils' rows too. */
function modelBytes(job: KernelContext): f64 {
  if (!hasColumns(job)) return 0;
  const densities = job.nodes == 0 ? 0 : 4 * job.capacity;
  const columns = (4 * job.phaseTerms + 15) & ~15;
  const readout = <f64>(momentBytes(job) + transverseBytes(job)) + 32.0 * MODEL_CHUNK * <f64>job.channels;
  return <f64>(densities + columns) + max(readout, 12.0 * PANEL * <f64>job.rows * <f64>job.channels);
}

/** Turns of which each spin has its own. */
// @ts-ignore: decorator
@inline export function cachedPrecessionCount(job: KernelContext): i32 {
  return job.cachedCount == 0 ? 0 : job.cachedCount + job.areas;
}

/** Bytes of scratch each thread needs for this job, which may be more than there are addresses. */
export function scratchBytes(address: usize): f64 {
  const job = changetype<KernelContext>(address);
  const capacity = <f64>job.capacity;
  const columns = capacity * 8 + 5 * capacity * <f64>(job.precision >> 3);
  const matrix = <f64>job.areas * 12 * <f64>job.rows * capacity + EVOLUTION_BYTES + <f64>job.longest * 12 * <f64>job.rows * <f64>job.channels;
  const operators = job.operatorCount == 0 ? 0 : <f64>job.operatorCount * capacity * (OPERATOR_BYTES / 4) + OPERATOR_SCRATCH_BYTES;
  const spread = job.gridBytes == 0 ? 0 : SPREAD_BYTES + 2 * <f64>job.gridBytes + capacity * <f64>job.pointBytes;
  const phaseCycles = <f64>cachedPrecessionCount(job) * capacity * (CACHED_PRECESSION_BYTES / 4);
  return 2 * TILE_BYTES + phaseCycles + columns + CHUNK * 32 + matrix + operators + spread + modelBytes(job);
}

/** Where the host's own data may begin: below lie the kernels' constants. */
export function heapBase(): usize {
  return __heap_base;
}
