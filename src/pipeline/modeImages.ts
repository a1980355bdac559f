import { groupsOf } from '../analysis/groups.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { Result } from '../records/result.ts';
import { MOST_NAMED, type ModeImages } from '../report/imageBrowser.ts';
import { keyOf } from '../report/pictures.ts';
import { failureModesOf } from '../report/shown.ts';
import { groupsFor } from './groupsFor.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** Failure modes of a checkpoint whose images are named, the most important. */
const MOST = 60;

/** The failing images of failure modes, by `keyOf` their leaves. */
export async function modeImages(
  run: Run,
  { evalSet, read }: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
): Promise<ReadonlyMap<string, ModeImages>> {
  const { images, labels, classes } = evalSet;
  const found = new Map<string, ModeImages>();
  for (const [index, checkpoint] of checkpoints.entries()) {
    const judged = entry(result.checkpoints, index);
    const groups = new Map(groupsOf(groupsFor(run, [checkpoint]), evalSet, checkpoint).map((each) => [each.id, each]));
    for (const { group: of, leaf } of failureModesOf(judged.groups).slice(0, MOST)) {
      const group = groups.get(of.id);
      if (group === undefined) continue;
      const inside = await positionsInside(leaf.rule, group.rows, read);
      const rows = inside.filter((at) => group.failed[at] === 1).map((at) => entry(group.rows, at));
      const { predictions } = checkpoint;
      found.set(keyOf(judged.name, leaf.id), {
        images: rows.slice(0, MOST_NAMED).map((row) => ({
          ...{ name: entry(images, row), label: entry(classes, entry(labels, row)), before: null },
          after: predictions === null ? null : entry(classes, entry(predictions, row)),
        })),
        total: rows.length,
      });
    }
  }
  return found;
}
