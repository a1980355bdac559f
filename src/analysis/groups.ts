import { UserError } from '../errors.ts';
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
  const groups = new Map<string, Members & { readonly grouping: Grouping; readonly spec: string }>();
  for (const spec of specs) {
    const { grouping, members } = membersOf(spec, evalSet, checkpoints);
    refuseCollision(
      spec,
      members.filter(({ id }) => {
        const earlier = groups.get(id);
        return grouping === 'column' && earlier !== undefined && earlier.spec !== spec;
      }),
    );
    refuseCollision(spec, repeated(members));
    for (const each of members) if (!groups.has(each.id)) groups.set(each.id, { ...each, grouping, spec });
  }
  return [...groups.values()];
}

function repeated(members: readonly Members[]): Members[] {
  const seen = new Set<string>();
  return members.filter(({ id }) => seen.size === seen.add(id).size);
}

/** Two groups under one id (names with `~` or `:` in them) would pass for one another in checks and reports. */
function refuseCollision(spec: string, [first]: readonly Members[]): void {
  if (first === undefined) return;
  throw new UserError({
    what: `two groups would have the name ${JSON.stringify(first.id)}`,
    where: `groups: ${spec}`,
    fix: 'Rename the classes or columns that hold ~ or :',
  });
}
