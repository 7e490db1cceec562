/**
 * Pulses on moving spins, against every spin's position at every time (`testing/moving-spins.ts`),
 * at the default of the longest RF step and at a fiftieth of it: the frequency of spins changes
 * while B1 plays, and how it does depends on the motion.
 */
import { DEFAULT_RF_STEP } from '../host/api/defaults.ts';
import { type Motion, timeRange } from '../host/phantom/motion/types.ts';
import { adc, blockOf, hardPulse, sequenceOf, sincPulse, trapezoid } from '../host/sequence/designer.ts';
import type { Block, RfEvent } from '../host/sequence/types.ts';
import { applyReceivePhase } from '../host/timeline/receiver-phase.ts';
import { MOTIONS, movingScan } from '../testing/moving-scans.ts';
import { simulateMoving } from '../testing/moving-spins.ts';
import { phantomOf, simulateTimeline } from '../testing/run.ts';
import { randomSpins } from '../testing/timed-scans.ts';
import { compare, type Row, type Section } from './report.ts';

const SPINS = 6;
/** What one pulse leaves is what the next begins with. */
const PULSES = 2;
const RADIANS = Math.PI / 180;
const DURATION = 1e-3;

const all = { first: 0, last: SPINS - 1, step: 1 };
const moving = (action: Motion['action'], spins = all): Motion => ({
  ...{ place: 'motion', action, time: timeRange(0, 1), spins },
});
/** 1 m/s along the slice. */
const shift = { type: 'Translate', dx: 0.2, dy: 0.5, dz: 1 } as const;
const turn = { type: 'Rotate', pitch: 300, roll: 20, yaw: 0, center: [0.01, -0.02, 0] } as const;

const MOVING: Readonly<Record<string, readonly Motion[]>> = {
  'half of the spins translated': [moving(shift, { first: 0, last: SPINS - 2, step: 2 })],
  'turning out of the slice': [moving(turn)],
  'all spins translated': [moving(shift)],
  heart: MOTIONS.heart(SPINS),
  'a heart that turns': [...MOTIONS.heart(SPINS), moving(turn)],
  'a beat after a turn': [moving(turn), ...MOTIONS.heart(SPINS).map((beat) => ({ ...beat, afterAll: true }))],
  flow: MOTIONS.flow(SPINS),
};

const flip = 90 * RADIANS;
const sinc = { flip, duration: DURATION, timeBandwidth: 4, raster: 10e-6, frequencyOffset: 3000, phaseOffset: 0.7 };
const withDelay = (rf: RfEvent, delay: number): RfEvent => ({ ...rf, delay });
const block = hardPulse(flip, flip / (2 * Math.PI * 42.5774688e6 * DURATION));

/** Gradients of 20 mT/m that hold, and ones that ramp and have corners while B1 plays. */
const PULSE_BLOCKS: Readonly<Record<string, Block>> = {
  'block pulse on ramps': blockOf({
    rf: block,
    gx: trapezoid(5e-3, DURATION / 4, DURATION / 3),
    gz: trapezoid(10e-3, DURATION / 3, DURATION / 3),
  }),
  sinc: blockOf({ rf: withDelay(sincPulse(sinc), 2e-4), gz: trapezoid(20e-3, 2e-4, DURATION) }),
  'block pulse': blockOf({ rf: withDelay(block, 2e-4), gz: trapezoid(20e-3, 2e-4, DURATION) }),
};

const BOUNDS = { f64: 1e-6, f32: 1e-5 } as const;

export const movingPulses: Section = {
  title: 'Pulses on moving spins',
  bounds: 'those of the project: f64 1e-6, f32 1e-5 of the signal',
  async rows(some) {
    const rows: Row[] = [];
    const spins = randomSpins(SPINS);
    const cases = Object.entries(MOVING).flatMap(([motion, motions]) =>
      Object.entries(PULSE_BLOCKS).map(([pulse, played]) => ({ what: `${pulse}, ${motion}`, motions, played })),
    );
    const sample = blockOf({ adc: adc(1, 1e-9, 0) });
    for (const { what, motions, played } of some(cases, 8)) {
      const sequence = sequenceOf(what, Array.from({ length: PULSES }, () => [played, sample]).flat(), {});
      const { signal: expected } = simulateMoving(sequence, spins, motions);
      for (const maxRfStep of [DEFAULT_RF_STEP, DEFAULT_RF_STEP / 50]) {
        const { timelines, source } = movingScan(sequence, phantomOf(spins), motions, maxRfStep);
        for (const precision of ['f64', 'f32'] as const) {
          // Spins that all move alike step as spins at rest do, whose rounding is not compensated.
          if (precision === 'f32' && maxRfStep < DEFAULT_RF_STEP && source.model === undefined) continue;
          const signal = await simulateTimeline(timelines, source, { precision });
          applyReceivePhase(timelines[0], signal);
          const step = `${Number((1e6 * maxRfStep).toPrecision(3))} µs`;
          rows.push(compare(`${what}, ${step}, ${precision}`, signal, expected, BOUNDS[precision]));
        }
      }
    }
    return rows;
  },
};
