/**
 * The binary interface between host and kernels: every record they share in memory, and every
 * constant both must know, declared once. `scripts/abi.mjs` compiles this file and writes the
 * offsets, types and constants to `host/abi/abi.generated.ts`, so a field added here is a
 * type error on the host until the host fills it.
 *
 * Pointers (`usize`) are byte addresses in the shared memory. The host lays all of it out before a
 * run; nothing here allocates.
 */

/**
 * Everything that is constant during a run, and the counters through which host and threads
 * synchronise.
 */
@unmanaged
export class KernelContext {
  /** Op: the program of each group of spins; a slot says which. */
  ops: usize;
  /** [] Precession, each followed by what its `phaseTerms` change by, f64 */
  precessions: usize;
  /** [] Excitation */
  excitations: usize;
  /** [] Pulse */
  pulses: usize;
  /** [pulses] i32: one of PULSE */
  pulseForms: usize;
  /** [] RfStep, those of one pulse one after the other */
  steps: usize;
  /** [RfStep][phaseTerms] f64: half angle that a term adds [rad per unit of q] */
  stepTerms: usize;
  /** [] LineRun */
  lineRuns: usize;
  /** [] Batch */
  batches: usize;
  /** [] Trajectory */
  trajectories: usize;
  /** [operatorCount] Operator */
  operators: usize;
  operatorCount: i32;
  /** [] OperatorUse */
  operatorUses: usize;
  /** [] Term */
  terms: usize;
  /** [] LookUp */
  lookUps: usize;
  /** [] Nufft2d1; bytes of each of a thread's two grids for transforms of any kind */
  nufft2d1s: usize;
  gridBytes: usize;
  /** [trajectories] usize: address of the first of the trajectory's parts [] Line, or 0 */
  lines: usize;
  /** [] Sense */
  senses: usize;
  /** [] Nufft2d3; bytes of a spin's position on the widest of their planes */
  nufft2d3s: usize;
  pointBytes: usize;
  /** [cachedCount] i32: index into precessions */
  cachedPrecessions: usize;
  cachedCount: i32;

  /** 32 or 64 */
  precision: i32;
  /** Spins that a slot and a thread's scratch hold; a multiple of PANEL. */
  capacity: i32;
  /**
   * Lines per buffer of line starts, a multiple of 4; buffers per thread; samples of the longest
   * batched line, a multiple of 8.
   */
  bufferLines: i32;
  buffers: i32;
  longest: i32;
  /** 1: V8 joins vectors to 256 bits, see `multiply.ts`. */
  use256: i32;
  /** Slots in the ring of tiles. */
  slots: i32;
  /** [slots] Slot */
  slotTable: usize;
  /** [threads] usize: each thread's scratch */
  scratch: usize;
  /** [accumulators][channels][samples][re, im] i64, or f64 with SUMS.FLOAT */
  sums: usize;
  accumulators: i32;
  /** How samples are added: a `SUMS` */
  sumsKind: i32;
  sampleCount: i32;
  /** Signals received: one for each coil, or one. */
  channels: i32;

  /**
   * 1: spins have a model's columns, and the program has only ops that support them; see
   * `model.ts`.
   */
  isModelled: i32;
  /** Number of phase terms; and of columns of B1 and of coils, and of path nodes, of a spin. */
  phaseTerms: i32;
  transmits: i32;
  coils: i32;
  /** Sets of coil columns: the coefficients of a moving spin's coils in all pieces of time. */
  coilSets: i32;
  nodes: i32;
  /** Values per field node of moving spins: those of fields fixed in space at their positions. */
  fieldWidth: i32;

  /** Tiles whose spins are in their slots; written by the host, awaited by threads. */
  filled: i32;
  /** Next tile to be taken; threads advance it. */
  next: i32;
  /** Tiles done; awaited by the host. */
  finished: i32;
  /** 1: threads return. */
  stop: i32;
  /** 1 + first tile whose partial signal was not finite, or 0. */
  failed: i32;

  /** Factor from a signal to the integers of the sums. */
  scale: f64;
  /** Largest share of a spin in a sample, in units of the sums. */
  largest: f64;
}

/** One instruction of the program. */
@unmanaged
export class Op {
  /** One of OP */
  kind: i32;
  /** Index into the table that the kind names. */
  index: i32;
}

/**
 * Kinds of op. Readouts do not interrupt the precession: each has the whole precession since the
 * last pulse.
 */
