/**
 * Small scans as other programs write them, one function per kind, most without labels, to test the
 * inference of geometry. Pulses have no declared use if `use` is 'undefined', as in files before
 * Pulseq 1.5.
 */
import { GAMMA_BAR } from '../host/base/units.ts';
import {
  adc,
  blockOf,
  delayOf,
  hardPulse,
  sequenceOf,
  setLabel,
  sincPulse,
  trapezoid,
} from '../host/sequence/designer.ts';
import type {
  AdcEvent,
  Block,
  GradientEvent,
  LabelEvent,
  RfEvent,
  RfUse,
  Sequence,
  ShapedGradientEvent,
} from '../host/sequence/types.ts';

export const FOV = 0.2;
export const N = 16;
const DEG = Math.PI / 180;
/** Slice selection: 3 ms sinc of time-bandwidth 4 in this gradient selects 5 mm. */
const SLICE_GRADIENT = 4 / 3e-3 / GAMMA_BAR / 5e-3;
const DWELL = 20e-6;
const RAMP = 1e-4;
const DK = 1 / FOV;

export const scan = (
  name: string,
  blocks: readonly Block[],
  definitions: Record<string, string | number[]> = {},
): Sequence => sequenceOf(name, blocks, { FOV: [FOV, FOV, 5e-3], ...definitions });

/** A lobe of 1 ms with a given number of cycles/m. */
const lobe = (cycles: number): GradientEvent => trapezoid(cycles / GAMMA_BAR / 0.9e-3, RAMP, 0.8e-3);

const sinc = (
  flip: number,
  use: RfUse,
  more: { phaseOffset?: number; frequencyOffset?: number; delay?: number } = {},
): RfEvent =>
  sincPulse({ flip: flip * DEG, duration: 3e-3, timeBandwidth: 4, raster: 1e-5, use, delay: RAMP, ...more });

const hard = (flip: number, use: RfUse, delay = RAMP): RfEvent =>
  hardPulse(flip * DEG, (flip * DEG) / (2 * Math.PI * GAMMA_BAR * 1e-4), { use, delay });

const sliceSelect = trapezoid(SLICE_GRADIENT, RAMP, 3e-3);
/** Moment of the slice gradient from the pulse's centre on [cycles/m]. */
const SLICE_HALF = GAMMA_BAR * SLICE_GRADIENT * (1.5e-3 + RAMP / 2);

const excite = (flip: number, use: RfUse = 'excitation', more = {}): Block =>
  blockOf({ rf: sinc(flip, use, more), gz: sliceSelect });

/** Gradient of a line of `samples` over `fov`, and the ADC on its flat top. */
const readGradient = (sign = 1, samples = N, fov = FOV, dwell = DWELL): GradientEvent =>
  trapezoid(sign / (GAMMA_BAR * fov * dwell), RAMP, samples * dwell);
export const lineAdc = (samples = N, dwell = DWELL): AdcEvent => adc(samples, dwell, RAMP);
/** Moment of half a readout gradient [cycles/m]. */
const half = (samples = N, fov = FOV, dwell = DWELL): number => (samples * dwell + RAMP) / (2 * fov * dwell);

const line = (sign = 1, more: Partial<Block> = {}): Block =>
  blockOf({ gx: readGradient(sign), adc: lineAdc(), ...more });

/** ky from −N/2 to N/2 − 1 [cycles/m]. */
export const table = (n = N, dk = DK): number[] => Array.from({ length: n }, (_, i) => (i - Math.floor(n / 2)) * dk);

const spoil = blockOf({ gz: lobe(2500) });

/** One line of a gradient echo: excitation, encoding, readout, rewinder and spoiler. */
export const greLine = (
  ky: number,
  {
    use = 'excitation' as RfUse,
    flip = 15,
    labels = undefined as LabelEvent[] | undefined,
    kz = 0,
    rf = {},
    readout = {},
  } = {},
): Block[] => [
  excite(flip, use, rf),
  blockOf({ gx: lobe(-half()), gy: lobe(ky), gz: lobe(-SLICE_HALF + kz) }),
  line(1, { ...(labels === undefined ? {} : { labels }), ...readout }),
  blockOf({ gy: lobe(-ky), gz: lobe(2500 - kz) }),
  delayOf(2e-3),
];

