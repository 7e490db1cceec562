// A curve of signal over flip angle, from a program instead of the command. Run it where larmor is installed: node library.mjs
import { reconstruct, simulate, writeImage } from 'larmor';

const curve = [];
for (const flip of ['5deg', '20deg', '60deg']) {
  const { raw, summary } = await simulate('gre', 'sphere', {
    sequenceParameters: { flip, n: 32, tr: '50ms' },
    onWarning: (message) => console.warn(message),
  });
  const image = await reconstruct(raw);
  const centre = 2 * (16 * 32 + 16); // re, im of the pixel in the middle of 32 × 32
  curve.push({ flip, signal: Math.hypot(image.data[centre], image.data[centre + 1]), hash: summary.signalHash });
  writeImage(`flip-${flip}.png`, image);
}
console.log(JSON.stringify(curve));