export namespace OP {
  /** index into precessions: the whole precession since the last pulse */
  export const PRECESS: i32 = 0;
  /** index into excitations */
  export const EXCITE: i32 = 1;
  /** index into lineRuns: sum its samples now */
  export const READOUT: i32 = 2;
  /**
   * index into lineRuns: write the magnetisation at the first samples of a run of lines into a
   * buffer
   */
  export const SAMPLE_LINE_STARTS: i32 = 3;
  /** index into batches: sum the samples of all lines of a buffer */
  export const SUM_BATCH: i32 = 4;
  /** index into operatorUses: an excitation by cached operators */
  export const APPLY_OPERATOR: i32 = 5;
  /** index into nufft2d1s: sum all lines of a train now */
  export const NUFFT2D1: i32 = 6;
  /** index into nufft2d3s: sum all samples of a curved readout now */
  export const NUFFT2D3: i32 = 7;
  /** index into cachedPrecessions: a precession cached per spin */
  export const PRECESS_CACHED: i32 = 8;
  /**
   * index into lineRuns: sample the start of one line by a cached precession from the last line of
   * its buffer, or exactly as the first of a recurrence
   */
  export const LINE_RECURRENCE: i32 = 9;
  /** node: from here on the sliding columns are those of this node and the next */
  export const SLIDE: i32 = 10;
  /** node: spins that are reset at it have neither magnetisation nor equilibrium from here on */
  export const HOLD: i32 = 11;
  /** node: the same spins are at equilibrium */
  export const RELEASE: i32 = 12;
  /** index into senses: how coils change from here on */
  export const SENSE: i32 = 13;
  /** index into lineRuns: sum its samples now, by the transform of its trajectory's `Line` */
  export const LINE: i32 = 15;
  /** node: the columns of fields are from here on those of this node and the next */
  export const FIELD: i32 = 14;
  /** index into lookUps: an excitation by operators that are looked up now */
  export const LOOK_UP: i32 = 16;
  /** index into lookUps: look operators up and cache them for later APPLY_OPERATORs */
  export const CACHE_LOOK_UP: i32 = 17;
}

/** Precession with the RF off: gradient moment [cycles/m] and duration [s]. */
@unmanaged
export class Precession {
  kx: f64;
  ky: f64;
  kz: f64;
  t: f64;
}

/** One use of a pulse: spins are rotated about z into its frame before it and back after it. */
@unmanaged
export class Excitation {
  pulse: f64;
  cosIn: f64;
  sinIn: f64;
  cosOut: f64;
  sinOut: f64;
  /** Column of B1 over its nominal value, or −1. */
  transmit: i32;
}

@unmanaged
export class Pulse {
  firstStep: f64;
  steps: f64;
  /** Frequency offset [Hz] */
  offset: f64;
  /** [s] */
  duration: f64;
}

/** How the numbers of a sample join the sums. */
export namespace SUMS {
  /** As integers: each thread has an accumulator. */
  export const OWN: i32 = 0;
  /** As integers: threads share an accumulator and add atomically. */
  export const SHARED: i32 = 1;
  /** The f64 sums themselves, in units of 1 / scale: for one thread, and one tile at a time. */
  export const FLOAT: i32 = 2;
}

/**
 * Algorithm for a pulse in f32, chosen by the host from the phantom's bounds. In f64 all pulses are
 * solved exactly.
 */
export namespace PULSE {
  /** Rotations with relaxation between them. Half angles are within π/2, so polynomials suffice. */
  export const SMALL: i32 = 0;
  /** The same for any angle: square root, division, range reduction. */
  export const ANY: i32 = 1;
  /** Every step solved exactly, relaxation included (`held-field.ts`). */
  export const HELD: i32 = 2;
  /** The same, computed in f64. */
  export const HELD_F64: i32 = 3;
}

/**
 * One step of a pulse: a field that is constant for dt. Half angles are πγ̄B1·dt [rad] and πγ̄G·dt
 * [rad/m].
 */
@unmanaged
export class RfStep {
  /** [s] */
  dt: f64;
  gx: f64;
  gy: f64;
  gz: f64;
  hx: f64;
  hy: f64;
  /** hx² + hy² */
  square: f64;
  /** The same three in f32. */
  hxSingle: f32;
  hySingle: f32;
  squareSingle: f32;
  /** 1: dt or the gradient differs from the previous step's. */
  isNew: i32;
  /**
   * For pulses as rotations: time [s] for which spins relax before the step, and after it if it is
   * the last of its pulse.
   */
  relaxBefore: f64;
  relaxAfter: f64;
  /** For exact solutions: terms of the series, and how often the step is halved before it. */
  terms: i32;
  doublings: i32;
}

