/** Pictures of scans as PyPulseq writes them. */
import { testPictures } from './foreign-pictures.ts';

testPictures(['gradient echo', 'radial', 'UTE, pairs of half pulses', 'MPRAGE']);
