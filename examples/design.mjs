// A sequence of one's own, from pulses and gradients to a picture: a spin echo whose pulses are by Shinnar and Le Roux.
// Run it where larmor is installed: node design.mjs
import { checkSequence, DEFAULT_SCANNER, design, reconstruct, simulate, writeImage, writeSequence } from 'larmor';

const scanner = DEFAULT_SCANNER;
const { gammaBar, blockRaster } = scanner;
const [n, fov, thickness, dwell] = [48, 0.22, 8e-3, 20e-6];
const [TE, TR] = [30e-3, 0.4];

// Pulses with a gradient that selects the slice: bandwidth = γ̄ · G · thickness.
const [duration, timeBandwidth, raster] = [6.4e-3, 4, 20e-6];
const select = design.flatTop(timeBandwidth / duration / gammaBar / thickness, duration, scanner);
const delay = select.rise;
const excitation = design.slrPulse({ flip: Math.PI / 2, duration, timeBandwidth, raster, delay });
const refocusing = {
  ...design.slrPulse({ flip: Math.PI, duration, timeBandwidth, raster, delay, use: 'refocusing' }),
  phaseOffset: Math.PI / 2,
};
const rephaser = design.areaTrapezoid((-select.amplitude * (duration + select.fall)) / 2, scanner);
const crusher = design.areaTrapezoid(4 / (gammaBar * thickness), scanner);

// A readout of n samples on the flat top, the echo in its middle, and the table of phase encoding.
const read = design.flatTop(1 / (gammaBar * dwell * fov), n * dwell, scanner);
const samples = design.adc(n, dwell, read.rise);
const toEcho = read.rise + (n / 2 + 0.5) * dwell; // sample n/2 is k = 0
const prephaser = design.areaTrapezoid(read.amplitude * (toEcho - read.rise / 2), scanner);
const widest = design.areaTrapezoid(n / 2 / fov / gammaBar, scanner);

// One shot: both halves of TE filled with waits.
const blocks = [];
const pulse = (rf) => design.blockOf({ rf, gz: select }, design.roundUp(design.eventEnd(select) + 1e-4, blockRaster));
const center = delay + duration / 2;
const winding = design.blockOf({ gx: prephaser, gz: rephaser });
const crushing = design.blockOf({ gz: crusher });
for (let line = 0; line < n; line++) {
  const encode = design.scaledGradient(widest, (line - n / 2) / (n / 2));
  const encoding = design.blockOf({ gy: encode, gz: crusher });
  const first = pulse(excitation);
  const second = pulse(refocusing);
  const shot = [
    first,
    winding,
    design.delayOf(TE / 2 - (first.duration - center + winding.duration + crushing.duration + center)),
    crushing,
    second,
    encoding,
    design.delayOf(TE / 2 - (second.duration - center + encoding.duration + toEcho)),
    design.blockOf({ gx: read, adc: samples, labels: [design.setLabel('LIN', line)] }, design.eventEnd(read) + 1e-5),
    crushing,
  ];
  blocks.push(...shot, design.delayOf(TR - design.durationOf(shot)));
}
const sequence = design.sequenceOf('own-se', blocks, { FOV: [fov, fov, thickness], Matrix: [n, n, 1], TE, TR });

// Nothing that the scanner could not play; then a file for it, and a picture.
for (const { block, what, fix } of checkSequence(sequence, scanner))
  console.warn(`block ${block + 1}: ${what}; ${fix}`);
writeSequence('own-se.seq', sequence);
const { raw } = await simulate(sequence, 'head2d');
writeImage('own-se.png', await reconstruct(raw));