/** A run of lines to sum, or whose first samples to store. */
@unmanaged
export class LineRun {
  firstSample: i32;
  trajectory: i32;
  /** Index into precessions: from the last pulse to the first line. */
  precession: i32;
  /** Where its magnetisation is stored. */
  buffer: i32;
  line: i32;
  /**
   * Lines of the run, stored from `line` on, and the index of the precession from one
   * to the next. With LINE_RECURRENCE: index of a cached precession, or −1 for none.
   */
  lines: i32;
  step: i32;
}

/** Lines of one buffer that are summed together. */
@unmanaged
export class Batch {
  trajectory: i32;
  buffer: i32;
  lineCount: i32;
  /** [lineCount] i32 */
  firstSamples: usize;
  /** Nufft1d1, or 0: summed as a matrix product */
  nufft1d1: usize;
  /** The line runs that sample its lines panel by panel, or none: they are in their buffer. */
  firstRun: i32;
  lineRuns: i32;
}

/** Trajectory of a readout from its first sample. */
@unmanaged
export class Trajectory {
  /**
   * kx, ky, kz, t: four columns of `samples` rounded up to a multiple of 8, f64; and a column for
   * each phase term
   */
  points: usize;
  samples: i32;
  /** Distance between samples whose phase is computed exactly; 0: samples are equally spaced. */
  exactEvery: i32;
}

/** A pulse cached per spin as an affine map. */
@unmanaged
export class Operator {
  pulse: i32;
  /** Table, or 0: its steps are composed */
  table: usize;
}

/**
 * Operators of a pulse under a constant gradient, tabulated over frequency, R1 and R2; see
 * `tables.ts`.
 */
@unmanaged
export class Table {
  /** γ̄G [Hz/m] */
  gx: f64;
  gy: f64;
  gz: f64;
  /** Lowest frequency [Hz], cells per hertz, cells. */
  low: f64;
  perHertz: f64;
  cells: f64;
  /** Degree of the polynomials in a cell. */
  degree: f64;
  /**
   * Number of nodes in R1 and in R2. After this record follow, for R1 and then R2, [count] rates
   * [1/s] and [count] 1/Π(own − others), f64.
   */
  R1Count: f64;
  R2Count: f64;
  /** [cells][R1Count][R2Count][degree + 1, highest first][12] f32 */
  coefficients: f64;
}

/** An excitation by Σ coefficient · operator, see `operators.ts`. */
@unmanaged
export class OperatorUse {
  excitation: i32;
  firstTerm: i32;
  terms: i32;
}

@unmanaged
export class Term {
  operator: f64;
  /** Coefficients of the entries that are even and odd in the amplitude. */
  even: f64;
  odd: f64;
}

/**
 * Operators of a pulse over the frequency at its middle, the drift of the frequency, R1 and R2,
 * without the pulse's relaxation and the phase of the drift before and after its middle; see
 * `look-up.ts`.
 */
@unmanaged
export class DriftTable {
  cells: i32;
  /** Bytes of the coefficients of a cell. */
  cellBytes: i32;
  /** Polynomials in the drift of the rotation, and the address of [orders] i32: coefficients. */
  rotationOrders: i32;
  rotation: usize;
  /** Chebyshev polynomials of relaxation in use on each axis, and the products of three of them. */
  ordersR1: i32;
  ordersDelta: i32;
  ordersDrift: i32;
  terms: i32;
  /** Those of the terms, the first ones, that change more than the recovery. */
  wholeTerms: i32;
  /** [terms][R1, R2 − R1, drift, coefficients] i32: their orders */
  orders: usize;
  /**
   * [cells][rotation, then terms][coefficients, highest first][4, of whole terms 12] f32: the
   * quaternion; entries of the operator; of other terms the change of Mz along z and the recovery
   */
  coefficients: usize;
  /** Cells per hertz; 2 over the largest R1 [s]; 1 over the largest drift [s/Hz]. */
  perHertz: f64;
  perR1: f64;
  perDrift: f64;
  /** R2 − R1: middle of its range [1/s]; 1 over half of the range, 1 over the largest [s]. */
  middleDelta: f64;
  perDelta: f64;
  ofLargest: f64;
  /** Duration of the pulse [s]. */
  duration: f64;
}

/** One use of such a table. */
@unmanaged
export class LookUp {
  excitation: i32;
  /** DriftTable */
  table: usize;
  /**
   * Frequency at the middle of the pulse and its drift: [x, y, z, off-resonance, terms] f64, Hz and
   * Hz/s per unit of each column.
   */
  middle: usize;
  slope: usize;
  /** Added to the frequency [Hz]: −(the pulse's offset + the lowest frequency of the table). */
  shift: f64;
  /** Number of the cached operator that CACHE_LOOK_UP fills. */
  operator: i32;
}

