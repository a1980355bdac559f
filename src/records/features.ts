/** Features of the eval set, how they are read, and what people call them. */

/** Where the features of an eval set lie: a float32 `.npy` file, C order, one row per image. */
export interface FeatureFile {
  readonly path: string;
  /** Byte offset of the first value in the file. */
  readonly offset: number;
  /** Features an image. */
  readonly dimensions: number;
  /** Row in the file of each eval-set row. */
  readonly rowOf: Uint32Array;
  readonly model: FeatureModelInfo;
  /** SHA-256 (hex) that tells the values of these rows from any others. */
  readonly contents: string;
}

/** What features depend on besides the images' bytes. */
export interface FeatureModelInfo {
  /** SHA-256 (hex) over model bytes, layer and preprocessing, or over the values of a given feature file. */
  readonly fingerprint: string;
  readonly dimensions: number;
  /** The engine that computed them ("onnx-cpu"), or "file" where they were given. */
  readonly engine: string;
}

/** Features of some images, column by column: feature `from + j` of row i is `values[j * rows + i]`. Backed by shared memory. */
export interface Columns {
  readonly rows: number;
  /** First feature and one past the last. */
  readonly from: number;
  readonly to: number;
  readonly values: Float32Array;
}

/** Reads features `from`..`to` (exclusive) of the given eval-set rows; at the start of `into` where a reader can and it is given. */
export type ReadColumns = (rows: Uint32Array, from: number, to: number, into?: SharedArrayBuffer) => Promise<Columns>;

/** What a feature can be called besides its name: `schemas/features.schema.json` says what each means. */
export const featureKinds = ['spurious', 'overemphasised', 'unclear'] as const;

/** What people call a feature (`features.yml`). */
export interface FeatureName {
  readonly name: string;
  /** Whether failures hang on it for no good reason, for too much of one, or nobody can tell; null where nobody said. */
  readonly kind: (typeof featureKinds)[number] | null;
  readonly note: string | null;
  /** True for an image property, which has no number that people know. */
  readonly isProperty?: boolean;
}

/** By feature number. */
export type FeatureNames = ReadonlyMap<number, FeatureName>;

/** The network that the package brings, and what to expect of it. */
export const robust32Sees =
  'robust-32: it sees colour, rough shape, pose and background of images at 32 x 32, no detail';

/** Its fingerprint on images as they come, by which a report knows it. */
export const robust32Fingerprint = '5753cb62a12487a117949ca746f988fce86a4acbbd653c8f6516ea87e84ea0a4';
