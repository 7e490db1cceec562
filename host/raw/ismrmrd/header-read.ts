/**
 * An ISMRMRD header read back: XML by Larmor, a converter or a scanner's export, into what
 * `AcquiredData` wants. Optional elements have the default that reconstruction programs assume;
 * required ones must be present.
 */
import { XMLParser } from 'fast-xml-parser';
import { badInput } from '../../base/errors.ts';
import { COUNTERS, type Counter, type Encoding, type TrajectoryKind } from '../../sequence/encoding-types.ts';
import type { RawFile } from '../types.ts';
import { SCHEMA_COUNTERS } from './schema.ts';

export type Header = Omit<RawFile, 'path' | 'xml' | 'coils' | 'acquisitions'> & {
  /** The user fields of the acquisitions have the meaning defined in `header.ts`. */
  readonly byLarmor: boolean;
};

/** An element: text, or its children; several of one name as an array. */
type Node = string | { readonly [name: string]: Node | Node[] };

/** The schema's trajectories; golden angle is radial with a certain order of spokes. */
const KINDS: ReadonlyMap<string, TrajectoryKind> = new Map<string, TrajectoryKind>([
  ['cartesian', 'cartesian'],
  ['epi', 'epi'],
  ['radial', 'radial'],
  ['goldenangle', 'radial'],
  ['spiral', 'spiral'],
]);

/** @param place location for messages @throws LarmorError 65 */
export function parseHeader(xml: string, place: string): Header {
  const root = find(parse(xml, place), 'ismrmrdHeader');
  const encoding = find(root, 'encoding');
  const wrong = (what: string): Error => badInput(place, what, 'write it with an ISMRMRD library');
  if (!encoding) throw wrong('the header names no encoding');
  const xyz = (path: string, scale: number): [number, number, number] => {
    const numbers = ['x', 'y', 'z'].map(
      (axis) => scale * Number(text(find(encoding, `${path}/${axis}`)) ?? Number.NaN),
    );
    if (!numbers.every((number) => number >= 0)) throw wrong(`the header has no usable ${path}`);
    return [numbers[0], numbers[1], numbers[2]];
  };
  const encodedMatrix = xyz('encodedSpace/matrixSize', 1);
  const millimeters = 1e-3;
  const strings = userParameters(root, 'String');
  const doubles = userParameters(root, 'Double');
  const B0 = number(doubles.get('B0_T') ?? text(find(root, 'acquisitionSystemInformation/systemFieldStrength_T')));
  const frequency = number(
    doubles.get('larmor_frequency_Hz') ?? text(find(root, 'experimentalConditions/H1resonanceFrequency_Hz')),
  );
  const sequenceName = strings.get('sequence') ?? text(find(root, 'measurementInformation/protocolName'));
  const phantomName = strings.get('phantom');
  return {
    kind: KINDS.get(text(find(encoding, 'trajectory')) ?? '') ?? 'other',
    encodedMatrix,
    encodedFov: xyz('encodedSpace/fieldOfView_mm', millimeters),
    reconMatrix: xyz('reconSpace/matrixSize', 1),
    reconFov: xyz('reconSpace/fieldOfView_mm', millimeters),
    limits: limitsOf(find(encoding, 'encodingLimits'), encodedMatrix),
    TR: numbers(root, 'TR', millimeters),
    TE: numbers(root, 'TE', millimeters),
    TI: numbers(root, 'TI', millimeters),
    flipAngle: numbers(root, 'flipAngle_deg', Math.PI / 180),
    provenance: provenanceOf(strings),
    byLarmor: text(find(root, 'acquisitionSystemInformation/systemVendor')) === 'Larmor',
    ...(sequenceName === undefined ? {} : { sequenceName }),
    ...(phantomName === undefined ? {} : { phantomName }),
    ...(B0 === undefined ? {} : { B0 }),
    ...(frequency === undefined ? {} : { frequency }),
  };
}

function parse(xml: string, place: string): Node {
  // `htmlEntities` is what makes the parser resolve &#233; and the like.
  const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, htmlEntities: true });
  try {
    return parser.parse(xml, true) as Node;
  } catch (error) {
    const [cause] = String(error instanceof Error ? error.message : error).split('\n');
    throw badInput(place, `not well-formed XML (${cause.slice(0, 200)})`, 'write it with an ISMRMRD library');
  }
}

/** The first element at `a/b/c` below `node`. */
function find(node: Node | undefined, path: string): Node | undefined {
  let at = node;
  for (const name of path.split('/')) at = all(at, name)[0];
  return at;
}

function all(node: Node | undefined, name: string): readonly Node[] {
  if (node === undefined || typeof node === 'string' || !Object.hasOwn(node, name)) return [];
  const found = node[name];
  return Array.isArray(found) ? found : [found];
}

const text = (node: Node | undefined): string | undefined => (typeof node === 'string' ? node : undefined);

function number(content: string | undefined): number | undefined {
  const value = content === undefined ? Number.NaN : Number(content);
  return Number.isFinite(value) ? value : undefined;
}

function numbers(root: Node | undefined, name: string, scale: number): number[] {
  return all(find(root, 'sequenceParameters'), name).flatMap((node) => {
    const value = number(text(node));
    return value === undefined ? [] : [scale * value];
  });
}

function userParameters(root: Node | undefined, type: 'String' | 'Double'): Map<string, string> {
  const parameters = all(find(root, 'userParameters'), `userParameter${type}`);
  return new Map(parameters.map((node) => [text(find(node, 'name')) ?? '', text(find(node, 'value')) ?? '']));
}

/** Begins the names of the parameters that hold a run's provenance. */
const PROVENANCE = 'larmor_';

/** Values that were written as JSON are that again; the rest are texts. */
function provenanceOf(strings: ReadonlyMap<string, string>): Record<string, unknown> {
  const own = [...strings].filter(([name]) => name.startsWith(PROVENANCE));
  return Object.fromEntries(own.map(([name, content]) => [name.slice(PROVENANCE.length), jsonOr(content)]));
}

/**
 * Deeper nesting than this is not a provenance record, and would overflow the stack of code that
 * traverses it.
 */
const MOST_NESTED = 16;

function jsonOr(content: string): unknown {
  if (!/^[[{\d"-]|^(true|false|null)$/.test(content)) return content;
  let [depth, deepest] = [0, 0];
  for (const character of content) {
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  if (deepest > MOST_NESTED) return content;
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

/**
 * Counters without limits: phase encodings run over the matrix with k = 0 in the middle, others are
 * constant.
 */
function limitsOf(node: Node | undefined, matrix: readonly [number, number, number]): Encoding['limits'] {
  const length: Partial<Record<Counter, number>> = { kspace_encode_step_1: matrix[1], kspace_encode_step_2: matrix[2] };
  const entries = COUNTERS.map((counter) => {
    const limit = find(node, SCHEMA_COUNTERS[counter]);
    const lines = length[counter] ?? 1;
    const field = (name: string, otherwise: number): number => number(text(find(limit, name))) ?? otherwise;
    const maximum = field('maximum', Math.max(lines - 1, 0));
    return [counter, { minimum: field('minimum', 0), maximum, center: field('center', Math.floor(lines / 2)) }];
  });
  return Object.fromEntries(entries);
}