/**
 * Stage of a Fourier transform: turns rows q + s(p + im) into q + s(rp + j), s the stride and r the
 * radix.
 */
@unmanaged
export class Stage {
  radix: i32;
  m: i32;
  stride: i32;
  /** [m][radix − 1][re, im] f32 */
  twiddles: usize;
}

/** Kaiser–Bessel kernel as piecewise polynomials. */
@unmanaged
export class Kernel {
  /** Support in cells, and the same rounded up to vectors. */
  width: i32;
  taps: i32;
  degree: i32;
  /** [taps / 4][degree + 1, highest first][4] f32 */
  polynomials: usize;
}

/** One axis of a type-1 NUFFT, as `host/program/nufft/sample-axis.ts` chooses it. */
@unmanaged
export class Axis {
  samples: i32;
  /** Cells, a multiple of 4. */
  grid: i32;
  /** Support of the kernel in cells, and the same rounded up to vectors. */
  width: i32;
  taps: i32;
  degree: i32;
  /** [taps / 4][degree + 1, highest first][4] f32 */
  polynomials: usize;
  /** [samples] f64: 1 over the transform of ψ, times the common decay */
  factors: usize;
  /** [stageCount] Stage */
  stages: usize;
  stageCount: i32;
}

/** A train of lines, and its transform in two dimensions. */
@unmanaged
export class Nufft2d1 {
  /**
   * f64: [centre, per sample, per line][kx, ky, kz, t], the precession from the last pulse to the
   * middle sample of the middle line, and the steps from there; then the decay rate that is common
   * to all spins and included in the factors [1/s].
   */
  geometry: usize;
  /** Axis */
  sampleAxis: usize;
  lineAxis: usize;
  /** [lines] i32 */
  firstSamples: usize;
}

/** The transform of a batch of lines. */
@unmanaged
export class Nufft1d1 {
  /** Axis */
  axis: usize;
  /**
   * f64: [kx, ky, kz, t] per sample, then the decay rate that is common to all spins and included
   * in the factors [1/s]
   */
  rate: usize;
}

/** The grid of a line, and derivatives of the kernel; see `line.ts`. */
@unmanaged
export class LineAxis {
  samples: i32;
  /** Cells, a multiple of 4. */
  grid: i32;
  /** Support of the kernel in cells, and the same rounded up to vectors. */
  width: i32;
  taps: i32;
  /** Derivatives 0, 1, … of the kernel that are tabulated: 3, 4, 5 or 7. */
  orders: i32;
  /** [places of a cell + 1][taps / 4][orders][4] f32: derivative k, over k! */
  weights: usize;
  /** [samples][4 re, 4 im] f32: what joins the columns of the transform */
  factors: usize;
  /** [stageCount] Stage, of a quarter of the cells */
  stages: usize;
  stageCount: i32;
}

/**
 * Samples of a trajectory that are equally spaced except for a quadratic term: the whole
 * trajectory, or a part.
 */
@unmanaged
export class Line {
  /** LineAxis */
  axis: usize;
  /**
   * f64, each laid out as a Precession and its phase terms. `middle`: from the first sample of the
   * trajectory to the middle sample of the line; `rate`: per sample; `bend`: 2·G²/2π times the
   * coefficient that is quadratic in the sample number, or 0.
   */
  middle: usize;
  rate: usize;
  bend: usize;
  /**
   * `commonR2`: decay rate that is common to all spins and included in the factors [1/s]. `decay`:
   * −G/2π times the time per sample [s].
   */
  commonR2: f64;
  decay: f64;
  /** 1: the last part of its trajectory. */
  isLast: i32;
  /** First sample of the part. */
  first: i32;
  /** Terms of coils as polynomials in the sample number: 1, 2 or 3. */
  coilTerms: i32;
}

/**
 * Coils along the paths of moving spins, at sample n of a readout: Σ_k C_k·T_k(start + n·step),
 * with Chebyshev's polynomials T_k and the sets of columns C_0 = `set`, …
 */
@unmanaged
export class Sense {
  set: i32;
  terms: i32;
  /** Terms of polynomials in the sample number, for as many samples as are summed at a time. */
  chunkTerms: i32;
  start: f64;
  step: f64;
}

