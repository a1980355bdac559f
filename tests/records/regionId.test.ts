import { describe, expect, it } from 'vitest';
import type { Region } from '../../src/records/analysis.ts';
import { regionId } from '../../src/records/regionId.ts';

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
});
