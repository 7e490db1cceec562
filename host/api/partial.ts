/** The report of a run that is not finished, made of the sums in its checkpoint. */
import { basename } from 'node:path';
import { makeReport } from '../html/make.ts';
import type { Report } from '../html/types.ts';
import { channelsOf } from '../phantom/types.ts';
import { acquiredData } from '../raw/acquisitions.ts';
import { sumsInMemory } from '../run/sums.ts';
import type { Job } from './job.ts';
import { inputFacts, rawDataOf, receive } from './result.ts';

/**
 * @param sums [coils][samples][re, im] as the engine sums them
 * @param done tiles in them, of `total`
 */
export function partialReport(job: Job, sums: BigInt64Array, done: number, total: number): Report {
  const { sequence, scanner, opened, encoding, phantom, timelines } = job;
  const inMemory = sumsInMemory(sums, channelsOf(phantom), timelines[0].sampleCount);
  const facts = inputFacts(job);
  const raw = rawDataOf(job, receive(job, inMemory, undefined), { ...facts });
  const { TE, TR, TI, flipAngle } = encoding!;
  return makeReport({
    ...{ data: acquiredData(raw), sequenceName: sequence.name, phantomName: basename(opened.name) },
    ...{ provenance: { ...facts }, TE, TR, TI, flipAngle, sequence: { sequence, scanner } },
    subtitle:
      done < total
        ? `Not finished: ${done} of ${total} tiles. The spins of the others are still missing in image and signal, and noise.`
        : `All ${total} tiles, as in the checkpoint: without noise.`,
    phantom: 'Maps of the phantom are in the report of the finished run.',
  });
}
