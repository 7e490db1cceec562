/**
 * Names and layout of ISMRMRD: the members of an acquisition's row in `dataset/data`, and the names
 * of the counters in the header. Shared by writer and reader.
 */
import { array, compound, f32, i32, u16, u32, u64, variableLength } from '../../formats/hdf5/datatypes.ts';
import { COUNTERS, type Counter } from '../../sequence/encoding-types.ts';

/** Names of the counters in the header, which differ a little from those in the rows. */
export const SCHEMA_COUNTERS: Readonly<Record<Counter, string>> = {
  kspace_encode_step_1: 'kspace_encoding_step_1',
  kspace_encode_step_2: 'kspace_encoding_step_2',
  average: 'average',
  slice: 'slice',
  contrast: 'contrast',
  phase: 'phase',
  repetition: 'repetition',
  set: 'set',
  segment: 'segment',
};

/** `ISMRMRD_EncodingCounters`, 34 bytes. */
export const COUNTERS_TYPE = compound([
  ...COUNTERS.map((name) => ({ name, type: u16 })),
  { name: 'user', type: array(8, u16) },
]);

/** `ISMRMRD_AcquisitionHeader`, 340 bytes, packed. */
export const HEAD_TYPE = compound([
  { name: 'version', type: u16 },
  { name: 'flags', type: u64 },
  { name: 'measurement_uid', type: u32 },
  { name: 'scan_counter', type: u32 },
  { name: 'acquisition_time_stamp', type: u32 },
  { name: 'physiology_time_stamp', type: array(3, u32) },
  { name: 'number_of_samples', type: u16 },
  { name: 'available_channels', type: u16 },
  { name: 'active_channels', type: u16 },
  { name: 'channel_mask', type: array(16, u64) },
  { name: 'discard_pre', type: u16 },
  { name: 'discard_post', type: u16 },
  { name: 'center_sample', type: u16 },
  { name: 'encoding_space_ref', type: u16 },
  { name: 'trajectory_dimensions', type: u16 },
  { name: 'sample_time_us', type: f32 },
  { name: 'position', type: array(3, f32) },
  { name: 'read_dir', type: array(3, f32) },
  { name: 'phase_dir', type: array(3, f32) },
  { name: 'slice_dir', type: array(3, f32) },
  { name: 'patient_table_position', type: array(3, f32) },
  { name: 'idx', type: COUNTERS_TYPE },
  { name: 'user_int', type: array(8, i32) },
  { name: 'user_float', type: array(8, f32) },
]);

/**
 * One row, 376 bytes: the C struct's alignment puts the variable-length members on multiples of 8.
 */
export const ROW_TYPE = compound([
  { name: 'head', type: HEAD_TYPE },
  { name: 'traj', type: variableLength(f32), offset: 344 },
  { name: 'data', type: variableLength(f32), offset: 360 },
]);
