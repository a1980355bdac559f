import { UserError } from '../errors.ts';
import type { AnalysisOptions, Group, GroupAnalysis, SelectedFeature } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Columns, ReadColumns } from '../records/features.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import { holm } from '../statistics/holm.ts';
import { total } from '../statistics/sums.ts';
import { columnOf, sharedColumns } from './columns.ts';
import { type GroupTask, groupWorker, SAMPLE_VALUES, significanceRows } from './groupTask.ts';
import { informationWorker } from './informationTask.ts';
import { type Limiter, limiter } from './limiter.ts';
import { KEPT_NORMALS, selectFeatures } from './mutualInformation.ts';
import { type SharedBuffers, sharedBuffers } from './sharedBuffers.ts';

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
  /** Most values (rows x features) of a matrix held whole, and half as many as of a block of columns of a larger one; default 2^22. */
  readonly heldValues?: number;
  /** Name of an eval-set row, for messages. */
  readonly imageName?: (row: number) => string;
}

/** What groups and blocks wait for: that there is room, and a buffer. */
interface Budget {
  readonly limit: Limiter;
  readonly buffers: SharedBuffers;
}

interface Budgets {
  readonly columns: Budget;
  /** A block's jitter is twice its size, so a block that waits for a worker has none. */
  readonly jitter: Budget;
}

function budgetFor(jobs: number, bytes: number): Budget {
  return { limit: limiter(jobs, bytes), buffers: sharedBuffers() };
}

/** Blocks of columns in flight, whatever the number of workers. */
const BLOCKS = 3;

/**
 * Analyses groups, each read when its turn comes; the outcome is in the order of `groups` and the same for any `run`
 * and `concurrency`. A group without failures, without successes or under `minGroupSize` is listed as skipped. A group
 * whose matrix exceeds `heldValues` is read in blocks of columns, and the significance of its best leaf tested on a sample of its rows
 * (`significanceRows`). Throws a UserError where a feature is NaN or infinite.
 */
export async function analyseGroups(groups: readonly Group[], setting: AnalysisSetting): Promise<GroupAnalysis[]> {
  const { concurrency } = setting;
  const block = bytesOf(blockValues(setting), 1);
  const budgets = {
    columns: budgetFor(concurrency, BLOCKS * block),
    jitter: budgetFor(Math.max(1, concurrency - 1), (BLOCKS - 1) * 2 * block),
  };
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
  return withinBudget(budgets.columns, bytesOf(group.rows.length, dimensions), async (buffer) => {
    const columns = await readColumns(group.rows, 0, dimensions, buffer);
    return grow(group, setting, { columns, large: null });
  });
}

async function analyseLargeGroup(group: Group, setting: AnalysisSetting, budgets: Budgets): Promise<GroupAnalysis> {
  const { dimensions, readColumns } = setting;
  const { selected, kept } = await selectInBlocks(group, setting, budgets);
  const sample = significanceRows(group.id, group.rows.length, dimensions);
  return withinBudget(budgets.columns, bytesOf(sample.length, dimensions), async (buffer) => {
    const rows = Uint32Array.from(sample, (row) => entry(group.rows, row));
    const columns = await readColumns(rows, 0, dimensions, buffer);
    return grow(group, setting, { columns, large: { selected, ...kept, sample } });
  });
}

/** Does a job once there is room for it, with a buffer of so many bytes. */
function withinBudget<Outcome>(
  { limit, buffers }: Budget,
  bytes: number,
  job: (buffer: SharedArrayBuffer) => Promise<Outcome>,
): Promise<Outcome> {
  return limit(bytes, async () => {
    const buffer = buffers.take(bytes);
    try {
      return await job(buffer);
    } finally {
      buffers.giveBack(buffer);
    }
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

/** Columns of selected features, in the order in which places came free. */
interface Kept {
  readonly columns: Columns;
  /** Column of each feature. */
  readonly places: Map<number, number>;
}

/** Selects features of a large group block by block, and keeps the columns of those selected so far. */
async function selectInBlocks(group: Group, setting: AnalysisSetting, budgets: Budgets) {
  const { rows, failed } = group;
  const { dimensions, run, readColumns, options, imageName } = setting;
  const { select, neighbours } = options.features;
  const width = Math.min(dimensions, Math.max(1, Math.floor(blockValues(setting) / rows.length)));
  // Less than any estimate until a block is done.
  const information = new Float64Array(dimensions).fill(-1);
  const kept: Kept = { columns: sharedColumns(rows.length, Math.min(select, dimensions)), places: new Map() };
  const blocks = Array.from({ length: Math.ceil(dimensions / width) }, (_, block) => block * width);
  const bytes = bytesOf(rows.length, width);
  await Promise.all(
    blocks.map((from) =>
      withinBudget(budgets.columns, bytes, async (buffer) => {
        const columns = await readColumns(rows, from, Math.min(dimensions, from + width), buffer);
        const outcome = await withinBudget(budgets.jitter, 2 * bytes, (jitter) =>
          run(informationWorker, { columns, dimensions, failed, neighbours, jitter }),
        );
        if ('notFinite' in outcome)
          throw notFinite(entry(rows, outcome.notFinite.row), outcome.notFinite.feature, imageName);
        information.set(outcome.information, from);
        keepSelected(kept, columns, selectFeatures(information, select));
      }),
    ),
  );
  return { selected: selectFeatures(information, select), kept };
}

/** Brings the kept columns up to date with a selection, which only ever loses the features of earlier blocks. */
function keepSelected({ columns: kept, places }: Kept, block: Columns, selected: readonly SelectedFeature[]) {
  const features = new Set(selected.map(({ feature }) => feature));
  for (const feature of places.keys()) if (!features.has(feature)) places.delete(feature);
  const taken = new Set(places.values());
  const free = Array.from({ length: kept.to }, (_, place) => place).filter((place) => !taken.has(place));
  for (const feature of features) {
    if (feature < block.from || feature >= block.to) continue;
    const place = entry(free.splice(0, 1), 0);
    columnOf(kept, place).set(columnOf(block, feature));
    places.set(feature, place);
  }
}

/** Of groups as large as this the workers keep the jitter. */
function heldValues({ heldValues = KEPT_NORMALS }: AnalysisSetting): number {
  return Math.min(heldValues, SAMPLE_VALUES);
}

function blockValues(setting: AnalysisSetting): number {
  return 2 * heldValues(setting);
}

function bytesOf(rows: number, columns: number): number {
  return rows * columns * Float32Array.BYTES_PER_ELEMENT;
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

function notFinite(row: number, feature: number, imageName: AnalysisSetting['imageName']): UserError {
  const image = imageName === undefined ? `image ${row} (counted from 0)` : imageName(row);
  return new UserError({
    what: `feature ${feature} of ${image} is not a finite number`,
    where: 'features',
    fix: 'Extract or compute the features again; NaN and infinite values cannot be split on',
  });
}
