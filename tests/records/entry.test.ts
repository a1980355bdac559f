import { describe, expect, it } from 'vitest';
import { entry, lookUp } from '../../src/records/entry.ts';

describe('what must be there', () => {
  it('is given, zero and empty text too', () => {
    expect(entry(Int32Array.of(0), 0)).toBe(0);
    expect(entry([''], 0)).toBe('');
    expect(lookUp(new Map([['constructor', 0]]), 'constructor')).toBe(0);
  });

  it('is a bug where it is not', () => {
    expect(() => entry(Int32Array.of(0), 1)).toThrow('no entry 1 of 1');
    expect(() => entry([1], -1)).toThrow('no entry -1 of 1');
    expect(() => lookUp(new Map<string, number>(), 'constructor')).toThrow('no value for constructor');
  });
});
