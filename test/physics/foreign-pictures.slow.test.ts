/** The picture that takes minutes: 1.4 million spins through a scan of spokes that are not rewound. */
import { testPictures } from './foreign-pictures.ts';

testPictures(['UTE, hard pulses']);
