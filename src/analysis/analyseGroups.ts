import { UserError } from '../errors.ts';
import type {
  AnalysisOptions,
  Columns,
  Group,
  GroupAnalysis,
  OnProgress,
  ReadColumns,
  RunTask,
  SelectedFeature,
} from '../records.ts';
import { holm } from '../statistics/holm.ts';
import { columnOf, sharedColumns } from './columns.ts';
import { type GroupTask, groupWorker, significanceRows } from './groupTask.ts';
import { informationWorker } from './informationTask.ts';
import { type Limiter, limiter } from './limiter.ts';
import { selectFeatures } from './mutualInformation.ts';

/** What an analysis needs of the world around it. */
export interface AnalysisSetting {
  readonly readColumns: ReadColumns;
  /** Features an image. */
  readonly dimensions: number;
  /** Runs a task, in whatever thread. */
  readonly run: RunTask;
  readonly options: AnalysisOptions;
  /** Most tasks in flight: one more than there are workers keeps them all busy while features are read. */
  readonly concurrency: number;
  readonly onProgress?: OnProgress;
  /** Most values (rows x features) of a matrix held whole, and of a block of columns of a larger one; default 2^24, 64 MiB. */
  readonly heldValues?: number;
  /** Name of an eval-set row, for messages. */
  readonly imageName?: (row: number) => string;
}

const HELD_VALUES = 2 ** 24;

/**
 * Analyses groups, each read when its turn comes; the outcome is in the order of `groups` and the same for any `run`
 * and `concurrency`. A group without failures, without successes or under `minGroupSize` is listed as skipped. A group
 * whose matrix exceeds `heldValues` is read in blocks of columns, and the significance of its best leaf tested on a sample of its rows
 * (`significanceRows`). Throws a UserError where a feature is NaN or infinite.
 */
export async function analyseGroups(groups: readonly Group[], setting: AnalysisSetting): Promise<GroupAnalysis[]> {
  const limit = limiter(setting.concurrency, 2 * bytesOf(heldValues(setting), 1));
  let done = 0;
  const analyses = await Promise.all(
    groups.map(async (group) => {
      const skipped = reasonToSkip(group, setting.options);
      const analysis = skipped === null ? await analyseGroup(group, setting, limit) : skip(group, skipped);
      setting.onProgress?.('analyse', ++done, groups.length);
      return analysis;
    }),
  );
  return withHolm(analyses);
}

function analyseGroup(group: Group, setting: AnalysisSetting, limit: Limiter): Promise<GroupAnalysis> {
  const { dimensions } = setting;
  if (group.rows.length * dimensions > heldValues(setting)) return analyseLargeGroup(group, setting, limit);
  return limit(bytesOf(group.rows.length, dimensions), async () => {
    const columns = await setting.readColumns(group.rows, 0, dimensions);
    return grow(group, setting, { columns, large: null });
  });
}

async function analyseLargeGroup(group: Group, setting: AnalysisSetting, limit: Limiter): Promise<GroupAnalysis> {
  const { rows } = group;
  const { dimensions, readColumns } = setting;
  const { selected, columns } = await selectInBlocks(group, setting, limit);
  const sample = significanceRows(group.id, rows.length, dimensions);
  return limit(bytesOf(sample.length, dimensions), async () =>
    grow(group, setting, {
      columns: await readColumns(
        Uint32Array.from(sample, (row) => rows[row]),
        0,
        dimensions,
      ),
      large: { selected, columns, sample },
    }),
  );
}

async function grow(
  { rows, ...group }: Group,
  { run, options, imageName }: AnalysisSetting,
  task: Pick<GroupTask, 'columns' | 'large'>,
): Promise<GroupAnalysis> {
  const outcome = await run(groupWorker, { group, options, ...task });
  if ('analysis' in outcome) return outcome.analysis;
  throw notFinite(rows[outcome.notFinite.row], outcome.notFinite.feature, imageName);
}

