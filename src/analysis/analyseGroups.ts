import type { AnalysisOptions, Group, GroupAnalysis } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import { holm } from '../statistics/holm.ts';
import { total } from '../statistics/sums.ts';
import { type AnalysisSetting, blockValues, heldValues, notFinite } from './analysisSetting.ts';
import { type Budgets, budgetsFor, matrixBytes, withinBudget } from './budget.ts';
import { type GroupTask, groupWorker, significanceRows } from './groupTask.ts';
import { selectLarge } from './largeGroup.ts';

/**
 * Analyses groups, each read when its turn comes; the outcome is in the order of `groups` and the same for any `run`
 * and `concurrency`. A group without failures, without successes or under `minGroupSize` is listed as skipped. A group
 * whose matrix exceeds `heldValues` is read in blocks of columns, and the significance of its best leaf tested on a sample of its rows
 * (`significanceRows`); the features of one with more than `selectedOn` rows are selected on a part of them. Throws a UserError where a feature is NaN or infinite.
 */
export async function analyseGroups(groups: readonly Group[], setting: AnalysisSetting): Promise<GroupAnalysis[]> {
  const budgets = budgetsFor(setting.concurrency, blockValues(setting));
  let done = 0;
  const analyses = await Promise.all(
    groups.map(async (group) => {
      const skipped = reasonToSkip(group, setting.options);
      const analysis = skipped === null ? await analyseGroup(group, setting, budgets) : skip(group, skipped);
      setting.onProgress?.('analyse', ++done, groups.length);
      return analysis;
    }),
  );
  return adjustGroups(analyses);
}

function analyseGroup(group: Group, setting: AnalysisSetting, budgets: Budgets): Promise<GroupAnalysis> {
  const { dimensions, readColumns } = setting;
  if (group.rows.length * dimensions > heldValues(setting)) return analyseLargeGroup(group, setting, budgets);
  return withinBudget(budgets.columns, matrixBytes(group.rows.length, dimensions), async (buffer) => {
    const columns = await readColumns(group.rows, 0, dimensions, buffer);
    return grow(group, setting, { columns, large: null });
  });
}

async function analyseLargeGroup(group: Group, setting: AnalysisSetting, budgets: Budgets): Promise<GroupAnalysis> {
  const { dimensions, readColumns } = setting;
  const large = await selectLarge(group, setting, budgets);
  const sample = significanceRows(group.id, group.rows.length, dimensions);
  return withinBudget(budgets.columns, matrixBytes(sample.length, dimensions), async (buffer) => {
    const rows = Uint32Array.from(sample, (row) => entry(group.rows, row));
    const columns = await readColumns(rows, 0, dimensions, buffer);
    return grow(group, setting, { columns, large: { ...large, sample } });
  });
}

async function grow(
  { rows, ...group }: Group,
  { run, options, imageName }: AnalysisSetting,
  task: Pick<GroupTask, 'columns' | 'large'>,
): Promise<GroupAnalysis> {
  const outcome = await run(groupWorker, { group, options, ...task });
  if ('analysis' in outcome) return outcome.analysis;
  throw notFinite(entry(rows, outcome.notFinite.row), outcome.notFinite.feature, imageName);
}

function reasonToSkip({ failed }: Group, { minGroupSize }: AnalysisOptions): string | null {
  const failures = total(failed);
  if (failed.length === 0) return 'it has no images';
  if (failed.length < minGroupSize) return `it has ${failed.length} of the ${minGroupSize} images that a tree needs`;
  if (failures === 0) return 'none of its images fails';
  if (failures === failed.length) return 'all of its images fail';
  return null;
}

function skip({ id, grouping, value, failed }: Group, skipped: string): GroupAnalysis {
  const failures = total(failed);
  return {
    id,
    grouping,
    value,
    size: failed.length,
    failures,
    baseErrorRate: failed.length === 0 ? 0 : failures / failed.length,
    skipped,
    aler: null,
    precision: null,
    recall: null,
    pValue: null,
    adjustedPValue: null,
    tree: null,
    selectedFeatures: [],
    leaves: [],
  };
}

/** Adjusts the p-values for the number of groups that grew a tree. */
export function adjustGroups(analyses: readonly GroupAnalysis[]): GroupAnalysis[] {
  const tested = analyses.flatMap(({ id, pValue }) => (pValue === null ? [] : [{ id, pValue }]));
  const adjusted = holm(tested.map(({ pValue }) => pValue));
  const byId = new Map(tested.map(({ id }, index) => [id, adjusted[index]]));
  return analyses.map((analysis) => ({ ...analysis, adjustedPValue: byId.get(analysis.id) ?? null }));
}
