import { describe, expect, it } from 'vitest';
import { type BallTask, bestBall } from '../../src/gate/bestBall.ts';
import { flagsOf } from '../../src/gate/region.ts';

// Two heaps of images on a line, ten each, a step apart; those of the second heap newly fail, but for its last two.
const places = [...Array(10).keys(), ...Array.from({ length: 10 }, (_, at) => 100 + at)];
const columns = { rows: 20, from: 0, to: 2, values: Float32Array.from([...places, ...Array(20).fill(7)]) };
const failed = Uint32Array.from({ length: 8 }, (_, at) => 10 + at);
const task: BallTask = {
  ...{ columns, features: 1, centres: failed, held: 1, most: 20, above: 0.1 },
  target: flagsOf(failed, 20),
};
const found = (change: Partial<BallTask>, products?: number) => {
  const ball = bestBall({ ...task, ...change }, products);
  return ball && { around: ball.around, images: [...ball.positions] };
};

describe('the ball that tells some images best', () => {
  it('lies around the first of those that tell equally well, the nearest image first, of equally near ones the first', () => {
    expect(found({})).toEqual({ around: 10, images: [10, 11, 12, 13, 14, 15, 16, 17] });
    expect(found({ centres: Uint32Array.of(13) })).toEqual({ around: 13, images: [13, 12, 14, 11, 15, 10, 16, 17] });
  });

  it('holds no more images than asked for, and at least so many of those that it may lie around', () => {
    expect(found({ most: 3 })?.images.length).toBe(3);
    expect(found({ held: 8 })?.images.length).toBe(8);
    expect(found({ held: 9 })).toBeNull();
    expect(found({ most: 3, held: 4 })).toBeNull();
    expect(found({ most: 0 })).toBeNull();
  });

  it('exceeds what is asked for', () => {
    expect(found({ above: 0.999 })?.images.length).toBe(8);
    expect(found({ above: 1 })).toBeNull();
    // Three of eight alone have F1 of 6 / 11.
    expect(found({ most: 3, above: 6 / 11 })).toBeNull();
    expect(found({ most: 3, above: 6 / 11 - 1e-6 })).not.toBeNull();
  });

  it('is none where there are no features that images are alike by', () => {
    expect(found({ features: 0 })).toBeNull();
  });

  it('is sought around an even choice of the images where time is short', () => {
    // Room for two of the eight, those at a quarter and three quarters; for none: one all the same, in the middle.
    expect(found({}, 2 * 2 * 20)?.around).toBe(12);
    expect(found({}, 0)).toEqual({ around: 14, images: [14, 13, 15, 12, 16, 11, 17, 10] });
  });

  it('may be one by angle alone', () => {
    // Rays: images of one direction lie far apart, and between those of another.
    const rays = Array.from({ length: 20 }, (_, at) => [
      (1 + at) * (at % 2 === 0 ? 1 : 0.8),
      (1 + at) * (at % 2 === 0 ? 0.1 : 0.6),
    ]);
    const values = Float32Array.from([...rays.map(([x]) => x), ...rays.map(([, y]) => y)]);
    const odd = Uint32Array.from({ length: 10 }, (_, at) => 2 * at + 1);
    const ball = found({ columns: { ...columns, values }, features: 2, centres: odd, target: flagsOf(odd, 20) });
    expect(ball?.images.toSorted((a, b) => a - b)).toEqual([...odd]);
  });
});
