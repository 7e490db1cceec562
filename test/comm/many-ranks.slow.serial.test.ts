import { test } from 'node:test';
import { present } from '../../testing/launch.ts';
import { assertAgree } from './many-ranks.ts';

for (const family of present) test(`${family}: 64 ranks agree`, (t) => assertAgree(t, family, 64, 500));
