import { UserError } from '../errors.ts';
import type { AnalysisOptions, GroupAnalysis } from '../records/analysis.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';
import type { Columns } from '../records/features.ts';
import { analyseGroups } from './analyseGroups.ts';
import { groupsOf } from './groups.ts';

/** Arrays to analyse; n images. */
export interface ArraysToAnalyse {
  /** n x `dimensions` float32 values, row by row: feature j of image i is `features[i * dimensions + j]`. */
  readonly features: Float32Array;
  /** Features an image. */
  readonly dimensions: number;
  /** True class of each image. */
  readonly labels: readonly string[];
  /** Predicted class of each image. */
  readonly predictions: readonly string[];
  /** Metadata by column name: one text per image. */
  readonly columns?: Readonly<Record<string, readonly string[]>>;
  /** Specs of `groupKinds`: `all`, `label`, `label:CLASS` and so on. */
  readonly groups: readonly string[];
  readonly options: AnalysisOptions;
}

/**
 * Finds the clusters of images on which a model fails, from arrays in memory, in this thread: for each group a tree with its
 * leaves, rates as fractions of 1, mutual information in nats. Throws a UserError where lengths differ, a feature is not
 * finite or a group does not exist.
 */
export async function analyseArrays(input: ArraysToAnalyse): Promise<GroupAnalysis[]> {
  const { features, dimensions, groups, options } = input;
  const { evalSet, predictions } = describe(input);
  const failed = Uint8Array.from(predictions, (prediction, row) => Number(prediction !== evalSet.labels[row]));
  const checkpoint = { name: 'predictions', predictions, failed, confidence: null };
  return analyseGroups(groupsOf(groups, evalSet, checkpoint), {
    readColumns: async (rows, from, to) => gather(features, dimensions, rows, from, to),
    dimensions,
    run: async (worker, task) => worker.run(task),
    options,
    concurrency: 1,
  });
}

function describe({ features, dimensions, labels, predictions, columns = {} }: ArraysToAnalyse) {
  const n = labels.length;
  const expect = (actual: number, expected: number, where: string) => {
    if (actual !== expected)
      throw new UserError({
        what: `has ${actual} values for ${n} labels, expected ${expected}`,
        where,
        fix: 'Give every image a label, a prediction and its features, in one order',
      });
  };
  expect(predictions.length, n, 'predictions');
  expect(features.length, n * dimensions, 'features');
  for (const [name, texts] of Object.entries(columns)) expect(texts.length, n, `columns.${name}`);
  const classes = [...new Set([...labels, ...predictions])].sort();
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const indices = (names: readonly string[]) => Int32Array.from(names, (name) => lookUp(indexOf, name));
  const evalSet: EvalSet = {
    images: labels.map((_, row) => String(row)),
    folder: null,
    classes,
    labels: indices(labels),
    columns: new Map(Object.entries(columns)),
    fingerprint: '',
  };
  return { evalSet, predictions: indices(predictions) };
}

function gather(features: Float32Array, dimensions: number, rows: Uint32Array, from: number, to: number): Columns {
  const values = new Float32Array(rows.length * (to - from));
  for (let at = 0, feature = from; feature < to; feature++)
    for (const row of rows) values[at++] = entry(features, row * dimensions + feature);
  return { rows: rows.length, from, to, values };
}
