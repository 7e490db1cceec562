/**
 * Reads the scanner file: what a scanner allows, and its coils, fields and imperfections. Keys left
 * out keep their defaults.
 */
import { badInput } from '../base/errors.ts';
import {
  accepting,
  file,
  type JsonLocation,
  type JsonReader,
  list,
  number,
  readJson,
  record,
  vector,
  wholeNumber,
  word,
} from '../base/json.ts';
import { warn } from '../base/log.ts';
import {
  type CoilArray,
  DEFAULT_SCANNER,
  type Delays,
  type EddyCurrent,
  type GradientErrors,
  LONGEST_RASTER,
  type Loop,
  type MapFiles,
  type NoiseCovariance,
  type Receive,
  type Scanner,
  SHORTEST_RASTER,
} from './scanner-types.ts';

/** Coils that ISMRMRD's channel mask can name. */
export const MOST_COILS = 1024;
/** No part of a scanner is farther from its isocentre [m]. */
const FARTHEST = 10;

/** The strongest whole-body systems have 0.5 T/m, inserts for small animals 3 T/m. */
const STRONGEST = 5;
/** Warns of a limit that is probably in mT/m. */
const gradientLimit: JsonReader<number> = (value, place) => {
  const limit = number('T/m', 1e-6, 1000)(value, place);
  if (limit > STRONGEST)
    warn(`${place.file}: ${place.key} is ${limit} T/m; write ${limit / 1000} if ${limit} mT/m are meant`);
  return limit;
};

const raster = number('s', SHORTEST_RASTER, LONGEST_RASTER);
/** Times in which nothing may happen. */
const pause = number('s', 0, 10);
/** Group delays are microseconds; a tenth of a second is probably a value in ms. */
const delay = number('s', -0.1, 0.1);

const loop: JsonReader<Loop> = (value, place) => {
  // Also {"loop": {…}}, as in coil files of other programs.
  const bare = record<Loop, object>(
    { centre: vector('m', FARTHEST), normal: vector('', 1e6), radius: number('m', 1e-4, FARTHEST) },
    {},
  );
  const wrapped = typeof value === 'object' && value !== null && Object.hasOwn(value, 'loop');
  const result = wrapped ? record<{ loop: Loop }, object>({ loop: bare }, {})(value, place).loop : bare(value, place);
  if (result.normal.some((component) => component !== 0)) return result;
  throw badInput(place.file, `${place.key}.normal is 0 0 0`, 'give the direction of the axis of the loop');
};

const array = record<Pick<CoilArray, 'coils'>, Required<Omit<CoilArray, 'coils'>>>(
  { coils: wholeNumber(1, MOST_COILS) },
  { radius: number('m', 1e-3, FARTHEST), length: number('m', 1e-3, FARTHEST) },
);

const covariance: JsonReader<NoiseCovariance> = (value, place) => {
  const entry: JsonReader<readonly [number, number]> = (pair, at) => {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw badInput(at.file, `${at.key} is ${JSON.stringify(pair)}`, 'give a pair [re, im]');
    const part = number('', -1e30, 1e30);
    return [part(pair[0], { ...at, key: `${at.key}[0]` }), part(pair[1], { ...at, key: `${at.key}[1]` })];
  };
  const matrix = list(list(entry, 'pairs [re, im]'), 'rows of pairs [re, im]')(value, place);
  matrix.forEach((row, n) => {
    const { file: path, key } = place;
    if (row.length !== matrix.length)
      throw badInput(path, `${key}[${n}] has ${row.length} entries of ${matrix.length}`, 'give a square matrix');
    row.forEach(([re, im], m) => {
      const [mirrorRe, mirrorIm] = matrix[m]?.[n] ?? [Number.NaN, Number.NaN];
      const size = Math.abs(re) + Math.abs(im);
      if (Math.abs(re - mirrorRe) <= 1e-9 * size && Math.abs(im + mirrorIm) <= 1e-9 * size) return;
      throw badInput(path, `${key} is not Hermitian at [${n}][${m}]`, 'entry [m][n] is the conjugate of [n][m]');
    });
  });
  return matrix;
};

/** Keys of a map. */
interface MapKeys {
  readonly file: string;
  readonly magnitude: string;
  readonly phase: string;
  readonly fov: readonly [number, number, number];
  readonly centre: readonly [number, number, number];
}

const mapKeys = {
  file,
  magnitude: file,
  phase: file,
  fov: vector('m', FARTHEST),
  centre: vector('m', FARTHEST),
};

