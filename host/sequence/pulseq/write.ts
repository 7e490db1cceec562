/**
 * Writer of Pulseq files, version 1.5.1 with MD5 signature. Reads the blocks twice: once to find
 * the raster of which block durations must be multiples, once to write. The file is written under a
 * temporary name and renamed at the end.
 */
import { createHash } from 'node:crypto';
import { createOutput } from '../../base/files.ts';
import { GAMMA_BAR, type Hertz, type Seconds } from '../../base/units.ts';
import type { Block, Sequence } from '../types.ts';
import { type Rasters, rasters } from './definitions.ts';
import { quaternionOf } from './quaternion.ts';
import { type EventRows, eventRows, micro, newRows, type Rows } from './rows.ts';

/** Version of the files that are written. */
export const WRITTEN_VERSION = '1.5.1';

/**
 * @param gammaBar of the nucleus, as the sequence was made or read with
 * @throws LarmorError 73 when the file cannot be written
 */
export function writePulseq(path: string, sequence: Sequence, gammaBar: Hertz = GAMMA_BAR): void {
  const file = createOutput(path);
  const hash = createHash('md5');
  let pending: string[] = [];
  const flush = (): void => {
    const bytes = Buffer.from(pending.join(''));
    hash.update(bytes);
    file.write(bytes);
    pending = [];
  };
  const line = (text: string): void => {
    pending.push(text, '\n');
    if (pending.length > 20_000) flush();
  };
  try {
    for (const text of lines(sequence, gammaBar)) line(text);
    flush();
    const digest = hash.digest('hex');
    // The line break before the section belongs to the signature.
    file.write(
      Buffer.from(
        `\n[SIGNATURE]\n# Hash of the file up to the line break before this section\nType md5\nHash ${digest}\n`,
      ),
    );
    file.commit();
  } finally {
    file.abandon();
  }
}

function* lines(sequence: Sequence, gammaBar: Hertz): Generator<string> {
  const { block: blockRaster, needs } = survey(sequence);
  const written: Rasters = { ...rasters(sequence.definitions, sequence.name), block: blockRaster };
  const events = eventRows(written, gammaBar);
  const extensions = newExtensions();
  const [major, minor, revision] = WRITTEN_VERSION.split('.');
  yield* ['# Pulseq sequence file', '# Created by Larmor', '', '[VERSION]'];
  yield* [`major ${major}`, `minor ${minor}`, `revision ${revision}`];
  yield* ['', '[DEFINITIONS]'];
  for (const [key, value] of definitions(sequence, written, needs)) yield `${key} ${value}`.trimEnd();
  yield* ['', '# NUM DUR RF GX GY GZ ADC EXT', '[BLOCKS]'];
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    const slots = [
      n + 1,
      Math.round(block.duration / written.block),
      block.rf === undefined ? 0 : events.rfId(block.rf),
      ...[block.gx, block.gy, block.gz].map((event) => (event === undefined ? 0 : events.gradientId(event))),
      block.adc === undefined ? 0 : events.adcId(block.adc),
      extensions.list(block),
    ];
    yield slots.join(' ');
  }
  yield* eventSections(events);
  yield* extensions.sections();
  if (events.shapes.length > 0) yield* ['', '[SHAPES]'];
  for (const [n, text] of events.shapes.entries()) yield `\nshape_id ${n + 1}\n${text.trimEnd()}`;
  yield '';
}

function* eventSections({ rf, gradients, trapezoids, adc }: EventRows): Generator<string> {
  const section = function* (
    name: string,
    comment: string,
    { all }: Rows,
    belongs: (row: string) => boolean,
  ): Generator<string> {
    let empty = true;
    for (const [row, id] of all) {
      if (!belongs(row)) continue;
      if (empty) yield* ['', `# ${comment}`, name];
      empty = false;
      yield `${id} ${row}`;
    }
  };
  const rfColumns = 'id amplitude mag_id phase_id time_shape_id center delay freqPPM phasePPM freq phase use';
  yield* section('[RF]', rfColumns, rf, () => true);
  const shaped = (row: string): boolean => !trapezoids.has(row);
  yield* section('[GRADIENTS]', 'id amplitude first last amp_shape_id time_shape_id delay', gradients, shaped);
  yield* section('[TRAP]', 'id amplitude rise flat fall delay', gradients, (row) => trapezoids.has(row));
  yield* section('[ADC]', 'id num dwell delay freqPPM phasePPM freq phase phase_id', adc, () => true);
}

