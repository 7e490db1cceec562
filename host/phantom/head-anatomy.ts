/**
 * The anatomy of the built-in head: shapes painted one over another, each an ellipsoid that may be
 * rotated about z and cut by planes. On a row along x every such shape is one interval in closed
 * form, which makes rows cheap to count. Millimetres in patient axes: +x left, +y posterior, +z
 * head; the origin lies near the centre of the brain. The head is a design of this project with the
 * proportions of an adult and the right topology; it does not depict a person.
 */

/**
 * Tissue numbers of the head; `cortex` and `folia` become grey matter, white matter or CSF by their
 * folds.
 */
export const HEAD = {
  air: 0,
  csf: 1,
  grey: 2,
  white: 3,
  fat: 4,
  muscle: 5,
  skin: 6,
  marrow: 7,
  lesion: 8,
  cortex: 9,
  folia: 10,
} as const;

export interface Shape {
  readonly tissue: number;
  readonly centre: readonly [number, number, number];
  /** Half axes before turning. */
  readonly half: readonly [number, number, number];
  /** Turn about z, from +x towards +y [rad]. */
  readonly turn: number;
  /** Kept part: y in [minY, maxY], z in [minZ, maxZ]. */
  readonly minY: number;
  readonly maxY: number;
  readonly minZ: number;
  readonly maxZ: number;
}

type Cut = Partial<Pick<Shape, 'minY' | 'maxY' | 'minZ' | 'maxZ'>> & { readonly degrees?: number };
type Triple = readonly [number, number, number];

function one(tissue: number, centre: Triple, half: Triple, { degrees = 0, ...cut }: Cut = {}): Shape {
  const open = { minY: -Infinity, maxY: Infinity, minZ: -Infinity, maxZ: Infinity };
  return { tissue, centre, half, turn: (degrees * Math.PI) / 180, ...open, ...cut };
}

/** The shape on the patient's left, and its mirror image on the right. */
function pair(tissue: number, [x, y, z]: Triple, half: Triple, cut: Cut = {}): Shape[] {
  return [one(tissue, [x, y, z], half, cut), one(tissue, [-x, y, z], half, { ...cut, degrees: -(cut.degrees ?? 0) })];
}

/** The surface of the brain, from which the depth of the folds is measured. */
export const BRAIN = { centre: [0, 2, 20] as Triple, half: [68.5, 88.5, 78] as Triple };
/** Each half of the cerebellum. */
export const CEREBELLUM = { centre: [23, 50, -44] as Triple, half: [30, 27, 25] as Triple };

const { air, csf, grey, white, fat, muscle, skin, marrow, lesion, cortex, folia } = HEAD;

