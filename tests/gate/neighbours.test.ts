import { describe, expect, it } from 'vitest';
import { sharedBuffers } from '../../src/adapters/sharedBuffers.ts';
import { openPool } from '../../src/adapters/threadPool.ts';
import { type CompareInput, compare } from '../../src/gate/compare.ts';
import describeCluster from '../../src/gate/describeCluster.ts';
import { DRAWS_A_BLOCK, drawBlock } from '../../src/gate/draws.ts';
import { maximaOf } from '../../src/gate/maxima.ts';
import { LADDER, neighbourhoodsOf } from '../../src/gate/neighbourhoods.ts';
import { openImages } from '../../src/gate/open.ts';
import { openFamily } from '../../src/gate/openFamily.ts';
import { addToPoints, noPoints } from '../../src/gate/points.ts';
import { positionsIn } from '../../src/gate/region.ts';
import regionFamily, { type Family, neighboursOf, ruleOf } from '../../src/gate/regionFamily.ts';
import { prepareGroups, type ScanInput, scanPrepared } from '../../src/gate/scan.ts';
import { densityScore, leastNet, sideScore } from '../../src/gate/score.ts';
import type { Columns } from '../../src/records/features.ts';
import { stream } from '../../src/statistics/random.ts';
import { islandSample } from './island.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const rows = 160;
const sample = sampleOf('neighbours', rows, 6);
const random = stream('neighbours outcomes');
const flip = (share = 0.15) => Uint8Array.from({ length: rows }, () => Number(chance(random, share)));
const names = Array.from({ length: rows }, (_, row) => `${row}.png`);
const material = { minErrorRateIncrease: 0.1, minNewFailures: 3 };
const both = { ...material, conditions: 2, neighbours: 6 };

function pointsOf(columns: Columns, dimensions: number) {
  const points = noPoints(columns.rows, dimensions);
  addToPoints(points, columns);
  return points;
}

describe('images as points', () => {
  it('are their features, standardised over the group; a constant one is 0', () => {
    const { columns, at } = sampleOf('points', 50, 3);
    columns.values.fill(0.25, 50, 100);
    const { width, values } = pointsOf(columns, 3);
    expect(width).toBe(3);
    for (const feature of [0, 1, 2]) {
      const own = Array.from({ length: 50 }, (_, row) => at(row, feature));
      const mean = own.reduce((sum, each) => sum + each) / 50;
      const deviation = Math.sqrt(own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 50);
      for (const [row, value] of own.entries()) {
        expect(values[row * 3 + feature]).toBeCloseTo(feature === 1 ? 0 : (value - mean) / deviation, 5);
      }
    }
  });

  it('go by the first features alone where others are properties', () => {
    const { columns } = sampleOf('points', 50, 3);
    const two = noPoints(50, 2);
    addToPoints(two, columns);
    const alone = pointsOf({ ...columns, to: 2 }, 2);
    expect(two).toEqual(alone);
    expect(two.values.some((value) => value !== 0)).toBe(true);
  });

  it('keep their distances on average where many features are summed up', () => {
    const { columns } = sampleOf('many', 40, 1500);
    const { width, values } = pointsOf(columns, 1500);
    expect(width).toBe(256);
    const far: number[] = [];
    for (let a = 0; a < 40; a++) {
      for (let b = 0; b < a; b++) {
        let sum = 0;
        for (let i = 0; i < width; i++) sum += (values[a * width + i] - values[b * width + i]) ** 2;
        far.push(sum / 1500);
      }
    }
    // Of two independent standardised images: 2 a feature.
    const mean = far.reduce((sum, each) => sum + each) / far.length;
    expect(Math.abs(mean - 2)).toBeLessThan(0.1);
    for (const each of far) expect(Math.abs(each - 2)).toBeLessThan(1);
  });
});

