import { describe, expect, it } from 'vitest';
import { sharedBuffers } from '../../src/adapters/sharedBuffers.ts';
import { openPool } from '../../src/adapters/threadPool.ts';
import { halfSpaces, holds } from '../../src/gate/halfSpaces.ts';
import { type OpenImages, openImages } from '../../src/gate/open.ts';
import { openFamily } from '../../src/gate/openFamily.ts';
import regionFamily, { conditionsOfBoxes, type Family, openFlags } from '../../src/gate/regionFamily.ts';
import { densityScore, leastNet } from '../../src/gate/score.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, readerOf, type Sample, sampleOf } from './paired.ts';

/** Adds up without a rounding, so that orders and ties are exact. */
const alike = (rows: number) => Float64Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 0.25 : 0.125));

interface Told {
  /** Feature, side and threshold of each condition. */
  readonly rule: readonly (readonly [number, number, number])[];
  readonly members: readonly number[];
  readonly right: readonly number[];
  readonly size: number;
  readonly expected: number;
}

/** The family by its definition: every box of half-spaces, counted one by one. */
function naive({ columns }: Sample, open: OpenImages, expected: Float64Array, options: Options): Told[] {
  const { rows } = columns;
  const spaces = halfSpaces(columns, { open: openFlags(open, rows), expected });
  const inside = spaces.feature.map((feature, at) =>
    Uint8Array.from({ length: rows }, (_, row) =>
      Number(holds(columns.values[feature * rows + row], spaces.upper[at], spaces.threshold[at])),
    ),
  );
  const everywhere = new Uint8Array(rows).fill(1);
  const told = (conditions: readonly number[]) => {
    const [some = everywhere, others = everywhere] = conditions.map((each) => inside[each]);
    let [size, mu] = [0, 0];
    for (let row = 0; row < rows; row++) {
      if ((some[row] & others[row]) === 0) continue;
      size++;
      mu += expected[row];
    }
    const membersOf = (positions: Uint32Array) =>
      [...positions.keys()].filter((at) => (some[positions[at]] & others[positions[at]]) === 1);
    const rule = conditions.map((each) => [spaces.feature[each], spaces.upper[each], spaces.threshold[each]] as const);
    return { rule, members: membersOf(open.positions), right: membersOf(open.rightPositions), size, expected: mu };
  };
  const density = (each: Told) => densityScore(each.members.length, each.expected);
  const singles = options.conditions > 0 ? inside.map((_, at) => told([at])) : [];
  const pairs: Told[] = [];
  for (let i = 0; options.conditions > 1 && i < inside.length; i++) {
    for (let j = i + 1; j < inside.length; j++) {
      if (spaces.feature[i] === spaces.feature[j] && spaces.upper[i] === spaces.upper[j]) continue;
      pairs.push(told([i, j]));
    }
  }
  const isMaterial = ({ members, size }: Told) => members.length >= leastNet(size, options);
  const boxes = pairs
    .filter((each) => isMaterial(each) && each.members.length > each.expected)
    .toSorted((a, b) => density(b) - density(a))
    .slice(0, 4000);
  const seen = new Map<string, number>();
  return [told([]), ...singles, ...boxes]
    .filter(isMaterial)
    .toSorted((a, b) => density(b) - density(a) || a.rule.length - b.rule.length)
    .filter(({ members, size }) => {
      const known = seen.get(members.join()) ?? Number.POSITIVE_INFINITY;
      const least = leastNet(size, options);
      if (known > least) seen.set(members.join(), least);
      return known > least;
    });
}

interface Options {
  readonly conditions: number;
  readonly minNewFailures: number;
  readonly minErrorRateIncrease: number;
}

function listed(family: Family): Told[] {
  return Array.from({ length: family.regions }, (_, region) => {
    const list = (members: Uint32Array, offsets: Uint32Array) => {
      const own = [...members.subarray(offsets[region], offsets[region + 1])];
      expect(own.length % 8).toBe(0);
      return own.filter((each) => each > 0).map((each) => each - 1);
    };
    const conditions = [2 * region, 2 * region + 1].filter((at) => family.feature[at] >= 0);
    return {
      rule: conditions.map((at) => [family.feature[at], family.upper[at], family.threshold[at]] as const),
      members: list(family.members, family.offsets),
      right: list(family.rightMembers, family.rightOffsets),
      ...{ size: family.size[region], expected: family.expected[region] },
    };
  });
}

function outcomes(seed: string, rows: number, checkpoints: number) {
  const random = stream(seed);
  return Array.from({ length: checkpoints }, () =>
    Uint8Array.from({ length: rows }, () => Number(chance(random, 0.25))),
  );
}

