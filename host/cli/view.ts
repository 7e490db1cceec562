/**
 * `larmor view`: the page of a report, served on this machine; for a built-in sequence with
 * sliders, each of which repeats the simulation; for a checkpoint the image so far; a NIfTI volume
 * in NiiVue.
 */
import { statSync } from 'node:fs';
import { liveReport } from '../api/live.ts';
import { reportFor } from '../api/report.ts';
import { usage } from '../base/errors.ts';
import { info, print } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';
import { reportHtml } from '../html/document.ts';
import { isRawName, readRaw } from '../raw/index.ts';
import { type Served, serve } from './serve.ts';
import { splitSettings } from './settings.ts';
import { isVolumeName, volumePage } from './volume-page.ts';

export interface ViewOptions {
  readonly port: number;
  readonly set?: readonly string[];
  readonly scanner?: string;
}

/** Ends when it is interrupted, as it is meant to. */
export async function view(name: string, phantom: string, { port, ...given }: ViewOptions): Promise<void> {
  const stop = trapStops();
  const server = await serve(await servedOf(name, phantom, given), port);
  print(`${server.url}\n`);
  info('open this address in a browser on this machine; Ctrl-C ends');
  await new Promise<void>((resolve) => stop.onStop(() => resolve()));
  server.close();
}

async function servedOf(
  name: string,
  phantom: string,
  { set = [], scanner }: Omit<ViewOptions, 'port'>,
): Promise<Served> {
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory() === true) {
    if (set.length > 0 || scanner !== undefined)
      throw usage(`${name} is the checkpoint of a run, which has its parameters`, 'leave out --set and --scanner');
    return (await import('./checkpoint-page.ts')).checkpointPage(name);
  }
  if (isVolumeName(name)) return volumePage(name);
  if (!isRawName(name)) {
    const given = { ...splitSettings(set, { sequence: name, phantom }), scanner };
    const { html, simulate } = await liveReport(name, phantom, given);
    return { html: () => html, simulate };
  }
  // A .mat or .npy that is raw data is reported as such by its reader.
  const html = reportHtml(await reportFor(await readRaw(name), { scanner }));
  return { html: () => html };
}
