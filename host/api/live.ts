/** Live reports, made again whenever a parameter of a built-in sequence or phantom changes. */
import { usage } from '../base/errors.ts';
import type { Given, Parameter, Parameters } from '../base/parameters.ts';
import { encodeReport, reportHtml } from '../html/document.ts';
import type { LiveParameter, Report } from '../html/types.ts';
import { phantomParameters } from '../phantom/open.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import { openReport } from './report.ts';
import { simulate } from './simulate.ts';

export interface LiveOptions {
  readonly sequence: Given;
  readonly phantom: Given;
  readonly scanner?: string | undefined;
}

export interface LiveReport {
  readonly html: string;
  simulate(
    settings: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    tell: (done: number, total: number) => void,
  ): Promise<Buffer>;
}

/** Simulates once, and makes the page. @throws LarmorError as `simulate` */
export async function liveReport(sequence: string, phantom: string, options: LiveOptions): Promise<LiveReport> {
  const ofSequence = builtinSequences.get(sequence)?.parameters ?? {};
  const ofPhantom = phantomParameters(phantom);
  const make = async (
    given: Pick<LiveOptions, 'sequence' | 'phantom'>,
    signal?: AbortSignal,
    tell?: (done: number, total: number) => void,
  ): Promise<Report> => {
    const run = simulate(sequence, phantom, {
      ...{ sequenceParameters: given.sequence, phantomParameters: given.phantom, signal },
      ...(options.scanner !== undefined && { scanner: options.scanner }),
    });
    if (tell !== undefined) for await (const { done, total } of run) tell(done, total);
    const simulation = await run;
    const { summary } = simulation;
    const live = [
      ...parametersOf('sequence', ofSequence, (summary.sequence.parameters ?? {}) as Given),
      ...parametersOf('phantom', ofPhantom ?? {}, summary.phantom.parameters),
    ];
    return { ...(await openReport(simulation, {})).whole(), live };
  };
  const html = reportHtml(await make(options));
  return {
    html,
    simulate: async (settings, signal, tell) => {
      const given = { sequence: { ...options.sequence }, phantom: { ...options.phantom } };
      for (const [key, value] of Object.entries(settings)) {
        const [owner, name] = key.split('.');
        if ((owner !== 'sequence' && owner !== 'phantom') || name === undefined || typeof value !== 'number')
          throw usage(`there is no setting '${key}'`, 'reload the page');
        given[owner] = { ...given[owner], [name]: value };
      }
      return encodeReport(await make(given, signal, tell));
    },
  };
}

/** The parameters that are numbers, which a slider can set. */
export function parametersOf(owner: LiveParameter['owner'], declared: Parameters, values: Given): LiveParameter[] {
  return Object.entries(declared).flatMap(([name, parameter]) => {
    const value = values[name];
    if (typeof parameter.default !== 'number' || typeof value !== 'number') return [];
    const { unit, doc, integer = false } = parameter;
    // A slider goes in steps from its lowest value on.
    const [min, max] = rangeOf(parameter, value).map((end) => (integer ? Math.round(end) : end)) as [number, number];
    return max > min ? [{ owner, name, unit, doc, integer, value, min, max }] : [];
  });
}

/**
 * Range of a slider: a quarter to four times the value, within the bounds; for 0, which often means
 * "shortest", up to a usual value.
 */
function rangeOf(
  { minimum, maximum = Number.POSITIVE_INFINITY, plausible, default: usual }: Parameter,
  value: number,
): [number, number] {
  const size = Math.abs(value) || Math.abs(Number(usual)) || (plausible ?? 20) / 20;
  const low = minimum ?? -4 * size;
  return [value === 0 || low < 0 ? low : Math.max(low, value / 4), Math.min(maximum, 4 * size)];
}
