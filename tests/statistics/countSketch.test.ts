import { expect, it } from 'vitest';
import { countSketch } from '../../src/statistics/countSketch.ts';

it('no more values than sums are each their own', () => {
  for (const values of [0, 3, 4]) {
    const { bucket, sign } = countSketch(values, 4, 'few');
    expect([...bucket]).toEqual([...Array(values).keys()]);
    expect([...sign]).toEqual(Array(values).fill(1));
  }
});

it('more are spread evenly over the sums, as many with each sign in each (five standard deviations)', () => {
  const [values, width] = [16_000, 16];
  const { bucket, sign } = countSketch(values, width, 'many');
  expect(bucket).toHaveLength(values);
  expect(sign).toHaveLength(values);
  for (let of = 0; of < width; of++) {
    for (const each of [-1, 1]) {
      const count = bucket.filter((own, at) => own === of && sign[at] === each).length;
      expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt(500));
    }
  }
});

it('hangs on the seed alone', () => {
  expect(countSketch(100, 8, 'a')).toEqual(countSketch(100, 8, 'a'));
  expect(countSketch(100, 8, 'a').bucket).not.toEqual(countSketch(100, 8, 'b').bucket);
});
