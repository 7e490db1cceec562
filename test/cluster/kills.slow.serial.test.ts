/** A hundred kills at random moments, nothing lost. */
import { test } from 'node:test';
import { killMany } from './kills.ts';

test('a hundred kills', (t) => killMany(t, 100, Date.now() % 1e6));
