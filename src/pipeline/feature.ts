import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { nearestWord } from '../adapters/nearestWord.ts';
import { groupsOf } from '../analysis/groups.ts';
import { writeFeatureName } from '../config/featureNames.ts';
import { UserError } from '../errors.ts';
import { readEvalSet } from '../evalset/evalSet.ts';
import { mostActivating } from '../pictures/mostActivating.ts';
import type { Group } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import type { FeatureFile, FeatureName } from '../records/features.ts';
import { groupIds, groupOfId } from '../records/groupKinds.ts';
import { oneLine } from '../records/names.ts';
import type { Result } from '../records/result.ts';
import { renderFeaturePage } from '../report/featurePage.ts';
import { namesFile, namesOf, readNames } from './featureNames.ts';
import { lastResult } from './lastResult.ts';
import { lookedFor } from './pictures.ts';
import { extract, openCheckpoints, readInputs } from './read.ts';
import { inRun, type Request, type Said } from './request.ts';
import { readTemplates } from './templates.ts';

/** Which feature to show, among which images, and what to call it from now on. */
export interface FeatureRequest {
  /** Its number, from 0. */
  readonly feature: number;
  /** Id of a group: `all`, `label:cat`, `time:night`. */
  readonly group: string;
  /** Null: it keeps the name it has. */
  readonly name: FeatureName | null;
}

/** Shows what one feature looks for in a page of its own, `feature-N.html`, and names it where asked. */
export function showFeature(request: Request, { feature, group: groupId, name }: FeatureRequest): Promise<Said> {
  return inRun(request, async (run) => {
    const { config, request } = run;
    const needsCheckpoint = groupOfId(groupId).kind.byPrediction;
    const { evalSet, given } = needsCheckpoint
      ? await readInputs(run)
      : { ...(await readEvalSet(config.evalSet)), given: [] };
    const features = await extract(run, evalSet);
    const { file, read } = features;
    refuseUnknown(feature, file, config.file);
    const [checkpoint = untold(features.evalSet)] = await openCheckpoints(run, given, features);
    const group = groupNamed(groupId, features.evalSet, checkpoint);
    if (name !== null) await writeFeatureName(namesFile(config), feature, name, file.model.fingerprint);
    const rows = await mostActivating(read, group.rows, feature, config.report.images);
    const looks = await lookedFor(run, features, [{ feature, rows }]);
    const { values } = await read(group.rows, feature, feature + 1);
    const page = join(request.out, `feature-${feature}.html`);
    const view = {
      ...{ suite: config.name, feature, group: groupId, values, featureModel: file.model },
      result: resultOfNetwork(request.out, file.model.fingerprint),
      names: namesOf(await readNames(config), config, file.model.fingerprint, request.onNotice),
      images: Array.from(group.rows, (row) => entry(features.evalSet.images, row)),
      pictures: looks.get(feature) ?? null,
    };
    await writeFileAtomic(page, renderFeaturePage(view, await readTemplates()));
    const strength = new Map(Array.from(group.rows, (row, i) => [row, entry(values, i)]));
    const strongest = rows.map((row) => ({ image: entry(features.evalSet.images, row), value: strength.get(row) }));
    return {
      json: { feature, group: groupId, images: group.rows.length, strongest, page },
      lines: [
        `Feature ${feature} is strongest in, of ${group.rows.length} images:`,
        ...strongest.map(({ image, value }) => `  ${String(value).padEnd(20)} ${JSON.stringify(image)}`),
        ...(name === null ? [] : [`It is called "${oneLine(name.name)}" in ${namesFile(config)} from now on.`]),
        `Page: ${page}`,
      ],
      passed: true,
    };
  });
}

/** The last result, for the rules that use the feature; null: none of this network. */
function resultOfNetwork(out: string, featureModel: string): Result | null {
  const result = lastResult(out);
  return result?.featureModel.fingerprint === featureModel ? result : null;
}

function refuseUnknown(feature: number, { dimensions }: FeatureFile, where: string): void {
  if (feature < dimensions) return;
  throw new UserError({
    what: `there is no feature ${feature}: the feature model has ${dimensions}, counted from 0`,
    where,
    fix: 'Take a number from a rule in the report',
  });
}

/** Stands in where no group asks what a checkpoint predicts. */
function untold({ images }: EvalSet): Checkpoint {
  return { name: '', predictions: null, failed: new Uint8Array(images.length), confidence: null };
}

function groupNamed(id: string, evalSet: EvalSet, checkpoint: Checkpoint): Group {
  const groups = groupsOf([groupOfId(id).kind.specOf(id)], evalSet, checkpoint);
  const found = groups.find((group) => group.id === id);
  if (found !== undefined && found.rows.length > 0) return found;
  const near = nearestWord(
    id,
    groups.map((group) => group.id),
  );
  throw new UserError({
    what: `there is no group ${JSON.stringify(id)} with images`,
    where: '--group',
    fix: `${near === null || near === id ? 'Give' : `Write ${JSON.stringify(near)}, or give`} the id of a group as reports do: ${groupIds}`,
  });
}
