import { describe, expect, it } from 'vitest';
import type { Region } from '../../src/records/analysis.ts';
import { neighbourhoodId, regionId } from '../../src/records/regionId.ts';

const region: Region = [
  { feature: 21, op: '>', threshold: 0.28217345 },
  { feature: 32, op: '<=', threshold: 0.50512345 },
];
const moved = (by: number): Region => region.map((each) => ({ ...each, threshold: each.threshold + by }));

describe('the id of a region', () => {
  it('is its group and eight hex digits, whatever the order of its conditions', () => {
    expect(regionId('label:cat', region)).toMatch(/^label:cat#[0-9a-f]{8}$/);
    expect(regionId('label:cat', region.toReversed())).toBe(regionId('label:cat', region));
    expect(regionId('label:dog', region).slice(-8)).toBe(regionId('label:cat', region).slice(-8));
  });

  it('is the same on engines that differ by rounding, and another for another region', () => {
    const id = regionId('label:cat', region);
    expect(regionId('label:cat', moved(1e-7))).toBe(id);
    expect(regionId('label:cat', moved(1e-3))).not.toBe(id);
    expect(regionId('label:cat', region.slice(0, 1))).not.toBe(id);
    expect(regionId('label:cat', [{ ...region[0], op: '<=' }, region[1]])).not.toBe(id);
    expect(regionId('label:cat', [{ ...region[0], feature: 22 }, region[1]])).not.toBe(id);
  });

  it('is that of the image and the number of its neighbours where it is a neighbourhood', () => {
    const near = { around: 'a.png', shape: 'ball', images: ['a.png', 'b.png'] } as const;
    const id = neighbourhoodId('label:cat', near, 8);
    expect(id).toMatch(/^label:cat#[0-9a-f]{8}$/);
    const others = [
      neighbourhoodId('label:cat', near, 12),
      neighbourhoodId('label:cat', { ...near, shape: 'cap' }, 8),
      neighbourhoodId('label:cat', { ...near, around: 'b.png' }, 8),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
    // An image at the edge that another engine's rounding puts outside makes it no other.
    expect(neighbourhoodId('label:cat', { ...near, images: ['a.png', 'c.png'] }, 8)).toBe(id);
  });
});