describe('the family of regions', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 1],
    [2, 2],
  ])(
    'of %i conditions holds all boxes that can be material, each set of open images once (%i accepted)',
    (conditions, accepted) => {
      const rows = 90;
      const sample = sampleOf('family', rows, 4, 12);
      const open = openImages(outcomes('family outcomes', rows, accepted + 1));
      const options = { conditions, minNewFailures: 4, minErrorRateIncrease: 0.2, neighbours: 0 };
      const expected = alike(rows);
      const family = regionFamily({ columns: sample.columns, open, expected, options });
      const told = naive(sample, open, expected, options);
      expect(told.length).toBeGreaterThan(conditions * 20);
      expect(listed(family)).toEqual(told);
      expect([...family.open]).toEqual(told.map(({ members }) => members.length));
      expect([...family.least]).toEqual(told.map(({ size }) => leastNet(size, options)));
      expect([...family.density]).toEqual(told.map((each) => densityScore(each.members.length, each.expected)));
    },
  );

  it('of many features holds the 4,000 densest boxes', () => {
    const rows = 60;
    const sample = sampleOf('many boxes', rows, 24);
    const open = openImages(outcomes('many outcomes', rows, 2));
    const options = { conditions: 2, minNewFailures: 2, minErrorRateIncrease: 0.05, neighbours: 0 };
    const expected = alike(rows);
    const family = regionFamily({ columns: sample.columns, open, expected, options });
    expect(listed(family)).toEqual(naive(sample, open, expected, options));
  });

  it('that cannot be material is empty', () => {
    const rows = 40;
    const sample = sampleOf('empty family', rows, 2);
    const open = openImages(outcomes('empty outcomes', rows, 2));
    const options = { conditions: 2, minNewFailures: 41, minErrorRateIncrease: 0, neighbours: 0 };
    expect(regionFamily({ columns: sample.columns, open, expected: alike(rows), options }).regions).toBe(0);
  });

  it.each([0, 1, 2])(
    'of %i conditions is the same for a group that is read some features at a time',
    async (conditions) => {
      const rows = 50;
      const sample = sampleOf('in spans', rows, 4, 6);
      const open = openImages(outcomes('span outcomes', rows, 3));
      const options = { conditions, minNewFailures: 3, minErrorRateIncrease: 0.1, neighbours: 0 };
      const expected = alike(rows);
      const whole = regionFamily({ columns: sample.columns, open, expected, options });
      const reads: string[] = [];
      const read = readerOf(sample);
      const source = {
        ...{ rows: Uint32Array.from({ length: rows }, (_, row) => row), dimensions: 4, open, expected, options },
        readColumns: async (own: Uint32Array, from: number, to: number, into?: SharedArrayBuffer) => {
          reads.push(`${from}-${to}`);
          return read(own, from, to, into);
        },
        buffers: sharedBuffers(),
        run: openPool(0).run,
      };
      expect(await openFamily(source, rows * 4)).toEqual(whole);
      expect(reads.splice(0)).toEqual(['0-4']);
      // Two parts are held at once.
      const spans = ['0-1', '1-2', '2-3', '3-4'];
      expect(await openFamily(source, rows * 3)).toEqual(whole);
      // A group without conditions needs its features once only, and none of them for the half-spaces.
      expect(reads.splice(0)).toEqual(conditions === 0 ? spans : [...spans, ...spans]);
      expect(await openFamily(source, 1)).toEqual(whole);
      expect(reads[0]).toBe('0-1');
    },
  );

  it('makes boxes of all half-spaces while trying their pairs is quick, else of the 600 densest', () => {
    const spaces = (count: number) => {
      const list = Array.from({ length: count }, (_, at) => at);
      const [upper, zeros] = [list.map((at) => at % 2), list.map(() => 0)];
      // The later the denser.
      return { feature: list, upper, threshold: zeros, size: zeros, open: list, expected: list.map(() => 0.5) };
    };
    const options = { conditions: 2, minNewFailures: 1, minErrorRateIncrease: 0, neighbours: 0 };
    // 1,449 half-spaces make 1,049,076 pairs, of 128 words each just over 2^27; 1,448 make 1,047,628.
    expect(conditionsOfBoxes(spaces(1448), 128 * 32, options)).toHaveLength(1448);
    expect(conditionsOfBoxes(spaces(1449), 127 * 32, options)).toHaveLength(1449);
    const few = conditionsOfBoxes(spaces(1449), 127 * 32 + 1, options);
    expect(few).toEqual(Array.from({ length: 600 }, (_, at) => 849 + at));
    expect(conditionsOfBoxes(spaces(10), 32, { ...options, conditions: 1 })).toEqual([]);
  });
});
