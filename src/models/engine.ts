import type { ModelKind, RunnableEngine } from '../records/engines.ts';
import type { InputGeometry, Layers } from './onnx/layers.ts';

/** Preprocessed images: `count` x height x width x 3 float32 values in the session's layout. */
export interface ImageBatch {
  readonly count: number;
  readonly values: Float32Array;
}

/** Values in C order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface SessionOptions {
  /** Threads inside one operator; null: one a core. CPU engines only. */
  readonly threads: number | null;
}

/** What a model says of itself without an engine. */
export interface ModelDescription {
  readonly file: string;
  readonly kind: ModelKind;
  /** SHA-256 (hex) over the model's bytes, weights in other files included. */
  readonly fingerprint: string;
  readonly layers: Layers;
  /**
   * The input with its size settled: `side` in pixels, as `preprocess.crop` asks.
   * @throws UserError where the input is no image, its size stays open, or `side` contradicts it.
   */
  readonly geometry: (side: number | null) => InputGeometry;
  /**
   * The tensor whose values are the features: the one named, or the one found.
   * @throws UserError, with the choice there is, where there is no such tensor or none was found.
   */
  readonly featuresLayer: (named: string | null) => string;
  /**
   * The tensor whose values are the scores of the classes: the one named, or the one found.
   * @throws UserError as `featuresLayer`.
   */
  readonly scoresLayer: (named: string | null) => string;
  /** Whether it reads pixels from 0 to 255 and scales them itself; its session takes them from images in [0, 1] all the same. */
  readonly wholePixels: boolean;
  /** The map that a layer of features was pooled from; null where there is none. */
  readonly featureMapOf: (features: string) => string | null;
  /** Loads the model on an engine. @throws Error where the engine cannot load or cannot take the model. */
  readonly open: (engine: RunnableEngine, side: number | null, options: SessionOptions) => Promise<Session>;
}

/** A model on an engine. Runs one batch at a time; `close` frees what it holds outside the heap. */
export interface Session {
  readonly engine: RunnableEngine;
  /** Runs images; any tensor of the model can be asked for by name. Each result starts with the batch dimension. */
  readonly run: (images: ImageBatch, outputs: readonly string[]) => Promise<ReadonlyMap<string, Tensor>>;
  /**
   * d output[units[i]] / d image i, in the images' shape and layout. `output` holds one vector per image; of a map
   * the unit counts its values in C order.
   * @throws UserError that names an operator without a gradient.
   */
  readonly gradient: (images: ImageBatch, output: string, units: Int32Array) => Promise<Float32Array>;
  readonly close: () => Promise<void>;
}
