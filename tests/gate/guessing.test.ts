import { describe, expect, it } from 'vitest';
import { guessing } from '../../src/gate/guessing.ts';

function right(images: number, of: number, classes = 10) {
  const failed = Uint8Array.from({ length: of }, (_, row) => (row < images ? 0 : 1));
  const names = Array.from({ length: classes }, (_, index) => `class ${index}`);
  return guessing({ name: 'new', predictions: new Int32Array(of), failed }, { classes: names });
}

describe('a checkpoint that is right no more often than by guessing', () => {
  // scipy.stats.binom.isf(0.01, 1000, 0.1) = 123 and (0.01, 400, 0.5) = 223: more than these are right by chance in under 1 %.
  it.each([
    [100, 1000, 10],
    [122, 1000, 10],
    [3, 1000, 10],
    [223, 400, 2],
  ])('is told: %i of %i images, %i classes', (images, of, classes) => {
    expect(right(images, of, classes)).toBe(
      `new is right on ${images} of ${of} images, no more than by guessing among ${classes} classes: check the order of its classes (evalSet.classes, --classes) and, of a model, its preprocessing`,
    );
  });

  it.each([
    [124, 1000, 10],
    [840, 1000, 10],
    [225, 400, 2],
    [0, 99, 10],
    [500, 500, 1],
  ])('is not told: %i of %i images, %i classes', (images, of, classes) => {
    expect(right(images, of, classes)).toBeNull();
  });

  it('is not known of one whose predictions are not', () => {
    const failed = new Uint8Array(1000).fill(1);
    expect(guessing({ name: 'new', predictions: null, failed }, { classes: ['a', 'b'] })).toBeNull();
  });
});
