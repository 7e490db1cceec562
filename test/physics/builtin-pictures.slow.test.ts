/**
 * Pictures of the built-in scans of a ball of a fluid: other T1 and T2 than in
 * builtin-pictures.test.ts.
 */
import { FLUID, testPictures } from './builtin-scans.ts';

testPictures('fluid', FLUID);
