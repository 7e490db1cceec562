/**
 * `gre` and `se` of every built-in phantom on all their defaults, as pictures: see
 * pictures.test.ts.
 */
import { test } from 'node:test';
import { assertPicture, assertUniform, compared } from './pictures.ts';

for (const phantom of ['head2d', 'head3d', 'sphere', 'grid', 'column'])
  for (const scan of ['gre', 'se'])
    test(`${scan} of ${phantom}, defaults`, async () => {
      const picture = await compared(scan, phantom);
      assertPicture(`${scan} of ${phantom}`, picture);
      if (phantom === 'sphere') assertUniform(`${scan} of ${phantom}`, picture);
    });
