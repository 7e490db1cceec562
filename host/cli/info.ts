/** `larmor info`: what a file holds, or which parameters a built-in sequence or phantom takes. */
import { extname } from 'node:path';
import { usage } from '../common/errors.ts';
import { print, warn, warnings } from '../common/log.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { openPhantom } from '../phantom/open.ts';
import { readRaw } from '../raw/index.ts';
import { type Facts, limitWarnings, phantomFacts, rawFacts, sequenceFacts } from '../report/facts.ts';
import { builtinSequences, makeBuiltin } from '../sequence/builtin/index.ts';
import { readPulseq } from '../sequence/pulseq/read.ts';
import { DEFAULT_SCANNER, type Sequence } from '../sequence/types.ts';

export async function info(name: string, options: { json?: boolean }): Promise<void> {
  const facts = await gather(name);
  const schema = { name: `larmor-info-${facts.kind}`, version: 1 };
  const complete = { ...facts, warnings: warnings(), schema };
  print(options.json ? `${JSON.stringify(complete)}\n` : `${lines(facts).join('\n')}\n`);
}

async function gather(name: string): Promise<Facts> {
  const sequence = builtinSequences.get(name);
  if (sequence !== undefined) {
    const facts = ofSequence(makeBuiltin(name, {}, DEFAULT_SCANNER));
    return { kind: 'sequence', name, about: sequence.doc, ...facts, parameters: sequence.parameters };
  }
  if (Object.hasOwn(builtinPhantoms, name)) {
    const { doc, parameters } = builtinPhantoms[name]!;
    return { ...(await ofPhantom(name)), about: doc, parameters };
  }
  const ending = extname(name.toLowerCase().replace(/\.gz$/, ''));
  if (ending === '.seq') return { kind: 'sequence', name, ...ofSequence(readPulseq(name)) };
  if (ending === '.mrd') return ofRaw(name);
  if (ending === '.phantom' || ending === '.nii' || ending === '.mat') return ofPhantom(name);
  if (ending === '.h5' || ending === '.hdf5') return (await isRaw(name)) ? ofRaw(name) : ofPhantom(name);
  const known = [...builtinSequences.keys(), ...Object.keys(builtinPhantoms)].join(', ');
  throw usage(
    `'${name}' is no file that Larmor reads`,
    `give .seq, .phantom, .h5, .mat, .nii, .mrd, or one of ${known}`,
  );
}

function ofSequence(sequence: Sequence): Facts {
  for (const text of limitWarnings(sequence, DEFAULT_SCANNER)) warn(text);
  return sequenceFacts(sequence, DEFAULT_SCANNER);
}

async function ofPhantom(name: string): Promise<Facts> {
  const source = await openPhantom(name);
  source.close();
  return { kind: 'phantom', name: source.name, ...phantomFacts(source) };
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

async function ofRaw(path: string): Promise<Facts> {
  return { kind: 'raw', name: path, ...rawFacts(await readRaw(path)) };
}

/** Units of the text form; in JSON everything is SI, and the schema says so. */
const UNITS: Readonly<Record<string, string>> = {
  duration: 's',
  fov: 'm',
  encodedFov: 'm',
  TE: 's',
  TR: 's',
  flipAngle: 'rad',
  maxGradient: 'T/m',
  maxSlew: 'T/m/s',
  maxB1: 'T',
  B0: 'T',
  min: 'm',
  max: 'm',
  maxOffResonance: 'rad/s',
  minT1: 's',
  minT2: 's',
};

function lines(facts: Facts): string[] {
  const title = (key: string): string => (UNITS[key] === undefined ? key : `${key} [${UNITS[key]}]`);
  const width = 2 + Math.max(...Object.keys(facts).map((key) => title(key).length));
  return Object.entries(facts).flatMap(([key, value]) => {
    if (value === null) return [];
    if (key === 'parameters')
      return ['parameters (--set name=value)', ...parameterLines(value as Record<string, ParameterText>)];
    if (key === 'softDelays')
      return (value as Sequence['softDelays'])!.map((delay) => `soft delay ${delay.name} = ${delay.value} s`);
    if (key === 'definitions') return Object.entries(value as object).map(([name, text]) => `  ${name} = ${text}`);
    const text = Array.isArray(value) ? value.map(short).join(' ') : short(value);
    return [`${title(key).padEnd(width)}${text}`];
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
