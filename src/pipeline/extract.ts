import { readEvalSet } from '../evalset/evalSet.ts';
import { extract, readTraining } from './read.ts';
import { inRun, type Request, type Said } from './request.ts';
import { trainingFeatures } from './trainingSet.ts';

/** Extracts the features into the store, or a shard of them. */
export function extractFeatures(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet } = await readEvalSet(run.config.evalSet);
    const training = await readTraining(run.config, evalSet);
    const features = await extract(run, evalSet);
    const { file, skipped } = features;
    const trained = training && (await trainingFeatures(run, training, features, () => true));
    const { rowOf, dimensions, model, path } = file;
    const json = {
      images: rowOf.length,
      skipped,
      dimensions,
      fingerprint: model.fingerprint,
      engine: model.engine,
      path,
      trainingSet: trained?.info ?? null,
    };
    const lines = [
      `${rowOf.length} images x ${dimensions} features in ${path}`,
      ...(trained === null ? [] : [`${trained.info.read} training images beside them`]),
    ];
    return { json, lines, passed: true };
  });
}