/** A file, or magnitude and phase. */
function mapOf(keys: Partial<MapKeys>, { file: path, key }: JsonLocation): MapFiles {
  const { file: whole, magnitude, phase, fov, centre } = keys;
  const wrong = (what: string, fix: string): Error => badInput(path, `${key} ${what}`, fix);
  if (whole === undefined && magnitude !== undefined && phase !== undefined) {
    if (fov === undefined && centre === undefined) return { magnitude, phase };
    throw wrong('has magnitude and phase with fov or centre', 'remove these: NIfTI files say where they lie');
  }
  if (whole === undefined || magnitude !== undefined || phase !== undefined) {
    const given = (['file', 'magnitude', 'phase'] as const).filter((name) => keys[name] !== undefined);
    throw wrong(`has ${given.join(' and ') || 'no file'}`, "give 'file' alone, or 'magnitude' and 'phase'");
  }
  const oriented = !/\.(cfl|npy)$/i.test(whole);
  if (oriented && (fov !== undefined || centre !== undefined))
    throw wrong('has fov or centre', 'remove them: a NIfTI file says where it lies');
  if (!oriented && fov === undefined)
    throw wrong('has no fov', "give 'fov': [x, y, z] in m: .cfl and .npy files do not state their position");
  if (fov?.some((side) => side <= 0)) throw wrong(`has a fov of ${fov.join(' × ')} m`, 'give positive lengths');
  return { file: whole, ...(fov === undefined ? {} : { fov }), ...(centre === undefined ? {} : { centre }) };
}

const transmit: JsonReader<MapFiles> = (value, place) =>
  mapOf(record<object, MapKeys>({}, mapKeys)(value, place), place);

interface ReceiveKeys extends MapKeys {
  readonly coils: readonly Loop[];
  readonly array: CoilArray;
  readonly noiseCovariance: NoiseCovariance;
}

const receive: JsonReader<Receive> = (value, place) => {
  const keys = record<object, ReceiveKeys>(
    {},
    { coils: list(loop, 'loops'), array, ...mapKeys, noiseCovariance: covariance },
  )(value, place);
  const { coils, array: arranged, noiseCovariance } = keys;
  const isMap = Object.keys(mapKeys).some((name) => Object.hasOwn(keys, name));
  const ways = [coils && 'coils', arranged && 'array', isMap && 'a map'].filter(Boolean);
  if (ways.length !== 1) {
    const what = ways.length === 0 ? 'names no coils' : `has ${ways.join(' and ')}`;
    const fix = "give one of 'coils', 'array', 'file', or 'magnitude' and 'phase'";
    throw badInput(place.file, `${place.key || 'it'} ${what}`, fix);
  }
  const sensitivities = coils ? { coils } : arranged ? { array: arranged } : mapOf(keys, place);
  return noiseCovariance === undefined ? sensitivities : { ...sensitivities, noiseCovariance };
};

const eddyCurrent: JsonReader<EddyCurrent> = record<EddyCurrent, object>(
  {
    from: word('x', 'y', 'z'),
    to: word('x', 'y', 'z', 'B0'),
    amplitude: number('', -10, 10),
    timeConstant: number('s', 1e-7, 1e4),
  },
  {},
);

const FORMS: readonly unknown[] = [true, false, 'quadratic', 'full'] satisfies GradientErrors['concomitant'][];
const concomitant = accepting<NonNullable<GradientErrors['concomitant']>>(
  (given) => FORMS.includes(given),
  "give true, false, 'quadratic' or 'full'",
);

/**
 * The keys of a scanner file, or of an object like it, whose files are then relative to the working
 * folder.
 */
export const scannerKeys: JsonReader<Partial<Scanner>> = record<object, Required<Scanner>>(
  {},
  {
    B0: number('T', 1e-6, 100),
    gammaBar: number('Hz/T', 1e5, 1e9),
    B1: number('T', 1e-9, 1),
    Gmax: gradientLimit,
    Smax: number('T/m/s', 1e-3, 1e9),
    adcRaster: raster,
    blockRaster: raster,
    gradRaster: raster,
    rfRaster: raster,
    rfRingdown: pause,
    rfDeadTime: pause,
    adcDeadTime: pause,
    receive,
    transmit,
    b0Map: file,
    gradients: record<object, Required<GradientErrors>>(
      {},
      { concomitant, nonlinearity: file, eddyCurrents: list(eddyCurrent, 'eddy currents'), girf: file },
    ),
    delays: record<object, Required<Delays>>({}, { x: delay, y: delay, z: delay, rf: delay, adc: delay }),
  },
);

/**
 * A file of receive coils alone: what `receive` of a scanner file holds.
 * @throws LarmorError 65, 66
 */
export function readReceive(path: string): Receive {
  return readJson(path, '{"array": {"coils": 8}}', receive);
}

/** @throws LarmorError 65 naming file and key, 66 if it, or a file that it names, cannot be read */
export function readScanner(path: string): Scanner {
  return { ...DEFAULT_SCANNER, ...readJson(path, '{"B0": 3, "Gmax": 0.08}', scannerKeys) };
}
