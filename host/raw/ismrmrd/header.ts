/**
 * The ISMRMRD header of a run: XML, valid against ISMRMRD's schema (`ismrmrd.xsd`), whose element
 * order it follows. Names, exact numbers, the meaning of the user fields and the run's provenance
 * (text, or JSON) are in `userParameters`. Pure ASCII: anything else would have to be declared in
 * HDF5, and not every reader checks it.
 */
import type { Counter, Encoding } from '../../sequence/encoding-types.ts';
import { fileMatrix, U16_MAX } from '../acquisitions.ts';
import type { RawData } from '../types.ts';
import { SCHEMA_COUNTERS } from './schema.ts';
import { timeStampUnit } from './time.ts';

/** Meaning of `user_int` and `user_float` in every acquisition's header. */
const USER_FIELDS =
  'user_int: 0 start of the first sample, whole s; 1 the ns beyond; 2 piece of a split readout; 3 its pieces. ' +
  'user_float: 0 the rest of the start in ns; 1 dwell minus sample_time_us in us.';

export function headerXml(raw: RawData): string {
  const { encoding } = raw;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">',
    ...indent([
      value('version', 2),
      ...element('measurementInformation', [
        value('patientPosition', 'HFS'),
        value('protocolName', raw.sequenceName),
        value('seriesDescription', `Larmor simulation of ${raw.sequenceName} on ${raw.phantomName}`),
      ]),
      ...element('acquisitionSystemInformation', [
        value('systemVendor', 'Larmor'),
        value('systemModel', 'Larmor simulation'),
        value('systemFieldStrength_T', raw.B0),
        ...(raw.noisy ? [value('relativeReceiverNoiseBandwidth', 1)] : []),
        value('receiverChannels', raw.coils),
        ...coilLabels(raw.coils),
        value('institutionName', 'none (simulated data)'),
        value('deviceID', 'Larmor simulation'),
      ]),
      ...element('experimentalConditions', [value('H1resonanceFrequency_Hz', Math.round(raw.frequency))]),
      ...element('encoding', [
        ...space('encodedSpace', encoding.encodedMatrix, encoding.encodedFov),
        ...space('reconSpace', encoding.reconMatrix, encoding.reconFov),
        ...element('encodingLimits', limits(raw)),
        value('trajectory', encoding.kind),
        ...parallelImaging(encoding),
      ]),
      ...element('sequenceParameters', [
        ...encoding.TR.map((seconds) => value('TR', 1e3 * seconds)),
        ...encoding.TE.map((seconds) => value('TE', 1e3 * seconds)),
        ...encoding.TI.map((seconds) => value('TI', 1e3 * seconds)),
        ...encoding.flipAngle.map((radians) => value('flipAngle_deg', (180 / Math.PI) * radians)),
      ]),
      ...element('userParameters', [
        ...parameter('Double', 'B0_T', raw.B0),
        ...parameter('Double', 'larmor_frequency_Hz', raw.frequency),
        ...parameter('Double', 'acquisition_time_stamp_unit_s', timeStampUnit(encoding)),
        ...parameter('String', 'sequence', raw.sequenceName),
        ...parameter('String', 'phantom', raw.phantomName),
        ...parameter('String', 'precision', raw.precision === 'f64' ? 'f64, stored as f32' : 'f32'),
        ...parameter('String', 'user_fields', USER_FIELDS),
        ...Object.entries(raw.provenance ?? {}).flatMap(([key, content]) =>
          parameter('String', `larmor_${key}`, typeof content === 'string' ? content : JSON.stringify(content)),
        ),
      ]),
    ]),
    '</ismrmrdHeader>',
    '',
  ];
  return lines.join('\n');
}

const MILLIMETERS = 1e3;
type Triple = readonly [number, number, number];

function space(name: string, matrix: Triple, fov: Triple): string[] {
  const xyz = (numbers: readonly number[]): string[] => numbers.map((number, axis) => value('xyz'[axis], number));
  return element(name, [
    ...element('matrixSize', xyz(fileMatrix(matrix))),
    ...element('fieldOfView_mm', xyz(fov.map((meters) => MILLIMETERS * meters))),
  ]);
}

/** Channels by number, where there are several. */
function coilLabels(coils: number): string[] {
  if (coils === 1) return [];
  return Array.from({ length: coils }, (_, coil) =>
    element('coilLabel', [value('coilNumber', coil), value('coilName', `coil ${coil + 1}`)]),
  ).flat();
}

function parallelImaging({ parallelImaging }: Encoding): string[] {
  if (parallelImaging === undefined) return [];
  const [phase, slice] = parallelImaging.acceleration;
  return element('parallelImaging', [
    ...element('accelerationFactor', [value('kspace_encoding_step_1', phase), value('kspace_encoding_step_2', slice)]),
    value('calibrationMode', parallelImaging.calibration),
  ]);
}

function limits({ encoding }: RawData): string[] {
  const range = (name: string, minimum: number, maximum: number, center: number): string[] =>
    element(name, [value('minimum', u16(minimum)), value('maximum', u16(maximum)), value('center', u16(center))]);
  const longest = encoding.readouts.reduce((most, { samples }) => Math.max(most, samples), 1);
  const center = encoding.readouts.find(({ samples }) => samples === longest)?.centerSample ?? 0;
  const counters = Object.entries(SCHEMA_COUNTERS) as [Counter, string][];
  return [
    ...range('kspace_encoding_step_0', 0, longest - 1, center),
    ...counters.flatMap(([counter, name]) => {
      const { minimum, maximum, center } = encoding.limits[counter];
      return range(name, minimum, maximum, center);
    }),
  ];
}

const u16 = (number: number): number => Math.min(Math.max(Math.round(number), 0), U16_MAX);

function parameter(type: 'Double' | 'String', name: string, content: string | number): string[] {
  return element(`userParameter${type}`, [value('name', name), value('value', content)]);
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

function element(name: string, content: readonly string[]): string[] {
  return [`<${name}>`, ...indent(content), `</${name}>`];
}

/** Numbers that are not finite become 0: the schema has no word for "unknown". */
function value(name: string, content: string | number): string {
  const text = typeof content === 'string' ? asciiXml(content) : String(Number.isFinite(content) ? content : 0);
  return `<${name}>${text}</${name}>`;
}

/**
 * XML text in ASCII: markup and everything beyond ASCII as references, what XML forbids as a blank.
 */
function asciiXml(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff) return ' ';
    return code > 0x7e || '<>&"\''.includes(character) ? `&#${code};` : character;
  }).join('');
}
