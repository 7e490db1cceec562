/** The sections of the validation, in the order of the table. */

import { order, pulses } from './pulses.ts';
import { exactReferences, otherSimulators } from './references.ts';
import type { Section } from './report.ts';

export const sections: readonly Section[] = [exactReferences, otherSimulators, pulses, order];
