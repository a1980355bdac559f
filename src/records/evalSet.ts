/** What a checkpoint is inspected on: the eval set, and one checkpoint known by its predictions. Typed arrays are aligned with the eval set's rows. */

/** Images with true labels and optional metadata columns; fixed across checkpoints. */
export interface EvalSet {
  /** Image names as in the manifest ('/'-separated, relative to `folder`), unique, in manifest order. */
  readonly images: readonly string[];
  /** Absolute folder of the images; null where features are given and there are no pictures. */
  readonly folder: string | null;
  /** Class names, sorted by code unit. */
  readonly classes: readonly string[];
  /** Index into `classes` of each image's label. */
  readonly labels: Int32Array;
  /** Metadata columns of the manifest: one text per row. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 (hex) over the images' names, their labels and the classes. */
  readonly fingerprint: string;
}

/** One state of the inspected model, known by its predictions on the eval set. */
export interface Checkpoint {
  readonly name: string;
  /** Index into `EvalSet.classes` of each prediction; null where only a `failed` column is known. */
  readonly predictions: Int32Array | null;
  /** 1 where prediction != label, or as a `failed` column says. */
  readonly failed: Uint8Array;
  /** Confidence in the prediction, 0 to 1, where given. */
  readonly confidence: Float64Array | null;
}

/** What an image that cannot be read or decoded does: end the run, or be left out of it. */
export type OnBadImage = 'fail' | 'skip';

/** What the columns of manifests and prediction files are called. */
export interface ColumnNames {
  readonly image: string;
  readonly label: string;
  readonly prediction: string;
  readonly failed: string;
  readonly confidence: string;
}
