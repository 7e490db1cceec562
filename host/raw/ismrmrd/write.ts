/**
 * Writes ISMRMRD files (HDF5: `dataset/xml`, `dataset/data`). Every size is known before the first
 * byte, so rows and samples are streamed to their positions with one collection of acquisitions in
 * memory at a time. Samples are complex f32 for any precision of the run, because ISMRMRD has no
 * wider type.
 */
import { createOutput, type PendingFile } from '../../base/files.ts';
import { variableString } from '../../formats/hdf5/datatypes.ts';
import { type Collection, collectionBuffer, heapEnd, planHeap, writeReference } from '../../formats/hdf5/heap.ts';
import { type Layout, layOut } from '../../formats/hdf5/objects.ts';
import { acquisitions, spansOf, trajectoryDimensions } from '../acquisitions.ts';
import { bytesOf } from '../signal.ts';
import type { Acquisition, RawData } from '../types.ts';
import { warnOfCounters, writeHead } from './head.ts';
import { headerXml } from './header.ts';
import { ROW_TYPE } from './schema.ts';
import { timeStampUnit } from './time.ts';

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