/** Inversion before each partition's train of small flips, three-dimensional. */
export function mprage(use: RfUse): Sequence {
  const blocks = table(4, 1 / 0.02).flatMap((kz) => [
    blockOf({ rf: hard(180, use === 'undefined' ? use : 'inversion') }),
    blockOf({ gz: lobe(4000) }),
    delayOf(0.1),
    ...table().flatMap((ky) => [
      blockOf({ rf: hard(8, use) }),
      blockOf({ gx: lobe(-half()), gy: lobe(ky), gz: lobe(kz) }),
      line(),
      blockOf({ gx: lobe(600), gy: lobe(-ky), gz: lobe(-kz) }),
    ]),
    delayOf(0.2),
  ]);
  return scan('mprage', blocks, { FOV: [FOV, FOV, 0.02] });
}

const rotated = (block: Block, angle: number): Block => {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return { ...block, rotation: [c, -s, 0, s, c, 0, 0, 0, 1] };
};

/** Half spokes that start on the gradient's ramp, selected by half pulses or not at all. */
export function ute(spokes = 12): Sequence {
  const samples = 40;
  const gradient = trapezoid(1 / (GAMMA_BAR * FOV * DWELL), 2e-4, samples * DWELL);
  const blocks = Array.from({ length: spokes }, (_, n) => [
    blockOf({ rf: hard(10, 'undefined') }),
    rotated(blockOf({ gx: gradient, adc: adc(samples, DWELL / 2, 0) }), (2 * Math.PI * n) / spokes),
    spoil,
    delayOf(1e-3),
  ]);
  return scan('ute', blocks.flat());
}

/** The read gradient is on during the hard pulse, and steps from spoke to spoke over a sphere. */
export function zte(spokes = 24): Sequence {
  const amplitude = 1 / (GAMMA_BAR * FOV * DWELL);
  const blocks = onSphere(spokes).flatMap((direction) => {
    const part = (a: number): ShapedGradientEvent => ({
      kind: 'shape',
      delay: 0,
      time: Float64Array.of(0, 1e-4, 1e-3),
      amplitude: Float64Array.of(0, direction[a] * amplitude, direction[a] * amplitude),
    });
    const rf = hardPulse(3 * DEG, 2e-5, { use: 'excitation', delay: 4e-4 });
    return [blockOf({ rf, gx: part(0), gy: part(1), gz: part(2), adc: adc(8, DWELL, 4.4e-4) }, 1e-3), delayOf(1e-3)];
  });
  return scan('zte', blocks, { FOV: [FOV, FOV, FOV] });
}

function onSphere(count: number): [number, number, number][] {
  return Array.from({ length: count }, (_, n) => {
    const z = 1 - (2 * n + 1) / count;
    const angle = n * Math.PI * (3 - Math.sqrt(5));
    return [Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z];
  });
}

/** Full spokes through the centre over a sphere. */
export function kooshBall(spokes = 40): Sequence {
  const blocks = onSphere(spokes).flatMap((d) => [
    blockOf({ rf: hard(5, 'excitation') }),
    blockOf({ gx: lobe(-half() * d[0]), gy: lobe(-half() * d[1]), gz: lobe(-half() * d[2]) }),
    blockOf({ gx: readGradient(d[0]), gy: readGradient(d[1]), gz: readGradient(d[2]), adc: lineAdc() }),
    spoil,
  ]);
  return scan('koosh ball', blocks, { FOV: [FOV, FOV, FOV] });
}

/**
 * Half spokes over a sphere from its centre, spoiled along themselves; hard pulses of unstated use.
 */
export function halfSpokes(spokes = 200): Sequence {
  const blocks = onSphere(spokes).flatMap((d) => {
    const [gx, gy, gz] = d.map((part) => readGradient(part, N / 2)) as [GradientEvent, GradientEvent, GradientEvent];
    return [
      blockOf({ rf: hard(6, 'undefined') }),
      blockOf({ gx, gy, gz, adc: adc(N, DWELL / 2, RAMP) }),
      blockOf({ gx: lobe(60 * d[0]), gy: lobe(60 * d[1]), gz: lobe(60 * d[2]) }),
    ];
  });
  return scan('half spokes', blocks, { FOV: [FOV, FOV, FOV] });
}

