/**
 * Reduces lines of any number of points to as many as a picture can show. Few points are kept as
 * they are. Of many, the first, smallest, largest and last value in each column of pixels are kept
 * in their order, which covers the same pixels as all points would (Jugel et al. 2014, M4).
 */

/** Points kept as they are. */
const MOST_EXACT = 2500;

export interface Trace {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Points that it represents, if it is an envelope. */
  readonly envelopeOf?: number;
}

export interface TraceBuilder {
  /** Adds the next point; x does not decrease. The line is cut at the ends of the range. */
  add(x: number, y: number): void;
  /** Interrupts the line. */
  gap(): void;
  trace(): Trace;
}

/**
 * Values per column: first, smallest, largest, last; whether the largest came after the smallest,
 * and a gap before the first.
 */
const WIDTH = 6;

/** Columns that can be distinguished in a panel as wide as a figure. */
export const COLUMNS = 900;

export function traceBuilder(from: number, to: number, columns = COLUMNS): TraceBuilder {
  let x = new Float64Array(256);
  let y = new Float64Array(256);
  let count = 0;
  let total = 0;
  /** Of too many points to keep. */
  let envelope: Envelope | undefined;

  const push = (px: number, py: number): void => {
    if (count === MOST_EXACT && envelope === undefined) {
      envelope = columnEnvelope(from, columns, columns / (to - from || 1));
      for (let n = 0; n < count; n++) envelope.add(x[n], y[n]);
    }
    if (envelope !== undefined) {
      envelope.add(px, py);
      return;
    }
    if (count === x.length) {
      x = grown(x);
      y = grown(y);
    }
    x[count] = px;
    y[count++] = py;
  };

  /** The last point, if the line is not interrupted after it. */
  let [lastX, lastY] = [Number.NaN, Number.NaN];
  /** Value of the line from the last point to (px, py) at an edge of the range. */
  const crossing = (edge: number, px: number, py: number): number =>
    px === lastX ? py : lastY + ((py - lastY) * (edge - lastX)) / (px - lastX);

  return {
    // Points outside of the range would end in its first and last columns, so the line is cut
    // there.
    add: (px, py) => {
      if (lastX < from && px >= from) push(from, crossing(from, px, py));
      if (px >= from && px <= to) {
        total++;
        push(px, py);
      } else if (px > to && lastX < to) push(to, crossing(to, px, py));
      [lastX, lastY] = [px, py];
    },
    gap: () => {
      [lastX, lastY] = [Number.NaN, Number.NaN];
      if (total > 0) push(Number.NaN, Number.NaN);
    },
    trace: () =>
      envelope === undefined
        ? { x: x.slice(0, count), y: y.slice(0, count) }
        : { ...envelope.points(), envelopeOf: total },
  };
}

interface Envelope {
  /** Adds the next point; NaN interrupts the line. */
  add(x: number, y: number): void;
  points(): Pick<Trace, 'x' | 'y'>;
}

/** The values of each column of pixels that a picture of all points would show. */
function columnEnvelope(from: number, columns: number, scale: number): Envelope {
  const cells = new Float64Array(WIDTH * columns).fill(Number.NaN);
  let gapBefore = false;
  return {
    add(px, py) {
      if (Number.isNaN(py)) {
        gapBefore = true;
        return;
      }
      const column = Math.min(columns - 1, Math.max(0, Math.floor((px - from) * scale)));
      const at = WIDTH * column;
      if (Number.isNaN(cells[at])) {
        cells.fill(py, at, at + 4);
        cells[at + 4] = 0;
        cells[at + 5] = gapBefore ? 1 : 0;
      } else {
        if (py < cells[at + 1]) {
          cells[at + 1] = py;
          cells[at + 4] = 0;
        } else if (py > cells[at + 2]) {
          cells[at + 2] = py;
          cells[at + 4] = 1;
        }
        cells[at + 3] = py;
      }
      gapBefore = false;
    },
    points() {
      const [px, py]: [number[], number[]] = [[], []];
      for (let at = 0, column = 0; at < cells.length; at += WIDTH, column++) {
        if (Number.isNaN(cells[at])) continue;
        const [first, low, high, last, rising, broken] = cells.subarray(at, at + WIDTH) as unknown as number[];
        const middle = from + (column + 0.5) / scale;
        const values = [first!, ...(rising === 1 ? [low!, high!] : [high!, low!]), last!];
        if (broken === 1) {
          px.push(Number.NaN);
          py.push(Number.NaN);
        }
        // A single value is as wide as its column, so that it is visible between two gaps.
        const isFlat = low === high;
        for (const [n, value] of values.entries()) {
          if (n > 0 && value === values[n - 1] && !(isFlat && n === 3)) continue;
          px.push(isFlat ? middle + (n === 0 ? -0.5 : 0.5) / scale : middle);
          py.push(value);
        }
      }
      return { x: Float64Array.from(px), y: Float64Array.from(py) };
    },
  };
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
