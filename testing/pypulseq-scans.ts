/**
 * Scans as PyPulseq's examples write them, large enough for a picture: two-dimensional gradient
 * echo, radial, UTE with a hard pulse and with pairs of half pulses, and MPRAGE. No labels, no
 * stated matrix; samples lie half a dwell off the echo; RF spoiling by 117°.
 */
import { GAMMA_BAR } from '../host/base/units.ts';
import {
  adc,
  areaTrapezoid,
  blockOf,
  delayOf,
  flatTop,
  hardPulse,
  sequenceOf,
  sincPulse,
} from '../host/sequence/designer.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Block, GradientEvent, RfEvent, Sequence, TrapezoidEvent } from '../host/sequence/types.ts';

const DEG = Math.PI / 180;
const FOV = 0.256;
const THICKNESS = 5e-3;
const PULSE = 3e-3;
const BANDWIDTH = 4 / PULSE;
const DWELL = 2e-5;
/** Cycles over the slice, or over so many metres of a scan without one. */
const SPOILER = 4 / THICKNESS;

/** A trapezoid with a given number of cycles/m. */
const cycles = (k: number): TrapezoidEvent => areaTrapezoid(k / GAMMA_BAR, DEFAULT_SCANNER);

/** Quadratic phase of shot n [rad], of pulse and receiver alike. */
const spoiled = (n: number): number => ((117 * n * (n + 1)) / 2) * DEG;

const scaled = (event: TrapezoidEvent, by: number): TrapezoidEvent => ({ ...event, amplitude: by * event.amplitude });

/** A trapezoid in the plane at an angle. */
const turned = (event: TrapezoidEvent, angle: number): { gx: GradientEvent; gy: GradientEvent } => ({
  gx: scaled(event, Math.cos(angle)),
  gy: scaled(event, Math.sin(angle)),
});

const selection = flatTop(BANDWIDTH / GAMMA_BAR / THICKNESS, PULSE, DEFAULT_SCANNER);
const sinc = (flip: number): RfEvent =>
  sincPulse({ flip: flip * DEG, duration: PULSE, timeBandwidth: 4, raster: 1e-5, delay: selection.rise });
const rephasing = cycles((-(PULSE + selection.fall) / 2) * selection.amplitude * GAMMA_BAR);
const hard = (flip: number, duration: number, use: RfEvent['use'] = 'excitation'): RfEvent =>
  hardPulse(flip * DEG, (flip * DEG) / (2 * Math.PI * GAMMA_BAR * duration), { use, delay: 1e-4 });

/** Readout gradient of n samples, its prewinder to half of its area, and its samples. */
function reading(n: number): { read: TrapezoidEvent; back: TrapezoidEvent; samples: ReturnType<typeof adc> } {
  const read = flatTop(1 / (GAMMA_BAR * FOV * DWELL), n * DWELL, DEFAULT_SCANNER);
  const area = read.amplitude * (read.flat + read.rise);
  return { read, back: areaTrapezoid(-area / 2, DEFAULT_SCANNER), samples: adc(n, DWELL, read.rise) };
}

/** Shots of TR, whose pulse and receiver turn their phase from one to the next. */
function shots(TR: number, blocks: readonly (readonly Block[])[]): Block[] {
  return blocks.flatMap((shot, n) => {
    const phaseOffset = spoiled(n);
    const played = shot.map((block) => ({
      ...block,
      ...(block.rf ? { rf: { ...block.rf, phaseOffset } } : {}),
      ...(block.adc ? { adc: { ...block.adc, phaseOffset } } : {}),
    }));
    return [...played, delayOf(TR - shot.reduce((sum, { duration }) => sum + duration, 0))];
  });
}

/** Lines of k-space along y or z, in cycles/m. */
const table = (n: number, dk: number): number[] => Array.from({ length: n }, (_, i) => (i - n / 2) * dk);

const without = ({ adc: _, ...block }: Block): Block => block;

