import type { Group, SelectedFeature } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';
import { total } from '../statistics/sums.ts';
import { type AnalysisSetting, blockValues, notFinite } from './analysisSetting.ts';
import { type Budgets, matrixBytes, withinBudget } from './budget.ts';
import { columnOf, firstNotFinite, sharedColumns } from './columns.ts';
import { drawnRows } from './drawnRows.ts';
import type { LargeGroup } from './groupTask.ts';
import { informationWorker } from './informationTask.ts';
import { selectFeatures } from './mutualInformation.ts';

/** Rows above which the features of a group are selected on a part of them: what it takes grows with the square. */
const SELECTED_ON = 65_536;
/** Rows of the rarer outcome that such a part has, if there are as many. */
const LEAST_OF_OUTCOME = 100;

/** Selects features of a group block by block. Throws a UserError where a feature is NaN or infinite. */
export async function selectLarge(group: Group, setting: AnalysisSetting, budgets: Budgets): Promise<LargeGroup> {
  const { selectedOn = SELECTED_ON } = setting;
  if (group.rows.length <= selectedOn) return selectInBlocks(group, setting, budgets);
  const { selected } = await selectInBlocks(partOf(group, selectedOn), setting, budgets);
  return columnsOf(group, selected, setting, budgets);
}

/** As many rows of either outcome as their share of `size` is, drawn by the group's name. */
function partOf(group: Group, size: number): Group {
  const rowsWith = (outcome: number) =>
    Uint32Array.from(group.failed.keys()).filter((row) => group.failed[row] === outcome);
  const failures = total(group.failed);
  const share = Math.round((size * failures) / group.rows.length);
  const least = (count: number) => Math.min(count, LEAST_OF_OUTCOME);
  const failing = Math.min(Math.max(share, least(failures)), size - least(group.rows.length - failures));
  const draw = (outcome: number, count: number) => {
    const own = rowsWith(outcome);
    return Array.from(drawnRows(`select:${group.id}:${outcome}`, own.length, count), (at) => entry(own, at));
  };
  const taken = [...draw(1, failing), ...draw(0, size - failing)].sort((a, b) => a - b);
  return {
    ...group,
    rows: Uint32Array.from(taken, (row) => entry(group.rows, row)),
    failed: Uint8Array.from(taken, (row) => entry(group.failed, row)),
  };
}

/** The columns of some features, read in blocks of rows: a feature of all rows would take reading the whole file. */
async function columnsOf(
  { rows }: Group,
  selected: readonly SelectedFeature[],
  setting: AnalysisSetting,
  budgets: Budgets,
): Promise<LargeGroup> {
  const { dimensions, readColumns, imageName } = setting;
  const columns = sharedColumns(rows.length, selected.length);
  const height = Math.max(1, Math.floor(blockValues(setting) / dimensions));
  await withinBudget(budgets.columns, matrixBytes(height, dimensions), async (buffer) => {
    for (let first = 0; first < rows.length; first += height) {
      const some = rows.subarray(first, first + height);
      const block = await readColumns(some, 0, dimensions, buffer);
      const wrong = firstNotFinite(block);
      if (wrong !== null) throw notFinite(entry(some, wrong.row), wrong.feature, imageName);
      for (const [place, { feature }] of selected.entries())
        columnOf(columns, place).set(columnOf(block, feature), first);
    }
  });
  return { selected, columns, places: new Map(selected.map(({ feature }, place) => [feature, place])) };
}

/** Columns of selected features, in the order in which places came free. */
interface Kept {
  readonly columns: Columns;
  readonly places: Map<number, number>;
}

/** Selects features in blocks of columns, and keeps the columns of those selected so far. */
async function selectInBlocks(group: Group, setting: AnalysisSetting, budgets: Budgets): Promise<LargeGroup> {
  const { rows, failed } = group;
  const { dimensions, run, readColumns, options, imageName } = setting;
  const { select, neighbours } = options.features;
  const width = Math.min(dimensions, Math.max(1, Math.floor(blockValues(setting) / rows.length)));
  // Less than any estimate until a block is done.
  const information = new Float64Array(dimensions).fill(-1);
  const kept: Kept = { columns: sharedColumns(rows.length, Math.min(select, dimensions)), places: new Map() };
  const blocks = Array.from({ length: Math.ceil(dimensions / width) }, (_, block) => block * width);
  const bytes = matrixBytes(rows.length, width);
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
  return { selected: selectFeatures(information, select), ...kept };
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
