import { differencesFrom, withClasses } from '../baseline/compatible.ts';
import { commonGround } from '../baseline/record.ts';
import { UserError } from '../errors.ts';
import { restrictEvalSet } from '../evalset/restrict.ts';
import type { BaselineGroup, BaselineRecord, Baselines } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { isOfSketch } from './featureSketch.ts';
import { analyseCheckpoint, type Features } from './read.ts';
import { type Run, withAnalysis } from './request.ts';

/** Baselines that a candidate can be put beside. */
interface Comparable {
  readonly baselines: Baselines;
  /** In what they differed from the candidate, and what was done about it: sentences. */
  readonly notes: readonly string[];
}

/**
 * Baselines in the candidate's terms. Where its classes are others, images of those that both have are compared; where its features
 * are, the baseline's trees are grown again on the features of now, from its predictions: a change of either locks no one out.
 */
export async function comparable(run: Run, features: Features, baselines: Baselines): Promise<Comparable> {
  if (baselines.kind !== 'found') return { baselines, notes: [] };
  const mapped = [];
  for (const record of baselines.records) mapped.push(inTermsOf(features, await recognised(features, record)));
  const [first, ...rest] = mapped;
  if (first === undefined) throw new Error('what was found is one record at least');
  const newest = first.notes.length > 0 ? await regrown(run, features, first.record) : first.record;
  return {
    baselines: { kind: 'found', records: [newest, ...rest.map(({ record }) => record)] },
    notes: mapped.flatMap(({ notes }) => notes),
  };
}

/**
 * The record under the fingerprint of now, where its sketch says that the features of now, given in a file, are the same.
 *
 * @throws UserError where the file is the same and images have other features: they stand in another order now
 */
async function recognised(features: Features, record: BaselineRecord): Promise<BaselineRecord> {
  const { fingerprint, dimensions } = features.file.model;
  const { featureModel, sketch } = record;
  if (sketch === null || featureModel.dimensions !== dimensions) return record;
  const is = await isOfSketch(features, sketch);
  if (is === 'the same') return { ...record, featureModel: { fingerprint, dimensions } };
  if (is === 'unknown' || featureModel.fingerprint !== fingerprint) return record;
  throw new UserError({
    what: `the file of features is the one that baseline ${record.commit.slice(0, 12)} was judged with, and the images stand in another order now: rows would be other images'`,
    where: features.file.path,
    fix: 'Write the features in the order of the manifest as it is, or put the manifest back into theirs; if they are right now and were not then, accept a checkpoint: barlow baseline record',
  });
}

/** A record with the candidate's classes, and in what it differed; nothing where its trees can stay as they are. */
function inTermsOf(
  { evalSet, file }: Features,
  record: BaselineRecord,
): { readonly record: BaselineRecord; readonly notes: readonly string[] } {
  const { classes, features } = differencesFrom({ evalSet, featureModel: file.model }, record);
  const then = `baseline ${record.commit.slice(0, 12)}`;
  const notes = [];
  if (features !== null) {
    notes.push(
      `The features are not those of ${then} (${features}): its trees are grown again on the features of now, from its predictions.`,
    );
  }
  if (classes === null) return { record, notes };
  const mapped = withClasses(record, evalSet.classes);
  const left = record.evalSet.images.length - mapped.evalSet.images.length;
  notes.push(
    `The classes are not those of ${then} (${classes}): it is compared without ${left} of its images, of classes that are gone, and its trees are grown again.`,
  );
  return { record: mapped, notes };
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
