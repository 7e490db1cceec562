/**
 * What a figure is before it is written: rows of panels with axes and marks, in data coordinates
 * and SI units. Independent of MR, files and pixels; `svg.ts` draws it, and `describe.ts` gives its
 * contents in numbers.
 */

/** A colour as CSS writes it. */
export type Colour = string;

export interface Axis {
  readonly label: string;
  /** SI unit; ticks have a suitable prefix (`units.ts`). Empty for counts and relative values. */
  readonly unit: string;
  readonly range: readonly [from: number, to: number];
  /** Ticks with texts of their own; [] for none. */
  readonly ticks?: readonly { readonly at: number; readonly text: string }[];
}

/** Marks are clipped to their panel. x and y in the axes' units; NaN interrupts a line. */
export type Mark =
  | {
      readonly kind: 'line';
      readonly x: Float64Array;
      readonly y: Float64Array;
      readonly colour: Colour;
      /** Entry in the legend; marks of one name share it. */
      readonly name?: string;
      /** Fill down to y = 0. */
      readonly filled?: boolean;
      readonly dashed?: boolean;
      readonly width?: number;
      /** Part of the annotation, no data. */
      readonly annotation?: boolean;
      /** Data points that the line represents, if it is an envelope. */
      readonly envelopeOf?: number;
    }
  | {
      readonly kind: 'points';
      readonly x: Float64Array;
      readonly y: Float64Array;
      readonly colours: readonly Colour[] | Colour;
      readonly radius: number;
      readonly name?: string;
    }
  /** A line at one x or y through the whole panel. */
  | {
      readonly kind: 'rule';
      readonly axis: 'x' | 'y';
      readonly at: number;
      readonly colour: Colour;
      readonly text?: string;
      readonly dashed?: boolean;
    }
  | {
      readonly kind: 'box';
      readonly x: readonly [number, number];
      readonly y: readonly [number, number];
      readonly colour: Colour;
      readonly filled?: boolean;
      readonly dashed?: boolean;
    }
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly colour?: Colour;
      readonly anchor?: 'start' | 'middle' | 'end';
      /** Outlined in black, to be read on any picture. */
      readonly halo?: boolean;
      /** Pixels to move it from its place. */
      readonly shift?: readonly [number, number];
    }
  /** Pixels over a rectangle, row by row from the top left of the picture. */
  | {
      readonly kind: 'raster';
      readonly columns: number;
      readonly rows: number;
      /** [rows][columns][r, g, b, a] */
      readonly rgba: Uint8Array;
      /** Outer edges: of the first and the last column, of the top and the bottom row. */
      readonly x: readonly [number, number];
      readonly y: readonly [number, number];
    };

export interface ColourBar {
  readonly label: string;
  readonly unit: string;
  readonly range: readonly [number, number];
  readonly map: (fraction: number) => readonly [number, number, number];
}

export interface Panel {
  readonly title?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
  /** Pixels between the axes; of an `equal` one, the most. */
  readonly height: number;
  /** One length along x is as long along y. */
  readonly equal?: boolean;
  /** Number of places for panels in its row, if it is not full. */
  readonly places?: number;
  /** Black, without ticks and grid. */
  readonly picture?: boolean;
  readonly colourBar?: ColourBar;
  readonly legend?: boolean;
}

export interface Figure {
  readonly title: string;
  /** Sentences below the panels: what is shown and what is omitted. */
  readonly caption: readonly string[];
  readonly rows: readonly (readonly Panel[])[];
}
