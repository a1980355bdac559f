import type { AnalysisOptions, Group, GroupAnalysis, SelectedFeature } from '../records/analysis.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { columnOf, firstNotFinite, packed } from './columns.ts';
import { drawnRows } from './drawnRows.ts';
import { measureTree } from './metrics.ts';
import { mutualInformation, selectFeatures } from './mutualInformation.ts';
import { presort } from './presort.ts';
import { cutting, type Quantised, quantise } from './quantised.ts';
import { significance } from './significance.ts';
import { growTree } from './tree.ts';

/** The selected features of a group that is too large to be held whole, and their columns over all its rows. */
export interface LargeGroup {
  readonly selected: readonly SelectedFeature[];
  readonly columns: Columns;
  /** Column of each selected feature. */
  readonly places: ReadonlyMap<number, number>;
}

/** One group to grow a tree on; `failed` has both outcomes. */
export interface GroupTask {
  readonly group: Omit<Group, 'rows'>;
  readonly options: AnalysisOptions;
  /** All features of the group's rows, at most `SAMPLE_VALUES`, or of the sample that stands for them in the significance test. */
  readonly columns: Columns;
  /** Of a group too large to be held whole; `sample` names the rows that `columns` holds. */
  readonly large: (LargeGroup & { readonly sample: Uint32Array }) | null;
}

/** Or where a value is not finite: row of `columns` and feature. */
export type GroupOutcome =
  | { readonly analysis: GroupAnalysis }
  | { readonly notFinite: { readonly row: number; readonly feature: number } };

/** Most values (rows x features) that the significance test walks at every shuffle. */
export const SAMPLE_VALUES = 2 ** 23;

/**
 * Rows, ascending, on which a group's significance is tested: all, or as many as 2^23 values allow. The choice
 * depends on the group's id and size alone, never on what failed, so the test on them is exact.
 */
export function significanceRows(id: string, rows: number, dimensions: number): Uint32Array {
  return drawnRows(`sample:${id}`, rows, Math.floor(SAMPLE_VALUES / dimensions));
}

/** Selection, tree, metrics and significance of one group, in a worker thread. */
export default function run({ group, options, columns, large }: GroupTask): GroupOutcome {
  const notFinite = large === null ? firstNotFinite(columns) : null;
  if (notFinite !== null) return { notFinite };
  const { failed } = group;
  const rows = failed.length;
  // One sort of a column does for mutual information and quantiles.
  const isCut = large === null && options.shuffles > 0;
  const { cut, quantised } = isCut ? cutting(columns) : { cut: undefined, quantised: null };
  const selected = large?.selected ?? selectedOf(columns, failed, options, cut);
  const features = selected.map(({ feature }) => feature).sort((a, b) => a - b);
  const matrix = packed(
    rows,
    features.map((feature) =>
      large === null ? columnOf(columns, feature) : columnOf(large.columns, lookUp(large.places, feature)),
    ),
  );
  const grown = growTree(presort(matrix), [...features.keys()], failed, options.tree.maxDepth);
  const tree = measureTree(group.id, grown, features, options.failureMode);
  const pValue =
    options.shuffles === 0 ? null : pValueOf(group, options, quantised ?? quantise(columns), large?.sample ?? null);
  const { nodes, leaves, aler, precision, recall } = tree;
  const { failures, errorRate } = entry(nodes, 0);
  return {
    analysis: {
      id: group.id,
      grouping: group.grouping,
      value: group.value,
      size: rows,
      failures,
      baseErrorRate: errorRate,
      skipped: null,
      aler,
      precision,
      recall,
      pValue,
      adjustedPValue: null,
      tree: { nodes },
      selectedFeatures: selected,
      leaves,
    },
  };
}

function selectedOf(
  columns: Columns,
  failed: Uint8Array,
  { features: { neighbours, select } }: AnalysisOptions,
  onSorted?: (column: number, order: Uint32Array) => void,
): readonly SelectedFeature[] {
  return selectFeatures(mutualInformation(columns, columns.to, failed, neighbours, undefined, onSorted), select);
}

/** `sample` names the rows that `data` holds, where it does not hold all. */
function pValueOf(
  { id, failed }: GroupTask['group'],
  options: AnalysisOptions,
  data: Quantised,
  sample: Uint32Array | null,
): number {
  const outcome = sample === null ? failed : Uint8Array.from(sample, (row) => entry(failed, row));
  return significance(data, outcome, options.shuffles, `shuffle:${id}:${options.shuffles}`);
}

export const groupWorker: WorkerModule<GroupTask, GroupOutcome> = { url: import.meta.url, run };
