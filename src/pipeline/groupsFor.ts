import { schemaDefaults } from '../config/config.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import { groupKinds } from '../records/groupKinds.ts';
import type { Run } from './request.ts';

/**
 * What images are grouped by: as the config says. Of the default groups, those that only predictions make are left out, and told,
 * where a checkpoint says but where it failed; asked for in so many words they stay, and are refused.
 */
export function groupsFor({ config, request }: Run, checkpoints: readonly Checkpoint[]): readonly string[] {
  const bare = checkpoints.find(({ predictions }) => predictions === null);
  if (bare === undefined || config.groups.join() !== schemaDefaults().groups.join()) return config.groups;
  const needing = new Set(groupKinds.filter(({ byPrediction }) => byPrediction).map(({ name }): string => name));
  const left = config.groups.filter((spec) => needing.has(spec));
  request.onNotice(
    `${JSON.stringify(bare.name)} says where it failed and not what it predicts: images are not grouped by ${left.join(', ')}.`,
  );
  return config.groups.filter((spec) => !needing.has(spec));
}
