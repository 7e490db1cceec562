/**
 * Reader of Pulseq files, versions 1.2.0 to 1.5.1 (specification: pulseq.github.io). The file is
 * first parsed into typed-array tables; here ids become rows, blocks get their durations and
 * everything is checked, so that `block(n)` later only assembles records and cannot fail.
 */
import { type Budget, openBudget } from '../../base/budget.ts';
import { badInput } from '../../base/errors.ts';
import { readInput } from '../../base/files.ts';
import { warn } from '../../base/log.ts';
import { GAMMA_BAR, type Hertz, type Seconds } from '../../base/units.ts';
import { BYTES_PER_SAMPLE } from '../block-checks.ts';
import { shimmed } from '../rf.ts';
import type { AdcEvent, Block, GradientEvent, RfEvent, RfShimEvent, Sequence } from '../types.ts';
import { inMeters, rasters } from './definitions.ts';
import { blockDurations, type Resolve, type RowOf, softDelayValues } from './durations.ts';
import { deriveEdges } from './edges.ts';
import { resolveExtensions } from './extensions.ts';
import { gradientEvents } from './gradients.ts';
import { ADC } from './layouts.ts';
import { adcEvents, rfEnd, rfEvents, rfShims } from './pulses.ts';
import { readSections, type Sections, SLOT_COUNT, SLOTS } from './sections.ts';
import { verifySignature } from './signature.ts';
import { openSource } from './source.ts';
import { indexById, type Table } from './table.ts';

export interface PulseqOptions {
  /**
   * Seconds for the soft delays of the file, by their hints, e.g. `{ TE: 0.1 }`; the file's own
   * durations otherwise.
   */
  readonly softDelays?: Readonly<Record<string, Seconds>>;
  /** γ̄ that turns the file's Hz into T; default: that of ¹H. */
  readonly gammaBar?: Hertz;
}

/** Newest file version known; newer revisions of 1.5 are read with a warning. */
const NEWEST_REVISION = 1;

/**
 * @throws LarmorError 65 for what is wrong in the file (file, line and fix named), 66 when it
 * cannot be opened, 2 for a soft delay the file does not have
 */
export function readPulseq(path: string, options: PulseqOptions = {}): Sequence {
  const bytes = withoutMark(readInput(path));
  const sections = readSections(path, bytes);
  const { blocks, version, signature } = sections;
  if (signature !== undefined) verifySignature(path, bytes, signature.section, signature.type, signature.hash);
  const [, minor, revision] = version.split('.').map(Number) as [number, number, number];
  if (minor === 5 && revision > NEWEST_REVISION)
    warn(`${path}: version ${version} is read as 1.5.${NEWEST_REVISION}, the newest known here`);
  checkBlockCount(sections);

  const raster = rasters(sections.definitions, path);
  const required = (sections.definitions.get('RequiredExtensions') ?? '').split(/\s+/).filter(Boolean);
  const budget = openBudget('waveforms', path, bytes.length);
  const extension = resolveExtensions(sections.extensions, required, path, budget);
  const rowOf = {
    rf: indexById(sections.rf, path),
    gradient: indexById(sections.gradients, path),
    adc: indexById(sections.adc, path),
    delay: indexById(sections.delays, path),
  };
  checkReferences(sections, rowOf);

  const source = openSource(sections, raster, options.gammaBar ?? GAMMA_BAR, budget);
  const gradients = gradientEvents(source);
  const made = { rf: rfEvents(source), shim: rfShims(source), gradient: gradients.event, adc: adcEvents(source) };
  // Making every RF and ADC event, and the end of every gradient, finds everything that is wrong
  // with them.
  const ends = {
    rf: endsOf(sections.rf, (row) => {
      made.shim(row);
      return rfEnd(made.rf(row));
    }),
    gradient: endsOf(sections.gradients, gradients.end),
    adc: endsOf(sections.adc, (row) => {
      const { delay, samples, dwell } = made.adc(row);
      return delay + samples * dwell;
    }),
  };
  limitSamples(sections, rowOf, openBudget('signal', path, bytes.length));
  const durations = blockDurations(sections, raster.block, ends, rowOf, extension, options.softDelays ?? {});
  if (sections.layout !== 'v5') {
    const edges = deriveEdges(source, durations, ends.gradient, rowOf.gradient);
    if (edges !== undefined) gradients.edges = edges;
  }
  return {
    name: path,
    version,
    fileBytes: bytes.length,
    definitions: inMeters(sections.definitions),
    blockCount: blocks.count,
    duration: durations.reduce((sum, duration) => sum + duration, 0),
    softDelays: softDelayValues(sections, extension, durations),
    block: (n) => assemble(n, sections, durations, made, rowOf, extension),
  };
}

/**
 * Editors on Windows begin a file with a byte-order mark, which belongs to the encoding and not to
 * the text.
 */
function withoutMark(bytes: Buffer): Buffer {
  return bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? bytes.subarray(3) : bytes;
}

