/**
 * Whether a model that begins so takes pixels from 0 to 255, which it brings to its own range itself: a factor of about 1/255 (Keras' Rescaling,
 * ImageNet's standard deviations), a divisor, or a mean that none but such pixels have.
 *
 * @param does what the first arithmetic on the pixels does with them
 * @param constants the values it does it with, one a channel or one for all
 */
export function takesPixels(
  does: 'multiply' | 'divide' | 'subtract' | 'quantise',
  constants: ArrayLike<number>,
): boolean {
  const values = Array.from(constants, Math.abs);
  if (values.length === 0 || values.length > 4) return false;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  switch (does) {
    case 'multiply':
      return most <= 1 / LEAST && least >= 1 / MOST;
    case 'divide':
      return least >= LEAST && most <= MOST;
    case 'subtract':
      return most >= LEAST && most <= MOST;
    case 'quantise':
      // A step of images in [0, 1] is 1/255, of normalised ones about 1/50.
      return least >= 0.25;
  }
}

/** Between these lie 255, 127.5 and ImageNet's means and standard deviations in pixels; and no constant of images in [0, 1]. */
const [LEAST, MOST] = [32, 300];
