import { describe, expect, it } from 'vitest';
import { unchanged } from '../../src/gate/unchanged.ts';
import type { Checkpoint } from '../../src/records/evalSet.ts';

/** Four images, the last of which fails. */
const checkpoint = (change: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ name: 'new', predictions: Int32Array.of(0, 1, 1, 2), failed: Uint8Array.of(0, 0, 0, 1), confidence: null },
  ...change,
});
const accepted = (change: Partial<Checkpoint> = {}) => checkpoint({ name: 'old', ...change });
const sure = (...confidence: readonly number[]) => ({ confidence: Float64Array.from(confidence) });

describe('a candidate that answers as the accepted checkpoint does', () => {
  it('is told, by what is known of both', () => {
    const said =
      'new answers as the accepted checkpoint old, on all 4 images: it is the same model, or its predictions were not written again';
    expect(unchanged(checkpoint(), accepted())).toBe(said);
    expect(unchanged(checkpoint(sure(0.9, 0.8, 0.7, 0.61234567)), accepted(sure(0.9, 0.8, 0.7, 0.612346)))).toBe(said);
    expect(unchanged(checkpoint(sure(0.9, 0.8, 0.7, 0.6)), accepted())).toBe(said);
    expect(unchanged(checkpoint({ predictions: null }), accepted({ predictions: null }))).toBe(
      'new fails on the very images that the accepted checkpoint old fails on, on all 4 images: it is the same model, or its predictions were not written again',
    );
  });

  it('is not where one answer differs, or how sure one is, or where two models may well agree', () => {
    expect(unchanged(checkpoint({ predictions: Int32Array.of(0, 1, 1, 0) }), accepted())).toBeNull();
    expect(unchanged(checkpoint({ failed: Uint8Array.of(0, 0, 1, 1) }), accepted())).toBeNull();
    expect(unchanged(checkpoint(sure(0.9, 0.8, 0.7, 0.6)), accepted(sure(0.9, 0.8, 0.7, 0.5)))).toBeNull();
    expect(unchanged(checkpoint({ predictions: null }), accepted())).toBeNull();
    const right = { failed: new Uint8Array(4) };
    expect(unchanged(checkpoint(right), accepted(right))).toBeNull();
    const surely = { ...right, ...sure(0.9, 0.8, 0.7, 0.6) };
    expect(unchanged(checkpoint(surely), accepted(surely))).not.toBeNull();
  });
});
