/**
 * The ways in which a scan is simulated, each a row wherever a signal is judged: f64, exact forms
 * in f32 (`--exact`), and the default.
 */
import { DEFAULT_TOLERANCE } from '../host/api/defaults.ts';

export const MODES = [
  { name: 'f64', precision: 'f64' },
  { name: 'f32 exact', precision: 'f32' },
  { name: 'default', precision: 'f32', tolerance: DEFAULT_TOLERANCE },
] as const;
