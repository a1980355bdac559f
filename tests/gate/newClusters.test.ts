import { afterAll, describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { type NewClustersInput, newClusters } from '../../src/gate/newClusters.ts';
import type { PairedGroup } from '../../src/records/comparison.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const options = { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5 };
const sample = sampleOf('six groups', 1200, 10);

/** Six groups of 200 images with a little noise; in `planted` those with feature 4 > 0.8 newly fail in 60 cases of 100. */
function groupsWith(planted: string | null): PairedGroup[] {
  return ['a', 'b', 'c', 'd', 'e', 'f'].map((value, index) => {
    const random = stream(`group ${value}`);
    const rows = Array.from({ length: 200 }, (_, at) => 200 * index + at);
    const candidate = Uint8Array.from(rows, (row) =>
      Number(chance(random, 0.05) || (value === planted && sample.at(row, 4) > 0.8 && chance(random, 0.6))),
    );
    const baseline = Uint8Array.from(rows, () => Number(chance(random, 0.05)));
    return pairedGroup(value, rows, [candidate, baseline]);
  });
}

function input(groups: readonly PairedGroup[], change: Partial<NewClustersInput> = {}): NewClustersInput {
  const pool = openPool(0);
  const read = readerOf(sample);
  return { groups, dimensions: 10, options, readColumns: read, run: pool.run, onProgress: () => {}, ...change };
}

describe('newClusters', () => {
  const pools = [0, 1, 2].map(openPool);
  afterAll(() => Promise.all(pools.map((pool) => pool.close())));

  it('finds the planted one and no other', async () => {
    const found = await newClusters(input(groupsWith('d')));
    expect(found.map(({ group }) => group.id)).toEqual(['label:d']);
    expect(found[0].rule.some(({ feature, op }) => feature === 4 && op === '>')).toBe(true);
    expect(found[0].adjustedPValue).toBeGreaterThan(found[0].pValue);
    expect(found[0].adjustedPValue).toBeLessThanOrEqual(0.01);
  });

  it('finds none where there is none', async () => {
    expect(await newClusters(input(groupsWith(null)))).toEqual([]);
  });

  it('gives the same bytes for 0, 1 and 2 workers', async () => {
    const texts: string[] = [];
    for (const { run } of pools) texts.push(JSON.stringify(await newClusters(input(groupsWith('b'), { run }))));
    expect(texts[0]).toContain('label:b');
    expect(texts[1]).toBe(texts[0]);
    expect(texts[2]).toBe(texts[0]);
  });

  it('neither reads nor searches a group that could not become significant, nor pays for it', async () => {
    const planted = groupsWith('d');
    const few = Array.from({ length: 500 }, (_, index) => {
      const outcome = Uint8Array.from({ length: 20 }, (_, at) => Number(at < 6));
      return pairedGroup(
        `few ${index}`,
        Array.from({ length: 20 }, (_, at) => at),
        [outcome, new Uint8Array(20)],
      );
    });
    let read = 0;
    const counting = async (...asked: Parameters<NewClustersInput['readColumns']>) => {
      read++;
      return readerOf(sample)(...asked);
    };
    const alone = await newClusters(input(planted));
    const beside = await newClusters(input([...planted, ...few], { readColumns: counting }));
    expect(read).toBe(6);
    expect(beside.map(({ adjustedPValue }) => adjustedPValue)).toEqual(
      alone.map(({ adjustedPValue }) => adjustedPValue),
    );
  });

  it('passes on what a reader throws', async () => {
    const broken = () => Promise.reject(new Error('no such file'));
    await expect(newClusters(input(groupsWith('d'), { readColumns: broken }))).rejects.toThrow('no such file');
  });
});
