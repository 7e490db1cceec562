/**
 * The page of a NIfTI volume: NiiVue draws it, and this says what is shown. Both are served beside
 * the page, as is the volume, in float32. Slices are shown in radiological convention, as in
 * reports.
 */
import type { NiiVueLocation, Niivue, SLICE_TYPE } from '@niivue/niivue';
import { shortNumber } from '../figures/units.ts';
import { choice, el, slider } from './dom.ts';
import { placeText } from './place.ts';

/** The file that the server sends as it is installed. */
const NIIVUE = './niivue.js';

const VIEWS = ['slices', 'axial', 'coronal', 'sagittal', '3-D'] as const;
type ViewName = (typeof VIEWS)[number];

/** The look of images in reports: no interpolation, and orientation letters at all edges. */
const LOOK = {
  isRadiologicalConvention: true,
  isNearestInterpolation: true,
  showAllOrientationMarkers: true,
  fontColor: [1, 0.84, 0.37, 1],
  crosshairColor: [0.35, 0.78, 1, 0.65],
  crosshairWidth: 0.2,
  multiplanarPadPixels: 12,
  dragAndDropEnabled: false,
  logLevel: 'warn',
} satisfies ConstructorParameters<typeof Niivue>[0];

async function start(): Promise<void> {
  const host = document.getElementById('volume')!;
  const said = el('output', { class: 'said', 'aria-live': 'polite' }, 'Loading …');
  host.append(said);
  try {
    if (el('canvas').getContext('webgl2') === null)
      throw new Error(
        'This browser has no WebGL2, which draws the volume: allow hardware acceleration, or open the address in another browser',
      );
    const canvas = el('canvas', {
      'aria-label': 'the volume: click to move the crosshair, scroll to change the slice',
    });
    host.prepend(el('div', { class: 'volume' }, canvas));
    const viewer = await loaded(canvas, said);
    host.prepend(controls(viewer));
    host.dataset.ready = 'true';
  } catch (error) {
    said.classList.add('bad');
    said.textContent = `${error instanceof Error ? error.message : error}.`;
  }
}

async function loaded(canvas: HTMLCanvasElement, said: HTMLElement): Promise<Niivue> {
  const response = await fetch('volume');
  if (!response.ok) throw new Error((await response.text()).trim());
  const { Niivue } = (await import(NIIVUE)) as typeof import('@niivue/niivue');
  const viewer = new Niivue(LOOK);
  viewer.onLocationChange = (location) => {
    const { mm, values } = location as NiiVueLocation;
    // RAS to LPS reverses x and y.
    const place = [-mm[0], -mm[1], mm[2]].map((millimetres) => 1e-3 * millimetres);
    said.textContent = `${placeText(place)}: ${shortNumber(values[0].value)}`;
  };
  await viewer.attachToCanvas(canvas);
  await viewer.loadFromArrayBuffer(await response.arrayBuffer(), 'volume.nii');
  viewer.setSliceType(codeOf(viewOf(viewer)));
  viewer.createOnLocationChange();
  return viewer;
}

function controls(viewer: Niivue): HTMLElement {
  const { id, nFrame4D: count = 1 } = viewer.volumes[0];
  const number = { min: 1, max: count, step: 1, value: 1 };
  return el(
    'div',
    { class: 'controls' },
    choice('view', VIEWS, viewOf(viewer), (name) => viewer.setSliceType(codeOf(name))),
    count > 1 &&
      slider(
        'volume',
        number,
        (value) => `${value} of ${count}`,
        (value) => viewer.setFrame4D(id, value - 1),
      ).element,
  );
}

/** The initial view: of a single slice its own plane. */
function viewOf({ volumes: [{ dimsRAS }] }: Niivue): ViewName {
  const [, right, anterior, superior] = dimsRAS!;
  if (superior === 1) return 'axial';
  if (anterior === 1) return 'coronal';
  return right === 1 ? 'sagittal' : 'slices';
}

/** NiiVue's numbers of its views. */
const CODES: Readonly<Record<ViewName, number>> = { axial: 0, coronal: 1, sagittal: 2, slices: 3, '3-D': 4 };
const codeOf = (name: ViewName): SLICE_TYPE => CODES[name];

void start();
