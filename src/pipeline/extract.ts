import { readEvalSet } from '../evalset/evalSet.ts';
import { imagesBelow } from '../evalset/imageFolder.ts';
import { extract, readTraining } from './read.ts';
import { inRun, type Request, type Run, type Said } from './request.ts';
import { type ImagePool, openPoolOf } from './searchPool.ts';
import { trainingFeatures } from './trainingSet.ts';

/** Extracts the features into the store, or a shard of them. */
export function extractFeatures(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet } = await readEvalSet(run.config.evalSet);
    const training = await readTraining(run.config, evalSet);
    const features = await extract(run, evalSet);
    const { file, skipped } = features;
    const trained = training && (await trainingFeatures(run, training, features, () => true));
    const pool = run.config.pool && (await readPool(run, run.config.pool.images));
    const { rowOf, dimensions, model, path } = file;
    const json = {
      images: rowOf.length,
      skipped,
      dimensions,
      fingerprint: model.fingerprint,
      engine: model.engine,
      path,
      trainingSet: trained?.info ?? null,
      pool: pool && { images: pool.images.length, unusable: pool.unusable },
    };
    const lines = [
      `${rowOf.length} images x ${dimensions} features in ${path}`,
      ...(trained === null ? [] : [`${trained.info.read} training images beside them`]),
      ...(pool === null ? [] : [`${pool.images.length} images of the pool beside them`]),
    ];
    return { json, lines, passed: true };
  });
}

/** The pool is one machine's: null where this is a shard of several. */
async function readPool(run: Run, folder: string): Promise<ImagePool | null> {
  return run.request.shard === null ? openPoolOf(run, folder, await imagesBelow(folder)) : null;
}
