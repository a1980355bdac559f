import type { WorkerModule } from '../records/threads.ts';
import { decodeImage } from './decode.ts';
import { depthOf, type Pipeline, preprocess } from './preprocess.ts';
import { PROPERTIES, propertiesOf } from './properties.ts';
import { hashOf, readImage, type Unreadable, whyBad } from './readImage.ts';

/** Images to make ready for a model. */
export interface DecodeTask {
  readonly folder: string;
  readonly names: readonly string[];
  readonly pipeline: Pipeline;
  /** Where the float32 values go, image after image. */
  readonly out: SharedArrayBuffer;
  /** Whether the images' properties are wanted too; no where left out. */
  readonly properties?: boolean;
}

/** SHA-256 (hex) of each image's bytes, empty where they cannot be read, and the images that cannot be used. */
export interface Decoded {
  readonly hashes: readonly string[];
  readonly unreadable: readonly Unreadable[];
  /** Images x `PROPERTIES`; empty where they are not wanted. */
  readonly properties: Float32Array;
  /** How long it took by the clock. */
  readonly seconds: number;
}

export default async function decodeImages({
  folder,
  names,
  pipeline,
  out,
  properties: wanted = false,
}: DecodeTask): Promise<Decoded> {
  const started = performance.now();
  const values = pipeline.height * pipeline.width * depthOf(pipeline);
  const hashes = names.map(() => '');
  const unreadable: Unreadable[] = [];
  const properties = new Float32Array(wanted ? names.length * PROPERTIES : 0);
  for (const [index, name] of names.entries()) {
    try {
      const bytes = readImage(`${folder}/${name}`);
      hashes[index] = hashOf(bytes);
      const picture = await decodeImage(bytes);
      if (wanted) properties.set(propertiesOf(picture, bytes.length), index * PROPERTIES);
      preprocess(picture, pipeline, new Float32Array(out, index * values * 4, values));
    } catch (thrown) {
      unreadable.push({ index, why: whyBad(thrown) });
    }
  }
  return { hashes, unreadable, properties, seconds: (performance.now() - started) / 1000 };
}

export const decodeWorker: WorkerModule<DecodeTask, Decoded> = { url: import.meta.url, run: decodeImages };