/** A gradient that traces k(t), linear between points 10 µs apart. */
function tracing(k: (t: number) => number, duration: number): ShapedGradientEvent {
  const points = Math.round(duration / 1e-5);
  const time = Float64Array.from({ length: points + 1 }, (_, n) => n * 1e-5);
  const amplitude = time.map((t) => (k(Math.min(t + 5e-7, duration)) - k(Math.max(t - 5e-7, 0))) / 1e-6 / GAMMA_BAR);
  return { kind: 'shape', delay: 0, time, amplitude };
}

const TRACE = 4e-3;
const curve = (
  gx: (t: number) => number,
  gy: (t: number) => number,
  gz: ((t: number) => number) | undefined,
  samples = 400,
) =>
  blockOf({
    gx: tracing(gx, TRACE),
    gy: tracing(gy, TRACE),
    ...(gz === undefined ? {} : { gz: tracing(gz, TRACE) }),
    adc: adc(samples, TRACE / samples, 0),
  });

const K_MAX = N / 2 / FOV;

export function stackOfSpirals(partitions = 4, arms = 4): Sequence {
  const radius = (t: number): number => (K_MAX * t) / TRACE;
  const blocks = table(partitions, 1 / 0.08).flatMap((kz) =>
    Array.from({ length: arms }, (_, arm) => {
      const angle = (t: number): number => (2 * Math.PI * (t / TRACE) * N) / 2 / arms + (2 * Math.PI * arm) / arms;
      return [
        blockOf({ rf: hard(10, 'excitation') }),
        blockOf({ gz: lobe(kz) }),
        curve(
          (t) => radius(t) * Math.cos(angle(t)),
          (t) => radius(t) * Math.sin(angle(t)),
          undefined,
        ),
        spoil,
      ];
    }).flat(),
  );
  return scan('stack of spirals', blocks, { FOV: [FOV, FOV, 0.08] });
}

/**
 * Spirals on cones about z; the field of view along z is half of that across, with pixels of the
 * same size.
 */
export function cones(count = 8): Sequence {
  const blocks = Array.from({ length: count }, (_, n) => {
    const polar = (Math.PI * (n + 0.5)) / count;
    const [c, s] = [Math.cos(polar), Math.sin(polar)];
    const angle = (t: number): number => (8 * Math.PI * t) / TRACE;
    return [
      blockOf({ rf: hard(5, 'excitation') }),
      curve(
        (t) => ((K_MAX * t) / TRACE) * s * Math.cos(angle(t)),
        (t) => ((K_MAX * t) / TRACE) * s * Math.sin(angle(t)),
        (t) => ((K_MAX * t) / TRACE) * c,
      ),
      spoil,
    ];
  });
  return scan('cones', blocks.flat(), { FOV: [FOV, FOV, FOV / 2] });
}

/**
 * Three-dimensional gradient echo with sinusoids on y and z during the readout (wave-CAIPI), twice
 * oversampled.
 */
export function wave(): Sequence {
  const samples = 2 * N;
  const duration = samples * 1e-4;
  const sine = (phase: number) =>
    tracing((t) => 40 * Math.sin((6 * Math.PI * t) / duration + phase) - 40 * Math.sin(phase), duration);
  const read = tracing((t) => (N / FOV) * (t / duration), duration);
  const blocks = table(4, 1 / 0.04).flatMap((kz) =>
    table(8).flatMap((ky) => [
      blockOf({ rf: hard(10, 'excitation') }),
      blockOf({ gx: lobe(-N / 2 / FOV), gy: lobe(ky), gz: lobe(kz + 40) }),
      blockOf({ gx: read, gy: sine(0), gz: sine(Math.PI / 2), adc: adc(samples, 1e-4, 0) }),
      spoil,
    ]),
  );
  return scan('wave', blocks, { FOV: [FOV, FOV, 0.04] });
}

