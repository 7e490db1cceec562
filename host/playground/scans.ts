/**
 * The scans that the playground offers, built-in sequences that take a moment, and the initial
 * values of each.
 */
import type { Given } from '../base/parameters.ts';

export interface Offer {
  readonly title: string;
  readonly parameters: Given;
  /** Sliders that are always there; the others unfold. */
  readonly first: readonly string[];
}

/**
 * Tolerance of previews, relative to the sum of all densities. Pixels of all scans below change by
 * less than a twentieth of a grey level of 255, and the table of a slice-selective pulse takes a
 * fifth of the nodes of the default, a quarter of a preview's time.
 */
export const PREVIEW_TOLERANCE = 1e-3;

const SMALL = { n: 64 };

export const SEQUENCES: Readonly<Record<string, Offer>> = {
  gre: {
    title: 'gradient echo (gre)',
    parameters: { ...SMALL, tr: 0.2, flip: 1, dummies: 4 },
    first: ['flip', 'te', 'tr', 'fov', 'n', 'rfSpoiling', 'spoiler'],
  },
  se: { title: 'spin echo (se)', parameters: SMALL, first: ['te', 'tr', 'fov', 'n', 'thickness'] },
  tse: { title: 'turbo spin echo (tse)', parameters: SMALL, first: ['te', 'tr', 'fov', 'n', 'echoes', 'refocusing'] },
  bssfp: { title: 'balanced SSFP (bssfp)', parameters: SMALL, first: ['flip', 'te', 'tr', 'fov', 'n'] },
  epi: { title: 'echo-planar imaging (epi)', parameters: SMALL, first: ['flip', 'te', 'fov', 'n', 'dwell'] },
  radial: {
    title: 'radial (radial)',
    parameters: { ...SMALL, tr: 0.2, flip: 1, dummies: 4 },
    first: ['flip', 'te', 'tr', 'fov', 'n', 'spokes'],
  },
  spiral: {
    title: 'spiral (spiral)',
    parameters: { ...SMALL, tr: 0.2, flip: 1, dummies: 4 },
    first: ['flip', 'te', 'tr', 'fov', 'n', 'arms'],
  },
};

export const PHANTOMS: Readonly<Record<string, { readonly title: string; readonly parameters: Given }>> = {
  head2d: { title: 'a plane of the head', parameters: { voxel: 0.004 } },
  sphere: { title: 'a ball', parameters: {} },
};

export interface Preset {
  readonly title: string;
  /** A sentence. */
  readonly about: string;
  readonly sequence: string;
  readonly parameters: Given;
}

/** The phantom of these scans: most of them do not show in a ball of one material. */
export const ARTEFACT_PHANTOM = 'head2d';

/** Scans that show what goes wrong. */
export const ARTEFACTS: readonly Preset[] = [
  {
    title: 'Aliasing',
    about: 'a field of view smaller than the head folds it over',
    sequence: 'gre',
    parameters: { fov: 0.14 },
  },
  {
    title: 'No RF spoiling',
    about: 'transverse magnetisation of earlier repetitions adds up',
    sequence: 'gre',
    parameters: { rfSpoiling: 0, tr: 0.02, dummies: 20 },
  },
  {
    title: 'Distorted EPI',
    about: 'a slow train along the phase direction moves what is off resonance',
    sequence: 'epi',
    parameters: { dwell: 2e-5 },
  },
  {
    // Dark bands lie at offsets of an odd number of half turns per TR. The head's only offset is
    // that of fat, 220 Hz at 1.5 T.
    title: 'Fat in a band of bSSFP',
    about: 'fat, 220 Hz from water, precesses by 1½ turns per TR and is dark, e.g. behind the eyes',
    sequence: 'bssfp',
    parameters: { tr: 6.82e-3 },
  },
  {
    title: 'Few spokes',
    about: 'streaks of radial k-space that is not full',
    sequence: 'radial',
    parameters: { spokes: 24 },
  },
];
