import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/images/decode.ts';
import { PROPERTIES, propertiesOf } from '../../src/images/properties.ts';
import { imageProperties } from '../../src/records/imageProperties.ts';

const folder = new URL('../data/inference/', import.meta.url);
/** By NumPy and Pillow (propertiesReference.py). */
const expected: Record<string, number[]> = JSON.parse(readFileSync(new URL('properties.json', folder), 'utf8'));

describe('image properties', () => {
  it.each(Object.entries(expected))('of %s are those of NumPy and Pillow', async (name, values) => {
    const bytes = readFileSync(new URL(`images/${name}`, folder));
    const found = propertiesOf(await decodeImage(bytes), bytes.length);
    expect(values).toHaveLength(PROPERTIES);
    for (const [at, value] of values.entries()) {
      // Float32 keeps seven digits of variances and sizes.
      const tolerance = Math.max(1e-3, 1e-6 * Math.abs(value));
      expect(Math.abs(found[at] - value), imageProperties[at].name).toBeLessThanOrEqual(tolerance);
    }
  });
});
