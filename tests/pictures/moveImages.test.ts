import { describe, expect, it } from 'vitest';
import type { Picture } from '../../src/images/decode.ts';
import { usual } from '../../src/images/preprocess.ts';
import { carryOver, seeTheSame } from '../../src/pictures/carryOver.ts';
import { type Guide, moveImages, type Senses, within } from '../../src/pictures/moveImages.ts';

const grey = (level: number, width = 2, height = 2): Picture => ({
  ...{ width, height },
  rgb: new Uint8Array(width * height * 3).fill(level),
});
/** Feature 0 is the sum of all values in [0, 1], feature 1 the first value alone, feature 2 nothing. */
const slopes = [
  new Float32Array(12).fill(1),
  Float32Array.from({ length: 12 }, (_, at) => (at === 0 ? 1 : 0)),
  new Float32Array(12),
];
const senses: Senses = {
  read: async (pictures) =>
    pictures.map(
      ({ rgb }) =>
        (feature) =>
          rgb.reduce((sum, level, at) => sum + (slopes[feature][at] * level) / 255, 0),
    ),
  gradients: async (_values, features) => features.map((feature) => slopes[feature]),
};
const moves = { steps: 20, stepSize: () => 1, onProgress: () => {} };
/** Up until a feature is above a threshold. */
const above =
  (feature: number, threshold: number): Guide =>
  (_image, reads) =>
    reads(feature) > threshold ? null : { feature, up: true, gap: threshold - reads(feature) };

describe('moveImages', () => {
  it('goes as far as a straight way takes and a little more, worked by hand', async () => {
    const start = grey(51); // 12 values of 0.2
    const [{ picture, distance }] = await moveImages([start], above(0, 3), moves, senses);
    // From 2.4 to 3 with slope sqrt(12): 0.6 / 3.46 = 0.173, a tenth more, in bytes: each value up by 0.055 of 255 = 14.
    expect([...picture.rgb]).toEqual(Array(12).fill(65));
    expect(distance).toBeCloseTo((Math.sqrt(12) * 14) / 255, 12);
  });

  it('takes steps of at most the length given, and no more than so many', async () => {
    const few = { ...moves, steps: 3, stepSize: () => 0.1 };
    const [{ distance }] = await moveImages([grey(51)], above(0, 100), few, senses);
    expect(distance).toBeCloseTo(0.3, 1);
  });

  it('stays within 0 and 1, leaves what has no slope and what is there already', async () => {
    const [full, flat, there] = await moveImages(
      [grey(51), grey(51), grey(200)],
      (image, reads) => (image === 1 ? { feature: 2, up: true, gap: 1 } : above(1, 0.7)(image, reads, 0)),
      moves,
      senses,
    );
    expect([...full.picture.rgb.subarray(1)]).toEqual(Array(11).fill(51));
    expect(full.picture.rgb[0]).toBeGreaterThan(0.7 * 255);
    expect(flat).toEqual({ picture: grey(51), distance: 0 });
    expect(there).toEqual({ picture: grey(200), distance: 0 });
    const [white] = await moveImages([grey(250)], above(0, 100), moves, senses);
    expect([...white.picture.rgb]).toEqual(Array(12).fill(255));
  });

  it('moves an image alike alone and beside others', async () => {
    const alone = await moveImages([grey(90)], above(0, 5), moves, senses);
    const [, beside] = await moveImages([grey(0), grey(90)], above(0, 5), moves, senses);
    expect(beside).toEqual(alone[0]);
  });
});

describe('within', () => {
  it('shortens a way to a length, and no shorter way', () => {
    const start = grey(100);
    const moved = { picture: grey(150), distance: (Math.sqrt(12) * 50) / 255 };
    expect(within(1, start, moved)).toEqual(moved);
    const { picture, distance } = within(moved.distance / 2, start, moved);
    expect([...picture.rgb]).toEqual(Array(12).fill(125));
    expect(distance).toBeCloseTo(moved.distance / 2, 12);
  });
});

describe('carryOver', () => {
  it('adds the difference, in the other view’s size, worked by hand', () => {
    const view = grey(100, 4, 1);
    const start = grey(50, 2, 1);
    const changed = { ...start, rgb: Uint8Array.of(50, 50, 50, 90, 50, 50) };
    // Between centres: red gains 0, 10, 30, 40; PIL's and PyTorch's bilinear (half-pixel centres).
    expect([...carryOver(changed, start, view).rgb]).toEqual([
      100, 100, 100, 110, 100, 100, 130, 100, 100, 140, 100, 100,
    ]);
  });

  it('of the same size is the sum, within a byte', () => {
    const changed = { ...grey(50), rgb: Uint8Array.from({ length: 12 }, (_, at) => at * 20) };
    expect([...carryOver(changed, grey(50), grey(50)).rgb]).toEqual([...changed.rgb]);
    expect([...carryOver(grey(255), grey(0), grey(100)).rgb]).toEqual(Array(12).fill(255));
    expect([...carryOver(grey(0), grey(255), grey(100)).rgb]).toEqual(Array(12).fill(0));
  });
});

describe('seeTheSame', () => {
  const pipeline = (resize: number | readonly [number, number] | null, crop: number | null) => ({
    ...usual,
    ...{ resize, crop, mean: [0, 0, 0] as const, std: [1, 1, 1] as const },
    ...{ height: 32, width: 32, layout: 'NCHW' as const },
  });
  it.each([
    [[32, 32], [224, 224], true],
    [[256, 224], [512, 448], true],
    [[256, 224], [32, 32], false],
    [[null, null], [32, 32], true],
    [[[32, 32], null], [32, 32], false],
    [[[32, 32], null], [[224, 224], null], true],
  ] as const)('%j and %j: %s', ([resize, crop], [otherResize, otherCrop], same) => {
    expect(seeTheSame(pipeline(resize, crop), pipeline(otherResize, otherCrop))).toBe(same);
  });
});