/** Later shapes cover earlier ones. */
export const SHAPES: readonly Shape[] = [
  // Neck, face and scalp, from the skin inwards.
  one(skin, [0, 24, -100], [56, 60, 90], { minZ: -125 }),
  one(muscle, [0, 24, -100], [53, 57, 88], { minZ: -125 }),
  ...pair(skin, [83, 14, -18], [6, 13, 24], { degrees: -12 }),
  one(skin, [0, -104, -24], [12, 17, 24]),
  one(skin, [0, 0, -2], [84.5, 104.5, 114]),
  one(fat, [0, 0, -2], [82, 102, 111]),
  one(muscle, [0, 1, 2], [79.5, 99.5, 105]),
  ...pair(muscle, [67, -36, -28], [7, 30, 44], { degrees: 14 }),
  one(muscle, [0, 2, -62], [62, 84, 40]),
  // Skull: two tables of bone without signal, marrow between them; the cavity's floor is the skull
  // base.
  one(air, [0, 2, 18], [77.5, 97.5, 86.5]),
  one(marrow, [0, 2, 18], [75.6, 95.6, 84.5]),
  one(air, [0, 2, 18], [73, 93, 82]),
  one(csf, [0, 2, 20], [71, 91, 80]),
  one(cortex, BRAIN.centre, BRAIN.half),
  // Between the hemispheres, under the tentorium, beside the insula.
  one(csf, [0, 4, 34], [1.4, 84, 66]),
  ...pair(csf, [52, -12, -4], [15, 3, 14], { degrees: -24 }),
  one(csf, [0, 50, -40], [58, 34, 31], { maxZ: -17 }),
  ...pair(folia, CEREBELLUM.centre, CEREBELLUM.half, { maxZ: -20 }),
  one(white, [0, 22, -52], [13, 13, 46]),
  // Deep white matter holds the nuclei and the ventricles.
  one(white, [0, 6, 8], [42, 48, 30]),
  one(grey, [0, 6, 8], [3, 50, 9], { maxY: -20 }),
  one(white, [0, 4, 22], [22, 40, 9]),
  ...pair(grey, [11, 12, -2], [8, 14, 14], { degrees: -14 }),
  ...pair(grey, [26, -6, -4], [6, 19, 15], { degrees: -14 }),
  ...pair(grey, [16, -26, 2], [5, 10, 20], { degrees: 14 }),
  ...pair(csf, [9, -27, 2], [4, 15, 22], { degrees: 16 }),
  ...pair(csf, [20, 36, 2], [5.5, 22, 22], { degrees: 12 }),
  ...pair(csf, [12, 4, 20], [6, 32, 7]),
  one(csf, [0, 6, -10], [2.4, 15, 15]),
  one(csf, [0, 40, -44], [8, 6, 14]),
  one(lesion, [33, 22, -10], [6.5, 9, 8], { degrees: 30 }),
  // Orbits: bone, fat, muscles, the optic nerve, the eye with its lens.
  ...pair(air, [31, -75, -15], [21, 25, 19], { degrees: -12 }),
  ...pair(fat, [31, -76, -15], [18.5, 24, 17], { degrees: -12 }),
  ...pair(muscle, [20, -69, -15], [2.2, 17, 6], { degrees: -18 }),
  ...pair(muscle, [43, -71, -15], [2.2, 17, 6], { degrees: 22 }),
  ...pair(white, [26, -63, -15], [2, 14, 2.2], { degrees: -18 }),
  ...pair(muscle, [32, -85, -15], [13.2, 13.2, 13.2]),
  ...pair(csf, [32, -85, -15], [12, 12, 12]),
  ...pair(white, [32, -93.5, -15], [5, 2.4, 5]),
  ...pair(skin, [32, -100, -15], [12, 2.4, 10]),
  // Air of the nose and its sinuses, the septum; the frontal sinus is larger on the left, as it is
  // in most people.
  one(air, [0, -80, -34], [9, 18, 24]),
  one(skin, [0, -84, -34], [1.5, 18, 24]),
  one(air, [9, -90, 14], [12, 4, 11]),
  one(air, [-6, -90, 12], [8, 3.5, 8]),
  ...pair(air, [26, -66, -62], [14, 16, 15]),
  // Mouth, throat, jaw and spine.
  one(air, [0, -52, -84], [40, 36, 26]),
  one(muscle, [0, -48, -88], [32, 34, 24]),
  ...pair(air, [44, -46, -94], [7, 32, 16], { degrees: 20 }),
  ...pair(marrow, [44, -46, -94], [4, 28, 12], { degrees: 20 }),
  one(air, [0, -10, -92], [9, 7, 52], { minZ: -125, maxZ: -66 }),
  one(air, [0, 22, -112], [17, 15, 32], { minZ: -125 }),
  one(marrow, [0, 22, -112], [14, 12, 30], { minZ: -125 }),
  one(air, [0, 44, -106], [15, 11, 36], { minZ: -125 }),
  one(csf, [0, 44, -106], [11, 8.5, 36], { minZ: -125 }),
  one(white, [0, 44, -106], [6, 4.5, 40], { minZ: -125 }),
];

/** The box that holds all of it, symmetric in x and y about the origin of the lattice [mm]. */
export const EXTENT = { x: 92, y: 124, minZ: -125, maxZ: 113 } as const;