/** Two echoes per excitation: the decay's, and the last excitation's, refocused. */
export function dess(use: RfUse): Sequence {
  const blocks = table().flatMap((ky) => [
    blockOf({ rf: hard(25, use) }),
    blockOf({ gx: lobe(-half()), gy: lobe(ky) }),
    line(),
    blockOf({ gx: lobe(200) }),
    line(),
    blockOf({ gx: lobe(-half()), gy: lobe(-ky) }),
  ]);
  return scan('dess', blocks);
}

/**
 * Fast spin echo; `flip` of the refocusing pulses, τ = 5 ms. Encoding is rewound before each pulse.
 */
export function tse(
  flip: number,
  use: RfUse,
  { echoes = 4, dummies = 0, flips = [] as number[], early = 0 } = {},
): Sequence {
  const TAU = 8e-3;
  // Pulses `early` in their gradients leave moments behind that differ from echo to echo.
  const more = { phaseOffset: Math.PI / 2, delay: RAMP - early };
  const refocusing = (n: number) =>
    blockOf({ rf: sinc(flips[n] ?? flip, use === 'undefined' ? use : 'refocusing', more), gz: sliceSelect });
  const crusher = blockOf({ gz: lobe(500) });
  const selection = 1.6e-3;
  const blocks: Block[] = [];
  const lines = table();
  for (let first = 0; first < lines.length; first += echoes) {
    blocks.push(excite(90, use), blockOf({ gx: lobe(half()), gz: lobe(-SLICE_HALF) }));
    blocks.push(delayOf(TAU - 2 * selection - 2e-3), crusher);
    for (let echo = -dummies; echo < echoes; echo++) {
      const ky = echo < 0 ? 0 : lines[first + echo];
      const wait = TAU - selection - 2e-3 - (N * DWELL) / 2 - RAMP;
      blocks.push(refocusing(echo + dummies), crusher, blockOf({ gy: lobe(ky) }), delayOf(wait));
      blocks.push(echo < 0 ? blockOf({ gx: readGradient() }) : line());
      blocks.push(delayOf(wait), blockOf({ gy: lobe(-ky) }), crusher);
    }
    blocks.push(spoil, delayOf(0.2));
  }
  return scan('tse', blocks);
}

/**
 * α/2 half an interval ahead of alternating α, balanced; times and flips as a spin-echo train has
 * them.
 */
export function bssfp(use: RfUse): Sequence {
  const interval = 1e-3 + 2e-4 + 2e-3 + (2 * RAMP + N * DWELL);
  const pulse = (flip: number, phase: number): Block =>
    blockOf({ rf: { ...hard(flip, use), phaseOffset: phase } }, 2e-4 + 1e-3);
  const blocks = [
    pulse(20, Math.PI),
    delayOf(interval / 2 - 1.2e-3),
    ...table().flatMap((ky, n) => [
      pulse(40, Math.PI * (n % 2)),
      blockOf({ gx: lobe(-half()), gy: lobe(ky) }),
      blockOf({ gx: readGradient(), adc: { ...lineAdc(), phaseOffset: Math.PI * (n % 2) } }),
      blockOf({ gx: lobe(-half()), gy: lobe(-ky) }),
    ]),
  ];
  return scan('bssfp', blocks);
}

export interface EpiOptions {
  readonly use?: RfUse;
  readonly navigators?: number;
  readonly shots?: number;
  readonly volumes?: number;
  /** Diffusion lobes around a refocusing pulse. */
  readonly diffusion?: boolean;
  /** Two echoes of the whole train. */
  readonly echoes?: number;
  /** The lines lie so many steps beside multiples of the step. */
  readonly offset?: number;
  /** Every second volume is read from the other end of k-space. */
  readonly reversing?: boolean;
}

