import { describe, expect, it } from 'vitest';
import { areProbabilities, bestScore } from '../../src/statistics/bestScore.ts';

const of = (scores: readonly number[], known: boolean | null = null) => bestScore(Float64Array.from(scores), known);
/** The greatest of a softmax, by its definition. */
const softmax = (scores: readonly number[]) =>
  Math.exp(Math.max(...scores)) / scores.reduce((sum, each) => sum + Math.exp(each), 0);

describe('the best score of an image', () => {
  it('is a probability as it is, the first of equals', () => {
    expect(of([0.2, 0.5, 0.3])).toEqual([1, 0.5]);
    expect(of([0, 0.5, 0.5])).toEqual([1, 0.5]);
    expect(of([1])).toEqual([0, 1]);
    // A hundred thousandth is a rounding.
    expect(of([0.500009, 0.5])).toEqual([0, 0.500009]);
    expect(of([0.499991, 0.5])).toEqual([1, 0.5]);
  });

  it.each([
    [[1, 3, 2]],
    [[-1, -3, -2]],
    [[0.50002, 0.5]],
    [[0.49998, 0.5]],
    // They sum to 1, and one is below 0.
    [[-0.5, 1.5]],
    [[1.5, -0.5]],
    [[Number.NEGATIVE_INFINITY, 5, 4]],
  ])('else is the greatest of their softmax: %j', (scores) => {
    const [place, probability] = of(scores);
    expect(place).toBe(scores.indexOf(Math.max(...scores)));
    expect(probability).toBeCloseTo(softmax(scores), 14);
  });

  it('of great scores overflows nothing', () => {
    expect(of([1000, 999])[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 14);
  });

  it('is read as what the scores are known to be', () => {
    expect(of([0.6, 0.7], true)).toEqual([1, 0.7]);
    expect(of([0.2, 0.8], false)[1]).toBeCloseTo(softmax([0.2, 0.8]), 14);
  });

  it('is none where a score is none; infinite ones of both signs are scores', () => {
    expect(of([Number.NaN, 1])).toEqual([Number.NaN, Number.NaN]);
    expect(of([0.5, 0.5, Number.NaN], true)).toEqual([Number.NaN, Number.NaN]);
    expect(of([1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])[0]).toBe(1);
  });
});

describe('scores are probabilities', () => {
  const are = (scores: readonly number[], width: number) => areProbabilities(Float32Array.from(scores), width);

  it('where those of every image are, perhaps rounded to a hundredth', () => {
    expect(are([0.2, 0.8, 1, 0, 0.5, 0.5], 2)).toBe(true);
    expect(are([0.33, 0.33, 0.335], 3)).toBe(true);
    expect(are([0.34, 0.33, 0.338], 3)).toBe(true);
    expect(are([0.33, 0.33, 0.32], 3)).toBe(false);
    expect(are([0.34, 0.34, 0.34], 3)).toBe(false);
    expect(are([], 2)).toBe(true);
  });

  it('not where one image has others, or one below 0, or none', () => {
    expect(are([0.2, 0.8, 0.2, 0.9], 2)).toBe(false);
    expect(are([0.2, 0.8, 1.5, -0.5], 2)).toBe(false);
    expect(are([0.2, 0.8, Number.NaN, 1], 2)).toBe(false);
    // Cut off: it lacks a score.
    expect(are([0.2, 0.8, 1], 2)).toBe(false);
  });
});
