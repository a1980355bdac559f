/** Failures of images, or what else is counted of a whole: a share that is never rounded. */
export interface Share {
  /** May be negative: fewer than before. */
  readonly part: number;
  /** Above 0. */
  readonly whole: number;
}

/**
 * Whether a share is below (-1), at (0) or above (1) a value, exactly, the value taken as the decimal it is written as: 13 % less 12 %
 * of 100 images is 0.01, whatever binary fractions make of it.
 */
export function compareShare({ part, whole }: Share, value: number): -1 | 0 | 1 {
  const { digits, scale } = decimalOf(value);
  const difference = BigInt(part) * scale - digits * BigInt(whole);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** A finite number as `digits / scale`, by its shortest decimal text. */
function decimalOf(value: number): { digits: bigint; scale: bigint } {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const digits = BigInt(whole + fraction);
  const places = fraction.length - Number(exponent);
  return places >= 0
    ? { digits, scale: 10n ** BigInt(places) }
    : { digits: digits * 10n ** BigInt(-places), scale: 1n };
}
