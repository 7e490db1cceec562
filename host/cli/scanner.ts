/** The scanner that the command line names: its file, and options that replace parts of it. */
import { resolve } from 'node:path';
import { usage } from '../base/errors.ts';
import { requireFile } from '../base/files.ts';
import { warn } from '../base/log.ts';
import { MOST_COILS, readReceive, readScanner } from '../sequence/scanner.ts';
import { DEFAULT_SCANNER, type MapFiles, type Receive, type Scanner } from '../sequence/scanner-types.ts';

export interface ScannerOptions {
  readonly scanner?: string | undefined;
  /** Number of coils of an array, or a file of coils or maps. */
  readonly coils?: string;
  /** File of B1+ maps. */
  readonly b1Map?: string;
  /** File of a B0 map. */
  readonly b0Map?: string;
}

/**
 * @throws LarmorError 2 for a wrong option, 65 for a file that is wrong, 66 for one that is missing
 */
export function openScanner({ scanner: path, coils, b1Map, b0Map }: ScannerOptions): Scanner {
  const written = path === undefined ? DEFAULT_SCANNER : readScanner(path);
  if (coils !== undefined && written.receive?.noiseCovariance !== undefined)
    warn(`${path}: receive.noiseCovariance has no effect: --coils replaces the coils that it belongs to`);
  return {
    ...written,
    ...(coils === undefined ? {} : { receive: receiveOf(coils) }),
    ...(b1Map === undefined ? {} : { transmit: mapOf('--b1-map', b1Map) }),
    ...(b0Map === undefined ? {} : { b0Map }),
  };
}

/** The option or file that names the receive coils, for messages. */
export const coilsFile = ({ scanner, coils }: ScannerOptions): string =>
  coils === undefined ? (scanner ?? 'scanner') : `--coils ${coils}`;

function receiveOf(coils: string): Receive {
  const count = Number(coils);
  if (/^[\d.+-]+$/.test(coils) || !Number.isNaN(count)) {
    if (Number.isInteger(count) && count >= 1 && count <= MOST_COILS) return { array: { coils: count } };
    throw usage(`--coils ${coils} is not possible`, `give a number of coils from 1 to ${MOST_COILS}, or a file`);
  }
  return /\.json$/i.test(coils) ? readReceive(coils) : mapOf('--coils', coils);
}

function mapOf(option: string, path: string): MapFiles {
  if (/\.(cfl|npy)$/i.test(path)) {
    const fix = "name it in a scanner file, with its 'fov' (docs/reference/scanner.md)";
    throw usage(`${option} ${path}: .cfl and .npy files do not state their position`, fix);
  }
  requireFile(path);
  return { file: resolve(path) };
}
