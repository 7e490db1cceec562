/**
 * BART's `.cfl` + `.hdr`: complex f32, first dimension fastest, with the dimensions in a text file
 * beside it. Runs that are not on BART's grid have `NAME_traj.cfl` + `.hdr` as well: [3, samples,
 * lines], k·FOV in grid units, which `bart nufft` takes. Either all the files are written or none.
 */
import { createOutput, type PendingFile, removeFile } from '../base/files.ts';
import { info } from '../base/log.ts';
import { type BartLayout, bartLayout } from './bart-layout.ts';
import { bytesOf, partOf } from './signal.ts';
import type { RawData } from './types.ts';

/** Every file that writing `path` may make. */
export function cflFiles(path: string): { data: string; header: string; trajectory: string; trajectoryHeader: string } {
  const stem = path.replace(/\.cfl$/i, '');
  return { data: path, header: `${stem}.hdr`, trajectory: `${stem}_traj.cfl`, trajectoryHeader: `${stem}_traj.hdr` };
}

/** @throws LarmorError 73 */
export function writeCfl(path: string, raw: RawData): void {
  const layout = bartLayout(raw.encoding, raw.coils);
  const names = cflFiles(path);
  const pending: [string, PendingFile][] = [];
  const create = (name: string): PendingFile => {
    const file = createOutput(name);
    pending.push([name, file]);
    return file;
  };
  try {
    create(names.header).write(header(layout.shape));
    const data = create(names.data);
    if (layout.form === 'grid') writeGrid(data, raw, layout);
    else {
      writeReadouts(data, raw, layout);
      create(names.trajectoryHeader).write(header([3, ...layout.shape.slice(1, 3)]));
      writeTrajectory(create(names.trajectory), raw, layout);
    }
    commitAll(pending);
    info(`${path}: read it with: ${bartCommand(path, layout)}`);
  } finally {
    for (const [, file] of pending) file.abandon();
  }
}

/** Makes an image of these files. */
function bartCommand(path: string, layout: BartLayout): string {
  const stem = path.replace(/\.cfl$/i, '');
  return layout.form === 'grid'
    ? `bart fft -i -u 7 ${stem} ${stem}_image`
    : `bart nufft -i ${stem}_traj ${stem} ${stem}_image`;
}

function commitAll(pending: readonly [string, PendingFile][]): void {
  const done: string[] = [];
  try {
    for (const [name, file] of pending) {
      file.commit();
      done.push(name);
    }
  } catch (error) {
    for (const name of done) removeFile(name);
    throw error;
  }
}

function header(shape: readonly number[]): Buffer {
  return Buffer.from(`# Dimensions\n${shape.join(' ')}\n`, 'latin1');
}

const COMPLEX_BYTES = 8;

function writeGrid(file: PendingFile, raw: RawData, layout: BartLayout & { form: 'grid' }): void {
  const cells = layout.shape.reduce((product, length) => product * length, 1);
  // The last cell sets the file's length; cells that are not written read as zero.
  file.writeAt((cells - 1) * COMPLEX_BYTES, new Uint8Array(COMPLEX_BYTES));
  for (const { readout, cell, reversed } of layout.lines) {
    for (let coil = 0; coil < raw.coils; coil++) {
      const line = samplesOf(raw, coil, readout);
      if (reversed) turnRound(line);
      file.writeAt((cell + coil * layout.coilStride) * COMPLEX_BYTES, bytesOf(line));
    }
  }
}

function writeReadouts(file: PendingFile, raw: RawData, { readouts }: BartLayout & { form: 'trajectory' }): void {
  const total = readouts.reduce((sum, readout) => sum + raw.encoding.readouts[readout].samples, 0);
  let first = 0;
  for (const readout of readouts) {
    for (let coil = 0; coil < raw.coils; coil++)
      file.writeAt((coil * total + first) * COMPLEX_BYTES, bytesOf(samplesOf(raw, coil, readout)));
    first += raw.encoding.readouts[readout].samples;
  }
}

function writeTrajectory(file: PendingFile, { encoding }: RawData, layout: BartLayout & { form: 'trajectory' }): void {
  const { encodedFov: fov, encodedMatrix: matrix } = encoding;
  for (const readout of layout.readouts) {
    const k = encoding.trajectory(readout);
    const points = new Float32Array(2 * k.length);
    for (let n = 0; n < k.length; n++) {
      const axis = n % 3;
      // kz of a single partition comes from crushers and rephasing; nufft would interpret it as a
      // third dimension.
      points[2 * n] = axis === 2 && matrix[2] === 1 ? 0 : k[n] * fov[axis];
    }
    file.write(bytesOf(points));
  }
}

/** One coil's readout as complex f32 [samples][re, im]. */
function samplesOf(raw: RawData, coil: number, readout: number): Float32Array {
  const { firstSample, samples } = raw.encoding.readouts[readout];
  return Float32Array.from(partOf(raw, coil, firstSample, samples));
}

function turnRound(line: Float32Array): void {
  line.reverse();
  for (let n = 0; n < line.length; n += 2) {
    const imaginary = line[n];
    line[n] = line[n + 1];
    line[n + 1] = imaginary;
  }
}
