/**
 * The sequence designer: makes events and blocks from their properties (flip angle, area, field of
 * view, hardware limits). The built-in sequences are written with it, so that each reads like its
 * timing diagram; the events are the same as those read from a file.
 *
 * @module design
 */
export * from './design/adiabatic.ts';
export * from './design/blocks.ts';
export * from './design/extras.ts';
export * from './design/gradients.ts';
export * from './design/pulses.ts';
export * from './design/rasters.ts';
export * from './design/shapes.ts';
export * from './design/slr.ts';