/** Echo-planar imaging without labels; lines run back and forth. */
export function epi(options: EpiOptions = {}): Sequence {
  const {
    use = 'excitation',
    navigators = 0,
    shots = 1,
    volumes = 1,
    diffusion = false,
    echoes = 1,
    offset = 0,
    reversing = false,
  } = options;
  const blocks: Block[] = [];
  const blip = (steps: number) => trapezoid((steps * DK) / GAMMA_BAR / 1e-4, 5e-5, 5e-5);
  for (let volume = 0; volume < volumes; volume++) {
    const up = reversing && volume % 2 === 1 ? -1 : 1;
    for (let shot = 0; shot < shots; shot++) {
      let sign = 1;
      const next = (): Block => {
        const block = line(sign);
        sign = -sign;
        return block;
      };
      blocks.push(excite(90, use), blockOf({ gz: lobe(-SLICE_HALF) }));
      if (diffusion) {
        const refocus = use === 'undefined' ? use : 'refocusing';
        blocks.push(blockOf({ gz: lobe(3000) }), blockOf({ rf: sinc(180, refocus), gz: sliceSelect }));
        blocks.push(blockOf({ gz: lobe(3000) }));
      }
      blocks.push(blockOf({ gx: lobe(-half()) }));
      for (let n = 0; n < navigators; n++) blocks.push(next());
      blocks.push(blockOf({ gy: lobe((up < 0 ? N / 2 - 1 : -N / 2 + shot + offset) * DK) }));
      for (let echo = 0; echo < echoes; echo++) {
        for (let n = shot; n < N; n += shots) {
          blocks.push(next());
          if (n + shots < N) blocks.push(blockOf({ gy: blip(echo % 2 === 0 ? up * shots : -shots) }));
        }
      }
      blocks.push(spoil, delayOf(0.1));
    }
  }
  return scan('epi', blocks);
}

/** The whole train in one readout, ramps and blips included. */
export function epiInOneReadout(stated: Record<string, number[]> = { Matrix: [N, N, 1] }): Sequence {
  const lines = N;
  const period = N * DWELL + 2e-4;
  const points: [number, number, number][] = [];
  const amplitude = 1 / (GAMMA_BAR * FOV * DWELL);
  for (let n = 0; n < lines; n++) {
    const sign = n % 2 === 0 ? 1 : -1;
    const start = n * period;
    points.push([start, 0, 0], [start + 1e-4, sign * amplitude, 0], [start + period - 1e-4, sign * amplitude, 0]);
  }
  points.push([lines * period, 0, 0]);
  const gx: ShapedGradientEvent = {
    kind: 'shape',
    delay: 0,
    time: Float64Array.from(points, ([t]) => t),
    amplitude: Float64Array.from(points, ([, a]) => a),
  };
  const blips: [number, number][] = [[0, 0]];
  for (let n = 1; n < lines; n++) {
    const at = n * period;
    blips.push([at - 1e-4, 0], [at, DK / GAMMA_BAR / 1e-4], [at + 1e-4, 0]);
  }
  blips.push([lines * period, 0]);
  const gy: ShapedGradientEvent = {
    kind: 'shape',
    delay: 0,
    time: Float64Array.from(blips, ([t]) => t),
    amplitude: Float64Array.from(blips, ([, a]) => a),
  };
  const samples = Math.round((lines * period) / 1e-5);
  const blocks = [
    excite(90),
    blockOf({ gx: lobe(-half()), gy: lobe((-N / 2) * DK), gz: lobe(-SLICE_HALF) }),
    blockOf({ gx, gy, adc: adc(samples, 1e-5, 0) }),
  ];
  return scan('epi in one readout', blocks, stated);
}

/**
 * Every second line, and four calibration lines about the centre: REF alone between, IMA on the
 * grid.
 */
export function grappa(): Sequence {
  const blocks = table().flatMap((ky, n) => {
    const onGrid = n % 2 === 0;
    const calibration = Math.abs(n - N / 2) <= 3;
    if (!onGrid && !calibration) return [];
    const labels = [setLabel('REF', calibration ? 1 : 0), setLabel('IMA', calibration && onGrid ? 1 : 0)];
    return greLine(ky, { labels });
  });
  return scan('grappa', blocks);
}

/** Point-resolved spectroscopy: three pulses, crushers, a readout without gradients. */
export function press(use: RfUse): Sequence {
  const refocus = use === 'undefined' ? use : 'refocusing';
  const shot = (axis: 'gx' | 'gy'): Block[] => [
    excite(90, use),
    blockOf({ gz: lobe(-SLICE_HALF) }),
    blockOf({ [axis]: lobe(1000) }),
    blockOf({ rf: sinc(180, refocus), gx: sliceSelect }),
    blockOf({ [axis]: lobe(1000) }),
    blockOf({ gz: lobe(1500) }),
    blockOf({ rf: sinc(180, refocus), gy: sliceSelect }),
    blockOf({ gz: lobe(1500) }),
    blockOf({ adc: adc(64, 1e-4, 0) }),
    delayOf(0.5),
  ];
  // Crushers change their axis from shot to shot: each is refocused all the same.
  return scan('press', [...shot('gx'), ...shot('gy')], { FOV: [] as number[] });
}

