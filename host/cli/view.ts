/**
 * `larmor view`: the page of a report, served on this machine; for a built-in sequence with
 * sliders, each of which repeats the simulation; for a checkpoint the image so far; a NIfTI volume
 * in NiiVue.
 */
import { statSync } from 'node:fs';
import { liveReport } from '../api/live.ts';
import { openReport } from '../api/report.ts';
import { usage } from '../base/errors.ts';
import { info, print } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';
import { reportHtml } from '../html/document.ts';
import { isRawName, readRaw } from '../raw/index.ts';
import { type Served, serve } from './serve.ts';
import { splitSettings } from './settings.ts';
import { isVolumeName, volumePage } from './volume-page.ts';

/** The phantom if only a sequence is given. */
const DEFAULT_PHANTOM = 'head2d';

export interface ViewOptions {
  readonly port: number;
  readonly set?: readonly string[];
  readonly scanner?: string;
}

/**
 * Serves until it is interrupted, which is its normal end.
 * @param phantom undefined: not given
 */
export async function view(name: string, phantom: string | undefined, { port, ...given }: ViewOptions): Promise<void> {
  const stop = trapStops();
  const server = await serve(await servedOf(name, phantom, given), port);
  print(`${server.url}\n`);
  info('open this address in a browser on this machine; Ctrl-C ends');
  await new Promise<void>((resolve) => stop.onStop(() => resolve()));
  server.close();
}

type Given = Omit<ViewOptions, 'port'>;

async function servedOf(name: string, phantom: string | undefined, given: Given): Promise<Served> {
  const { set = [], scanner } = given;
  if (isFolder(name)) {
    refuse(`${name} is the checkpoint of a run, whose phantom and parameters are fixed`, phantom, given);
    return (await import('./checkpoint-page.ts')).checkpointPage(name);
  }
  if (isVolumeName(name)) {
    refuse(`${name} is an image, which is shown as it is`, phantom, given);
    return volumePage(name);
  }
  if (!isRawName(name)) {
    const of = phantom ?? DEFAULT_PHANTOM;
    const live = { ...splitSettings(set, { sequence: name, phantom: of }), scanner };
    const { html, simulate } = await liveReport(name, of, live);
    return { html: () => html, simulate };
  }
  refuse(`${name} are raw data, whose phantom and parameters are fixed`, phantom, { set });
  // A .mat or .npy that is raw data is reported as such by its reader.
  const html = reportHtml((await openReport(await readRaw(name), { scanner })).whole());
  return { html: () => html };
}

function isFolder(name: string): boolean {
  try {
    return statSync(name).isDirectory();
  } catch {
    return false;
  }
}

/** @throws LarmorError 2 naming what was given and has no effect */
function refuse(why: string, phantom: string | undefined, { set = [], scanner }: Given): void {
  const idle = [
    ...(phantom === undefined ? [] : [`the phantom ${phantom}`]),
    ...(set.length === 0 ? [] : ['--set']),
    ...(scanner === undefined ? [] : ['--scanner']),
  ];
  if (idle.length > 0) throw usage(why, `leave out ${idle.join(' and ')}`);
}
