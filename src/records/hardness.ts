/**
 * How sure a ridge classifier that never saw an image is of each class of it: by leave-one-out scores, from features and
 * labels alone. n images, C classes, `width` values an image.
 */
export interface Hardness {
  readonly images: number;
  readonly classes: number;
  readonly width: number;
  /** What the classifier sees, n x width: standardised features, sketched where there are more than 256. */
  readonly seen: Float32Array;
  /** Mean of each value seen. */
  readonly mean: Float64Array;
  /** C x width. */
  readonly weights: Float64Array;
  /** Share of each class among the labels. */
  readonly shares: Float64Array;
  /** Diagonal of the hat matrix. */
  readonly leverage: Float64Array;
  /** Greatest leave-one-out score of each image, its class, and the greatest of the other classes. */
  readonly best: Float64Array;
  readonly bestClass: Int32Array;
  readonly second: Float64Array;
}
