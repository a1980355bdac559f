/** Extracts the example's features into the store named on the command line; prints each step of the progress. */
import { writeSync } from 'node:fs';
import { openPool } from '../../src/adapters/threadPool.ts';
import { messageOf } from '../../src/errors.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';

const [folder, images, model, storeFolder] = process.argv.slice(2);
const pool = openPool(2);
try {
  await openFeatures({
    evalSet: { images: JSON.parse(images), folder },
    featureModel: { path: model, layer: { features: null, featureMap: null }, preprocess: null },
    features: null,
    imageColumn: 'image',
    engine: 'onnx-cpu',
    storeFolder,
    run: pool.run,
    onProgress: (stage, done) => writeSync(1, `${stage} ${done}\n`),
    onNotice: () => {},
    shard: null,
    onBadImage: 'fail',
  });
} catch (thrown) {
  writeSync(1, `error ${messageOf(thrown)}\n`);
}
await pool.close();
