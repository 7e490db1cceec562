/**
 * The worker of the playground: Larmor's own `simulate` and its report, one scan at a time. It is
 * built with `host/browser/` in place of Node's modules.
 */
import { parametersOf } from '../api/live.ts';
import { type ReportInSteps, reportWithoutMaps } from '../api/report.ts';
import { simulateUnless } from '../api/simulate.ts';
import { LarmorError } from '../base/errors.ts';
import type { Given } from '../base/parameters.ts';
import { provide } from '../browser/modules.ts';
import { phantomParameters } from '../phantom/open.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import type { Answer, Picture, Question, Scan } from './messages.ts';
import { PREVIEW_TOLERANCE } from './scans.ts';

/** The spins of the last scan: choosing them takes half of its time. */
let kept: { readonly key: string; readonly phantom: PhantomSource } | undefined;
/** The report of the last picture. */
let last: ReportInSteps | undefined;

const PROGRESS_MS = 100;

const keyOf = ({ sequence, phantom, phantomParameters: given, spinsPerVoxel }: Scan): string =>
  JSON.stringify([sequence, phantom, given, spinsPerVoxel]);

async function pictureOf(scan: Scan, keepsSpins: boolean, signal: AbortSignal): Promise<Picture> {
  const begun = performance.now();
  const { sequence, phantom, sequenceParameters, phantomParameters: ofPhantom, spinsPerVoxel } = scan;
  const key = keyOf(scan);
  const spins = keepsSpins && kept?.key === key ? kept.phantom : undefined;
  const simulation = await simulateUnless(
    sequence,
    spins ?? phantom,
    {
      ...{ sequenceParameters, signal, engine: 'wasm' },
      ...(spins === undefined ? { phantomParameters: ofPhantom, spinsPerVoxel } : { tolerance: PREVIEW_TOLERANCE }),
    },
    (run) => {
      kept = { key, phantom: run.phantom };
      return false;
    },
    (state) => {
      const spins = kept!.phantom.spinCount;
      reporting = setInterval(() => answer({ ...state(), spins }), PROGRESS_MS);
    },
  );
  const { summary } = simulation!;
  last = reportWithoutMaps(simulation!, kept!.phantom);
  const parameters = [
    ...parametersOf(
      'sequence',
      builtinSequences.get(sequence)?.parameters ?? {},
      (summary.sequence.parameters ?? {}) as Given,
    ),
    ...parametersOf('phantom', phantomParameters(phantom) ?? {}, summary.phantom.parameters),
  ];
  const { signalHash, build, threads } = summary;
  return {
    ...{ image: last.image, echo: last.echo, warnings: summary.warnings },
    ...{ parameters, signalHash, build, threads, spins: summary.spins, isFinal: spins === undefined },
    seconds: (performance.now() - begun) / 1e3,
  };
}

/** Cancels the scan in progress. */
let stop: AbortController | undefined;
let reporting: ReturnType<typeof setInterval> | undefined;

const answer = (message: Answer): void => postMessage(message);

/** @param signal whether the question was withdrawn */
async function answerWith(make: (signal: AbortSignal) => Answer | Promise<Answer>): Promise<void> {
  const own = new AbortController();
  stop = own;
  try {
    answer(await make(own.signal));
  } catch (error) {
    if (!own.signal.aborted && !(error instanceof LarmorError)) console.error(error);
    answer({ error: own.signal.aborted ? undefined : (error as Error).message });
  } finally {
    clearInterval(reporting);
  }
}

/** Settles when all questions so far are answered. */
let answered = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  if ('files' in data) for (const [name, content] of Object.entries(data.files)) provide(name, content);
  else if ('stop' in data) stop?.abort();
  else
    answered = answered.then(() =>
      answerWith(async (signal) =>
        'details' in data
          ? { details: last!.whole() }
          : { picture: await pictureOf(data.scan, data.keepsSpins, signal) },
      ),
    );
});