/** Selects features of a large group block by block, and keeps the columns of those selected so far. */
async function selectInBlocks(group: Group, setting: AnalysisSetting, limit: Limiter) {
  const { rows, failed } = group;
  const { dimensions, run, readColumns, options, imageName } = setting;
  const { select, neighbours } = options.features;
  const width = Math.max(1, Math.floor(heldValues(setting) / rows.length));
  // Less than any estimate until a block is done.
  const information = new Float64Array(dimensions).fill(-1);
  const kept = new Map<number, Float32Array>();
  const blocks = Array.from({ length: Math.ceil(dimensions / width) }, (_, block) => block * width);
  await Promise.all(
    blocks.map((from) => {
      const to = Math.min(dimensions, from + width);
      return limit(bytesOf(rows.length, to - from), async () => {
        const columns = await readColumns(rows, from, to);
        const outcome = await run(informationWorker, { columns, dimensions, failed, neighbours });
        if ('notFinite' in outcome) throw notFinite(rows[outcome.notFinite.row], outcome.notFinite.feature, imageName);
        information.set(outcome.information, from);
        keepSelected(kept, columns, selectFeatures(information, select));
      });
    }),
  );
  const selected = selectFeatures(information, select);
  const columns = sharedColumns(rows.length, selected.length);
  for (const [c, { feature }] of selected.entries()) {
    const column = kept.get(feature);
    if (column !== undefined) columnOf(columns, c).set(column);
  }
  return { selected, columns };
}

/** Brings the kept columns up to date with a selection, which only ever loses the features of earlier blocks. */
function keepSelected(kept: Map<number, Float32Array>, columns: Columns, selected: readonly SelectedFeature[]) {
  const features = new Set(selected.map(({ feature }) => feature));
  for (const feature of kept.keys()) if (!features.has(feature)) kept.delete(feature);
  for (const feature of features)
    if (feature >= columns.from && feature < columns.to) kept.set(feature, columnOf(columns, feature).slice());
}

function heldValues(setting: AnalysisSetting): number {
  return setting.heldValues ?? HELD_VALUES;
}

function bytesOf(rows: number, columns: number): number {
  return rows * columns * Float32Array.BYTES_PER_ELEMENT;
}

function reasonToSkip({ failed }: Group, { minGroupSize }: AnalysisOptions): string | null {
  const failures = failuresOf(failed);
  if (failed.length === 0) return 'it has no images';
  if (failed.length < minGroupSize) return `it has ${failed.length} of the ${minGroupSize} images that a tree needs`;
  if (failures === 0) return 'none of its images fails';
  if (failures === failed.length) return 'all of its images fail';
  return null;
}

function skip({ id, grouping, value, failed }: Group, skipped: string): GroupAnalysis {
  const failures = failuresOf(failed);
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

function failuresOf(failed: Uint8Array): number {
  return failed.reduce((sum, value) => sum + value, 0);
}

/** Adjusts the p-values for the number of groups that grew a tree. */
function withHolm(analyses: readonly GroupAnalysis[]): GroupAnalysis[] {
  const tested = analyses.flatMap(({ id, pValue }) => (pValue === null ? [] : [{ id, pValue }]));
  const adjusted = holm(tested.map(({ pValue }) => pValue));
  const byId = new Map(tested.map(({ id }, index) => [id, adjusted[index]]));
  return analyses.map((analysis) => ({ ...analysis, adjustedPValue: byId.get(analysis.id) ?? null }));
}

function notFinite(row: number, feature: number, imageName: AnalysisSetting['imageName']): UserError {
  const image = imageName === undefined ? `image ${row} (counted from 0)` : imageName(row);
  return new UserError({
    what: `feature ${feature} of ${image} is not a finite number`,
    where: 'features',
    fix: 'Extract or compute the features again; NaN and infinite values cannot be split on',
  });
}