/**
 * Saturation by small pulses and growing spoilers, with readouts of one sample that count the
 * offsets.
 */
export function cest(flip: number): Sequence {
  const blocks = [1, 2, 3].flatMap((n) => [
    blockOf({ rf: hard(flip, 'undefined') }),
    blockOf({ gx: lobe(500 * n), gy: lobe(700), gz: lobe(300 * n * n) }),
    blockOf({ adc: adc(1, 1e-4, 1e-4) }),
    delayOf(1e-2),
  ]);
  return scan('cest', blocks, { FOV: [] as number[] });
}

/** Three echoes of one line after each pulse, the second one backwards. */
export function multiEcho(): Sequence {
  return scan(
    'multi-echo',
    table().flatMap((ky) => {
      const [pulse, encoding, first, ...rest] = greLine(ky);
      return [pulse!, encoding!, first!, line(-1), line(1), ...rest];
    }),
  );
}

/**
 * Every line twice in excitations of its own, the second with a later echo, as field maps are read.
 */
export function twoEchoTimes(later = 2e-3, volumes = 1): Sequence {
  const lines = table().flatMap((ky) =>
    [0, later].flatMap((wait) => {
      const [pulse, ...rest] = greLine(ky);
      return [pulse!, ...(wait > 0 ? [delayOf(wait)] : []), ...rest];
    }),
  );
  return scan('two echo times', Array.from({ length: volumes }, () => lines).flat());
}

/** A whole spin echo per line, its refocusing pulse of `flip`. */
export function spinEcho(flip: number, use: RfUse): Sequence {
  const crusher = blockOf({ gz: lobe(500) });
  const wait = 8e-3 - 1.6e-3 - 1e-3 - 1e-3 - (N * DWELL) / 2 - RAMP;
  const blocks = table().flatMap((ky) => [
    excite(90, use),
    blockOf({ gx: lobe(half()), gz: lobe(-SLICE_HALF) }),
    delayOf(8e-3 - 3.2e-3 - 2e-3),
    crusher,
    blockOf({ rf: sinc(flip, use === 'undefined' ? use : 'refocusing'), gz: sliceSelect }),
    crusher,
    blockOf({ gy: lobe(ky) }),
    delayOf(wait),
    line(),
    delayOf(0.1),
  ]);
  return scan('spin echo', blocks);
}

/** Carr–Purcell–Meiboom–Gill without gradients: the phase of the pulses alone tells. */
export function cpmg(flip: number, use: RfUse): Sequence {
  const pulse = (angle: number, phaseOffset: number): Block =>
    blockOf({ rf: { ...hard(angle, use), phaseOffset } }, 1e-3);
  const echo = [pulse(flip, Math.PI / 2), delayOf(4e-3), blockOf({ adc: adc(10, 1e-5, 0) }, 1e-3), delayOf(4e-3)];
  const echoes = Array.from({ length: 4 }, () => echo).flat();
  return scan('cpmg', [pulse(90, 0), delayOf(4e-3), ...echoes], { FOV: [] as number[] });
}

/** Gradient echoes after fat saturation whose pulse has no stated use. */
export function fatSaturated(): Sequence {
  const saturation = [blockOf({ rf: hard(90, 'undefined') }), blockOf({ gx: lobe(1500), gz: lobe(2500) })];
  return scan(
    'fat saturation',
    table().flatMap((ky) => [...saturation, ...greLine(ky, { use: 'undefined' })]),
  );
}

export const gre = (
  definitions: Record<string, string | number[]> = {},
  more: Parameters<typeof greLine>[1] = {},
): Sequence =>
  scan(
    'gre',
    table().flatMap((ky) => greLine(ky, more)),
    definitions,
  );
