/** The sections of the validation, in the order of the table. */
import { bart } from './bart.ts';
import { steadyStates, transients } from './closed-forms.ts';
import { coilTransforms } from './coil-transforms.ts';
import { coils, sense } from './coils.ts';
import { exactMotion } from './exact-motion.ts';
import { fields } from './fields.ts';
import { longScans } from './long.ts';
import { motion } from './motion.ts';
import { movingPulses } from './moving-pulses.ts';
import { movingScans } from './moving-scans.ts';
import { order, pulses } from './pulses.ts';
import { exactReferences, otherSimulators } from './references.ts';
import type { Section } from './report.ts';
import { relaxationInPulses } from './rf.ts';
import { spuriousEcho } from './spurious-echo.ts';
import { spuriousScans } from './spurious-scans.ts';
import { defaults, tolerances } from './tolerance.ts';

export const sections: readonly Section[] = [
  exactReferences,
  otherSimulators,
  transients,
  steadyStates,
  longScans,
  pulses,
  relaxationInPulses,
  order,
  tolerances,
  defaults,
  spuriousEcho,
  spuriousScans,
  bart,
  coils,
  coilTransforms,
  motion,
  exactMotion,
  movingPulses,
  movingScans,
  fields,
  sense,
];