/** write_gre.py: no dummies, so the first lines are the brightest. */
export function gre(n = 64): Sequence {
  const { read, back, samples } = reading(n);
  const widest = cycles(n / 2 / FOV);
  const lines = table(n, 1 / FOV).map((ky) => [
    blockOf({ rf: sinc(10), gz: selection }),
    blockOf({ gx: back, gy: scaled(widest, ky / (n / 2 / FOV)), gz: rephasing }),
    blockOf({ gx: read, adc: samples }),
    blockOf({ gx: cycles((2 * n) / FOV), gy: scaled(widest, -ky / (n / 2 / FOV)), gz: cycles(SPOILER) }),
  ]);
  return sequenceOf('gre', shots(20e-3, lines), { FOV: [FOV, FOV, THICKNESS] });
}

/**
 * write_radial_gre.py: full spokes over half a turn, after dummies. Spokes are rewound by default:
 * a moment that turns from shot to shot adds to the quadratic phase of the pulses, by an amount
 * that depends on the place, so that RF spoiling fails in bands.
 * @param spoiler moment after a spoke, along it, over that of half a spoke: −1 rewinds, PyPulseq's
 * own is 1
 * @param increment between spokes [rad]
 * @param across moment of the spoiler across the slice [cycles/m]
 */
export function radial(
  n = 64,
  spokes = 100,
  dummies = 60,
  { spoiler = -1, increment = Math.PI / spokes, across = SPOILER } = {},
): Sequence {
  const { read, back, samples } = reading(n);
  const after = areaTrapezoid((spoiler * read.amplitude * (read.flat + read.rise)) / 2, DEFAULT_SCANNER);
  const all = Array.from({ length: dummies + spokes }, (_, s) => {
    const angle = increment * (s - dummies);
    const shot = [
      blockOf({ rf: sinc(10), gz: selection }),
      blockOf({ ...turned(back, angle), gz: rephasing }),
      blockOf({ ...turned(read, angle), adc: samples }),
      blockOf({ ...turned(spoiler === -1 ? back : after, angle), gz: cycles(across) }),
    ];
    return s < dummies ? shot.map(without) : shot;
  });
  return sequenceOf('radial', shots(20e-3, all), { FOV: [FOV, FOV, THICKNESS] });
}

/**
 * Spiral arms after a slice-selective pulse, not rewound, with a spoiler across the slice and one
 * in the plane that turns with the arms.
 */
export function spiral(n = 32, arms = 16, dummies = 40, { spoiler = 0, across = SPOILER } = {}): Sequence {
  const duration = 6e-3;
  const points = Math.round(duration / 1e-5);
  const time = Float64Array.from({ length: points + 1 }, (_, i) => i * 1e-5);
  const turns = n / 2 / arms;
  const k = (t: number, angle: number): number =>
    (((n / 2 / FOV) * t) / duration) * Math.cos((2 * Math.PI * turns * t) / duration + angle);
  const traced = (angle: number): GradientEvent => ({
    kind: 'shape',
    delay: 0,
    time,
    amplitude: time.map(
      (t) => (k(Math.min(t + 5e-6, duration), angle) - k(Math.max(t - 5e-6, 0), angle)) / 1e-5 / GAMMA_BAR,
    ),
  });
  const all = Array.from({ length: dummies + arms }, (_, s) => {
    const angle = (2 * Math.PI * (s - dummies)) / arms;
    const shot = [
      blockOf({ rf: sinc(10), gz: selection }),
      blockOf({ gz: rephasing }),
      blockOf({ gx: traced(angle), gy: traced(angle - Math.PI / 2), adc: adc(points, 1e-5, 0) }),
      blockOf({ ...turned(cycles((spoiler * n) / FOV), angle), gz: cycles(across) }),
    ];
    return s < dummies ? shot.map(without) : shot;
  });
  return sequenceOf('spiral', shots(20e-3, all), { FOV: [FOV, FOV, THICKNESS], Matrix: [n, n, 1] });
}

