/** `larmor info`: what a file holds, or which parameters a built-in sequence or phantom takes. */
import { extname } from 'node:path';
import { usage } from '../common/errors.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { openPhantom } from '../phantom/open.ts';
import { readRaw } from '../raw/index.ts';
import { builtinSequences, makeBuiltin } from '../sequence/builtin/index.ts';
import { encode } from '../sequence/encoding.ts';
import { readPulseq } from '../sequence/pulseq/read.ts';
import { DEFAULT_SCANNER, type Sequence } from '../sequence/types.ts';

/** What is printed: as JSON as it stands, or a line per entry. */
type Facts = Readonly<Record<string, unknown>>;

export async function info(name: string, options: { json?: boolean }): Promise<void> {
  const facts = await gather(name);
  process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : `${lines(facts).join('\n')}\n`);
}

async function gather(name: string): Promise<Facts> {
  const sequence = builtinSequences.get(name);
  if (sequence !== undefined) {
    const made = makeBuiltin(name, {}, DEFAULT_SCANNER);
    return {
      kind: 'built-in sequence',
      name,
      about: sequence.doc,
      ...sequenceFacts(made),
      parameters: sequence.parameters,
    };
  }
  if (Object.hasOwn(builtinPhantoms, name)) {
    return { kind: 'built-in phantom', ...(await phantomFacts(name)), parameters: builtinPhantoms[name]!.parameters };
  }
  const ending = extname(name.toLowerCase().replace(/\.gz$/, ''));
  if (ending === '.seq') return { kind: 'sequence', name, ...sequenceFacts(readPulseq(name)) };
  if (ending === '.mrd') return rawFacts(name);
  if (ending === '.phantom' || ending === '.nii' || ending === '.mat')
    return { kind: 'phantom', ...(await phantomFacts(name)) };
  if (ending === '.h5' || ending === '.hdf5')
    return (await isRaw(name)) ? rawFacts(name) : { kind: 'phantom', ...(await phantomFacts(name)) };
  const known = [...builtinSequences.keys(), ...Object.keys(builtinPhantoms)].join(', ');
  throw usage(
    `'${name}' is no file that Larmor reads`,
    `give .seq, .phantom, .h5, .mat, .nii, .mrd, or one of ${known}`,
  );
}

function sequenceFacts(sequence: Sequence): Facts {
  const encoding = encode(sequence, DEFAULT_SCANNER);
  const samples = encoding.readouts.reduce((sum, readout) => sum + readout.samples, 0);
  return {
    ...(sequence.version === undefined ? {} : { version: sequence.version }),
    blocks: sequence.blockCount,
    'duration [s]': sequence.duration,
    readouts: encoding.readouts.length,
    samples,
    trajectory: encoding.kind,
    matrix: encoding.encodedMatrix,
    'fov [m]': encoding.encodedFov,
    'TE [s]': encoding.TE,
    'TR [s]': encoding.TR,
    definitions: Object.fromEntries(sequence.definitions),
  };
}

async function phantomFacts(name: string): Promise<Facts> {
  const source = await openPhantom(name);
  source.close();
  const { min, max, maxDensity, maxOffResonance, minT1, minT2 } = source.bounds;
  return {
    name: source.name,
    spins: source.spinCount,
    'from [m]': min,
    'to [m]': max,
    'largest density': maxDensity,
    'largest off-resonance [rad/s]': maxOffResonance,
    'B0 [T]': source.B0,
    'shortest T1 [s]': minT1,
    'shortest T2 [s]': minT2,
  };
}

/** ISMRMRD and phantoms both end in .h5: only the one holds `dataset/xml`. */
async function isRaw(path: string): Promise<boolean> {
  try {
    await readRaw(path);
    return true;
  } catch {
    return false;
  }
}

async function rawFacts(path: string): Promise<Facts> {
  const raw = await readRaw(path);
  return {
    kind: 'raw data',
    name: path,
    sequence: raw.sequenceName,
    phantom: raw.phantomName,
    acquisitions: raw.acquisitions.length,
    samples: raw.acquisitions.reduce((sum, { samples }) => sum + samples, 0),
    coils: raw.coils,
    trajectory: raw.kind,
    matrix: raw.encodedMatrix,
    'fov [m]': raw.encodedFov,
    'TE [s]': raw.TE,
    'TR [s]': raw.TR,
    'B0 [T]': raw.B0,
  };
}

function lines(facts: Facts): string[] {
  const width = 2 + Math.max(...Object.keys(facts).map((key) => key.length));
  return Object.entries(facts).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (key === 'parameters')
      return ['parameters (--set name=value)', ...parameterLines(value as Record<string, ParameterText>)];
    if (key === 'definitions') return Object.entries(value as object).map(([name, text]) => `  ${name} = ${text}`);
    const text = Array.isArray(value) ? value.map(short).join(' ') : short(value);
    return [`${key.padEnd(width)}${text}`];
  });
}

interface ParameterText {
  readonly default: number | string;
  readonly unit: string;
  readonly doc: string;
}

function parameterLines(parameters: Readonly<Record<string, ParameterText>>): string[] {
  const entries = Object.entries(parameters).map(
    ([name, { default: value, unit, doc }]) => [`${name}=${value}`, unit, doc] as const,
  );
  const width = Math.max(...entries.map(([text]) => text.length)) + 2;
  return entries.map(([text, unit, doc]) => `  ${text.padEnd(width)}${doc}${unit === '' ? '' : ` [${unit}]`}`);
}

const short = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
