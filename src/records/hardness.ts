/** How features become what the classifier sees: `width` values an image. */
export interface ClassifierView {
  readonly width: number;
  readonly featureMean: Float64Array;
  /** 1 / standard deviation; 0 for a constant feature. */
  readonly scale: Float64Array;
  /** Value that each feature is added to, and its sign there. */
  readonly bucket: Uint32Array;
  readonly sign: Float64Array;
}

/**
 * How sure a ridge classifier that never saw an image is of each class of it: by leave-one-out scores, from features and
 * labels alone. n images, C classes, `width` values an image.
 */
export interface Hardness {
  readonly images: number;
  readonly classes: number;
  /** Standardised features, sketched where there are more than 256. What is seen of an image is not kept: of a million images it would take a gigabyte. */
  readonly view: ClassifierView;
  /** Mean of each value seen. */
  readonly mean: Float64Array;
  /** C x width. */
  readonly weights: Float64Array;
  /** Share of each class among the labels. */
  readonly shares: Float64Array;
  /** Diagonal of the hat matrix. */
  readonly leverage: Float64Array;
  /** The leave-one-out score of each image's label, less the greatest of the other classes. */
  readonly own: Float64Array;
  /** Greatest leave-one-out score of each image, its class, and the greatest of the other classes. */
  readonly best: Float64Array;
  readonly bestClass: Int32Array;
  readonly second: Float64Array;
}
