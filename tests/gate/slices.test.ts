import { describe, expect, it } from 'vitest';
import { testSlices } from '../../src/gate/slices.ts';
import type { Slice } from '../../src/records/slices.ts';

const images = Array.from({ length: 1000 }, (_, row) => `${row}.png`);
const slice = (name: string, from: number, to: number, rest: Partial<Slice> = {}): Slice => ({
  name,
  source: 'config',
  rows: Uint32Array.from({ length: to - from }, (_, i) => from + i),
  maxErrorRate: null,
  since: null,
  gone: 0,
  ...rest,
});
const failing = (...rows: number[]) => Uint8Array.from(images, (_, row) => Number(rows.includes(row)));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('watched slices', () => {
  it('are one hypothesis each, by McNemar and Holm', () => {
    const [broken, mended, same] = testSlices(
      [slice('broken', 0, 40), slice('mended', 40, 80), slice('same', 80, 120)],
      [failing(...range(0, 20), 80), failing(...range(40, 52), 81)],
      images,
      0.01,
    );
    // 20 of 20 changed images one way: 2 / 2^20, times the two slices that could be significant; 12 of 12: 2 / 2^12. Of the third two images changed, which no p-value below 1/2 comes of.
    expect(broken).toMatchObject({ size: 40, failures: 20, baselineFailures: 0, newlyFailed: 20, newlyFixed: 0 });
    expect(broken.pValue).toBeCloseTo(2 / 2 ** 20, 12);
    expect(broken.adjustedPValue).toBeCloseTo(4 / 2 ** 20, 12);
    expect(broken.status).toBe('worsened');
    expect(broken.images).toEqual(range(0, 20).map((row) => `${row}.png`));
    expect(mended.adjustedPValue).toBeCloseTo(2 / 2 ** 12, 12);
    expect(mended.status).toBe('improved');
    expect(same).toMatchObject({ pValue: 1, adjustedPValue: 1, status: 'unchanged', images: ['80.png'] });
  });

  it('see half of a fixed cluster come back where the change is certain, and not where it is chance', () => {
    const event = slice('event', 0, 20, { source: 'event', since: 'abc' });
    const [back] = testSlices([event], [failing(...range(0, 10)), failing()], images, 0.01);
    expect(back).toMatchObject({ status: 'worsened', source: 'event', since: 'abc' });
    const [few] = testSlices([event], [failing(0, 1, 2), failing()], images, 0.01);
    expect(few.status).toBe('unchanged');
  });

  it('are seen however many events are watched beside them, as long as nothing changed in these', () => {
    const events = Array.from({ length: 400 }, (_, i) => slice(`event ${i}`, 100 + i, 140 + i, { source: 'event' }));
    const [broken] = testSlices(
      [slice('broken', 0, 40), ...events],
      [failing(...range(0, 10)), failing()],
      images,
      0.01,
    );
    // 10 of 10: 2 / 2^10, which 401 slices would make 0.78.
    expect(broken).toMatchObject({ status: 'worsened', adjustedPValue: 2 / 2 ** 10 });
  });

  it('are told without a comparison too', () => {
    const [alone] = testSlices([slice('night', 0, 10, { maxErrorRate: 0.1 })], [failing(0, 1)], images, 0.01);
    expect(alone).toMatchObject({ failures: 2, size: 10, baselineFailures: null, status: 'not compared' });
  });
});
