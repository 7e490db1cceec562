/** `larmor plan`: tiles, memory and the work a simulation would be; simulates nothing. */
import { wasmSizes } from '../engine/wasm/memory.ts';
import { makeProgram } from '../engine/wasm/program.ts';
import { STRIDE } from '../timeline/types.ts';
import { type JobOptions, openJob } from './job.ts';

export async function plan(sequenceName: string, phantomName: string, options: JobOptions): Promise<void> {
  const {
    sequence,
    phantom,
    timeline,
    plan: made,
    threads,
    build,
  } = await openJob(sequenceName, phantomName, options, false);
  const program = makeProgram(timeline, phantom, made);
  const sizes = wasmSizes(timeline, program, made, threads);
  const forms = Object.fromEntries(Object.entries(program.forms).filter(([, count]) => count > 0));
  const result = {
    sequence: sequence.name,
    phantom: phantom.name,
    spins: made.spinCount,
    tiles: made.tileCount,
    tileSize: made.tileSize,
    samples: timeline.sampleCount,
    segments: timeline.segments.length / STRIDE.segment,
    rfSteps: timeline.rfSteps.length / STRIDE.rfStep,
    readouts: forms,
    threads: sizes.threads,
    build,
    precision: made.precision,
    /** Shared memory of the kernels and what the phantom keeps open [bytes]; Node itself takes some 60 MB more. */
    memory: { kernels: sizes.total, phantom: phantom.residentBytes },
    spinSamples: made.spinCount * timeline.sampleCount,
    scaleExponent: made.scaleExponent,
    planHash: made.hash,
  };
  phantom.close();
  if (options.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const lines = [
    `${result.sequence} on ${result.phantom}`,
    `spins      ${result.spins} in ${result.tiles} tiles of ${result.tileSize}`,
    `samples    ${result.samples} in ${Object.entries(forms)
      .map(([form, count]) => `${count} readouts ${form}`)
      .join(', ')}`,
    `timeline   ${result.segments} segments, ${result.rfSteps} RF steps`,
    `work       ${result.spinSamples.toExponential(2)} spin·samples`,
    `memory     ${mib(sizes.total)} for kernels and sums, ${mib(phantom.residentBytes)} for the phantom`,
    `threads    ${sizes.threads}`,
    `kernels    ${build}, ${made.precision}`,
    `plan       ${made.hash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
