import { describe, expect, it } from 'vitest';
import { propertiesOf } from '../../src/images/properties.ts';
import { hasGradient, propertyGradient } from '../../src/images/propertyGradient.ts';
import { imageProperties } from '../../src/records/imageProperties.ts';
import { stream } from '../../src/statistics/random.ts';

const [width, height] = [11, 9];
const { below } = stream('property gradient');
// Never near grey, where chroma has a kink.
const bytes = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at % 3 === 0 ? 150 : 20) + below(90));
const values = Float32Array.from(bytes, (level) => level / 255);
const withGradient = imageProperties.flatMap(({ name }, property) =>
  hasGradient(property) ? [[name, property] as const] : [],
);

describe('propertyGradient', () => {
  it('has the colours, their spreads and chroma, of the whole and of the centre', () => {
    expect(withGradient.map(([name]) => name)).toEqual(imageProperties.slice(0, 14).map(({ name }) => name));
    expect(() => propertyGradient(values, width, height, 14)).toThrow('sharpness has no gradient');
  });

  it.each(withGradient)('of %s agrees with differences of the property itself', (_name, property) => {
    const gradient = propertyGradient(values, width, height, property);
    // A step of many bytes in a direction of its own: propertiesOf reads whole levels only.
    const direction = Int8Array.from({ length: bytes.length }, () => below(3) - 1);
    const at = (sign: number) => {
      const rgb = Uint8Array.from(bytes, (level, i) => level + sign * 2 * direction[i]);
      return propertiesOf({ width, height, rgb }, 1)[property];
    };
    const slope = (at(1) - at(-1)) / (4 / 255);
    const expected = gradient.reduce((sum, each, i) => sum + each * direction[i], 0);
    expect(Math.abs(slope - expected)).toBeLessThan(0.02 * Math.max(1, Math.abs(expected)));
  });

  it('is nothing outside the centre for what is of the centre', () => {
    const gradient = propertyGradient(values, width, height, 8);
    expect(gradient.slice(0, 3 * width * 2).every((each) => each === 0)).toBe(true);
    expect(gradient.some((each) => each !== 0)).toBe(true);
  });
});
