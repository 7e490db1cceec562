/**
 * The records through which host and kernels share memory. The host lays them out (`host/engine/wasm/layout.ts` holds the
 * same fields in the same order, and checks the sizes when it starts); nothing here allocates.
 */

/** What does not change during a run. Pointers are byte addresses in the shared memory. */
@unmanaged
export class Job {
  /** [ops][kind, index] i32: the program, see OP */
  ops: usize;
  opCount: i32;
  /** [moments][kx, ky, kz, dt] f64: cycles/m and seconds */
  moments: usize;
  /** [excitations][pulse, cos, sin of the phase on entry, cos, sin of the phase on leaving] f64 */
  excitations: usize;
  /** [pulses][firstStep, steps, offset, duration] f64 */
  pulses: usize;
  /** [pulses] i32: one of PULSE */
  pulseForms: usize;
  /** [rfSteps] records of `excitation.ts`: half angles h = πγ̄B1·dt [rad] and g = πγ̄G·dt [rad/m] */
  steps: usize;
  /**
   * [reads][firstSample, waveform, moment, area, row, lines, step] i32: moment since the last pulse; area and row where it is recorded; and
   * after it the other lines of a run, each a step (of moments) further, in the next rows. Of a line that is carried: step is one of the kept
   * moments, or −1
   */
  reads: usize;
  /**
   * [batches][waveform, area, rows, firstSamples, lines, firstRead, reads] i32: addresses of [rows] i32 and of Lines, or 0: as a matrix
   * product; and which reads record its rows, panel by panel, or none: they stand in their area
   */
  batches: usize;
  /** [waveforms][points, samples, exactEvery] i32: exactEvery is 0 where samples are equally spaced; points is the address of kx, ky, kz, t, one after the other, each PADDED to 8, f64 */
  waveforms: usize;
  /** [operators][pulse, table] i32: what each kept operator does, and where it is looked up (0: stepped) */
  operators: usize;
  operatorCount: i32;
  /** [plays][excitation, firstTerm, terms] i32 */
  plays: usize;
  /** [terms][operator, even, odd] f64: a play applies Σ coefficient · operator, see `operators.ts` */
  terms: usize;
  /** [trains] Train; bytes of each of a thread's two grids for them */
  trains: usize;
  gridBytes: usize;
  /** [curves] Curve; bytes a spin's place on their widest sheet takes */
  curves: usize;
  sheetBytes: usize;
  /** [kept moments] i32: index into moments */
  keptMoments: usize;
  keptCount: i32;

  /** 32 or 64 */
  precision: i32;
  /** Spins that a slot and a thread's scratch hold; a multiple of PANEL. */
  capacity: i32;
  /** Rows an area of records holds, a multiple of 4; areas per thread; samples of the longest batched line, a multiple of 8. */
  rows: i32;
  areas: i32;
  longest: i32;
  /** 1: V8 joins vectors to wide ones, see `multiply.ts`. */
  wide: i32;
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

  /** What makes integers of the sums. */
  scale: f64;
  /** Largest share of a spin in a sample, in units of the sums. */
  largest: f64;
}

/** Kinds of op in the program. Reads do not break the precession: each has the whole moment since the last pulse. */
export namespace OP {
  /** index into moments: the whole precession since the last pulse */
  export const PRECESS: i32 = 0;
  /** index into excitations */
  export const EXCITE: i32 = 1;
  /** index into reads: sum its samples now */
  export const READ: i32 = 2;
  /** index into reads: write the magnetisation at the first samples of a run of lines into rows of an area */
  export const RECORD: i32 = 3;
  /** index into batches: sum the samples of all rows of an area */
  export const FLUSH: i32 = 4;
  /** index into plays: an excitation by operators kept per spin */
  export const PLAY: i32 = 5;
  /** index into trains: sum all lines of a train now */
  export const TRAIN: i32 = 6;
  /** index into curves: sum all samples of a curved readout now */
  export const CURVE: i32 = 7;
  /** index into keptMoments: a precession kept per spin */
  export const TURN: i32 = 8;
  /** index into reads: record one line as a kept step from the last line of its area, or exactly, for others to follow from it */
  export const CARRY: i32 = 9;
}

/** One tile's input: eight f32 columns of `capacity` spins behind `spins`, in the order of `SpinBlock`. */
@unmanaged
export class Slot {
  spins: usize;
  /** Spins in the tile; those up to the next multiple of PANEL have no density. */
  count: i32;
  /** 1 + number of the last tile finished in this slot. */
  done: i32;
  /** Scanner's B0 over the phantom's. */
  fieldRatio: f64;
}