describe('neighbourhoods', () => {
  /** Two features, so that the inverse of their covariance can be written down. */
  const { columns, at } = sampleOf('plane', rows, 2);
  for (let row = 0; row < rows; row++) columns.values[rows + row] += at(row, 0);
  const points = pointsOf(columns, 2);
  const point = (row: number): [number, number] => [points.values[2 * row], points.values[2 * row + 1]];
  const centres = Uint32Array.of(3, 40, 159);
  const found = neighbourhoodsOf(points, rows, centres);
  const list = (of: number) => [...found.order.subarray(of * found.reach, (of + 1) * found.reach)];
  const by = (key: (row: number) => number) => [...names.keys()].sort((a, b) => key(a) - key(b) || a - b);

  it('are a ball and a cap around each image', () => {
    expect([...found.around]).toEqual([3, 3, 40, 40, 159, 159]);
    expect([...found.shape]).toEqual([0, 1, 0, 1, 0, 1]);
    expect(found.reach).toBe(rows - 1);
  });

  it('balls are the nearest, the image itself first', () => {
    for (const [of, centre] of centres.entries()) {
      const [x, y] = point(centre);
      const near = by((row) => (point(row)[0] - x) ** 2 + (point(row)[1] - y) ** 2);
      expect(list(2 * of)).toEqual(near.slice(0, rows - 1));
      expect(list(2 * of)[0]).toBe(centre);
    }
  });

  it('caps lie furthest along the whitened mean of the 16 nearest', () => {
    let [xx, xy, yy] = [0, 0, 0];
    for (const row of names.keys()) {
      const [x, y] = point(row);
      [xx, xy, yy] = [xx + x * x, xy + x * y, yy + y * y];
    }
    const shrinkage = (0.1 * (xx + yy)) / 2;
    const [a, b, d] = [xx + shrinkage, xy, yy + shrinkage];
    for (const of of centres.keys()) {
      const near = list(2 * of)
        .slice(0, 16)
        .map(point);
      const [mx, my] = [0, 1].map((i) => near.reduce((sum, each) => sum + each[i], 0) / 16);
      const [wx, wy] = [(d * mx - b * my) / (a * d - b * b), (a * my - b * mx) / (a * d - b * b)];
      const far = by((row) => -(point(row)[0] * wx + point(row)[1] * wy));
      expect(list(2 * of + 1)).toEqual(far.slice(0, rows - 1));
    }
  });

  it('hold 300 images at most', () => {
    const line = { width: 1, values: Float32Array.from({ length: 4000 }, (_, row) => row), sketch: points.sketch };
    const { reach, order } = neighbourhoodsOf(line, 4000, Uint32Array.of(3000));
    expect(reach).toBe(300);
    expect([...order.subarray(0, 5)]).toEqual([3000, 2999, 3001, 2998, 3002]);
  });

  it('are around some of the images, evenly, where there is no time for all', () => {
    const open = Uint32Array.from({ length: 100 }, (_, at) => at + 20);
    // A ball and a cap take twice rows x width products.
    const some = neighbourhoodsOf(points, rows, open, 4 * (2 * rows * 2) + 1);
    expect([...some.around]).toEqual([32, 57, 82, 107].flatMap((at) => [at, at]));
    expect(new Set(neighbourhoodsOf(points, rows, open, 1).around)).toEqual(new Set([70]));
  });

  it('are there where every feature is constant', () => {
    const flat = { ...columns, values: new Float32Array(2 * rows).fill(1) };
    const { order } = neighbourhoodsOf(pointsOf(flat, 2), rows, Uint32Array.of(5));
    expect([...order.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
  });
});

function insideOf(family: Family, region: number, columns: Columns): Set<number> {
  return new Set(neighboursOf(family, region)?.positions ?? positionsIn(ruleOf(family, region), columns));
}

describe('the family with neighbours', () => {
  const open = openImages([flip(), flip()]);
  const expected = Float64Array.from({ length: rows }, (_, row) => (row < 80 ? 0.2 : 0.3));
  const family = regionFamily({ columns: sample.columns, open, expected, options: both });
  const near = [...Array(family.regions).keys()].filter((region) => neighboursOf(family, region) !== null);

  it('holds neighbourhoods of many sizes beside all that it held without them', () => {
    expect(new Set(near.map((region) => family.size[region])).size).toBeGreaterThan(5);
    const alone = regionFamily({ columns: sample.columns, open, expected, options: { ...both, neighbours: 0 } });
    expect(alone.near).toBeNull();
    const setsOf = (of: Family) =>
      [...Array(of.regions).keys()].map((at) => of.members.subarray(of.offsets[at], of.offsets[at + 1]).join());
    const sets = new Set(setsOf(family));
    expect(setsOf(alone).filter((each) => !sets.has(each))).toEqual([]);
    const only = regionFamily({ columns: sample.columns, open, expected, options: { ...both, conditions: 0 } });
    expect([...only.feature].every((feature) => feature === -1)).toBe(true);
    expect(only.regions).toBeGreaterThan(near.length / 2);
  });

  it('counts each one by one', () => {
    for (const region of near) {
      const inside = insideOf(family, region, sample.columns);
      const members = [...family.members.subarray(family.offsets[region], family.offsets[region + 1])].filter(Boolean);
      expect(members.map((each) => open.positions[each - 1])).toEqual(
        [...open.positions].filter((at) => inside.has(at)),
      );
      expect(family.size[region]).toBe(inside.size);
      const mu = [...inside].reduce((sum, at) => sum + expected[at], 0);
      expect(family.expected[region]).toBeCloseTo(mu, 9);
      expect(family.density[region]).toBeCloseTo(densityScore(members.length, mu), 9);
      expect(members.length).toBeGreaterThanOrEqual(leastNet(inside.size, material));
      expect(LADDER).toContain(inside.size);
    }
  });

  it('does not depend on who failed', () => {
    const other = { ...open, lone: open.lone.map((each) => 1 - each) };
    expect(regionFamily({ columns: sample.columns, open: other, expected, options: both })).toEqual(family);
  });

  it('is the same for a group too large to be held whole', async () => {
    const source = { rows: Uint32Array.from(names.keys()), dimensions: 6, readColumns: readerOf(sample) };
    const apart = { ...source, buffers: sharedBuffers(), run: openPool(0).run, open, expected, options: both };
    expect(await openFamily(apart, rows * 2)).toEqual(family);
  });
});

const scanOptions: ScanInput['options'] = {
  ...{ significance: 0.05, conditions: 1, ...material },
  regions: ['boxes', 'neighbours'],
};

function scanInput(outcomes: readonly Uint8Array[], change: Partial<ScanInput> = {}): ScanInput {
  return {
    ...{ groups: [pairedGroup('a', [...names.keys()], outcomes)], images: names, dimensions: 6, options: scanOptions },
    ...{ draws: 199, readColumns: readerOf(sample), difficultyOf: async () => null, run: openPool(0).run },
    onProgress: () => {},
    ...change,
  };
}

describe.each([1, 2])('the test with neighbours and %i accepted', (accepted) => {
  it('takes the greatest score over all regions, as one by one', async () => {
    const [{ scored, open }] = await prepareGroups(scanInput(Array.from({ length: accepted + 1 }, () => flip())));
    const { family } = scored;
    const drawnFor: string[] = [];
    for (const [at, number] of scored.image.entries()) drawnFor[number] = names[open.positions[at]];
    for (const [at, number] of scored.rightImage.entries()) drawnFor[number] = names[open.rightPositions[at]];
    const block = drawBlock(drawnFor, accepted, 2);
    const maxima = maximaOf([scored], block, accepted);
    const isWho = (draw: number, image: number, side: number) =>
      (block.bits[(side * block.words + (draw >>> 5)) * block.images + image] >>> (draw & 31)) & 1;
    const score = sideScore(accepted, rows);
    let byNeighbours = 0;
    for (let draw = 0; draw < DRAWS_A_BLOCK; draw += 9) {
      let best = { score: 0, isNear: false };
      for (let region = 0; region < family.regions; region++) {
        const inside = insideOf(family, region, sample.columns);
        const openIn = [...open.positions.keys()].filter((at) => inside.has(open.positions[at]));
        const b = openIn.filter((at) => isWho(draw, scored.image[at], open.lone[at])).length;
        const right = [...open.rightPositions.keys()].filter((at) => inside.has(open.rightPositions[at]));
        const fixed =
          accepted === 1
            ? openIn.length - b
            : right.filter((at) => isWho(draw, scored.rightImage[at], open.loneRight[at])).length;
        if (b - fixed < leastNet(inside.size, material) || b * (accepted + 1) <= openIn.length) continue;
        const value = score.of(b, openIn.length) + family.density[region];
        if (value > best.score) best = { score: value, isNear: neighboursOf(family, region) !== null };
      }
      expect(maxima[draw]).toBeCloseTo(best.score, 9);
      byNeighbours += Number(best.isNear);
    }
    expect(byNeighbours).toBeGreaterThan(0);
  });

  it('fails as often as it may where who is who is left to chance', async () => {
    const small = 60;
    const few = Array.from({ length: small }, (_, row) => row);
    const outcomes = Array.from({ length: accepted + 1 }, () => flip(0.3).slice(0, small));
    const runs = 150;
    let failed = 0;
    for (let run = 0; run < runs; run++) {
      // Dealt again on each image: the regions stay, and the p-value is that of one more draw.
      const dealt = outcomes.map((each) => each.slice());
      for (const row of few) {
        for (let left = accepted; left > 0; left--) {
          const other = random.below(left + 1);
          [dealt[left][row], dealt[other][row]] = [dealt[other][row], dealt[left][row]];
        }
      }
      const input = scanInput([], {
        groups: [pairedGroup('a', few, dealt)],
        images: few.map((row) => `${run} ${row}`),
      });
      const { test } = await scanPrepared(await prepareGroups(input), input);
      if (test.pValue <= 0.1) failed++;
    }
    // Binomial, 150 at 0.1: 15 expected, 29 or more once in 4,000.
    expect(failed).toBeLessThan(29);
  });
});

describe('a cluster around an image, in features of which no two tell it', () => {
  const { columns, at, images: many, dimensions, isInside: isNear, candidate, baseline } = islandSample();

  function input(regions: ScanInput['options']['regions'], run = openPool(0).run): CompareInput {
    const group = pairedGroup('a', [...Array(many).keys()], [candidate, baseline]);
    return {
      ...{ candidate: [], earlier: [], confidences: null, properties: dimensions, metadata: new Map() },
      ...{ baselines: [{ commit: 'abc', checkpoint: 'accepted', groups: [] }], featureNames: new Map() },
      ...{
        difficultyOf: async () => null,
        groups: [group],
        wholeSet: { ...group, id: 'all', grouping: 'all', value: 'all' },
      },
      faceOf: () => ({ label: 'a', before: 'a', after: 'b', confidence: null, confidenceBefore: null }),
      images: Array.from({ length: many }, (_, row) => `${row}.png`),
      options: { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5, regions },
      failureMode: { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 },
      readColumns: readerOf({ columns, at }),
      ...{ dimensions, run, onProgress: () => {} },
    };
  }

  it('is missed by boxes, and found and told by itself among neighbours', async () => {
    expect((await compare(input(['boxes']))).events).toEqual([]);
    const { events, comparison } = await compare(input(['boxes', 'neighbours']));
    expect(events.length).toBe(1);
    const [cluster] = comparison.clusters;
    const { neighbourhood, found } = cluster;
    if (neighbourhood === null) throw new Error('a rule');
    expect(cluster).toMatchObject({ rule: [], status: 'new', scope: 'specific', recall: 1, size: found?.size });
    expect(cluster.id).toMatch(/^label:a#[0-9a-f]{8}$/);
    expect(found).toMatchObject({
      rule: [],
      neighbourhood: { around: neighbourhood.around, shape: neighbourhood.shape },
    });
    expect(neighbourhood.images.length).toBe(cluster.size);
    const inside = neighbourhood.images.map((name) => Number.parseInt(name, 10));
    const hits = inside.filter(isNear).length;
    expect(hits).toBeGreaterThanOrEqual(0.6 * inside.length);
    expect(hits).toBeGreaterThanOrEqual(0.6 * Math.ceil(many / 15));
    const failing = inside.filter((row) => candidate[row] > baseline[row]).sort((a, b) => a - b);
    expect(cluster.images).toEqual(failing.map((row) => `${row}.png`));
    expect(cluster.precision).toBe(failing.length / inside.length);
    expect(new Set(events[0].images.map(({ name }) => name))).toEqual(new Set(cluster.images));
  });

  it('is told with the same bytes by any number of workers', async () => {
    const pool = openPool(2);
    const alone = JSON.stringify(await compare(input(['neighbours'])));
    expect(JSON.stringify(await compare(input(['neighbours'], pool.run)))).toBe(alone);
    await pool.close();
    expect(alone).toContain('"shape"');
  });
});

describe('a neighbourhood is told', () => {
  const told = (positions: Uint32Array, newlyFailed: Uint32Array) =>
    describeCluster({
      ...{ columns: sample.columns, rule: [], newlyFailed, unclaimed: newlyFailed, alikeBy: 6 },
      neighbours: { around: positions[0], positions, shape: 'cap' },
    });

  it('by a rule where one agrees with it', () => {
    const box = Uint32Array.from(names.keys()).filter((row) => sample.at(row, 1) > 0.8 && sample.at(row, 4) <= 0.6);
    const { rule, neighbourhood, positions, newlyFailed } = told(box.toReversed(), box.slice(0, 8));
    expect(neighbourhood).toBeNull();
    expect(rule.map(({ feature, op }) => `${feature}${op}`)).toEqual(['1>', '4<=']);
    expect([...positions]).toEqual([...box]);
    expect([...newlyFailed]).toEqual([...box.slice(0, 8)]);
  });

  it('by itself where none does', () => {
    const scattered = Uint32Array.from({ length: 20 }, (_, i) => (i * 37) % rows);
    const { rule, neighbourhood, positions } = told(scattered, scattered.slice(0, 9));
    expect(rule).toEqual([]);
    expect(neighbourhood).toEqual({ around: 0, positions: scattered, shape: 'cap' });
    expect([...positions]).toEqual([...scattered].sort((a, b) => a - b));
  });
});
