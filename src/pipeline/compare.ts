import { basename, extname, resolve } from 'node:path';
import { evalSetChanges } from '../baseline/evalSetChanges.ts';
import { baselineRecord } from '../baseline/record.ts';
import { configWithout } from '../config/config.ts';
import { UserError } from '../errors.ts';
import type { Baselines } from '../records/baseline.ts';
import type { PreprocessPreset } from '../records/config.ts';
import { judgeCheckpoint, resultOf, resultWithout } from './judge.ts';
import { overOldReports } from './oldReports.ts';
import { analyseCheckpoint, extract, openCheckpoints, readInputs } from './read.ts';
import { report } from './report.ts';
import { inRunOf, type Request, withAnalysis } from './request.ts';
import type { GateOutcome } from './run.ts';

/** What is compared: two checkpoints, predictions or models, on the images of a folder. Paths are relative to the working directory. */
export interface Sides {
  readonly old: string;
  readonly new: string;
  readonly images: string;
  /** Table of images and labels; null: the folder says the labels. */
  readonly manifest: string | null;
  /** A file of class names in the order of the model's outputs; null: none. */
  readonly classes: string | null;
  /** How models are given their images; null: resized to their input, values in [0, 1]. */
  readonly preprocess: PreprocessPreset | null;
}

/** Judges one checkpoint against another, as `runGate` against a baseline, with neither config nor repository. */
export function compareCheckpoints(request: Request, sides: Sides): Promise<GateOutcome> {
  return overOldReports(request, () => compareSides(request, sides));
}

function compareSides(request: Request, sides: Sides): Promise<GateOutcome> {
  const names = namesOf(sides);
  const checkpoints = [
    { name: names.old, path: resolve(sides.old) },
    { name: names.new, path: resolve(sides.new) },
  ];
  const config = configWithout(resolve('the command line'), { ...sides, checkpoints });
  return inRunOf({ ...config, ...(request.engine && { engine: request.engine }) }, request, async (run) => {
    const { evalSet, given } = await readInputs(run);
    if (sides.preprocess === null && given.some((each) => 'model' in each)) request.onNotice(plainImages);
    const features = await extract(run, evalSet);
    const [before, after] = await openCheckpoints(run, given, features);
    if (before === undefined || after === undefined) throw new Error('two checkpoints were given');
    const accepted = resultWithout(
      before,
      await analyseCheckpoint(withAnalysis(run, { shuffles: 0 }), features, before),
    );
    // It is the checkpoint of a file: reports name no commit.
    const recorded = { ...resultOf(run, features, null, [accepted]), commit: '' };
    const { hashes } = features;
    const more = { replica: false, config: null, hashes, sketch: null, events: [], slices: [] };
    const record = baselineRecord(recorded, accepted, before, features.evalSet, more);
    const baselines: Baselines = { kind: 'found', records: [record] };
    const since = { evalSet: evalSetChanges(features.evalSet, hashes, record), notes: [] };
    const groups = await analyseCheckpoint(run, features, after);
    const judged = await judgeCheckpoint(run, features, after, groups, baselines, [], since, [], new Map());
    const alone = resultOf(run, features, null, [judged]);
    const outcome = judged.verdict?.outcome ?? 'not compared';
    const told = await report(run, {
      features,
      checkpoints: [after],
      judged: alone,
      given: given.slice(1),
      ...{ training: null, pool: null, store: null },
      accepted: new Map([[after.name, record]]),
      names: new Map(),
    });
    return { json: told.result, outcome, passed: outcome !== 'failed', unrecorded: null, ...told };
  });
}

const plainImages =
  'Models are given images resized to their input, values from 0 to 1 (to 255 where a model scales them itself), unless a folder is named that holds a preprocessor_config.json: --preprocess says otherwise (torchvision normalises, say).';

/** The files' names without endings where they differ, else as they were given. */
function namesOf(sides: Sides): { readonly old: string; readonly new: string } {
  if (resolve(sides.old) === resolve(sides.new)) {
    throw new UserError({
      what: 'both checkpoints are the same file',
      where: sides.new,
      fix: 'Give the file of the older checkpoint, then that of the newer',
    });
  }
  const [old, candidate] = [sides.old, sides.new].map((path) => basename(path, extname(path)));
  if (old === undefined || candidate === undefined || old === candidate) return { old: sides.old, new: sides.new };
  return { old, new: candidate };
}
