/** `larmor report`: raw data → a web page of the run, in one file. */
import { requireKind } from '../api/names.ts';
import { reportOf, requireReportName } from '../api/report.ts';
import { requireDistinct } from '../base/files.ts';
import { info, warnings } from '../base/log.ts';
import { readRaw } from '../raw/index.ts';
import { printJson } from './output.ts';

export interface ReportCommandOptions {
  readonly output: string;
  readonly sequence?: string;
  readonly phantom?: string;
  readonly scanner?: string;
  readonly json?: boolean;
}

export async function report(
  raw: string,
  { output, json, sequence, phantom, scanner }: ReportCommandOptions,
): Promise<void> {
  requireReportName(output);
  requireDistinct([output]);
  requireKind(raw, 'raw data');
  const { missing } = await reportOf(output, await readRaw(raw), { sequence, phantom, scanner });
  if (json) printJson('report', { raw, outputs: [output], missing, warnings: warnings() });
  else info(`wrote ${output}`);
}
