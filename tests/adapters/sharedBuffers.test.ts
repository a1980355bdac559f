import { describe, expect, it } from 'vitest';
import { sharedBuffers } from '../../src/adapters/sharedBuffers.ts';

describe('sharedBuffers', () => {
  it('gives the smallest free buffer that fits, and none that is in use', () => {
    const { take, giveBack } = sharedBuffers();
    const [small, large] = [take(10), take(100)];
    expect(take(10)).not.toBe(small);
    giveBack(large);
    giveBack(small);
    expect(take(11)).toBe(large);
    expect(take(10)).toBe(small);
  });

  it('never has more buffers than were taken at one time', () => {
    const { take, giveBack } = sharedBuffers();
    for (const bytes of [10, 20, 30]) giveBack(take(bytes));
    const [first, second] = [take(5), take(5)];
    expect(first.byteLength).toBe(30);
    expect(second.byteLength).toBe(5);
  });
});
