import { expect, it } from 'vitest';
import { weakenings } from '../../src/gate/weakenings.ts';
import { input } from './plantedWeakening.ts';

it('a weakening is no more frequent than its level where nothing changed', async () => {
  let found = 0;
  for (let run = 0; run < 60; run++) {
    found += (await weakenings({ ...input(`null ${run}`, () => 0), significance: 0.1 })).length;
  }
  // 6 at most, on average: falls that are not worth words have no score. 13 or more would happen once in a hundred times.
  expect(found).toBeLessThan(13);
});