/** How a pulse is played in f32; the host chooses by the phantom's bounds (`host/engine/wasm/pulses.ts`). In f64 all are solved exactly. */
export namespace PULSE {
  /** Rotations, relaxation between them; half angles stay within π/2: polynomials alone. */
  export const SMALL: i32 = 0;
  /** The same for any angle: square root, division, range reduction. */
  export const ANY: i32 = 1;
  /** Every step exactly, relaxation inside the rotation (`held-field.ts`). */
  export const HELD: i32 = 2;
  /** The same, computed in f64. */
  export const HELD_F64: i32 = 3;
}

/** Spins that the matrix form works on at a time; tiles are padded to a multiple of it. */
export const PANEL: i32 = 32;

/** Samples summed in one go by the other forms: their lane sums (4 kB) stay in the first-level cache. */
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
  /** [CHUNK][re, im] vectors of T: lane sums of the samples at hand; or the turns of some RF steps. */
  lanes: usize;
  /** [areas][panels][rows][re, im, re + im][PANEL] f32: recorded magnetisation. */
  records: usize;
  /** [3][PANEL][re, im, re + im][4 or 8] f32: in-line evolution of a panel over three units of samples; and six columns of its steps. */
  evolution: usize;
  /** [re·re, im·im, (re + im)²][rows][longest] f32: products summed over panels. */
  products: usize;
  /** [operators][count / 4][12][4] f32: kept operators, see `operators.ts`; and room for making them. */
  operators: usize;
  making: usize;
  /** A panel's places and weights, and two grids: see `train.ts`. */
  spread: usize;
  grid: usize;
  /** [kept moments][count / 4][cos, sin, loss][4] f32: see `keepMoments`; then [areas] the same of the line last carried there. */
  turns: usize;
  /** Spins' places on a sheet, and the sheet they were placed on: see `sheet.ts`. */
  sheet: usize;
  placed: usize;
  /** Spins, rounded up to a multiple of PANEL. */
  count: i32;
}

/** Bytes of a `Tile` record; two stand in front of a thread's scratch, the second for making operators. */
export const TILE_BYTES: i32 = 128;

/** Bytes of `Tile.evolution`. */
export const EVOLUTION_BYTES: i32 = (3 * 3 * 8 + 6) * PANEL * 4;

/** Room for making operators: f64 columns of a panel's rates, and four operators of two spins in f64. */
export const MAKING_BYTES: i32 = 2 * PANEL * 8 + 2 * 192;

/** Room for spreading: eight f32 columns of a panel, and the weights of one spin. */
export const SPREAD_BYTES: i32 = 8 * PANEL * 4 + 4 * 16 * 4;

/** Bytes of one kept precession for four spins. */
export const TURN_BYTES: i32 = 48;

/** Bytes of one operator for four spins. */
export const OPERATOR_BYTES: i32 = 192;

// @ts-ignore: decorator
@inline export function recordBytesOf(job: Job): i32 {
  return job.rows * job.capacity * 12;
}

/** Turns of which each spin has its own. */
// @ts-ignore: decorator
@inline export function turnCountOf(job: Job): i32 {
  return job.keptCount == 0 ? 0 : job.keptCount + job.areas;
}

/** Bytes of scratch each thread needs for this job. */
export function scratchBytes(address: usize): i32 {
  const job = changetype<Job>(address);
  const width = job.precision >> 3;
  const columns = job.capacity * 8 + 5 * job.capacity * width;
  const matrix = job.areas * recordBytesOf(job) + EVOLUTION_BYTES + job.longest * 12 * job.rows;
  const operators = job.operatorCount == 0 ? 0 : job.operatorCount * job.capacity * (OPERATOR_BYTES / 4) + MAKING_BYTES;
  const spread = job.gridBytes == 0 ? 0 : SPREAD_BYTES + 2 * <i32>job.gridBytes + job.capacity * <i32>job.sheetBytes;
  const turns = turnCountOf(job) * job.capacity * (TURN_BYTES / 4);
  return 2 * TILE_BYTES + turns + columns + CHUNK * 32 + matrix + operators + spread;
}

/** Where the host's own data may begin: below lie the kernels' constants. */
export function heapBase(): usize {
  return __heap_base;
}

/** So that the host can check its own list of fields against this file. */
export function recordBytes(record: i32): i32 {
  return record == 0 ? offsetof<Job>() : offsetof<Slot>();
}
