import type { Tensor } from './engine.ts';

/** What a run is given, by input name. */
export type Feeds = ReadonlyMap<string, Tensor>;

/** A model that an ONNX Runtime has loaded. */
export interface RunModel {
  readonly run: (feeds: Feeds) => Promise<ReadonlyMap<string, Tensor>>;
  readonly release: () => Promise<void>;
}

/** Loads the bytes of an ONNX model into a runtime; its runs give `outputs`. */
export type StartModel = (model: Uint8Array, outputs: readonly string[]) => Promise<RunModel>;
