/**
 * The site's navigation: every page that is not only linked from another, in the order in which it
 * is read.
 */
export interface Entry {
  readonly text: string;
  /** Path of the page in the site, without its ending. */
  readonly link: string;
}

export interface Section {
  readonly text: string;
  readonly items: readonly Entry[];
}

const entry = (link: string, text: string): Entry => ({ text, link: `/${link}` });

export const SECTIONS: readonly Section[] = [
  {
    text: 'Start',
    items: [
      entry('tutorial', 'Tutorial'),
      entry('gallery', 'Gallery'),
      entry('overview', 'Overview and installation'),
      entry('examples/index', 'Examples'),
      entry('faq', 'Questions and answers'),
      entry('comparison', 'Other simulators'),
    ],
  },
  {
    text: 'How to',
    items: [
      entry('how-to/reconstruct', 'Make images'),
      entry('how-to/plot', 'Plot'),
      entry('how-to/report', 'Reports and the viewer'),
      entry('how-to/playground', 'Simulate in the browser'),
      entry('how-to/sweep', 'Sweep parameters'),
      entry('how-to/design-a-sequence', 'Design a sequence'),
      entry('how-to/phantoms-from-maps', 'Phantoms from maps'),
      entry('how-to/coils', 'Coils and noise'),
      entry('how-to/motion', 'Motion'),
      entry('how-to/fields', 'Field imperfections'),
      entry('how-to/t2prime', 'T2′'),
      entry('how-to/magnetization', 'Magnetisation in and out'),
      entry('how-to/python', 'Use from Python'),
      entry('python/index', 'The Python module'),
      entry('how-to/gpu', 'GPUs'),
      entry('how-to/cluster', 'Clusters'),
      entry('recipes/index', 'Recipes for sites'),
    ],
  },
  {
    text: 'Theory',
    items: [
      entry('explanation/physics', 'Physics'),
      entry('explanation/rf-pulses', 'RF pulses'),
      entry('explanation/sub-voxel-spins', 'Spins within voxels'),
      entry('explanation/fast-forms', 'Fast methods'),
      entry('pictures', 'Pictures against theory'),
      entry('explanation/speed', 'Speed'),
      entry('explanation/scaling', 'Scaling'),
      entry('explanation/architecture', 'Architecture'),
    ],
  },
  {
    text: 'Reference',
    items: [
      entry('reference/commands', 'Commands'),
      entry('reference/sequences', 'Built-in sequences'),
      entry('reference/scanner', 'Scanner files'),
      entry('reference/tissue-table', 'Tissue tables'),
      entry('reference/raw-data', 'Raw data'),
      entry('reference/json', 'JSON output'),
      entry('reference/schemas/index', 'JSON schemas'),
      entry('reference/api', 'Library'),
      entry('reference/library/larmor/index', 'Library: functions and types'),
      entry('reference/library/larmor/types', 'Library: types within them'),
      entry('reference/library/design', 'Library: designer'),
      entry('reference/glossary', 'Glossary'),
    ],
  },
  {
    text: 'Project',
    items: [entry('changes', 'Changes'), entry('contributing', 'Contributing'), entry('dependencies', 'Dependencies')],
  },
];
