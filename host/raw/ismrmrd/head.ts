/**
 * The fixed head of an acquisition, 340 bytes: the same in the rows of a file and in the messages
 * of a stream.
 */
import { warn } from '../../base/log.ts';
import type { Seconds } from '../../base/units.ts';
import { COUNTERS } from '../../sequence/encoding-types.ts';
import { U16_MAX } from '../acquisitions.ts';
import type { Acquisition, RawData } from '../types.ts';
import { COUNTERS_TYPE, HEAD_TYPE } from './schema.ts';
import { splitDwell, splitTime } from './time.ts';

const MILLIMETERS = 1e3;
/** Bits of `channel_mask`, a u64 of 16. */
const CHANNEL_BITS = 1024;

/**
 * Writes the head of acquisition `number` into zeros.
 * @param unit of the time stamps
 */
export function writeHead(row: Buffer, number: number, acquisition: Acquisition, raw: RawData, unit: Seconds): void {
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
export function warnOfCounters(path: string, { encoding }: RawData): void {
  const over = COUNTERS.filter((counter) => encoding.limits[counter].maximum > U16_MAX);
  if (over.length > 0)
    warn(`${path}: ISMRMRD counters end at ${U16_MAX}; larger values of ${over.join(', ')} are stored as ${U16_MAX}`);
}
