import type { Group } from '../records/analysis.ts';
import type { PairedGroup } from '../records/comparison.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { type Grouping, type Members, membersOf } from '../records/groupKinds.ts';

/**
 * The groups that specs name (`groupKinds`), in the order of the specs and without repeats; one may be empty.
 *
 * @throws UserError where `membersOf` does
 */
export function groupsOf(specs: readonly string[], evalSet: EvalSet, checkpoint: Checkpoint): Group[] {
  return membersOfAll(specs, evalSet, [checkpoint]).map(({ id, grouping, value, rows, fails }) => ({
    id,
    grouping,
    value,
    rows: Uint32Array.from(rows),
    failed: Uint8Array.from(rows, (row) => Number(fails(checkpoint, row))),
  }));
}

/**
 * The same groups for several checkpoints, candidate first: a group's rows are those that belong to it under any of
 * them (for `prediction:k`, the images that any predicts as k), and each checkpoint has its own failures there.
 */
export function pairedGroupsOf(
  specs: readonly string[],
  evalSet: EvalSet,
  checkpoints: readonly Checkpoint[],
): PairedGroup[] {
  return membersOfAll(specs, evalSet, checkpoints).map(({ id, grouping, value, rows, fails }) => ({
    id,
    grouping,
    value,
    rows: Uint32Array.from(rows),
    outcomes: checkpoints.map((checkpoint) => Uint8Array.from(rows, (row) => Number(fails(checkpoint, row)))),
  }));
}

function membersOfAll(specs: readonly string[], evalSet: EvalSet, checkpoints: readonly Checkpoint[]) {
  const groups = new Map<string, Members & { readonly grouping: Grouping }>();
  for (const spec of specs) {
    const { grouping, members } = membersOf(spec, evalSet, checkpoints);
    for (const each of members) if (!groups.has(each.id)) groups.set(each.id, { ...each, grouping });
  }
  return [...groups.values()];
}
