/** In place of `host/base/v8-flags.ts`: a browser takes no flags, and has those that it wants. */

export const RUNTIME = navigator.userAgent.match(/(Firefox|Chrome|Version)\/[\d.]+/)?.[0] ?? 'browser';

export function allowRelaxedSimd(): void {}
export const allowWideSimd = (): boolean => false;
export function favourQuickWasm(): void {}
