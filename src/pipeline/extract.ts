import { readEvalSet } from '../evalset/evalSet.ts';
import { extract } from './read.ts';
import { inRun, type Request, type Said } from './request.ts';

/** Extracts the features into the store, or a shard of them. */
export function extractFeatures(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet } = await readEvalSet(run.config.evalSet);
    const { file, skipped } = await extract(run, evalSet);
    const { rowOf, dimensions, model, path } = file;
    const json = {
      images: rowOf.length,
      skipped,
      dimensions,
      fingerprint: model.fingerprint,
      engine: model.engine,
      path,
    };
    return { json, lines: [`${rowOf.length} images x ${dimensions} features in ${path}`], passed: true };
  });
}
