import { describe, expect, it } from 'vitest';
import { legacyNormalColumns, legacyNormals, stream } from '../../src/statistics/random.ts';

describe('legacyNormals', () => {
  it('gives the values of numpy.random.RandomState', () => {
    // numpy 1.24.2: RandomState(0).standard_normal(5) and RandomState(4294967295).standard_normal(3)
    expect([...legacyNormals(0, 5)]).toEqual([
      1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458, 1.8675579901499675,
    ]);
    expect([...legacyNormals(4294967295, 3)]).toEqual([0.6484086742306527, 0.6693235306338161, -1.0805437227474493]);
    expect(legacyNormals(0, 200_001)[200_000]).toBeCloseTo(0.039509896265321955, 14);
  });

  it.each([
    [7, 5, 1, 4],
    // So few of so many that most states of the generator are skipped whole.
    [400, 2048, 700, 703],
    [301, 2047, 0, 1],
    [301, 2047, 2046, 2047],
  ])('gives any columns of the matrix that numpy fills row by row: %i x %i, %i to %i', (rows, dimensions, from, to) => {
    const all = legacyNormals(3, rows * dimensions);
    const expected = Array.from({ length: rows }, (_, row) => [
      ...all.subarray(row * dimensions + from, row * dimensions + to),
    ]).flat();
    const room = new Float64Array(expected.length + 1).fill(7);
    expect([...legacyNormalColumns(3, rows, dimensions, from, to)]).toEqual(expected);
    expect([...legacyNormalColumns(3, rows, dimensions, from, to, room)]).toEqual([...expected, 7]);
  });
});

describe('stream', () => {
  it('depends on the seed text alone', () => {
    const draw = (seed: string) => Array.from({ length: 20 }, stream(seed).uint32);
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });

  it.each([2, 3, 7, 64, 1000])('draws evenly below %i (chi square, 5 standard deviations)', (n) => {
    const { below } = stream(`even ${n}`);
    const counts = new Array<number>(n).fill(0);
    const draws = 200 * n;
    for (let i = 0; i < draws; i++) counts[below(n)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(Math.abs(chiSquare - (n - 1))).toBeLessThan(5 * Math.sqrt(2 * (n - 1)));
  });

  it('reaches both ends of the largest range', () => {
    const { below } = stream('wide');
    const drawn = Array.from({ length: 1000 }, () => below(2 ** 32));
    expect(Math.min(...drawn)).toBeLessThan(2 ** 32 / 50);
    expect(Math.max(...drawn)).toBeGreaterThan((2 ** 32 * 49) / 50);
  });
});
