import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedPictures } from '../../src/report/boundedPictures.ts';
import type { LabelledPicture, Pictures } from '../../src/report/pictures.ts';

/** A picture of ten characters. */
const ten: LabelledPicture = { image: 'a.png', uri: 'data:xxxxx', width: 1, height: 1, label: null, prediction: null };
const tens = (count: number) => Array.from({ length: count }, () => ten);
const both = (failing: number, right = failing) => ({ failing: tens(failing), right: tens(right) });
const look = { mostActivating: tens(2), heatmaps: tens(2), attacks: tens(2) };

const some: Pictures = {
  events: new Map(),
  clusters: new Map([
    ['a', both(4)],
    ['b', both(4)],
  ]),
  features: new Map([
    [1, look],
    [2, look],
  ]),
  leaves: new Map([
    ['x', both(6)],
    ['y', both(6, 1)],
    ['hidden', both(6)],
  ]),
};
const leaves = new Set(['x', 'y']);

function shape({ pictures }: { readonly pictures: Pictures }) {
  return {
    clusters: [...pictures.clusters.keys()],
    features: [...pictures.features.keys()],
    leaves: [...pictures.leaves].map(([id, { failing, right }]) => [id, failing.length, right.length]),
  };
}

/** Characters of clusters: 160. Features: 120. Leaves: 190 in full. */
describe('pictures that a page has room for', () => {
  it.each([
    [
      470,
      {
        clusters: ['a', 'b'],
        features: [1, 2],
        leaves: [
          ['x', 6, 6],
          ['y', 6, 1],
        ],
      },
      false,
    ],
    [
      469,
      {
        clusters: ['a', 'b'],
        features: [1, 2],
        leaves: [
          ['x', 5, 5],
          ['y', 5, 1],
        ],
      },
      true,
    ],
    [
      280,
      {
        clusters: ['a', 'b'],
        features: [1, 2],
        leaves: [
          ['x', 0, 0],
          ['y', 0, 0],
        ],
      },
      true,
    ],
    [
      279,
      {
        clusters: ['a', 'b'],
        features: [1],
        leaves: [
          ['x', 1, 1],
          ['y', 1, 1],
        ],
      },
      true,
    ],
    [
      90,
      {
        clusters: ['a'],
        features: [],
        leaves: [
          ['x', 0, 0],
          ['y', 0, 0],
        ],
      },
      true,
    ],
    [
      0,
      {
        clusters: [],
        features: [],
        leaves: [
          ['x', 0, 0],
          ['y', 0, 0],
        ],
      },
      true,
    ],
  ])('in %d characters', (most, expected, full) => {
    const bounded = boundedPictures(some, leaves, most);
    expect(shape(bounded)).toEqual(expected);
    expect(bounded.full).toBe(full);
  });

  it('are never more than that', () => {
    fc.assert(
      fc.property(fc.nat({ max: 600 }), (most) => {
        const { pictures } = boundedPictures(some, leaves, most);
        const images = [...pictures.clusters.values(), ...pictures.leaves.values()].flatMap((each) => [
          ...each.failing,
          ...each.right,
        ]);
        const looks = [...pictures.features.values()].flatMap((each) => Object.values(each).flat());
        expect(10 * (images.length + looks.length)).toBeLessThanOrEqual(most);
      }),
    );
  });
});
