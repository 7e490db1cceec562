/**
 * `larmor view`: the page of a report, served on this machine; for a built-in sequence with
 * sliders, each of which repeats the simulation.
 */

import { liveReport } from '../api/live.ts';
import { reportFor } from '../api/report.ts';
import { info, print } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';
import { reportHtml } from '../html/document.ts';
import { isRawName, readRaw } from '../raw/index.ts';
import { serve } from './serve.ts';
import { splitSettings } from './settings.ts';

export interface ViewOptions {
  readonly port: number;
  readonly set?: readonly string[];
  readonly scanner?: string;
}

/** Ends when it is interrupted, as it is meant to. */
export async function view(name: string, phantom: string, { port, set = [], scanner }: ViewOptions): Promise<void> {
  const stop = trapStops();
  // A .mat or .npy that is raw data is reported as such by its reader.
  const served = isRawName(name)
    ? { html: reportHtml(await reportFor(await readRaw(name), { scanner })) }
    : await liveReport(name, phantom, { ...splitSettings(set, { sequence: name, phantom }), scanner });
  const server = await serve(served, port);
  print(`${server.url}\n`);
  info('open this address in a browser on this machine; Ctrl-C ends');
  await new Promise<void>((resolve) => stop.onStop(() => resolve()));
  server.close();
}
