/**
 * Writes ISMRMRD files (HDF5: `dataset/xml`, `dataset/data`). Every size is known before the first
 * byte, so rows and samples are streamed to their positions with one collection of acquisitions in
 * memory at a time. Samples are complex f32 for any precision of the run, because ISMRMRD has no
 * wider type.
 */
import { createOutput, type PendingFile } from '../../base/files.ts';
import { warn } from '../../base/log.ts';
import { variableString } from '../../formats/hdf5/datatypes.ts';
import { type Collection, collectionBuffer, heapEnd, planHeap, writeReference } from '../../formats/hdf5/heap.ts';
import { type Layout, layOut } from '../../formats/hdf5/objects.ts';
import { COUNTERS } from '../../sequence/encoding-types.ts';
import { acquisitions, spansOf, trajectoryDimensions, U16_MAX } from '../acquisitions.ts';
import { bytesOf } from '../signal.ts';
import type { Acquisition, RawData } from '../types.ts';
import { headerXml } from './header.ts';
import { COUNTERS_TYPE, HEAD_TYPE, ROW_TYPE } from './schema.ts';
import { splitDwell, splitTime, timeStampUnit } from './time.ts';

const MILLIMETERS = 1e3;
/** Bits of `channel_mask`, a u64 of 16. */
const CHANNEL_BITS = 1024;

/** @throws LarmorError 73 if it cannot be written; nothing is left behind then */
export function writeIsmrmrd(path: string, raw: RawData): void {
  warnOfCounters(path, raw);
  const spans = spansOf(raw.encoding);
  const xml = Buffer.from(`${headerXml(raw)}\0`, 'latin1');
  const layout = layOut({
    children: {
      dataset: {
        children: {
          xml: { type: variableString, shape: [1] },
          data: { type: ROW_TYPE, shape: [spans.length] },
        },
      },
    },
  });
  const dimensions = trajectoryDimensions(raw.encoding);
  const [text] = planHeap(1, () => [xml.length], layout.end);
  const heapStart = heapEnd([text], layout.end);
  const heap = planHeap(
    spans.length,
    (n) => [4 * dimensions * spans[n].samples, 8 * raw.coils * spans[n].samples],
    heapStart,
  );
  const file = createOutput(path);
  try {
    file.writeAt(0, layout.superblock(heapEnd(heap, heapStart)));
    for (const { address, bytes } of layout.metadata) file.writeAt(address, bytes);
    writeText(file, layout, text, xml);
    writeRows(file, layout, heap, raw);
    file.commit();
  } finally {
    file.abandon();
  }
}

function writeText(file: PendingFile, layout: Layout, collection: Collection, xml: Buffer): void {
  const filling = collectionBuffer(collection);
  const slot = filling.add(xml.length);
  filling.buffer.set(xml, slot.offset);
  file.writeAt(collection.address, filling.buffer);
  const row = Buffer.alloc(variableString.size);
  // The terminating zero is stored but, as the library itself does it, also counted.
  writeReference(row, 0, xml.length, collection, slot);
  file.writeAt(layout.data.get('dataset/xml')!, row);
}

function writeRows(file: PendingFile, layout: Layout, heap: readonly Collection[], raw: RawData): void {
  const unit = timeStampUnit(raw.encoding);
  const rowsStart = layout.data.get('dataset/data')!;
  const source = acquisitions(raw);
  for (const collection of heap) {
    const filling = collectionBuffer(collection);
    const rows = Buffer.alloc(collection.groups * ROW_TYPE.size);
    for (let n = 0; n < collection.groups; n++) {
      const acquisition: Acquisition = source.next().value;
      const row = rows.subarray(n * ROW_TYPE.size, (n + 1) * ROW_TYPE.size);
      writeHead(row, collection.first + n, acquisition, raw, unit);
      for (const [member, values] of [
        ['traj', acquisition.trajectory!],
        ['data', acquisition.data],
      ] as const) {
        const slot = filling.add(values.byteLength);
        filling.buffer.set(bytesOf(values), slot.offset);
        writeReference(row, ROW_TYPE.offsets[member], values.length, collection, slot);
      }
    }
    file.writeAt(rowsStart + collection.first * ROW_TYPE.size, rows);
    file.writeAt(collection.address, filling.buffer);
  }
}

function writeHead(row: Buffer, number: number, acquisition: Acquisition, raw: RawData, unit: number): void {
  const { coils, sincePeak } = raw;
  const at = HEAD_TYPE.offsets;
  const floats = (name: string, values: readonly number[], scale = 1): void => {
    values.forEach((value, n) => {
      row.writeFloatLE(value * scale, at[name] + 4 * n);
    });
  };
  const start = splitTime(acquisition.start);
  const dwell = splitDwell(acquisition.dwell);
  row.writeUInt16LE(1, at.version);
  row.writeBigUInt64LE(acquisition.flags, at.flags);
  row.writeUInt32LE(number, at.scan_counter);
  row.writeUInt32LE(Math.round(acquisition.start / unit), at.acquisition_time_stamp);
  // The first of three counters, as for an electrocardiogram.
  const since = sincePeak?.(acquisition.start) ?? Number.NaN;
  if (since >= 0) row.writeUInt32LE(Math.round(since / unit), at.physiology_time_stamp);
  row.writeUInt16LE(acquisition.samples, at.number_of_samples);
  row.writeUInt16LE(coils, at.available_channels);
  row.writeUInt16LE(coils, at.active_channels);
  for (let coil = 0; coil < Math.min(coils, CHANNEL_BITS); coil++)
    row[at.channel_mask + (coil >> 3)] |= 1 << (coil & 7);
  row.writeUInt16LE(acquisition.centerSample, at.center_sample);
  row.writeUInt16LE(acquisition.encodingSpace, at.encoding_space_ref);
  row.writeUInt16LE(acquisition.dimensions, at.trajectory_dimensions);
  row.writeFloatLE(dwell.microseconds, at.sample_time_us);
  floats('position', acquisition.position, MILLIMETERS);
  floats('read_dir', acquisition.readDirection);
  floats('phase_dir', acquisition.phaseDirection);
  floats('slice_dir', acquisition.sliceDirection);
  for (const counter of COUNTERS) {
    row.writeUInt16LE(Math.min(acquisition.counters[counter], U16_MAX), at.idx + COUNTERS_TYPE.offsets[counter]);
  }
  [start.seconds, start.nanoseconds, acquisition.piece, acquisition.pieces].forEach((value, n) => {
    row.writeInt32LE(value, at.user_int + 4 * n);
  });
  floats('user_float', [start.rest, dwell.rest]);
}

/**
 * A counter beyond u16 is limited to its maximum instead of wrapping: the trajectory still
 * distinguishes such readouts.
 */
function warnOfCounters(path: string, { encoding }: RawData): void {
  const over = COUNTERS.filter((counter) => encoding.limits[counter].maximum > U16_MAX);
  if (over.length > 0)
    warn(`${path}: ISMRMRD counts to ${U16_MAX}; larger values of ${over.join(', ')} are held there`);
}