/** Ramp-sampled half spokes over a whole turn. */
function halfSpokes(
  n: number,
  spokes: number,
  dummies: number,
  excite: (pair: number) => Block[],
  { pairs, rewound }: { pairs: number; rewound: boolean },
): Block[][] {
  const dwell = 5e-6;
  const amplitude = 1 / (GAMMA_BAR * FOV * DWELL);
  const { rise } = flatTop(amplitude, 0, DEFAULT_SCANNER);
  const read = flatTop(amplitude, (n / 2) * DWELL - rise / 2, DEFAULT_SCANNER);
  const samples = adc(Math.round((rise + read.flat) / dwell), dwell, 0);
  const rewinder = areaTrapezoid(-amplitude * (rise + read.flat), DEFAULT_SCANNER);
  return Array.from({ length: (dummies + spokes) * pairs }, (_, s) => {
    const angle = (2 * Math.PI * (Math.floor(s / pairs) - dummies)) / spokes;
    const shot = [
      ...excite(s % pairs),
      blockOf({ ...turned(read, angle), adc: samples }),
      blockOf({ ...(rewound ? turned(rewinder, angle) : {}), gz: cycles(SPOILER) }),
    ];
    return s < dummies * pairs ? shot.map(without) : shot;
  });
}

/**
 * Half spokes after a hard pulse; not rewound, so that moments in the plane turn from shot to shot.
 */
export function ute(n = 64, spokes = 200, dummies = 60): Sequence {
  const shotsOf = halfSpokes(n, spokes, dummies, () => [blockOf({ rf: hard(10, 1e-4) }, 2.2e-4)], {
    pairs: 1,
    rewound: false,
  });
  return sequenceOf('ute', shots(10e-3, shotsOf), { FOV: [FOV, FOV, THICKNESS] });
}

/**
 * write_ute.py: each half spoke twice, after the first half of a sinc in a gradient of either sign.
 */
export function uteOfHalfPulses(n = 64, spokes = 200, dummies = 60): Sequence {
  const whole = sinc(20);
  const half = whole.magnitude.length / 2;
  const rf: RfEvent = {
    ...whole,
    time: whole.time.slice(0, half + 1),
    magnitude: whole.magnitude.slice(0, half),
    phase: whole.phase.slice(0, half),
    center: PULSE / 2,
  };
  const gz = flatTop(selection.amplitude, PULSE / 2, DEFAULT_SCANNER);
  const back = cycles((-gz.fall / 2) * gz.amplitude * GAMMA_BAR);
  const excite = (pair: number): Block[] => {
    const sign = pair === 0 ? 1 : -1;
    return [blockOf({ rf, gz: scaled(gz, sign) }), blockOf({ gz: scaled(back, sign) })];
  };
  const shotsOf = halfSpokes(n, spokes, dummies, excite, { pairs: 2, rewound: true });
  return sequenceOf('ute of half pulses', shots(20e-3, shotsOf), { FOV: [FOV, FOV, THICKNESS] });
}

/**
 * write_mprage.py: an inversion, a delay and a train of small flips along y for each partition
 * along z; one train before that is not read.
 */
export function mprage(n = 64, partitions = 4, depth = 0.016): Sequence {
  const { read, back, samples } = reading(n);
  const lineOf = (ky: number, kz: number): Block[] => [
    blockOf({ rf: hard(8, 1e-4) }, 3e-4),
    blockOf({ gx: back, gy: cycles(ky), gz: cycles(kz) }, 1e-3),
    blockOf({ gx: read, adc: samples }),
    blockOf({ gx: cycles(n / FOV), gy: cycles(-ky), gz: cycles(-kz) }, 1e-3),
  ];
  const trains = [0, ...table(partitions, 1 / depth)].map((kz, train) => {
    const lines = table(n, 1 / FOV).map((ky) => lineOf(ky, kz).map((block) => (train === 0 ? without(block) : block)));
    return [
      blockOf({ rf: hard(180, 1.2e-3, 'inversion') }),
      blockOf({ gx: cycles(3000) }),
      delayOf(0.45),
      ...shots(8e-3, lines),
      delayOf(0.5),
    ];
  });
  return sequenceOf('mprage', trains.flat(), { FOV: [FOV, FOV, depth] });
}