function limitSamples({ path, blocks, adc }: Sections, rowOf: RowOf, budget: Budget): void {
  let samples = 0;
  for (let block = 0; block < blocks.count; block++) {
    const id = blocks.slots[block * SLOT_COUNT + SLOTS.adc];
    if (id !== 0) samples += adc.values[rowOf.adc(id) * ADC.width + ADC.samples];
  }
  budget.take(BYTES_PER_SAMPLE * samples, `${samples} samples`, path);
}

interface Events {
  readonly rf: (row: number) => RfEvent;
  readonly shim: (row: number) => RfShimEvent | undefined;
  readonly gradient: (row: number) => GradientEvent;
  readonly adc: (row: number) => AdcEvent;
}

function assemble(
  n: number,
  { blocks, path }: Sections,
  durations: Float64Array,
  made: Events,
  rowOf: RowOf,
  extension: Resolve,
): Block {
  if (!(n >= 0 && n < blocks.count)) throw new RangeError(`${path} has blocks 0 to ${blocks.count - 1}, not ${n}`);
  const start = n * SLOT_COUNT;
  const slots = blocks.slots;
  const block: { -readonly [Key in keyof Block]: Block[Key] } = { duration: durations[n] };
  const rf = slots[start + SLOTS.rf];
  if (rf !== 0) {
    const row = rowOf.rf(rf);
    block.rf = made.rf(row);
    const shim = made.shim(row);
    if (shim !== undefined) block.shim = shim;
  }
  const gx = slots[start + SLOTS.gx];
  if (gx !== 0) block.gx = made.gradient(rowOf.gradient(gx));
  const gy = slots[start + SLOTS.gy];
  if (gy !== 0) block.gy = made.gradient(rowOf.gradient(gy));
  const gz = slots[start + SLOTS.gz];
  if (gz !== 0) block.gz = made.gradient(rowOf.gradient(gz));
  const adc = slots[start + SLOTS.adc];
  if (adc !== 0) block.adc = made.adc(rowOf.adc(adc));
  const head = slots[start + SLOTS.extension];
  if (head !== 0) {
    Object.assign(block, extension(head, path));
    if (block.shim?.magnitude.length === 1 && block.rf !== undefined) {
      block.rf = shimmed(block.rf, block.shim);
      block.shim = applied(block.shim);
    }
  }
  return block;
}

const appliedShims = new WeakMap<RfShimEvent, RfShimEvent>();

/** A shim of one channel whose weight the pulse has; the same shim gives the same object. */
function applied(shim: RfShimEvent): RfShimEvent {
  const known = appliedShims.get(shim) ?? { ...shim, applied: true };
  appliedShims.set(shim, known);
  return known;
}

function endsOf(table: Table, end: (row: number) => Seconds): Float64Array {
  const ends = new Float64Array(table.count);
  for (let row = 0; row < table.count; row++) ends[row] = end(row);
  return ends;
}

/** Ids of blocks are their own, and JEMRIS writes how many there should be. */
function checkBlockCount({ path, blocks, definitions }: Sections): void {
  if (blocks.count === 0) throw badInput(path, 'has no blocks', 'the file may be cut short: write it again');
  const promised = definitions.get('Num_Blocks');
  if (promised !== undefined && Number(promised) !== blocks.count) {
    const what = `Num_Blocks is ${promised} but there are ${blocks.count} blocks`;
    throw badInput(`${path} [DEFINITIONS]`, what, 'correct it, or write the file again if it was cut short');
  }
  let sorted = true;
  for (let block = 1; block < blocks.count; block++) sorted &&= blocks.ids[block] > blocks.ids[block - 1];
  if (!sorted) indexById({ name: 'block', width: 0, values: new Float64Array(0), ...blocks }, path);
}

/** Every event a block names exists. */
function checkReferences({ path, blocks, layout }: Sections, rowOf: RowOf): void {
  const kinds = [
    ['RF event', rowOf.rf],
    ['gradient', rowOf.gradient],
    ['gradient', rowOf.gradient],
    ['gradient', rowOf.gradient],
    ['ADC event', rowOf.adc],
  ] as const;
  const lacks = (block: number, name: string, id: number): Error =>
    badInput(
      `${path}:${blocks.lines[block]}`,
      `block ${blocks.ids[block]} plays ${name} ${id}, which does not exist`,
      'define it, or write the file again if it was cut short',
    );
  for (let block = 0; block < blocks.count; block++) {
    for (let slot = 0; slot < kinds.length; slot++) {
      const id = blocks.slots[block * SLOT_COUNT + slot];
      if (id !== 0 && kinds[slot][1](id) === -1) throw lacks(block, kinds[slot][0], id);
    }
    const delay = blocks.timing[block];
    if (layout === 'old' && delay !== 0 && rowOf.delay(delay) === -1) throw lacks(block, 'delay', delay);
  }
}