/** One axis of a plane of k-space, as `host/program/nufft/plane-axis.ts` chooses it. */
@unmanaged
export class PlaneAxis {
  /** [5] f64: cells per metre along x, y, z; the cell of the origin; cells per Hz of a spin */
  place: usize;
  /** Cells that spins are spread on, and the one whose phase is 0 throughout. */
  cells: i32;
  middle: i32;
  /** Kernel that spreads a spin on cells */
  spreading: usize;
  /** [cells] f32: 1 over the transform of the kernel by which samples are interpolated */
  corrections: usize;
  /**
   * Points of the transform; the first one that samples need (it may be negative), and how many.
   */
  grid: i32;
  first: i32;
  count: i32;
  /** [stageCount] Stage */
  stages: usize;
  stageCount: i32;
  /** Kernel that interpolates a sample from points */
  interpolation: usize;
}

/** A plane of k-space in which curved readouts lie. */
@unmanaged
export class NufftPlane {
  /** PlaneAxis */
  u: usize;
  v: usize;
  /** [nodes] f64: time nodes after the start of a readout [s]; a multiple of four */
  times: usize;
  nodes: i32;
  /**
   * [nodes / 4][nodes][slope 4, offset 4] f32: the Lagrange weights of a sample for four time nodes
   * are the products of slope · τ + offset over all nodes.
   */
  parts: usize;
  /**
   * Where time is part of the place on v: the imaginary part of a place [cells per 1/s of R2 beyond
   * `commonR2`]; 0 elsewhere, places are real.
   */
  decay: f64;
  commonR2: f64;
}

/** One or several readouts along any path in one plane. */
@unmanaged
export class Nufft2d3 {
  /** Precession from the last pulse to where spins are spread */
  precession: usize;
  /** NufftPlane */
  plane: usize;
  samples: i32;
  /** [samples] Nufft2d3Sample */
  points: usize;
  /** [samples] i32: index of each sample in the signal */
  targets: usize;
}

/** Position of a sample of a curve among the points of the transform. */
@unmanaged
export class Nufft2d3Sample {
  /** First point on either axis, and the position between points. */
  u: i32;
  v: i32;
  betweenU: f32;
  betweenV: f32;
  /** Time, −1 to 1 over the duration of the plane's time nodes. */
  time: f32;
  /**
   * Phase factor of the plane's middle, divided by the transforms of the kernels that spread the
   * spins.
   */
  cos: f32;
  sin: f32;
}

/** One tile's input. */
@unmanaged
export class Slot {
  /** f32 columns of `capacity` spins, in the order of `SpinBlock` and then of `modelColumns` */
  spins: usize;
  /** Spins in the tile; those up to the next multiple of PANEL have no density. */
  count: i32;
  /** 1 + number of the last tile finished in this slot. */
  done: i32;
  /** Scanner's B0 over the phantom's. */
  fieldRatio: f64;
  /** The program of its group of spins: ops [firstOp, firstOp + opCount). */
  firstOp: i32;
  opCount: i32;
  /** [capacity][x, y, z] f64: where the magnetisation at the end goes, or 0. */
  magnetization: usize;
  /** [capacity][x, y, z] f64: the initial magnetisation, or 0: thermal equilibrium. */
  initial: usize;
}

/** Arguments of a thread, and the outcome of starting it. */
@unmanaged
export class Start {
  job: usize;
  thread: i32;
  error: i32;
  tid: i32;
}

/**
 * Bytes of a `Tile` record (`scratch.ts`); two are at the front of a thread's scratch, the second
 * one for computing operators.
 */
export const TILE_BYTES: i32 = 128;

/** Samples of a readout with a model that are summed at a time. */
export const MODEL_CHUNK: i32 = 32;

/**
 * Most coefficients of a coil in a piece of time, and of the polynomial in the sample number over
 * MODEL_CHUNK samples.
 */
export const MOST_SENSE_TERMS: i32 = 16;

/** Room behind the columns of `evaluatePulseAtNodes` for the solution of a step. */
export const COMPOSE_BYTES: i32 = 1024;

/** Spins that the matrix form processes at a time; tiles are padded to a multiple of it. */
export const PANEL: i32 = 32;

/** Coils whose cells lie side by side in the grid of a train of lines. */
export const COILS_BESIDE: i32 = 4;

/**
 * Lines of cells of a plane that are transformed side by side: their input and output stay in the
 * first-level cache.
 */
export const LINES_BESIDE: i32 = 4;

/** Record `index` of a table. */
// @ts-ignore: decorator
@inline export function recordAt<T>(table: usize, index: i32): T {
  return changetype<T>(table + <usize>index * offsetof<T>());
}
