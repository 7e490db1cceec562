/**
 * Against signals other programs computed: exact solutions by an integrator good to 1e-9, KomaMRI's
 * and JEMRIS's stored signals. Errors are relative norms ‖s − s_ref‖/‖s_ref‖ over all samples; each
 * also f32 against f64.
 */
import { loadHdf5, openHdf5 } from '../host/formats/hdf5/reader.ts';
import { readNpy } from '../host/formats/npy.ts';
import { openPhantom } from '../host/phantom/open.ts';
import type { PhantomSource } from '../host/phantom/types.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { readPulseq } from '../host/sequence/pulseq/read.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { cases, skipWithoutCases } from '../testing/cases.ts';
import { simulate } from '../testing/run.ts';
import { MODES } from './modes.ts';
import { compare, type Row, type Section } from './report.ts';

const missing = (): string | undefined => skipWithoutCases().skip || undefined;
const tissues = new URL('../examples/brain-tissues.json', import.meta.url).pathname;

/** Phantoms warn of what no kernel simulates yet; here that is known. */
const open = (path: string, parameters: Readonly<Record<string, string>> = {}): Promise<PhantomSource> =>
  openPhantom(cases(path), parameters, { warn: () => {} });

/** The same phantom with all spins on resonance. */
function onResonance(source: PhantomSource): PhantomSource {
  return {
    ...source,
    bounds: { ...source.bounds, maxOffResonance: 0 },
    read(first, count, into) {
      source.read(first, count, into);
      into.offResonance.fill(0, 0, count);
    },
  };
}

async function inAllModes(
  what: string,
  sequence: Sequence,
  phantom: PhantomSource,
  reference: Float64Array,
  bounds: { readonly f32: number; readonly f64: number },
  known?: Float64Array,
): Promise<Row[]> {
  const f64 = known ?? (await simulate(sequence, phantom, { precision: 'f64' }));
  const rows: Row[] = [];
  for (const { name, ...mode } of MODES) {
    const signal = mode.precision === 'f64' ? f64 : await simulate(sequence, phantom, mode);
    rows.push(compare(`${what}, ${name}`, signal, reference, bounds[mode.precision]));
    if (signal !== f64) rows.push(compare(`${what}, ${name} against f64`, signal, f64, 5e-6));
  }
  return rows;
}

export const exactReferences: Section = {
  title: 'Exact references',
  bounds: 'rounding the phantom to f32 moves the EPI of brain2D by 1.4e-6; RF steps at their default add 1e-6',
  missing,
  async rows(some) {
    const epi = makeBuiltin('epi', {}, DEFAULT_SCANNER);
    const brain = await open('phantoms/brain2D.mat', { tissues, stride: '4' });
    const rows: Row[] = [];
    const brains = [
      ['epi_example_brain2d', brain, 239278.67808],
      ['epi_example_brain2d_onresonance', onResonance(brain), 215681.42259],
    ] as const;
    for (const [file, phantom, sum] of some(brains, 2)) {
      const reference = readNpy(cases(`exact/${file}.npy`)).data;
      const signal = await simulate(epi, phantom, { precision: 'f64' });
      rows.push(...(await inAllModes(file, epi, phantom, reference, { f32: 1e-5, f64: 5e-6 }, signal)));
      let magnitudes = 0;
      for (let n = 0; n < signal.length; n += 2) magnitudes += Math.hypot(signal[n], signal[n + 1]);
      rows.push({ what: `${file}, Σ|S|`, value: Math.abs(magnitudes / sum - 1), bound: 5e-6 });
    }
    const random = await open('phantoms/random600.phantom');
    const files = [
      ['v1.2', 'epi_JEMRIS'],
      ['v1.3', 'epi'],
      ['v1.5', 'epi'],
    ] as const;
    for (const [version, name] of some(files, 2)) {
      const reference = readNpy(cases(`exact/${version.replace('.', '_')}_${name}_random600.npy`)).data;
      const sequence = readPulseq(cases(`pulseq/${version}/${name}.seq`));
      rows.push(
        ...(await inAllModes(`${version} ${name} on random600`, sequence, random, reference, { f32: 1e-5, f64: 1e-6 })),
      );
    }
    return rows;
  },
};

export const otherSimulators: Section = {
  title: 'Other simulators (signals divided by the number of spins)',
  bounds: 'KomaMRI rotates, then relaxes in 50 µs steps: 6e-4 from exact. JEMRIS: its solver tolerance, 0.7 to 1.1 %',
  missing,
  async rows() {
    const sequence = readPulseq(cases('sequences/epi_100x100_te100_fov230.seq'));
    const rows: Row[] = [];
    for (const [file, name, jemrisBound] of [
      ['column1d.h5', 'column1d', 1.2e-2],
      ['sphere_chemical_shift.h5', 'spherescs', 8e-3],
    ] as const) {
      const phantom = await open(`phantoms/${file}`);
      const [koma, jemris] = [await komaSignal(name), await jemrisSignal(name)];
      for (const { name: mode, ...options } of MODES) {
        const signal = await simulate(sequence, phantom, options);
        for (let n = 0; n < signal.length; n++) signal[n] /= phantom.spinCount;
        rows.push(compare(`${name}, KomaMRI, ${mode}`, signal, koma, 1e-3));
        rows.push(compare(`${name}, JEMRIS, ${mode}`, signal, jemris, jemrisBound));
      }
    }
    return rows;
  },
};

/** MATLAB 7.3: records {real, imag}. */
async function komaSignal(name: string): Promise<Float64Array> {
  const { h5 } = await loadHdf5();
  const file = new h5.File(cases(`koma/${name}.signal.mat`), 'r');
  const dataset = file.get('signal');
  if (!(dataset instanceof h5.Dataset)) throw new Error(`koma/${name}.signal.mat holds no signal`);
  const values = (dataset.value as unknown as number[][]).flat(3);
  file.close();
  return Float64Array.from(values);
}

/** [samples][Mx, My, Mz] */
async function jemrisSignal(name: string): Promise<Float64Array> {
  const file = await openHdf5(cases(`jemris/${name}.signals.h5`));
  const dataset = file.numbers('signal/channels/00');
  const values = dataset.read(dataset.shape.map((length) => [0, length]));
  file.close();
  return Float64Array.from({ length: 2 * dataset.shape[0] }, (_, n) => values[3 * (n >> 1) + (n & 1)]);
}
