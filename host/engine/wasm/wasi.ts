/** The kernels use WASI only for threads; emnapi nevertheless requires an object to initialise. */
export const noWasi = {
  wasiImport: {},
  initialize(): void {},
  start: (): number => 0,
};