/**
 * Properties of the whole sequence: a raster for its blocks, and the extensions that a reader must
 * support.
 */
function survey(sequence: Sequence): { block: Seconds; needs: readonly string[] } {
  const needs = new Set((sequence.definitions.get('RequiredExtensions') ?? '').split(/\s+/).filter(Boolean));
  for (let n = 0; n < sequence.blockCount; n++) {
    const { rotation, shim } = sequence.block(n);
    if (rotation !== undefined) needs.add('ROTATIONS');
    if (shim !== undefined && !shim.applied) needs.add('RF_SHIMS');
  }
  /** Whether counts of `raster` give all durations to within `error`. */
  const fits = (raster: Seconds, error: Seconds): boolean => {
    for (let n = 0; n < sequence.blockCount; n++) {
      const { duration } = sequence.block(n);
      if (Math.abs(duration - Math.round(duration / raster) * raster) > error) return false;
    }
    return true;
  };
  // Coarse rasters first, because scanners prefer them; the finest rounds any duration to half a
  // picosecond. Durations in files before 1.4 are sums of delays, which may differ from any
  // multiple in the last bit: a raster that reproduces every bit is preferred.
  const own = rasters(sequence.definitions, sequence.name).block;
  const coarse = [own, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11];
  const block = coarse.find((raster) => fits(raster, 0)) ?? coarse.find((raster) => fits(raster, 1e-12)) ?? 1e-12;
  return { block, needs: [...needs] };
}

function definitions(sequence: Sequence, written: Rasters, needs: readonly string[]): Map<string, string> {
  const result = new Map([['AdcRasterTime', '1e-07'], ...sequence.definitions]);
  result.set('BlockDurationRaster', String(written.block));
  result.set('GradientRasterTime', String(written.gradient));
  result.set('RadiofrequencyRasterTime', String(written.rf));
  result.set('TotalDuration', String(Number(sequence.duration.toPrecision(12))));
  if (result.has('Num_Blocks')) result.set('Num_Blocks', String(sequence.blockCount));
  if (needs.length > 0) result.set('RequiredExtensions', needs.join(' '));
  else result.delete('RequiredExtensions');
  return result;
}

interface Extensions {
  /** Id of the head of the block's list, 0 for none. */
  list(block: Block): number;
  sections(): Generator<string>;
}

function newExtensions(): Extensions {
  const links = newRows();
  /** Rows by extension; the number of an extension is its place here. */
  const specifications = new Map<string, Rows>();
  const reference = (name: string, row: string): string => {
    let rows = specifications.get(name);
    if (rows === undefined) {
      rows = newRows();
      specifications.set(name, rows);
    }
    return `${[...specifications.keys()].indexOf(name) + 1} ${rows.id(row)}`;
  };
  return {
    list: (block) => {
      const entries: string[] = [];
      for (const { mode, value, label } of block.labels ?? []) {
        entries.push(reference(mode === 'set' ? 'LABELSET' : 'LABELINC', `${value} ${label}`));
      }
      for (const { type, channel, delay, duration } of block.triggers ?? []) {
        entries.push(
          reference('TRIGGERS', `${type === 'output' ? 1 : 2} ${channel} ${micro(delay)} ${micro(duration)}`),
        );
      }
      if (block.rotation !== undefined) {
        entries.push(reference('ROTATIONS', quaternionOf(block.rotation).join(' ')));
      }
      if (block.shim !== undefined && !block.shim.applied) {
        const { magnitude, phase } = block.shim;
        const pairs = magnitude.map((a, channel) => `${a} ${phase[channel]}`);
        entries.push(reference('RF_SHIMS', `${pairs.length} ${pairs.join(' ')}`));
      }
      if (block.softDelay !== undefined) {
        const { number, offset, factor, hint } = block.softDelay;
        entries.push(reference('DELAYS', `${number} ${micro(offset)} ${factor} ${hint}`));
      }
      // From the tail, so that lists with equal ends share them.
      return entries.reduceRight((next, entry) => links.id(`${entry} ${next}`), 0);
    },
    *sections() {
      if (links.all.size === 0) return;
      yield* ['', '# id type ref next', '[EXTENSIONS]'];
      for (const [row, id] of links.all) yield `${id} ${row}`;
      let number = 0;
      for (const [name, { all }] of specifications) {
        yield* ['', `extension ${name} ${++number}`];
        for (const [row, id] of all) yield `${id} ${row}`;
      }
    },
  };
}
