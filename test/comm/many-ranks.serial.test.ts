import { test } from 'node:test';
import { missing } from '../../testing/launch.ts';
import { assertAgree } from './many-ranks.ts';

test('openmpi: 16 ranks agree', { skip: missing('openmpi') }, (t) => assertAgree(t, 'openmpi', 16, 120));
test('mpich: 2 ranks agree', { skip: missing('mpich', 2) }, (t) => assertAgree(t, 'mpich', 2, 60));
