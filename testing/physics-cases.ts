/**
 * Reference cases of the physics beyond static spins in one coil (`cases/physics`): sequence,
 * phantom and side files of a case as arguments of the built command, and the relative error of
 * what it wrote.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy } from '../host/formats/npy.ts';
import { cases } from './cases.ts';
import { larmor } from './larmor.ts';
import { temporaryFolder } from './temporary.ts';

interface Settings {
  readonly B0: number;
  readonly physics: Readonly<Record<string, unknown>>;
}

/** Finer steps than these gain nothing in f64. */
const STEP = '1e-6';

const at = (name: string): string => cases(join('physics', name));
const settingsOf = (name: string): Settings => JSON.parse(readFileSync(at(`${name}.json`), 'utf8')) as Settings;

/** The scanner file's contents for a case: its own words turned into ours. */
function scannerOf({ B0, physics }: Settings): Record<string, unknown> {
  const gradients: Record<string, unknown> = {};
  const scanner: Record<string, unknown> = { B0, gradients };
  if (physics.coils !== undefined) scanner.receive = receiveOf(physics.coils);
  if (physics.b1plus !== undefined) scanner.transmit = { file: at(physics.b1plus as string) };
  if (physics.b0map !== undefined) scanner.b0Map = at(physics.b0map as string);
  if (physics.gradientNonlinearity !== undefined) gradients.nonlinearity = at(physics.gradientNonlinearity as string);
  if (physics.concomitant !== undefined) gradients.concomitant = true;
  if (physics.girf !== undefined) gradients.girf = at(physics.girf as string);
  if (physics.eddyCurrents !== undefined) {
    const terms = physics.eddyCurrents as { from: string; to: string; alpha: number; tau: number }[];
    gradients.eddyCurrents = terms.map(({ from, to, alpha, tau }) => ({
      from,
      to,
      amplitude: alpha,
      timeConstant: tau,
    }));
  }
  if (physics.delays !== undefined) {
    const entries = Object.entries(physics.delays as Record<string, number>).filter(([key]) => key !== 'unit');
    scanner.delays = Object.fromEntries(entries.map(([key, value]) => [key.replace(/^g/, ''), value]));
  }
  return scanner;
}

/** Loops, a file of loops, or maps. */
function receiveOf(coils: unknown): unknown {
  if (typeof coils === 'string') return JSON.parse(readFileSync(at(coils), 'utf8'));
  if (Array.isArray(coils)) return { coils };
  const files = Object.entries(coils as Record<string, unknown>).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(files.map(([key, value]) => [key, at(value as string)]));
}

/** ‖signal − reference‖ / ‖reference‖ of a case through the built command. */
export async function caseError(
  name: string,
  {
    options = [],
    reference = `${name}.npy`,
    concomitant,
  }: {
    readonly options?: readonly string[];
    readonly reference?: string;
    /** How concomitant fields are taken, where the case has them. */
    readonly concomitant?: 'full';
  } = {},
): Promise<number> {
  const settings = settingsOf(name);
  const scanner = scannerOf(settings);
  if (concomitant !== undefined) scanner.gradients = { concomitant };
  const place = temporaryFolder();
  writeFileSync(join(place, 'scanner.json'), JSON.stringify(scanner));
  const phantom = (settings.physics.niftiPhantom as string | undefined) ?? `${name}.phantom`;
  const files = [at(`${name}.seq`), at(phantom), '--scanner', 'scanner.json', '-o', 'signal.npy'];
  const run = await larmor(['simulate', ...files, '--dt-rf', STEP, '-q', ...options], { folder: place });
  if (run.code !== 0) throw new Error(`${name}: exit ${run.code}, ${run.stderr}`);
  const [got, want] = [readNpy(join(place, 'signal.npy')).data, readNpy(at(reference)).data];
  if (got.length !== want.length) throw new Error(`${name}: ${got.length} numbers, not ${want.length}`);
  return Math.sqrt(squares(got.map((value, n) => value - want[n]))) / Math.sqrt(squares(want));
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
