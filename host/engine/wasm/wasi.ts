/**
 * The kernels use WASI for nothing but threads; emnapi wants an object to initialise all the same.
 */
export const noWasi = {
  wasiImport: {},
  initialize(): void {},
  start: (): number => 0,
};
