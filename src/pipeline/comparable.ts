import { differencesFrom, withClasses } from '../baseline/compatible.ts';
import { commonGround } from '../baseline/record.ts';
import { restrictEvalSet } from '../evalset/restrict.ts';
import type { BaselineGroup, BaselineRecord, Baselines } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { isOfSketch } from './featureSketch.ts';
import { analyseCheckpoint, type Features } from './read.ts';
import { type Run, withAnalysis } from './request.ts';

/**
 * Baselines in the candidate's terms. Where its classes are others, images of those that both have are compared; where its features
 * are, the baseline's trees are grown again on the features of now, from its predictions: a change of either locks no one out.
 */
export async function comparable(run: Run, features: Features, baselines: Baselines): Promise<Baselines> {
  if (baselines.kind !== 'found') return baselines;
  const mapped = [];
  for (const record of baselines.records) mapped.push(inTermsOf(run, features, await recognised(features, record)));
  const [first, ...rest] = mapped;
  if (first === undefined) throw new Error('what was found is one record at least');
  const newest = first.isForeign ? await regrown(run, features, first.record) : first.record;
  return { kind: 'found', records: [newest, ...rest.map(({ record }) => record)] };
}

/** The record under the fingerprint of now, where its sketch says that the features of now, given in a file, are the same. */
async function recognised(features: Features, record: BaselineRecord): Promise<BaselineRecord> {
  const { fingerprint, dimensions } = features.file.model;
  const { featureModel, sketch } = record;
  if (sketch === null || featureModel.fingerprint === fingerprint || featureModel.dimensions !== dimensions)
    return record;
  return (await isOfSketch(features, sketch)) ? { ...record, featureModel: { fingerprint, dimensions } } : record;
}

/** A record with the candidate's classes, and whether its trees are of other features or classes. */
function inTermsOf(
  { request }: Run,
  { evalSet, file }: Features,
  record: BaselineRecord,
): { record: BaselineRecord; isForeign: boolean } {
  const { classes, features } = differencesFrom({ evalSet, featureModel: file.model }, record);
  const then = `baseline ${record.commit.slice(0, 12)}`;
  if (features !== null) {
    request.onNotice(
      `The features are others than those of ${then} (${features}): its trees are grown anew on the features of now, from its predictions.`,
    );
  }
  if (classes === null) return { record, isForeign: features !== null };
  const mapped = withClasses(record, evalSet.classes);
  const left = record.evalSet.images.length - mapped.evalSet.images.length;
  request.onNotice(
    `The classes are others than those of ${then} (${classes}): it is compared without ${left} images of classes that are no more, its trees grown anew.`,
  );
  return { record: mapped, isForeign: true };
}

/** The record with its trees grown on the features of now. */
async function regrown(run: Run, features: Features, record: BaselineRecord): Promise<BaselineRecord> {
  const { file, read } = features;
  const { rows, checkpoints } = commonGround({ evalSet: features.evalSet, featureModel: file.model }, [record]);
  const shared: Features = {
    ...features,
    evalSet: restrictEvalSet(features.evalSet, rows),
    read: (wanted, from, to, into) =>
      read(
        Uint32Array.from(wanted, (row) => entry(rows, row)),
        from,
        to,
        into,
      ),
  };
  const groups = await analyseCheckpoint(withAnalysis(run, { shuffles: 0 }), shared, entry(checkpoints, 0));
  const { fingerprint, dimensions } = file.model;
  return { ...record, featureModel: { fingerprint, dimensions }, groups: groups.map(groupOf) };
}

function groupOf({ id, size, failures, baseErrorRate, aler, leaves }: BaselineGroup): BaselineGroup {
  return { id, size, failures, baseErrorRate, aler, leaves };
}
