import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { evaluate } from '../analysis/evaluate.ts';
import { evaluationLines } from '../report/evaluation.ts';
import { analyseCheckpoint, extract, openCheckpoints, readInputs } from './read.ts';
import { inRun, type Request, type Said, withAnalysis } from './request.ts';

/** Barlow, section 7: how well trees of each depth explain the failures of each grouping. */
export function evaluateGroupings(request: Request, depths: readonly number[]): Promise<Said> {
  return inRun(request, async (run) => {
    const file = join(request.out, 'evaluation.json');
    // An evaluation that ends in an error must not leave an older one behind; the reports of a run in the same folder stay.
    await rm(file, { force: true });
    const { evalSet, given } = await readInputs(run);
    const features = await extract(run, evalSet);
    const { analysis } = run.config;
    const deep = withAnalysis(run, { shuffles: 0, tree: { maxDepth: Math.max(...depths) } });
    const json = [];
    for (const checkpoint of await openCheckpoints(run, given, features)) {
      const groups = await analyseCheckpoint(deep, features, checkpoint);
      json.push({ checkpoint: checkpoint.name, evaluations: evaluate(groups, depths, analysis.failureMode) });
    }
    await writeFileAtomic(file, `${JSON.stringify(json, null, 2)}\n`);
    return { json, lines: json.flatMap((each) => evaluationLines(each.checkpoint, each.evaluations)), passed: true };
  });
}
