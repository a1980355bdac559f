import { messageOf } from '../errors.ts';
import type { WorkerModule } from '../records/threads.ts';
import { decodeImage } from './decode.ts';
import { PROPERTIES, propertiesOf } from './properties.ts';
import { readImage } from './readImage.ts';

/** Images whose properties are wanted: names below a folder. */
export interface PropertiesTask {
  readonly folder: string;
  readonly names: readonly string[];
}

/** The properties of images, image after image. @throws Error that names one that cannot be decoded. */
export default async function run({ folder, names }: PropertiesTask): Promise<Float32Array> {
  const values = new Float32Array(names.length * PROPERTIES);
  for (const [index, name] of names.entries()) {
    try {
      const bytes = readImage(`${folder}/${name}`);
      values.set(propertiesOf(await decodeImage(bytes), bytes.length), index * PROPERTIES);
    } catch (cause) {
      throw new Error(`the image ${JSON.stringify(name)} ${messageOf(cause)}`, { cause });
    }
  }
  return values;
}

export const propertiesWorker: WorkerModule<PropertiesTask, Float32Array> = { url: import.meta.url, run };
