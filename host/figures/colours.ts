/**
 * Colours: of lines (Okabe and Ito 2008, distinguishable for colour-blind readers too) and of
 * values.
 */

export const BLUE = '#0072b2';
export const VERMILION = '#d55e00';
export const GREEN = '#009e73';
export const PURPLE = '#a8578c';
export const ORANGE = '#c98a00';
const SKY = '#3a9bd1';
export const BLACK = '#222222';
export const GREY = '#8a8a8a';

/** For series that have no colour of their own. */
export const SERIES: readonly string[] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY];

export type Rgb = readonly [number, number, number];
export type ColourMap = (fraction: number) => Rgb;

/** Linear between evenly spaced colours. */
function between(...hex: readonly string[]): ColourMap {
  const stops = hex.map(
    (text): Rgb => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Rgb,
  );
  return (fraction) => {
    const place = Math.min(1, Math.max(0, fraction)) * (stops.length - 1);
    const n = Math.min(stops.length - 2, Math.floor(place));
    const part = place - n;
    const [a, b] = [stops[n], stops[n + 1]];
    return [0, 1, 2].map((c) => Math.round(a[c] + part * (b[c] - a[c]))) as unknown as Rgb;
  };
}

export const grey = between('#000000', '#ffffff');
/** With uniform steps of lightness, for values from small to large (matplotlib's viridis). */
export const viridis = between(
  ...['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725'],
);
/** For values around 0. */
export const diverging = between('#2166ac', '#67a9cf', '#f7f7f7', '#ef8a62', '#b2182b');
/** Begins as it ends, for phases. */
export const cyclic = between(
  ...['#e2d9e2', '#9ebbc9', '#6785be', '#5e43a5', '#2f1436', '#8b2751', '#b8604c', '#d1ab9a', '#e2d9e2'],
);

export const css = ([r, g, b]: Rgb): string => `#${[r, g, b].map((v) => v.toString(16).padStart(2, '0')).join('')}`;
